"""The conductor's loop: peek, understand, one transaction for many subjects, commit; poison is set aside.

Law: understanding happens outside the transaction; a failed batch is rolled back and rerun subject by subject; a turn
that fails three times is quarantined and a human is told, so that no conversation stands still.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from bot import outgoing
from bot.conductor import ahead, receipts
from bot.conductor.arrived import Arrived, NotVouched
from bot.conductor.aside import Aside
from bot.conductor.fallen import Unnamed
from bot.conductor.here import Tools
from bot.conductor.left import DEATHS, FirstLook
from bot.conductor.patience import Patience, Understanding
from bot.conductor.pieces import pieces, together
from bot.conductor.reading import is_readable, join, opened, with_input
from bot.conductor.turn import Turn
from bot.content import Content
from bot.content import marks as content_marks
from bot.engine.events import Said
from bot.engine.inputs import Meaning
from bot.observe import logs, metrics
from bot.observe.crash import point
from bot.store import batches, outlived, raised, saving, turns, vouched
from bot.store.database import INBOX_CHANNEL, OUTBOX_CHANNEL, UNAVAILABLE, VOUCH_CHANNEL, Connection, Database
from bot.store.keys import Keys
from bot.store.references import References
from bot.store.shelf import shelves
from bot.store.subject import Subject
from bot.store.together import unwaited
from bot.store.waiting import (
    Waiting,
    count_attempt,
    finish,
    in_order,
    peek,
    set_aside,
    still_waiting,
    wipe,
)
from bot.store.wake import Wake

log = logs.get(__name__)
SUBJECTS = 64
ROWS = 128  # of these people: some have written more than one
ATTEMPTS = 3


@dataclass(slots=True)
class Finished:
    """What became of what arrived of one person: rows that are handled, those of them whose provider is not waited for,
    rows whose words no table keeps, messages that their provider does not know, and rows that it must be asked about
    before anything is done."""

    done: tuple[int, ...] = ()
    passed: tuple[int, ...] = ()
    wiped: tuple[int, ...] = ()
    forged: list[Arrived] = field(default_factory=list)
    ask: tuple[int, ...] = ()


class Conductor:
    """One worker of turns; any number may run on one database."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        content: Content,
        understanding: Understanding,
        policy: outgoing.Policy,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
        draw_reference: Callable[[], str],
        floor: Understanding | None = None,
        unnamed: Unnamed | None = None,
        provable: Callable[[str, str], bool] | None = None,
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._content = content
        self._understanding = Patience(understanding, floor)
        self._policy = policy
        self._clock = clock
        self._new_id = new_id
        self._references = References(draw_reference, SUBJECTS * 2)
        self._unnamed = unnamed
        self._provable = provable
        self._aside = Aside(SUBJECTS // 2)
        self._first = FirstLook()
        self._counted: list[int] = []  # rows of the inbox (`_left`)

    async def run(self, wake: Wake) -> None:
        """Work until told to stop: then what is in hand is finished first."""

        async def once() -> int:
            before = self._aside.left
            handled = await self.run_once()
            if handled:
                wake.set(OUTBOX_CHANNEL)
            return handled or int(self._aside.left > before)  # stepping aside, it looks elsewhere at once

        await wake.work(once, INBOX_CHANNEL)

    async def run_once(self) -> int:
        """Handle what waits now; returns how many inbox rows were handled."""
        now = self._clock()
        await self._uncount()
        rows = await peek(self._database, self._secrets, now, ROWS, SUBJECTS, beside=self._aside.beside)
        if not rows:
            return 0
        point("conductor.after_peek")
        broken = [r for r in rows if not is_readable(r)]
        if broken:
            await self._unreadable(broken, now)
            rows = [r for r in rows if r not in broken]
        told = [r for r in rows if r.kind == "receipt"]
        handled = len(broken) + await receipts.handle(self._database, told, now, attempts=ATTEMPTS)
        left, rest = self._first.split([r for r in rows if r.subject_id is not None], now)
        for theirs in left:
            assert theirs[0].subject_id is not None
            handled += await self._left(theirs[0].subject_id, theirs, now)
        arrived = await self._arrived(rest)
        if arrived:
            done = await self._batches(arrived, {r.id: r for r in rows}, now)
            self._aside.note(done, sum(len(each.ids) for group in arrived.values() for each in group))
            handled += done
        return handled

    async def _unreadable(self, rows: Sequence[Waiting], now: datetime) -> None:
        """A payload without its key (an erased person's), or spoilt: set aside, so that it holds up nobody."""
        log.error("inbox_unreadable", rows=len(rows))
        metrics.quarantined.inc(len(rows))
        async with self._database.begin() as connection:
            await set_aside(connection, [r.id for r in rows], now, "unreadable")

    async def _left(self, subject_id: UUID, rows: Sequence[Waiting], now: datetime) -> int:
        """What one person has waited for since before this worker began (`left.py`)."""
        async with self._database.begin() as connection:  # kept open, for what it holds; nothing is written by it
            if not await outlived.alone(connection, subject_id):
                self._first.elsewhere(subject_id)
                return 0
            lives = await outlived.lives(connection, [r.id for r in rows])
            rows = [r for r in rows if r.id in lives]
            over = [r for r in rows if lives[r.id] >= DEATHS]
            for row in over:
                log.error("turn_ends_process", rows=1, attempt=lives[row.id])
                await self._quarantine(subject_id, opened(row), now)
            if over:
                return len(over)  # what comes after them: at the next look
            await outlived.count(self._database, list(lives))
            self._counted = list(lives)
            arrived = await self._arrived(rows)
            handled = await self._batches(arrived, {r.id: r for r in rows}, now) if arrived else 0
            await self._uncount()
            return handled

    async def _uncount(self) -> None:
        """What was counted is outlived; at the next look, where the database went away meanwhile."""
        if self._counted:
            await outlived.count(self._database, self._counted, -1)
            self._counted = []

    # --- from rows to what arrived

    async def _arrived(self, rows: Sequence[Waiting]) -> dict[UUID, list[Arrived]]:
        """By subject, in order, joined and understood; at most SUBJECTS of them."""
        waiting: dict[UUID, list[Waiting]] = defaultdict(list)
        for row in rows:
            if row.subject_id is None or row.conversation_id is None:
                continue
            if row.subject_id not in waiting and len(waiting) == SUBJECTS:
                continue
            waiting[row.subject_id].append(row)
        by_subject: dict[UUID, list[Arrived]] = {}
        for subject, theirs in waiting.items():
            group: list[Arrived] = []
            for row in in_order(theirs):
                join(group, opened(row))
            if any(vouched.ASKED not in each.vouched for each in group):
                by_subject[subject] = group
        meanings = await self._understand([a for group in by_subject.values() for a in group])
        links = self._content.knowledge.by_name.get("links", {}).get("links", {})
        return {
            subject: [with_input(a, meanings.get(a.ids), links) for a in group] for subject, group in by_subject.items()
        }

    async def _understand(self, all_arrived: Sequence[Arrived]) -> dict[tuple[int, ...], Meaning]:
        spoken = [a for a in all_arrived if a.inbound and a.inbound.text and a.inbound.kind != "press"]
        parts = [pieces(a.texts) for a in spoken]
        with metrics.nlu_seconds.time():
            meanings = iter(await self._understanding.understand([piece for some in parts for piece in some]))
        return {a.ids: together([next(meanings) for _ in some], a.texts) for a, some in zip(spoken, parts, strict=True)}

    # --- transactions

    async def _batches(self, arrived: dict[UUID, list[Arrived]], rows: dict[int, Waiting], now: datetime) -> int:
        try:
            return await self._transaction(arrived, now)
        except UNAVAILABLE:
            raise
        except Exception as error:
            log.warning("batch_failed", kind=type(error).__name__, subjects=len(arrived), exc_info=True)
        handled = 0
        for subject_id, group in arrived.items():
            handled += await self._alone(subject_id, group, rows, now)
        return handled

    async def _alone(self, subject_id: UUID, group: list[Arrived], rows: dict[int, Waiting], now: datetime) -> int:
        """One subject by itself, its messages one at a time, so that only the poisonous one is counted."""
        handled = 0
        for arrived in group:
            if vouched.ASKED in arrived.vouched:
                return handled
            tried = max(rows[i].attempts for i in arrived.ids) + 1
            await count_attempt(self._database, arrived.ids, "turn_failed")
            try:
                done = await self._transaction({subject_id: [arrived]}, now)
            except UNAVAILABLE:
                raise
            except Exception as error:
                log.error("turn_failed", kind=type(error).__name__, attempt=tried, exc_info=True)
                metrics.turns.labels(result="failed").inc()
                if tried < ATTEMPTS:
                    return handled  # what comes after it keeps its place
                await self._quarantine(subject_id, arrived, now)
                done = len(arrived.ids)
            if done == 0:  # another worker has this subject: what comes next keeps its place
                return handled
            handled += done
        return handled

    async def _transaction(self, arrived: dict[UUID, list[Arrived]], now: datetime) -> int:
        done: list[int] = []
        wiped: list[int] = []
        asks = False
        async with self._database.begin() as connection:
            locked = await turns.lock(connection, arrived)
            point("conductor.after_lock")
            if not locked:
                return 0
            ids = [i for s in locked for a in arrived[s] for i in a.ids]
            found = await batches.opened(connection, self._secrets, locked, ids, now)
            subjects = found.subjects
            await self._references.refill(connection, least=len(locked))
            tools = Tools(
                self._content,
                self._policy,
                now,
                self._new_id,
                self._references.take,
                shelves(connection, self._secrets, now, self._new_id),
                rotas=found.rotas,
                unnamed=self._unnamed,
                marks=content_marks.of(found.marks),
                provable=self._provable,
            )
            for subject in list(subjects.values()):
                finished = await self._turns(tools, subject, arrived[subject.id], found.waiting)
                if (
                    finished.ask
                ):  # nothing of this person is written: it is all done anew when the provider has answered
                    del subjects[subject.id]
                    await vouched.ask(connection, finished.ask, now)
                    asks = True
                    continue
                done += finished.done
                wiped += finished.wiped
                await vouched.pass_by(connection, finished.passed)
                if finished.forged:
                    await self._forged(connection, subject, finished.forged, now)
            async with unwaited(connection):
                await saving.save(connection, self._secrets, subjects.values(), now)
                await finish(connection, done, now)
                await wipe(connection, wiped)
            point("conductor.before_commit")
        point("conductor.after_commit")
        metrics.turns.labels(result="ok").inc(len(done))
        await self._database.notify(VOUCH_CHANNEL if asks else OUTBOX_CHANNEL)
        return len(done)

    async def _turns(self, tools: Tools, subject: Subject, group: Sequence[Arrived], waiting: set[int]) -> Finished:
        """What arrived of one person, one after the other."""
        finished = Finished()
        for each in ahead.ordered(group, tools.content, subject.person.profile):
            left = waiting.intersection(each.ids)
            if left and len(left) < len(each.ids):
                break  # another worker took a part of it: the rest comes before what follows, next time
            if left and vouched.NO in each.vouched:
                finished.forged.append(each)
            elif left:
                try:
                    finished.wiped += await self._turn(tools, subject, each)
                except NotVouched:
                    finished.ask = each.ids
                    break
                finished.done += each.ids
                finished.passed += each.ids if each.passed else ()
        return finished

    async def _forged(self, connection: Connection, subject: Subject, group: Sequence[Arrived], now: datetime) -> None:
        """The provider does not know these as they stand: somebody writes as this person. Nothing is done or said; a
        human is called."""
        for each in group:
            log.error("message_forged", rows=len(each.ids), conversation_id=each.conversation_id)
            metrics.quarantined.inc(len(each.ids))
            await set_aside(connection, each.ids, now, "forged")
            if (each.conversation_id, "page") not in subject.open_notices:
                await _page(connection, subject.id, each, "forged", now)

    async def _turn(self, tools: Tools, subject: Subject, arrived: Arrived) -> tuple[int, ...]:
        """Returns the rows whose words no table keeps."""
        turn = Turn(tools, subject, subject.conversations[arrived.conversation_id])
        try:
            await turn.run(arrived)
        except OSError as error:  # of the turn, for the database's are others: this message, not all, is tried again
            raise RuntimeError(type(error).__name__) from error
        return turn.wiped

    async def _quarantine(self, subject_id: UUID, arrived: Arrived, now: datetime) -> None:
        """The person gets the honest line if that can be made, the human queue the message as critical in any case."""
        metrics.quarantined.inc()
        try:
            await self._set_aside(subject_id, arrived, now, honestly=True)
        except UNAVAILABLE:
            raise
        except Exception as error:
            log.error("honest_line_failed", kind=type(error).__name__, exc_info=True)
            await self._set_aside(subject_id, arrived, now, honestly=False)
        await self._database.notify(OUTBOX_CHANNEL)

    async def _set_aside(self, subject_id: UUID, arrived: Arrived, now: datetime, *, honestly: bool) -> None:
        async with self._database.begin() as connection:
            await turns.lock(connection, [subject_id], wait=True)
            if not await still_waiting(connection, arrived.ids):
                return  # another worker was quicker
            await set_aside(connection, arrived.ids, now, "turn_failed")
            await _page(connection, subject_id, arrived, "quarantined", now)
            if not honestly:
                return
            subjects = await turns.load(connection, self._secrets, [subject_id])
            for subject in subjects.values():
                conversation = subject.conversations[arrived.conversation_id]
                conversation.wrote(arrived.received_at, now)
                hers = subject.person.language or subject.person.language_guess
                language = hers if hers in self._content.languages else "en"
                reply = self._content.reply(Said("system.trouble"), language or "en")
                outgoing.queue(self._policy, subject, conversation, reply, origin="bot", row_id=self._new_id(), now=now)
            await saving.save(connection, self._secrets, subjects.values(), now)


async def _page(connection: Connection, subject_id: UUID, arrived: Arrived, kind: str, now: datetime) -> None:
    where = arrived.conversation_id
    await raised.raise_notice(
        connection, kind, "critical", subject_id=subject_id, conversation_id=where, now=now, audience="page"
    )
