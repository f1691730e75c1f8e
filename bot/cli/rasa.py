"""`saathi rasa`: Rasa Open Source as the classifier: install, train, prove, start, run.

Law: Rasa listens on this machine only, under a token drawn for each start; the danger floor and the embedded classifier
stay under it (`bot/nlu/rasa.py`).
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

import httpx

from bot import settings as configuration
from bot.nlu.data import read_examples
from bot.nlu.rasa import SECONDS, Rasa
from bot.nlu.rasa_place import RasaError, install
from bot.nlu.rasa_server import DIET, LIGHT, Server, model_for
from bot.settings import Settings

PORT = 5005
SENTENCE = "my salary is not paid"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """install, train, prove, start, run."""
    commands = parser.add_subparsers(dest="rasa_command", required=True, metavar="COMMAND")
    commands.add_parser("install", help="build .venv-rasa (Python 3.10, 3 GB), if it is not there")
    train = commands.add_parser("train", help="learn nlu_data/ with the light configuration, or with DIET")
    prove = commands.add_parser(
        "prove", help="train if need be, start, ask one sentence with and without the token, end"
    )
    start = commands.add_parser("start", help="Rasa alone, on 127.0.0.1; its token is in the data folder")
    start.add_argument("--port", type=int, default=PORT, help=f"port to listen on (default: {PORT})")
    run = commands.add_parser("run", help="`saathi serve` with a Rasa of its own; what follows goes to serve")
    run.add_argument("serve", nargs=argparse.REMAINDER, help="`--`, then arguments of serve: -- --port 8001")
    for sub in (train, prove, start, run):
        sub.add_argument("--diet", action="store_true", help="nlu_data/config.yml, a neural network: learns far longer")


def run(args: argparse.Namespace) -> int:
    """The exit code. Raises CannotStart."""
    settings = configuration.load()
    python = install(settings.rasa_python, say=_say)
    if args.rasa_command == "install":
        return 0
    model = model_for(
        python, read_examples(settings.root / "nlu_data"), DIET if args.diet else LIGHT, _folder(settings), _say
    )
    if args.rasa_command == "train":
        print(model)
        return 0
    if args.rasa_command == "prove":
        return _prove(Server(python, model, _folder(settings)))
    if args.rasa_command == "start":
        return _start(Server(python, model, _folder(settings), port=args.port))
    return _serve(Server(python, model, _folder(settings)), args.serve)


def _say(line: str) -> None:
    print(line, flush=True)


def _folder(settings: Settings) -> Path:
    return settings.data_dir / "rasa"


def _prove(server: Server) -> int:
    """That it answers whoever knows the token, and nobody else."""
    with server:
        refused = httpx.post(f"{server.url}/model/parse", json={"text": SENTENCE}, trust_env=False).status_code
        asked = Rasa(server.url, server.token, seconds=10 * SECONDS)
        began = time.perf_counter()
        (answer,) = asked.parse_many([SENTENCE])
        asked.close()
    if refused != 401 or answer is None:
        raise RasaError(f"Rasa answered {refused} without the token, and {answer and answer.intent} with it")
    _say(
        f"Rasa answers: {SENTENCE!r} is {answer.intent} ({answer.confidence:.2f}), {_ms(began)}; without the token: no."
    )
    _say("`make run-rasa` starts the service with it, `saathi rasa start` Rasa alone.")
    return 0


def _ms(began: float) -> str:
    return f"{1000 * (time.perf_counter() - began):.0f} ms"


def _start(server: Server) -> int:
    token = server.log.parent / "token"
    with server:
        token.touch(mode=0o600)
        token.write_text(server.token)
        _say(f"Rasa listens on {server.url}. For the service:")
        _say(f"  SAATHI_RASA_URL={server.url} SAATHI_RASA_TOKEN=$(cat {token}) saathi serve")
        _say("Stop it with Ctrl+C.")
        try:
            server.wait()
        finally:
            token.unlink(missing_ok=True)
    return 0


def _serve(server: Server, arguments: list[str]) -> int:
    """`saathi serve` in this process, told where its Rasa is."""
    from bot.cli import serve

    parser = argparse.ArgumentParser(prog="saathi serve", description=serve.HELP)
    serve.add_arguments(parser)
    options = parser.parse_args(arguments[1:] if arguments[:1] == ["--"] else arguments)
    _say("Rasa starts, which takes half a minute ...")
    with server:
        os.environ["SAATHI_RASA_URL"], os.environ["SAATHI_RASA_TOKEN"] = server.url, server.token
        return serve.run(options)
