"""`saathi`: the command line.

Law: dispatches only; each command lives in `bot/cli/`, and is imported when it is called, so that --help is quick.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType

from bot.observe import logs
from bot.settings import CannotStart

TO_TIDY = 2  # seconds for what is half made (a backup) to be taken away, once told to end

# command: (module in bot/cli, name of its run, name of its add_arguments or "", help)
COMMANDS = {
    "serve": ("serve", "run", "add_arguments", "run the service: webhooks, workers, simulator in development"),
    "chat": ("chat", "run", "add_arguments", "talk to Saathi in the terminal, as a phone would"),
    "check": (
        "content",
        "run_check",
        "add_check_arguments",
        "check flows, facts and translations; prints file:line: message",
    ),
    "migrate": ("database", "run_migrate", "", "bring the database schema up to date (as the owner role)"),
    "backup": ("backup", "run_backup", "add_backup_arguments", "copy everything: data to one place, keys to another"),
    "restore": ("backup", "run_restore", "add_restore_arguments", "bring a backup into an empty database"),
    "nlu": ("nlu", "run", "add_arguments", "train, ask, measure; suggest and export what nobody understood"),
    "rasa": ("rasa", "run", "add_arguments", "Rasa as the classifier: install, train, prove, start, run"),
    "queue": ("queue", "run", "add_arguments", "alarms and what else waits for a human"),
    "reply": ("reply", "run", "add_arguments", "answer the person of a case, as a human"),
    "release": ("reply", "run_release", "add_release_arguments", "give a conversation back to the bot"),
    "rota": ("rota", "run", "add_arguments", "who works when: shifts, breaks, swaps, who is sick"),
    "staff": ("staff", "run", "add_arguments", "what colleagues read and how they are called; chats; interpreters"),
    "volunteers": ("volunteers", "run", "add_arguments", "codes by which volunteers and neighbours tell what they see"),
    "export": ("export", "run", "add_arguments", "all that is kept of one person, as JSON"),
    "erase": ("erase", "run", "add_arguments", "delete all of one person, when a human decided so"),
    "keys": ("keys", "run", "add_arguments", "rotate: wrap every data key under the newest SAATHI_SECRET_KEY"),
    "recruiters": (
        "recruiters",
        "run",
        "add_arguments",
        "import: the list of licensed recruiters of a country, from a CSV",
    ),
    "box": ("box", "run", "add_arguments", "letters about ourselves: list, read, answer (for the safeguarding role)"),
    "feedback": (
        "feedback",
        "run",
        "add_arguments",
        "what people answered about our help, by quarter; small counts are hidden",
    ),
    "broadcast": ("broadcast", "run", "add_arguments", "an alert or a reminder for all who wanted to hear of a topic"),
    "gateway": ("gateway", "run", "add_arguments", "register: have the phone at the partner tell us of each SMS"),
    "telegram": (
        "telegram",
        "run",
        "add_arguments",
        "set-webhook: tell Telegram where to deliver; introduce: its commands",
    ),
    "twilio": ("twilio", "run", "add_arguments", "provision: make menus and texts for WhatsApp, and hand them in"),
    "users": ("users", "run", "add_arguments", "the people of the desk: add, list, password, disable, reset-totp"),
    "search": ("search", "run", "add_arguments", "rebuild: what cases are found by, written anew"),
    "paper": ("paper", "run", "add_arguments", "blank sheets for a talk where there is no computer, as a PDF"),
    "audit": ("audit", "run", "add_arguments", "verify: whether the trail is as it was sealed"),
    "locales": ("locales", "run", "add_arguments", "languages: how far they are, out to translators and back in"),
    "facts": ("facts", "run", "add_arguments", "what colleagues said of facts on the desk: export, apply to the files"),
    "db": ("database", "run_db", "add_db_arguments", "stop: end the embedded database"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    gc.disable()  # what is imported stays: looking through it for garbage costs a tenth of a start
    try:
        args, command = _read(list(sys.argv[1:] if argv is None else argv))
        gc.freeze()
    finally:
        gc.enable()
    end_when_told()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold keys and what people wrote
    stays = args.command in ("serve", "rasa")
    try:
        _log(os.environ.get("SAATHI_LOG_LEVEL") or ("INFO" if stays else "WARNING"))
        return int(command(args))
    except CannotStart as error:
        print(f"saathi {args.command}: cannot start:\n{error}", file=sys.stderr)
        return 2
    except (FileNotFoundError, PermissionError, NotADirectoryError, IsADirectoryError) as error:
        if stays or not error.filename:
            raise
        print(f"saathi {args.command}: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0


def _log(level: str) -> None:
    try:
        logs.configure(level)
    except ValueError as error:
        raise CannotStart(str(error)) from None


def end_when_told() -> None:
    """The first process of a container ends at SIGTERM too. The kernel spares it as long as it has no handler: told to
    stop while it learns or migrates, it would wait to be killed. A service that is at work has its own (`serve`)."""
    if os.getpid() == 1:
        signal.signal(signal.SIGTERM, _end)


def _end(number: int, frame: FrameType | None) -> None:
    """Out through every `finally`. A thread that waits for what is learned would hold that up: it is not waited for."""
    signal.signal(number, signal.SIG_IGN)  # told again, it is on its way already
    late = threading.Timer(TO_TIDY, os._exit, (128 + number,))
    late.daemon = True
    late.start()
    raise SystemExit(128 + number)


def _read(arguments: Sequence[str]) -> tuple[argparse.Namespace, Callable[[argparse.Namespace], int]]:
    """What was asked for, and the command that does it; only its module is imported."""
    parser = argparse.ArgumentParser(
        prog="saathi", description="A messaging helpline for migrant workers and their families."
    )
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    wanted = next((a for a in arguments if not a.startswith("-")), None)
    for name, (module, _, add, text) in COMMANDS.items():
        sub = subparsers.add_parser(name, help=text, description=text)
        if name == wanted and add:
            getattr(importlib.import_module(f"bot.cli.{module}"), add)(sub)
    args = parser.parse_args(arguments)
    module, run, _, _ = COMMANDS[args.command]
    return args, getattr(importlib.import_module(f"bot.cli.{module}"), run)


if __name__ == "__main__":
    sys.exit(main())
