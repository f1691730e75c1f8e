"""`saathi broadcast`: an alert or a reminder for all who wanted to hear of a topic.

Law: who does it is a colleague of the desk with the same permissions as there, named by `--by`, and the trail says so.
Numbers of people only, never who.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from uuid import UUID

from bot import app as composition
from bot import settings as configuration
from bot.app import App
from bot.check.letters import laid_open
from bot.cli.broadcast_shown import as_sms, indented, previewed, progress
from bot.store import audit, broadcasts, users
from bot.store.broadcasts import Broadcast
from bot.store.database import Connection
from bot.store.users import User
from desk import drafts, permissions
from desk.directory import countries
from desk.files import plain

WRITE, AGREE = "broadcasts", "broadcasts_approve"  # permissions
EXAMPLE = """
examples, in the order in which they are needed:
  saathi broadcast new "New form in Qatar" --topic rules --countries QA --days 3 --by asha     (prints its number)
  saathi broadcast text 1f3a9c04 --language ne --by asha < words.txt
  saathi broadcast preview 1f3a9c04               how long, whom it reaches, who is left out and why, what SMS cost
  saathi broadcast approve 1f3a9c04 --language ne --by bimala    (a supervisor, never the one who wrote it; shows the
                                                  words and asks, or takes the mark printed beside them: --yes 5be1...)
  saathi broadcast start 1f3a9c04 --by bimala --yes
  saathi broadcast status 1f3a9c04 --follow
  saathi broadcast stop 1f3a9c04 --by asha        at once; `start` goes on where it was

Only who wrote in the chat that she wants to hear of the topic (knowledge/news.yml) hears it, in a language that has a
text, in her own hours, when nobody has written there for an hour (silence_minutes there). Left out: STOP, a case that
is critical or about abuse, a phone that somebody else holds. Replies to people always leave first.
"""
EVERY = 2.0  # seconds between two looks


class Refused(Exception):
    """A rule stands against it; the text says which."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list, new, text, preview, approve, start, status, stop, drop."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    what.add_parser("list", help="the newest ones")
    new = what.add_parser("new", help="a draft: NAME --topic")
    new.add_argument("name", help="what colleagues call it; people never see it")
    new.add_argument("--topic", required=True, help="of knowledge/news.yml")
    for name in ("languages", "countries"):
        new.add_argument(f"--{name}", type=_list, default=[], help="codes with commas (default: all)")
    new.add_argument("--days", help="after which who was not reached is left out")
    text = _about(what.add_parser("text", help="the words of a language, from stdin; empty ones take it away"))
    text.add_argument("--language", required=True)
    _about(what.add_parser("preview", help="what it would be"))
    approve = _about(what.add_parser("approve", help="agree to the words of a language that somebody else wrote"))
    approve.add_argument("--language", required=True)
    approve.add_argument("--yes", metavar="MARK", help="these words were read: the mark that is printed beside them")
    start = _about(what.add_parser("start", help="begin, or go on after a stop"))
    start.add_argument("--yes", action="store_true", help="the preview was read")
    status = _about(what.add_parser("status", help="how far it is"))
    status.add_argument(
        "--follow", action="store_true", help="until it is over; Ctrl+C ends the look, not the broadcast"
    )
    stop, drop = (what.add_parser(name, help=help_) for name, help_ in (("stop", "at once"), ("drop", "a draft goes")))
    for acting in (new, text, approve, start, _about(stop), _about(drop)):
        acting.add_argument("--by", required=True, metavar="LOGIN", help="the colleague who does it")


