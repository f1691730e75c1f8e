"""`saathi users`: the people of the desk, from the command line.

Law: a password is drawn here and shown once, never given as an argument; the first sign-in connects the phone. Whatever
is done leaves a line in the trail.
"""

from __future__ import annotations

import argparse
import asyncio
import sys

from bot import app as composition
from bot import settings as configuration
from bot.app import App
from bot.check import discreet
from bot.store import audit, users
from bot.store.database import Connection
from desk.auth import passwords
from desk.permissions import ROLES

EXAMPLE = """
examples:
  saathi users add asha --name "Asha Rai" --role caseworker
  saathi users add lim --name "Lim" --role partner --organisation "Shelter Kuala Lumpur"
  saathi users password asha        (a new first password; all her sessions end)
  saathi users reset-totp asha      (her phone is lost: the next sign-in connects another)
  saathi users disable asha
  saathi users on-screen "Shelter Kuala Lumpur" "Rose house"      (how a person reads its name, whoever holds the phone)
"""
NAME = "as colleagues call this person"
ON_ONE = ("password", "disable", "enable", "reset-totp")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """add, list, on-screen, password, disable, enable, reset-totp."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EXAMPLE
    commands = parser.add_subparsers(
        dest="users_command", required=True, metavar="add|list|on-screen|" + "|".join(ON_ONE)
    )
    add = commands.add_parser("add", help="a new person; prints the first password")
    add.add_argument("login")
    add.add_argument("--name", required=True, help=NAME)
    add.add_argument("--role", required=True, choices=ROLES)
    add.add_argument("--organisation", help="default: the one that runs this installation")
    commands.add_parser("list", help="everybody, with role and state")
    screen = commands.add_parser("on-screen", help="the name of an organisation that may stand on a watched phone")
    screen.add_argument("organisation", help="as the desk calls it")
    screen.add_argument("shown", help="a name that tells nothing, in any language")
    for name in ON_ONE:
        commands.add_parser(name).add_argument("login")


def run(args: argparse.Namespace) -> int:
    """0 = done; 1 = no such login or organisation, a login that somebody has, a name that tells; 2 = no name."""
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    app = await composition.build(configuration.load(), understanding=False, migrating=False)
    try:
        if args.users_command == "add":
            return await _add(app, args)
        if args.users_command == "on-screen":
            return await _on_screen(app, args.organisation, " ".join(args.shown.split()))
        async with app.database.begin() as connection:
            if args.users_command == "list":
                for one in await users.everybody(connection):
                    state = "active" if one.active else "disabled"
                    phone = "" if one.enrolled else "  no phone yet"
                    print(f"{one.login:20}  {one.role:14}  {state:8}  {one.name} ({one.organisation}){phone}")
                return 0
            found = await users.by_login(connection, args.login)
            if found is None:
                print(f"saathi users: there is no {args.login}", file=sys.stderr)
                return 1
            await _change(app, connection, args.users_command, found)
        return 0
    finally:
        await app.close()


async def _add(app: App, args: argparse.Namespace) -> int:
    nameless = not users.folded(args.login), not args.name.strip()
    if any(nameless):
        told = "a login needs letters: the person types it to sign in" if nameless[0] else f"--name: {NAME}"
        print(f"saathi users: {told}", file=sys.stderr)
        return 2
    first = passwords.draw()
    kept = await passwords.hashed(first)
    try:
        async with app.database.begin() as connection:
            user_id = await users.add(
                connection,
                login=args.login,
                name=args.name,
                role=args.role,
                password_hash=kept,
                organisation_name=args.organisation,
            )
            await _note(app, connection, "users.add", str(user_id))
    except users.LoginTaken:
        print(f"saathi users: somebody has the login {args.login} already", file=sys.stderr)
        return 1
    _tell(users.folded(args.login), first)
    return 0


async def _on_screen(app: App, organisation: str, shown: str) -> int:
    lexicon = app.content.knowledge.get(discreet.LEXICON)
    if told := discreet.tells(shown, lexicon, app.content.languages):
        print(f'saathi users: whoever holds the phone reads "{", ".join(told)}" in that name', file=sys.stderr)
        return 1
    async with app.database.begin() as connection:
        which = await users.show_as(connection, organisation, shown)
        if which is None:
            print(f"saathi users: there is no organisation {organisation}", file=sys.stderr)
            return 1
        await _note(app, connection, "users.on_screen", str(which))
    print(f"{organisation}: people read {shown}")
    return 0


async def _change(app: App, connection: Connection, command: str, user: users.User) -> None:
    now = app.clock()
    if command == "password":
        first = passwords.draw()
        await users.set_password(connection, user.id, await passwords.hashed(first), now)
        _tell(user.login, first)
    elif command == "reset-totp":
        await users.reset_totp(connection, user.id, now)
        print(f"{user.login}: the next sign-in connects another phone")
    else:
        await users.set_active(connection, user.id, command == "enable", now)
        print(f"{user.login}: {command}d")
    await _note(app, connection, f"users.{command.replace('-', '_')}", str(user.id))


async def _note(app: App, connection: Connection, action: str, which: str) -> None:
    await audit.write(
        connection,
        actor="operator",
        user_id=None,
        action=action,
        object_kind="user",
        object_id=which,
        now=app.clock(),
    )


def _tell(login: str, first: str) -> None:
    print(f"{login}: the first password is {first}")
    print("It is shown once. At the first sign-in the phone is connected.")
