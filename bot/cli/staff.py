"""`saathi staff`: what colleagues read and can do, how they are called, their chats, and interpreters.

Law: numbers and addresses of colleagues are sealed, and never printed. Nothing of a person is shown.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets as chance
import sys
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from zoneinfo import available_timezones

import pycountry

from bot import app as composition
from bot import settings as configuration
from bot.app import App
from bot.store import colleagues, history, interpreting, staff_chats
from bot.store.colleagues import GENDERS, SKILLS
from handlers import duty

EXAMPLE = """
examples:
  saathi staff list
  saathi staff profile asha --languages ne,hi --skills legal --countries KW,QA --phone +9779800000001 --email asha@...
  saathi staff link-telegram asha                 (a code; written to the bot as: /staff 123456)
  saathi staff interpret nimal 482 917 3 --language si --heard-by asha --declared
  saathi staff interpret nimal --end

--declared: NIMAL has said, and ASHA has heard, that Nimal is no relative of this person, works for no agency or
employer, and will not speak of it. Without that nobody interprets. It is one conversation, for some days.
"""
LISTS = ("languages", "countries", "skills")
REFUSED = {
    "role": "this login is no interpreter (role)",
    "busy": "one conversation at a time: end the other one first",
    "self": "somebody else has to hear the declaration",
}
DIGITS = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """list, profile, link-telegram, interpret."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    what = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    what.add_parser("list", help="who is there now, who is on call, what each reads")
    profile = what.add_parser("profile", help="what a colleague reads and can do, and how they are called")
    profile.add_argument("login")
    for name in LISTS:
        profile.add_argument(f"--{name}", type=lambda text: [part.strip() for part in text.split(",") if part.strip()])
    profile.add_argument("--gender", choices=GENDERS)
    profile.add_argument("--timezone", help="Asia/Kathmandu")
    profile.add_argument("--phone", help="rings for a page; empty: never")
    profile.add_argument("--email")
    link = what.add_parser("link-telegram", help="a one-time code that links a chat of this colleague, or a group")
    link.add_argument("login")
    interpret = what.add_parser("interpret", help="let an interpreter read one conversation: LOGIN REFERENCE")
    interpret.add_argument("login")
    interpret.add_argument("reference", nargs="*")
    interpret.add_argument("--language")
    interpret.add_argument("--heard-by", metavar="LOGIN")
    interpret.add_argument("--declared", action="store_true")
    interpret.add_argument("--end", action="store_true")


def run(args: argparse.Namespace) -> int:
    """0 = done; 1 = nobody signs in so, or a rule stands against it; 2 = something is missing."""
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    try:
        return await _ACTS[args.what](app, args)
    except interpreting.Refused as error:
        return _fault(REFUSED[error.code])
    finally:
        await app.close()


def _fault(text: str, code: int = 1) -> int:
    print(f"saathi staff: {text}", file=sys.stderr)
    return code


async def _list(app: App, args: argparse.Namespace) -> int:
    now = app.clock()
    opens = duty.promise(app.content.knowledge.get("duty"), "medium", now).on_duty
    async with app.database.begin() as connection:
        found = await colleagues.colleagues(connection, now, assumed=opens)
    for one in found:
        there = "on duty" if one.on_duty else "on call" if one.on_call else "-"
        ways = ", ".join(one.reached_by) or "not called"
        print(f"{one.name}  {one.role}  {there}  reads {', '.join(one.languages) or '?'}  {ways}")
    return 0


async def _profile(app: App, args: argparse.Namespace) -> int:
    names = (*LISTS, "gender", "timezone", "phone", "email")
    values: dict[str, Any] = {name: told for name in names if (told := getattr(args, name)) is not None}
    for skill in values.get("skills", ()):
        if skill not in SKILLS:
            return _fault(f"no such skill: {skill} ({', '.join(SKILLS)})", 2)
    if "phone" in values:
        values["phone"] = colleagues.number_of(values["phone"])
    if "countries" in values:
        values["countries"] = [code.upper() for code in values["countries"]]
    if wrong := "\n".join(_wrong(app, values)):
        return _fault(wrong, 2)
    async with app.database.begin() as connection:
        user = await colleagues.by_login(connection, args.login)
        if user is None:
            return _fault(f"nobody signs in as {args.login}")
        await colleagues.describe(connection, app.secrets, user[0], **values)
    print("noted")
    return 0


def _wrong(app: App, values: dict[str, Any]) -> Iterator[str]:
    """What nobody would be found or reached by."""
    yield from (told for code in values.get("languages", ()) for told in _unknown(app, code))
    for code in values.get("countries", ()):
        if pycountry.countries.get(alpha_2=code) is None:
            yield f"there is no country {code}: codes of two letters, such as KW, QA, NP"
    zone, phone, email = (values.get(name) for name in ("timezone", "phone", "email"))
    if zone and zone not in available_timezones():
        yield f"there is no time zone {zone}: a name such as Asia/Kathmandu"
    if phone and not colleagues.NUMBER.fullmatch(phone):
        yield "--phone: with + and the country, such as +9779800000001; empty: never"
    if email and not colleagues.MAIL.fullmatch(email):
        yield "--email: an address such as asha@example.org; empty: none"


def _unknown(app: App, language: str) -> Iterator[str]:
    """A language of people, or one that only colleagues read."""
    there = dict.fromkeys([*app.content.languages, *app.content.knowledge.get("targets")["languages"]])
    if language not in there:
        yield f"there is no language {language}: {', '.join(there)}"


async def _link(app: App, args: argparse.Namespace) -> int:
    minutes = int(app.content.knowledge.get("targets")["staff_code_minutes"])
    digits = "".join(str(chance.randbelow(10)) for _ in range(DIGITS))
    async with app.database.begin() as connection:
        user = await colleagues.by_login(connection, args.login)
        if user is None:
            return _fault(f"nobody signs in as {args.login}")
        await staff_chats.make_code(connection, app.secrets, user[0], digits, app.clock(), minutes)
    print(f"Within {minutes} minutes, write to the bot from the chat that is to be linked:\n\n  /staff {digits}\n")
    if not app.settings.telegram_staff_groups:
        print("Groups are off: SAATHI_TELEGRAM_STAFF_GROUPS=true turns them on.")
    return 0


async def _interpret(app: App, args: argparse.Namespace) -> int:
    async with app.database.begin() as connection:
        user = await colleagues.by_login(connection, args.login)
        if user is None:
            return _fault(f"nobody signs in as {args.login}")
        if args.end:
            ended = await interpreting.end(connection, user[0], app.clock())
            print("ended" if ended else "there was nothing to end")
            return 0
        heard_by = await colleagues.by_login(connection, args.heard_by or "")
        if not args.declared or heard_by is None or not args.language:
            return _fault("--language, --declared and --heard-by LOGIN are needed: see --help", 2)
        if wrong := "".join(_unknown(app, args.language)):
            return _fault(wrong, 2)
        digits = "".join(c for c in "".join(args.reference) if c.isdecimal())
        found = await history.home_of_case(connection, app.secrets, digits)
        if found is None:
            return _fault(f"there is no case {' '.join(args.reference)}")
        days = int(app.content.knowledge.get("targets")["interpreter_days"])
        await interpreting.grant(
            connection, found[0], user[0], args.language, app.clock(), declared_to=heard_by[0], days=days
        )
    print(f"{args.login} may read this one conversation for {days} days")
    return 0


_ACTS: dict[str, Callable[[App, argparse.Namespace], Awaitable[int]]] = {
    "list": _list,
    "profile": _profile,
    "link-telegram": _link,
    "interpret": _interpret,
}