def _about(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("number", help="as `new` and `list` print it")
    return parser


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def run(args: argparse.Namespace) -> int:
    """0 = done; 1 = a rule stands against it, or there is no such broadcast or colleague."""
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    try:
        return await _ACTS[args.what](app, args)
    except Refused as error:
        print(f"saathi broadcast: {error}", file=sys.stderr)
        return 1
    finally:
        await app.close()


async def _who(app: App, connection: Connection, login: str, permission: str) -> User:
    user = await users.by_login(connection, login)
    if user is None or not user.active:
        raise Refused(f"nobody signs in as {login}")
    if not permissions.load(app.settings.root).may_page(user.role, permission, main=user.main):
        raise Refused(f"{login} ({user.role}) may not do this")
    return user


async def _which(connection: Connection, short: str) -> Broadcast:
    found = await broadcasts.by_short(connection, short)
    one = await broadcasts.known(connection, found) if found else None
    if one is None:
        raise Refused(f"there is no broadcast {short}")
    return one


async def _noted(app: App, connection: Connection, user: User, action: str, which: UUID) -> None:
    await audit.write(
        connection,
        user_id=user.id,
        action=f"broadcast.{action}",
        object_kind="broadcast",
        object_id=str(which),
        now=app.clock(),
    )


async def _list_all(app: App, args: argparse.Namespace) -> int:
    async with app.database.begin() as connection:
        found = await broadcasts.newest(connection, 20)
    for one in found:
        print(f"{one.short}  {one.made_at:%Y-%m-%d}  {one.state:8}  {one.topic:10}  {laid_open(one.name)}")
    if not found:
        print("no broadcasts yet")
    return 0


async def _new(app: App, args: argparse.Namespace) -> int:
    days = str(app.broadcasting.rules["days"] if args.days is None else args.days)
    countries = [code.upper() for code in args.countries]
    _refuse(
        app,
        drafts.problems_of_draft(
            app.content, name=args.name, topic=args.topic, languages=args.languages, countries=countries, days=days
        ),
    )
    async with app.database.begin() as connection:
        user = await _who(app, connection, args.by, WRITE)
        new = await broadcasts.add(
            connection,
            name=args.name.strip(),
            topic=args.topic,
            languages=args.languages,
            countries=countries,
            days=int(days),
            by=user.id,
            now=app.clock(),
        )
        await _noted(app, connection, user, "new", new)
    print(str(new)[-broadcasts.SHORT :])
    return 0


def _refuse(app: App, wrong: list[drafts.Problem]) -> None:
    """In the sentences of the desk, with what there is to choose from, as its page shows it. Raises Refused when there
    is anything."""
    if not wrong:
        return
    codes = {code for code, _ in wrong}
    there = {
        "topic": ("topics", app.broadcasting.rules["kinds"]),
        "language": ("languages", app.content.languages),
        "country": ("countries", countries(app.content)),
    }
    lines = [f"{name}: {', '.join(each)}" for code, (name, each) in there.items() if code in codes]
    raise Refused("\n".join([str(plain(" ".join(drafts.told(app.content, "en", wrong)))), *lines]))


async def _text(app: App, args: argparse.Namespace) -> int:
    words = sys.stdin.read().strip()
    async with app.database.begin() as connection:
        user, one = await _who(app, connection, args.by, WRITE), await _which(connection, args.number)
        _refuse(app, drafts.problems_of_text(app.content, app.broadcasting, one, args.language, words))
        if not await broadcasts.write(connection, one.id, args.language, words, by=user.id, now=app.clock()):
            raise Refused("only a draft can be written: make a new one")
        await _noted(app, connection, user, "text", one.id)
    print(as_sms(app.broadcasting.length(args.language, words)) if words else "taken away")
    return 0


async def _preview(app: App, args: argparse.Namespace) -> int:
    async with app.database.begin() as connection:
        one = await _which(connection, args.number)
        measured = await app.broadcasting.measure(connection, one)
    for line in previewed(one, measured):
        print(line)
    return 0


async def _approve(app: App, args: argparse.Namespace) -> int:
    async with app.database.begin() as connection:
        user, one = await _who(app, connection, args.by, AGREE), await _which(connection, args.number)
    mark = args.yes or _read(one, args.language)
    async with app.database.begin() as connection:
        became = await broadcasts.approve(connection, one.id, args.language, mark, by=user.id, now=app.clock())
        if became != "agreed":
            raise Refused(app.content.desk_word("en", f"broadcasts.told_{became}", {}))
        await _noted(app, connection, user, "approve", one.id)
    print(f"agreed to the words {mark}")
    return 0


def _asked() -> bool:
    """Whether somebody sits there who can be asked."""
    return sys.stdin.isatty()


def _read(one: Broadcast, language: str) -> str:
    """Shows the words and asks; returns their mark. Raises Refused for a no, and where nobody can be asked."""
    text = one.texts.get(language)
    if text is None:
        raise Refused(f"there are no words in {language}")
    print(f"{language}, {text.mark}:\n{indented(text.words)}")
    if not _asked():
        raise Refused(f"not agreed to. Once these words are read: the same with --yes {text.mark}")
    if input("Agree to these words? (yes/no) ").strip().casefold() != "yes":
        raise Refused("not agreed to")
    return text.mark


async def _start(app: App, args: argparse.Namespace) -> int:
    async with app.database.begin() as connection:
        user, one = await _who(app, connection, args.by, AGREE), await _which(connection, args.number)
        measured = await app.broadcasting.measure(connection, one)
        if not args.yes:
            print("\n".join(previewed(one, measured)))
            raise Refused("not started. Once this is read: the same with --yes")
        if not await broadcasts.start(connection, one.id, measured.all, by=user.id, now=app.clock()):
            raise Refused("it cannot start: every text needs a second colleague, and its days must not be over")
        await _noted(app, connection, user, "start", one.id)
    print(f"started for {measured.all:,} people; it begins within a minute")
    return 0


async def _stop(app: App, args: argparse.Namespace) -> int:
    async with app.database.begin() as connection:
        user, one = await _who(app, connection, args.by, WRITE), await _which(connection, args.number)
        if not await broadcasts.stop(connection, one.id, by=user.id, now=app.clock()):
            raise Refused("it does not run")
        await _noted(app, connection, user, "stop", one.id)
    print("stopped: nothing more leaves but what is in the air at this moment")
    return 0


async def _drop(app: App, args: argparse.Namespace) -> int:
    async with app.database.begin() as connection:
        user, one = await _who(app, connection, args.by, WRITE), await _which(connection, args.number)
        if not await broadcasts.drop(connection, one.id):
            raise Refused("only a draft can go; what was begun stays on record")
        await _noted(app, connection, user, "drop", one.id)
    print("gone")
    return 0


async def _status(app: App, args: argparse.Namespace) -> int:
    shown, tty = 0, sys.stdout.isatty()
    while True:
        async with app.database.begin() as connection:
            one = await _which(connection, args.number)
        lines = list(progress(one))
        if shown and tty:
            print(f"\033[{shown}F\033[J", end="")
        print("\n".join(lines), flush=True)
        shown = len(lines)
        if not args.follow or one.state != "running":
            return 0
        await asyncio.sleep(EVERY)


_ACTS: dict[str, Callable[[App, argparse.Namespace], Awaitable[int]]] = {
    "list": _list_all,
    "new": _new,
    "text": _text,
    "preview": _preview,
    "approve": _approve,
    "start": _start,
    "status": _status,
    "stop": _stop,
    "drop": _drop,
}
