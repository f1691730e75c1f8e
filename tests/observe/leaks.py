"""A process that tries to log what people wrote, in every way we know: `python -m tests.observe.leaks sink|bare`.

`sink` has our logging; `bare` prints whole records, which shows that each way would leak. Each way is announced by
a line `== name` on standard error; the last one ends the process.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import logging
import sys
import threading
import warnings
from collections.abc import Callable

import httpx
import pydantic
import sqlalchemy
from litestar.logging import LoggingConfig
from twilio.http import HttpClient
from twilio.http.response import Response

from bot.observe import logs

PHONE = "+9779801234567"
NAME = "Sita Canary Tamang"
SENTENCE = "मेरो मालिकले मलाई कोठामा थुनेको छ, please help"
BOT_TOKEN = "8123456789:AAH0-canaryTokenOfABot_xyz12345"
SIGNATURE = "Canary0123456789abcdefghij="
TWILIO_TOKEN = "0123456789abcdefcanary0123456789"
DATABASE = "postgresql://saathi_app:canarypassword@db.example/saathi"
CANARIES = (PHONE, NAME, SENTENCE, BOT_TOKEN, SIGNATURE, TWILIO_TOKEN, DATABASE)
ALL = " | ".join(CANARIES)

WAYS: dict[str, Callable[[], object]] = {}
log = logs.get("bot.leaks")
plain = logging.getLogger("bot.leaks")


class _Text:
    def __init__(self, text: str = ALL) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text

    __repr__ = __str__


class _Broken(_Text):
    def __str__(self) -> str:
        raise ValueError(ALL)

    __repr__ = __str__


def way(function: Callable[[], object]) -> Callable[[], object]:
    """One way to log."""
    WAYS[function.__name__] = function
    return function


@way
def in_the_message() -> None:
    plain.error(ALL)
    plain.error(f"help for {ALL}")
    plain.error("help for " + ALL)
    log.error(f"help_for {ALL}")
    for canary in CANARIES:
        plain.error(canary)
        log.error(canary)


@way
def in_a_message_with_arguments() -> None:
    plain.error(f"help for {ALL}: %s", 1)
    plain.error("help for {}: %%, %s".format(ALL), 1)  # noqa: UP032


@way
def in_arguments() -> None:
    for canary in (*CANARIES, *ALL.split()):
        plain.error("for %s", canary)
        plain.error("for %r and %-20.50s, %%", canary, canary)
        plain.error("for %(who)s", {"who": canary})
    plain.error("number %d %s %.4f %s", 9779801234567, 9801234567, 29.375912, 4711)


@way
def in_arguments_of_other_types() -> None:
    plain.error("for %s %s %s %s", _Text(), [ALL], {ALL: ALL}, ALL.encode())
    plain.error("for %s", Exception(ALL))
    plain.error(_Text())
    plain.error({"who": ALL})


@way
def in_arguments_that_do_not_fit() -> None:
    plain.error("for %d", ALL)
    plain.error("for %s %s", ALL)
    plain.error("for nobody", ALL)
    plain.error("for %s", _Broken())


@way
def in_fields() -> None:
    for canary in (*CANARIES, *NAME.split()):
        log.error("fields", kind=canary, code=canary, who=canary, subject_id=canary, count=canary)
    log.error("fields", kind=_Text(), attempt=9779801234567, code=9779801234567, text=[ALL], seconds=_Broken())


@way
def in_the_names_of_fields() -> None:
    log.error("fields", **{ALL: 1, NAME: 2, "Sita": 3})


@way
def in_extra() -> None:
    plain.error("extra", extra={"phone": PHONE, "fields": {"who": ALL, "kind": SENTENCE}})
    plain.error("extra", extra={"fields": ALL})


@way
def in_the_name_of_a_logger() -> None:
    for canary in CANARIES:
        logging.getLogger(f"bot.{canary}").error("named")
        logging.getLogger(canary).error("named")


@way
def in_an_exception() -> None:
    for make in (ValueError, KeyError, OSError):
        try:
            raise make(ALL)
        except make:
            plain.exception("failed")
            log.error("failed", exc_info=True)


@way
def in_a_chain() -> None:
    try:
        try:
            raise KeyError(ALL)
        except KeyError as error:
            raise ValueError(ALL) from error
    except ValueError:
        log.error("failed", exc_info=True)


@way
def in_a_context_a_note_and_a_local() -> None:
    text = ALL
    try:
        try:
            raise KeyError(text)
        except KeyError:
            error = ValueError(text)
            error.add_note(text)
            raise error  # noqa: B904
    except ValueError:
        plain.error("failed", exc_info=True, stack_info=True)


@way
def in_a_group() -> None:
    try:
        raise ExceptionGroup(ALL, [ValueError(ALL), ExceptionGroup(ALL, [KeyError(ALL)])])
    except ExceptionGroup:
        log.error("failed", exc_info=True)


@way
def in_an_exception_of_pydantic() -> None:
    class Form(pydantic.BaseModel):
        age: int

    try:
        Form(age=ALL)  # type: ignore[arg-type]
    except pydantic.ValidationError:
        log.error("failed", exc_info=True)


@way
def by_httpx() -> None:
    with httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(404))) as client:
        for canary in CANARIES:
            client.get(f"https://api.telegram.org/bot{BOT_TOKEN}/sendMessage", params={"text": canary})


@way
def by_twilio() -> None:
    """Its own client, with the logger that it would have, and with ours."""
    for name in ("twilio.http_client", "bot.transports.twilio"):

        class Client(HttpClient):
            def request(self, *_: object, **__: object) -> Response:
                return Response(200, "{}")

        client = Client(logging.getLogger(name), True, None)
        client.log_request(
            {"method": "POST", "url": f"https://api.twilio.com/{PHONE}", "params": {"a": NAME}, "data": ALL,
             "headers": {"X": SIGNATURE}}
        )  # fmt: skip
        client.log_response(200, Response(200, ALL))


@way
def by_sqlalchemy() -> None:
    engine = sqlalchemy.create_engine("sqlite://", echo="debug")
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("SELECT :who"), {"who": ALL}).all()
        try:
            connection.execute(sqlalchemy.text("SELECT * FROM nowhere WHERE x = :who"), {"who": ALL})
        except sqlalchemy.exc.OperationalError:
            log.error("failed", exc_info=True)
    engine.dispose()


@way
def by_other_libraries() -> None:
    for name in ("telegram.Bot", "procrastinate.worker", "psycopg.pool", "aiohttp.access", "uvicorn.access", "litestar",
                 "uvicorn.error", "root", "urllib3.connectionpool", "new.one", "multiprocessing"):  # fmt: skip
        logger = logging.getLogger(name)
        for level in (logging.DEBUG, logging.INFO, logging.CRITICAL):
            logger.log(level, "%s from library", ALL)
            logger.log(level, f"{ALL} from library", extra={"fields": {"kind": NAME}})
    logging.critical(ALL)


@way
def by_a_warning() -> None:
    warnings.warn(ALL, UserWarning, stacklevel=1)
    warnings.warn_explicit(ALL, RuntimeWarning, f"/home/{NAME}.py", 3)


@way
def by_a_thread_that_dies() -> None:
    def die() -> None:
        raise ValueError(ALL)

    thread = threading.Thread(target=die, name=NAME)
    thread.start()
    thread.join()


@way
def by_a_finalizer() -> None:
    class Final:
        def __del__(self) -> None:
            raise ValueError(ALL)

    Final()
    gc.collect()


@way
def by_a_forgotten_task() -> None:
    async def fail(text: str) -> None:
        raise ValueError(text)

    async def forget() -> None:
        task = asyncio.get_running_loop().create_task(fail(ALL), name=NAME)
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(forget(), debug=True)


@way
def by_a_loops_handler() -> None:
    async def complain() -> None:
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": ALL, "exception": ValueError(ALL), "task": ALL})
        logs.quiet_loop(loop)
        loop.call_exception_handler({"message": ALL, "exception": ValueError(ALL), "task": ALL})
        loop.call_exception_handler({"message": ALL})

    asyncio.run(complain())


@way
def by_a_library_with_a_handler_of_its_own() -> None:
    logging.getLogger("own.handler").error(ALL)


@way
def by_a_handler_that_is_added_later() -> None:
    logger = logging.getLogger("bot.later")
    logger.addHandler(logging.StreamHandler())
    logging.getLogger().addHandler(logging.StreamHandler())
    logger.propagate = False
    logger.error(ALL)
    logging.getLogger("bot.other").error(ALL)


@way
def by_litestars_own_logging() -> None:
    logger = LoggingConfig(log_exceptions="always").configure()("litestar")
    logger.error(ALL)
    logging.getLogger("bot.other").error(ALL)
    listener = logger.handlers[0].listener
    listener.stop()  # it prints from a thread of its own: all of it before the next way
    atexit.unregister(listener.stop)


@way
def by_dying() -> None:
    """The last of all."""
    raise RuntimeError(ALL) from ValueError(ALL)


class _Bare(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {record.__dict__}"


def main(kind: str) -> None:
    """Prepare as asked, then go all ways."""
    own = logging.getLogger("own.handler")
    own.addHandler(logging.StreamHandler())
    own.propagate = False
    if kind == "sink":
        logs.configure("DEBUG", json=True)
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(_Bare())
        logging.basicConfig(level=logging.DEBUG, handlers=[handler])
    for name, function in WAYS.items():
        print(f"== {name}", file=sys.stderr, flush=True)
        function()


if __name__ == "__main__":
    main(sys.argv[1])
