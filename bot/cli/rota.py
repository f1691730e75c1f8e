"""`saathi rota`: who works when; the bot's promises are computed from it.

Law: names of colleagues only, never of a person. Times are typed in the helpline's zone (`knowledge/duty.yml`).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from bot import app as composition
from bot import content as content_room
from bot import databases
from bot import settings as configuration
from bot.cli import numbers
from bot.content import Content
from bot.rostering import Refused, Roster
from bot.store import colleagues, rota
from bot.store.database import Connection
from bot.store.rota import Shift
from bot.store.spans import Span

EXAMPLE = """
examples:
  saathi rota show --days 7
  saathi rota add asha 2026-11-25T07:00 2026-11-25T14:00
  saathi rota add asha 2026-11-25T21:00 2026-11-26T07:00 --role on_call
  saathi rota break 1f3a9c04 2026-11-25T10:00 2026-11-25T10:30
  saathi rota sick asha 2026-11-25T00:00 2026-11-27T00:00      (her shifts are offered to whoever takes them)
  saathi rota swap 1f3a9c04 --to bimala                        (offered; nothing changes yet)
  saathi rota take 1f3a9c04 bimala                             (it is hers now)

Times are those of the helpline's zone (knowledge/duty.yml). While no shift was ever planned, its opening hours count.
From the first shift on, promises follow the shifts: an hour without one has the night wording, and the supervisors are
told two days before. One night on call in three at most: --because sets it aside, for a reason listed in
knowledge/targets.yml.
"""
REFUSED = {
    "overlaps": "there is another shift at that time",
    "nights": "one night on call too many: --because REASON sets the rule aside",
    "not_offered": "this shift is not offered (to this colleague)",
    "away": "this colleague is away then",
    "outside": "a break lies within its shift",
    "over": "this shift is over",
    "not_there": "there is no such shift",
    "unknown_reason": "no such reason: {reasons}",
}
ID = 8


class Unknown(Exception):
    """A colleague or a shift that is not there; the text says which."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """show, add, break, sick, leave, swap, take."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    show = what.add_parser("show", help="the coming shifts, empty hours among them")
    show.add_argument("--days", type=numbers.days, default=7, help="so many days (default: 7)")
    add = what.add_parser("add", help="a new shift: LOGIN FROM UNTIL")
    add.add_argument("login")
    _times(add)
    add.add_argument("--role", choices=("duty", "on_call"), default="duty", help="on_call: woken for what is critical")
    add.add_argument("--because", metavar="REASON", help="set a rule of care aside")
    pause = what.add_parser("break", help="a break within a shift: SHIFT FROM UNTIL")
    pause.add_argument("shift", help="its id, as `show` prints it")
    _times(pause)
    for kind in ("sick", "leave"):
        away = what.add_parser(kind, help=f"{kind}: LOGIN FROM UNTIL; the shifts are offered to others")
        away.add_argument("login")
        _times(away)
    swap = what.add_parser("swap", help="offer a shift to a colleague, or to whoever takes it")
    swap.add_argument("shift")
    swap.add_argument("--to", metavar="LOGIN")
    take = what.add_parser("take", help="take over an offered shift: SHIFT LOGIN")
    take.add_argument("shift")
    take.add_argument("login")
    take.add_argument("--because", metavar="REASON", help="set a rule of care aside")


