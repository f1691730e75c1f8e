"""Every index has its reason here: with 20,000 people, their cases and 100,000 messages in the database, nothing that
happens by a message, by the clock or at the desk reads a large table from end to end.

Law: the statements are those that the service really sends; the planner is free. What may read all of a table stands
in ALLOWED with its reason.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from functools import partial
from typing import Any

from sqlalchemy import text

from benchmarks import crowd
from bot import jobs
from bot.jobs import started, wishes
from bot.rostering import Roster
from bot.settings import Settings
from bot.store import clocks
from bot.store.database import Database
from bot.store.migrate import migrate
from tests.desk.office import opened
from tests.fakes.plans import Whole, read_whole
from tests.fakes.statements import heard
from tests.pipeline.telling import TOPIC, Telling
from tests.pipeline.world import World

PEOPLE = 20_000
# (what is done, table, how the statement begins): why all of it may be read.
ALLOWED = {
    ("purge", "inbox", "DELETE FROM inbox"): "it holds one day: what is a day old goes",
    ("purge", "media", "DELETE FROM media"): "every file is looked at, as the folder of files is",
    ("purge", "media", "SELECT media.name"): "the folder of files is compared with all names",
    ("purge", "contacts", "SELECT cases.id"): "facts without consent: consent stands in another table than their age",
    ("purge", "cases", "SELECT cases.id"): "the same",
    ("purge", "keys", "SELECT cases.id"): "the same",
    ("purge", "contacts", "UPDATE conversations"): "sessions without consent: as with facts",
    ("purge", "conversations", "UPDATE conversations"): "the same",
}


_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"


def _owner(settings: Settings) -> str:
    assert settings.database_owner_url is not None
    return settings.database_owner_url.get_secret_value()


async def _filled(settings: Settings, world: World, people: int = PEOPLE) -> None:
    """Months as they would be after a year, and the crowd in them."""
    first: date = (world.now - timedelta(days=crowd.SPREAD + 1)).date()
    migrate(_owner(settings), today=first)
    owner = Database(_owner(settings))
    async with owner.begin() as connection:  # what the planner knows is from the moments that are named here
        for table in (await connection.execute(text(_TABLES))).scalars().all():
            await connection.execute(text(f'ALTER TABLE "{table}" SET (autovacuum_enabled = off)'))
    await crowd.fill(owner, world.app.secrets, people, world.now)
    await owner.close()


class Doings:
    """What is done, and what was asked of the database meanwhile."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.found: list[Whole] = []
        self.seen: dict[str, int] = {}

    async def do(self, name: str, *works: Callable[[], Awaitable[Any]]) -> None:
        """Do it, then ask how each statement would be answered."""
        with heard(self.world.app.database) as asked:
            for work in works:
                await work()
        self.seen[name] = len(asked)
        self.found += await read_whole(self.world.app.database, name, asked)

    @property
    def unexplained(self) -> set[Whole]:
        """Those that stand in no list."""
        return {w for w in self.found if not any(_is_of(w, place) for place in ALLOWED)}


def _is_of(whole: Whole, place: tuple[str, str, str]) -> bool:
    doing, table, start = place
    return (whole.doing, whole.table) == (doing, table) and whole.statement.startswith(start)


async def _messages(doings: Doings) -> None:
    world = doings.world
    await world.says("100", "/start", "1")  # somebody is there already
    await doings.do(
        "receive", lambda: world.writes("100", "hello"), lambda: world.writes("101", "wages"),
        lambda: world.writes("102", "locked", channel="sms"),
    )  # fmt: skip
    await doings.do("turn", world.turns)
    await doings.do("send", world.sends)
    await doings.do("talk", lambda: world.says("101", "1", "1", "human"), lambda: world.says("102", "1", "stop"))
    await doings.do("page", world.app.pager.run_once, world.app.digests.plan, world.app.digests.send)


async def _clock(doings: Doings) -> None:
    app = doings.world.app
    others = jobs.Others(app.after_erasing, app.attachments.sweep, app.digests.plan, None, app.broadcasting.run_once)
    made = jobs.make(app.database, app.secrets, app.policy, Roster(app.content), app.clock, others)
    await doings.do("attachments", app.attachments.run_once)
    for name in (
        "purge", "seal", "remind", "fallback", "windows", "wishes", "targets", "rota", "drop_off", "searches",
    ):  # fmt: skip
        await doings.do(name, partial(made.tasks[name].func, 0))
    await doings.do("clocks", lambda: clocks.put_right(app.database, doings.world.now, timedelta(days=1)))
    await doings.do("metrics", app.backlog)
    telling = await Telling.made(doings.world)
    await doings.world.run(
        "INSERT INTO subscriptions (id, subject_id, topic, made_at)"
        " SELECT gen_random_uuid(), id, :topic, now() FROM contacts",
        topic=TOPIC,
    )
    await doings.world.run("ANALYZE subscriptions")
    await telling.begun(words=dict.fromkeys(("ne", "hi", "ar"), "Hello."))
    await doings.do("broadcast", partial(made.tasks["broadcast"].func, 0))


async def _erasing(doings: Doings) -> None:
    world = doings.world
    where = await world.where("101")
    await world.set_person(where.subject_id, erase_at=world.now - timedelta(hours=1))
    await doings.do("erase", lambda: wishes.erase_due(world.app.database, world.now))


async def _desk(doings: Doings) -> None:
    world = doings.world
    where = await world.where("102", "sms")
    reference = str(await world.one("SELECT max(reference) FROM cases WHERE subject_id = :id", id=where.subject_id))
    pages = ["/", "/?severity=high&country=KW", f"/case/{reference}", "/due", "/care"]
    async with opened(world.app) as desk:
        for role, more in (("caseworker", []), ("supervisor", ["/supervision", "/figures/steps", "/figures"])):
            person = await desk.person(role)
            for path in (*pages, *more):
                await doings.do(f"desk {path.replace(reference, 'N')}", partial(_fine, person.get, path))
            for asked in (reference, "+977 9841234567", "Sita Tamang"):
                await doings.do("desk search", partial(_fine, person.post, "/search", q=asked))


async def _fine(ask: Callable[..., Awaitable[Any]], path: str, **form: str) -> None:
    answer = await ask(path, **form)
    assert answer.status_code == 200, answer.text[:500]


async def test_nothing_reads_a_large_table_from_end_to_end(settings: Settings, world: World) -> None:
    await _filled(settings, world)
    doings = Doings(world)
    await _messages(doings)
    await _clock(doings)
    await _desk(doings)
    await _erasing(doings)
    await doings.do("tell", world.sender.run_once)
    print({name: count for name, count in doings.seen.items()})
    assert all(doings.seen.values()), doings.seen
    assert not doings.unexplained, "\n".join(
        f"{w.doing}: {w.table} ({w.rows} rows)\n    {' '.join(w.statement.split())[:700]}"
        for w in sorted(doings.unexplained)
    )


async def test_the_test_sees_a_large_table_that_is_read(settings: Settings, world: World) -> None:
    """With an index taken away, what used it is found; a table of a few rows is not."""
    await _filled(settings, world, 4000)
    owner = Database(_owner(settings))
    async with owner.begin() as connection:
        await connection.execute(text("DROP INDEX ix_outbox_failed"))
    await owner.close()
    doings = Doings(world)
    await doings.do("fallback", lambda: started.send_by_sms(world.app.database, world.app.secrets, world.now))
    assert {w.table for w in doings.unexplained} == {"outbox"}
