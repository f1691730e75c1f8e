"""Broadcasts at work: the words of one in each language, and from the list of who wants to hear it into the lane, a
minute's worth at a time.

Law: nothing is sent here. Every person is asked about at the door (`outgoing.decide`) when her turn comes, and once
more when the sender claims her row; what may not leave now waits with its reason. A person stands in the list once, and
goes into the lane in the transaction that says so: a worker that dies leaves nobody out and reaches nobody twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from uuid_utils.compat import uuid7

from bot import outgoing
from bot.broadcasting.measured import Measured, measure
from bot.channels import sms
from bot.channels.contract import Chrome
from bot.channels.prices import FACTS as PRICES
from bot.channels.prices import Prices
from bot.channels.segments import count as segments
from bot.content import Content
from bot.engine.events import Said
from bot.engine.messages import Reply
from bot.observe import logs
from bot.observe.crash import point
from bot.store import audience, broadcasts, lane, lanes, leases, recipients, settling, turns
from bot.store.accounts import Place
from bot.store.audience import Sparing
from bot.store.broadcasts import Broadcast
from bot.store.database import OUTBOX_CHANNEL, Connection, Database
from bot.store.keys import Keys
from bot.store.reached import Reached
from bot.store.recipients import Fate

log = logs.get(__name__)
FACTS = "news"
LETTER = "system.letter"
AHEAD = 90.0  # seconds of an account's rate that stand in the lane: the job looks each minute
SIMULATED = 2000  # rows at most in the lane of an account without a rate: simulated phones
CHUNK = 100  # people in one transaction; their turns wait for it
BREATH = 20  # people between two breaths: replies are sent by the same process


class Broadcasting:
    """What pages, commands and the job do with broadcasts; one per process."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        content: Content,
        policy: outgoing.Policy,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._secrets = secrets
        self._content = content
        self._policy = policy
        self._clock = clock
        self.rules: Mapping[str, Any] = content.knowledge.get(FACTS)
        self.sparing = Sparing.read(self.rules, content.knowledge.get("contact_policy"))

    # --- words

    def letter(self, language: str, words: str) -> Reply:
        """The words of colleagues as they leave, with the line that says how to end it."""
        return self._content.reply(Said(LETTER, {"words": words}), language)

    def length(self, language: str, words: str) -> int:
        """Segments of it as an SMS."""
        parts = sms.channel.layout(self.letter(language, words), Chrome())
        return sum(segments(part.text).segments for part in parts)

    # --- before it starts

    async def measure(self, connection: Connection, one: Broadcast) -> Measured:
        """Whom it would reach now, who is left out and why, and what it would cost."""
        lengths = {text.language: self.length(text.language, text.words) for text in one.texts.values()}
        prices = Prices.read(self._content.knowledge.get(PRICES))
        return await measure(connection, one.wanted, self.sparing, lengths, prices, self._clock())

    # --- the minute's work

    async def run_once(self) -> int:
        """List who is to hear it, put a minute's worth into the lane, write down what became of it; returns how many
        went into the lane."""
        async with self._database.begin() as connection:
            await lane.recover(connection, self._clock(), take_over=leases.steady(self._database))
            await settling.expire(connection, self._clock())
            found = await broadcasts.open_ones(connection)
        await self._name_places()  # of those, too, that have just come back
        queued = 0
        for one in found:
            if one.state == "running" and one.poured_at is None:
                await self.list_all(one)
            async with self._database.begin() as connection:
                await settling.settle(connection, one.id, self.sparing, self._clock())
            if one.state == "running":
                queued += await self.pour(one)
            async with self._database.begin() as connection:
                if await settling.finish(connection, one, self._clock()):
                    log.info("broadcast_done", id=one.id)
        if queued:
            await self._database.notify(OUTBOX_CHANNEL)
        return queued

    async def _name_places(self) -> None:
        """Each statement in a transaction of its own: what it has locked, no sender can take."""
        named = lane.NAMED
        while named == lane.NAMED:
            async with self._database.begin() as connection:
                named = await lane.name_places(connection)

    async def list_all(self, one: Broadcast) -> int:
        """Everybody who subscribed, each once: one statement for some thousands of them, from where the last one
        stopped; returns how many rows were looked at."""
        seen = 0
        while True:
            async with self._database.begin() as connection:
                place = await recipients.place(connection, one.id)
                if place is None:  # stopped meanwhile, all listed, or another worker is at it
                    return seen
                count, last = await audience.list_more(
                    connection, one.id, one.wanted, self.sparing, self._clock(), place.after
                )
                await recipients.move(connection, one.id, last, self._clock())
                point("broadcast.before_list_commit")
            seen += count
            await asyncio.sleep(0)

    async def pour(self, one: Broadcast, most: int | None = None) -> int:
        """What each account can send until the next look, into the lane; returns how many people. `most`: of an
        account, in place of what its rate says."""
        replies = {text.language: self.letter(text.language, text.words) for text in one.texts.values()}
        poured = 0
        async with self._database.begin() as connection:
            due = await recipients.due(connection, one.id, self._clock())
            await lanes.ensure(connection, due)
            rates = await lanes.rates(connection)
            waits = await recipients.in_lane(connection)
        for place in due:
            rate = rates.get(place)
            room = most if most is not None else SIMULATED if rate is None else max(1, int(rate * AHEAD))
            room -= waits.get(place, 0)
            while room > 0:
                looked, queued = await self._some(one, replies, place, min(room, CHUNK))
                poured, room = poured + queued, room - queued
                if not looked:
                    break
        return poured

    async def _some(self, one: Broadcast, replies: Mapping[str, Reply], place: Place, most: int) -> tuple[int, int]:
        """A few people whose turn it is, in one transaction: (looked at, put into the lane)."""
        now = self._clock()
        async with self._database.begin() as connection:
            if not await recipients.still_running(connection, one.id):
                return 0, 0
            ids = await recipients.next_ones(connection, one.id, place, now, most)
            locked = await turns.lock(connection, ids)  # whose turn runs is left for the next look
            locked = await recipients.waiting(connection, one.id, locked)
            out, locked = await recipients.words_out(connection, one.id, locked)
            if not locked and not out:
                return 0, 0
            fates = await recipients.look(connection, self._secrets, locked, one.wanted, self.sparing, now)
            rows: list[dict[str, Any]] = []
            lines: list[dict[str, Any]] = []
            told: list[Fate] = [Fate(who, "queued", outbox_id=row) for who, row in out.items()]
            for number, fate in enumerate(fates):
                told.append(self._decide(one, replies, fate, place, rows, lines, now))
                if number % BREATH == BREATH - 1:
                    await asyncio.sleep(0)
            await recipients.write(connection, one.id, rows, lines, told)
            point("broadcast.before_pour_commit")
        return len(told), sum(fate.state == "queued" for fate in told) - len(out)

    def _decide(
        self,
        one: Broadcast,
        replies: Mapping[str, Reply],
        fate: Fate,
        place: Place,
        rows: list[dict[str, Any]],
        lines: list[dict[str, Any]],
        now: datetime,
    ) -> Fate:
        """Into the lane, later, or never: by where she writes, who speaks there, by silence, and by the door."""
        found = fate.reached
        if found is None:
            return fate
        if (here := (found.conversation.channel, found.conversation.account)) != place:  # by that account's rate
            return Fate(fate.subject_id, "waiting", lane.MOVED, now, place=here)
        if (later := self._busy(found, now)) is not None:
            return later
        decision = outgoing.decide(
            self._policy, found.person, found.conversation, origin="bot",
            epoch=found.conversation.owner_epoch, now=now, kind=outgoing.BROADCAST,
        )  # fmt: skip
        if decision.state == "withdrawn":
            return Fate(fate.subject_id, "skipped", decision.reason)
        if decision.reason not in (None, "window"):
            return Fate(fate.subject_id, "waiting", decision.reason, decision.not_before)
        reply = replies.get(outgoing.reads(found.person, fate.language))
        if reply is None:
            return Fate(fate.subject_id, "skipped", "no_text")
        return self._queue(one, reply, found, rows, lines, now, held=decision.reason == "window")

    def _busy(self, found: Reached, now: datetime) -> Fate | None:
        """A human has the conversation, somebody else writes in it, or she wrote just now."""
        who, last = found.person, found.conversation.last_inbound_at
        if str(found.conversation.id) in who.profile.get("guests", []):
            return Fate(who.id, "skipped", "guest")
        if found.conversation.owner not in lane.SPOKEN_BY_US:
            return Fate(who.id, "waiting", "human", now + self.sparing.silence)
        if last is not None and last > now - self.sparing.silence:
            return Fate(who.id, "waiting", "silence", last + self.sparing.silence)
        return None

    def _queue(
        self,
        one: Broadcast,
        reply: Reply,
        found: Reached,
        rows: list[dict[str, Any]],
        lines: list[dict[str, Any]],
        now: datetime,
        *,
        held: bool,
    ) -> Fate:
        """Her row of the lane. Where WhatsApp's window is shut the neutral template stands there, if it is her time,
        and the words wait until she writes; without a template, if one has asked her since she wrote last."""
        row_id = uuid7()
        row, line = outgoing.letter(found, reply, one.id, row_id=row_id, now=now, held=held)
        if held and not outgoing.wants_template(self._policy, found.person, found.conversation, now):
            rows.append(row)
            lines.append(line)
            return Fate(found.person.id, "queued", lane.ASKED, None, row_id)
        if held:
            opens = outgoing.opens(self._policy, found.person, found.conversation, now)
            if opens > now:
                return Fate(found.person.id, "waiting", "safe_hours", opens)
            asked = outgoing.invitation(found, one.id, row_id=uuid7(), now=now)
            rows += [asked, row]
            lines.append(line)
            return Fate(found.person.id, "queued", "template", None, asked["id"])
        rows.append(row)
        lines.append(line)
        return Fate(found.person.id, "queued", None, None, row_id)