def _times(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("start", metavar="FROM", type=_time_of, help="2026-11-25T07:00")
    parser.add_argument("end", metavar="UNTIL", type=_time_of)


def _time_of(raw: str) -> datetime:
    try:
        return datetime.fromisoformat(raw)
    except ValueError:
        raise argparse.ArgumentTypeError("a time such as 2026-11-25T07:00") from None


def run(args: argparse.Namespace) -> int:
    """0 = done; 1 = a rule stands against it, or there is no such colleague or shift; 2 = the times are no span."""
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    settings = configuration.load()
    content = content_room.load(settings.root)
    database = await databases.open_database(settings, migrating=False)
    try:
        async with database.begin() as connection:
            return await _ACTS[args.what](connection, content, args)
    except Refused as error:
        reasons = ", ".join(content.knowledge.get("targets")["care"]["overrides"])
        print(f"saathi rota: {REFUSED[error.code].format(reasons=reasons)}", file=sys.stderr)
        return 1
    except Unknown as error:
        print(f"saathi rota: {error}", file=sys.stderr)
        return 1
    finally:
        await database.close()


async def _user(connection: Connection, login: str) -> UUID:
    found = await colleagues.by_login(connection, login)
    if found is None:
        raise Unknown(f"nobody signs in as {login}")
    return found[0]


async def _shift(connection: Connection, short: str) -> UUID:
    found = await rota.by_short_id(connection, short)
    if found is None:
        raise Unknown(f"there is no shift {short}, or more than one")
    return found


def _span(roster: Roster, args: argparse.Namespace) -> Span:
    start, end = (at if at.tzinfo else at.replace(tzinfo=roster.zone) for at in (args.start, args.end))
    if end <= start:
        raise Unknown("UNTIL is not after FROM")
    return start, end


async def _show(connection: Connection, content: Content, args: argparse.Namespace) -> int:
    now, roster = composition.utc_now(), Roster(content)
    found = await rota.shown(connection, now, now + timedelta(days=args.days))
    empty = await roster.gaps(connection, now)
    if not found:
        print("no shifts are planned: the opening hours of knowledge/duty.yml count")
    lines = [(shift.starts_at, _line(shift, roster)) for shift in found]
    lines += [(start, f"{_time(roster, start, end)}  EMPTY: nobody is planned") for start, end in empty]
    for _, line in sorted(lines):
        print(line)
    return 0


def _time(roster: Roster, start: datetime, end: datetime) -> str:
    first, last = start.astimezone(roster.zone), end.astimezone(roster.zone)
    return f"{first:%a %Y-%m-%d %H:%M} - {last:%H:%M}"


def _line(shift: Shift, roster: Roster) -> str:
    marks = [shift.role, ", ".join(shift.languages)]
    marks += ["AWAY"] if shift.absent else []
    marks += [f"offered ({shift.offered})"] if shift.offered else []
    told = "  ".join(mark for mark in marks if mark)
    return f"{_time(roster, shift.starts_at, shift.ends_at)}  {str(shift.id)[-ID:]}  {shift.name}  {told}"


async def _add(connection: Connection, content: Content, args: argparse.Namespace) -> int:
    roster, user = Roster(content), await _user(connection, args.login)
    shift_id = await roster.add(
        connection, user, args.role, _span(roster, args), composition.utc_now(), override=args.because
    )
    print(f"added: {str(shift_id)[-ID:]}")
    return 0


async def _break(connection: Connection, content: Content, args: argparse.Namespace) -> int:
    roster, shift_id = Roster(content), await _shift(connection, args.shift)
    await roster.pause(connection, shift_id, _span(roster, args), composition.utc_now())
    print("noted")
    return 0


async def _away(connection: Connection, content: Content, args: argparse.Namespace) -> int:
    roster, user = Roster(content), await _user(connection, args.login)
    hit = await roster.away(connection, user, args.what, _span(roster, args), composition.utc_now())
    print(f"noted; shifts that are offered to others now: {', '.join(str(s)[-ID:] for s in hit) or 'none'}")
    return 0


async def _swap(connection: Connection, content: Content, args: argparse.Namespace) -> int:
    to = await _user(connection, args.to) if args.to else None
    made = await rota.offer(connection, await _shift(connection, args.shift), composition.utc_now(), to=to)
    print("offered" if made else "it was offered before, and still is")
    return 0


async def _take(connection: Connection, content: Content, args: argparse.Namespace) -> int:
    user, shift_id = await _user(connection, args.login), await _shift(connection, args.shift)
    done = await Roster(content).accept(connection, shift_id, user, composition.utc_now(), override=args.because)
    print(f"{args.login} works then" if done else "a supervisor has to confirm it, at the desk")
    return 0


_ACTS: dict[str, Callable[[Connection, Content, argparse.Namespace], Awaitable[int]]] = {
    "show": _show,
    "add": _add,
    "break": _break,
    "sick": _away,
    "leave": _away,
    "swap": _swap,
    "take": _take,
}
