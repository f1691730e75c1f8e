"""The pager: who is called for what nobody has taken, one after the other, until somebody comes or nobody is left.

Law: the ladder is data (`knowledge/targets.yml`), who stands on it is `handlers/routing.py`. Planning and calling are
two transactions with the network between; any number of pagers share one database. A call has no content.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from bot.content import Content
from bot.observe import logs
from bot.store import calling, colleagues, leases, pages, staff_chats
from bot.store.calling import Claimed
from bot.store.colleagues import Colleague
from bot.store.database import OUTBOX_CHANNEL, UNAVAILABLE, Connection, Database
from bot.store.keys import Keys
from bot.store.pages import Call, Open, Rung
from bot.store.raised import SECOND
from bot.store.wake import Wake
from bot.transports.bell import Bell, Ring
from bot.transports.contract import known_id
from bot.transports.errors import Misconfigured, OutcomeUnknown, SendError, Throttled, Undeliverable, Unreachable
from handlers import duty, routing
from handlers.references import grouped
from handlers.routing import Needs, Offer

log = logs.get(__name__)
LOOK_SECONDS, LEAST_SECONDS = 5.0, 1.0
SILENT = frozenset({"voice"})  # ways that ring only for what wakes somebody
RINGING = frozenset({"page", SECOND})
ALERT, GROUP = "alert", "group"  # receivers that are mail addresses of the operator, and groups of staff
AGAIN = frozenset({"late", "escalated"})  # notices that somebody who had it did not answer: another one first
TO_LOOK_AT = frozenset({"glass"})  # notices for which nobody waits: somebody opened a case, and others must know
SUPERVISORS = ("supervisor", "administrator")
OFFER_AGAIN = timedelta(hours=1)
TRIED_AGAIN = (Throttled, Unreachable, OutcomeUnknown, Undeliverable)


class Pager:
    """One worker of pages."""

    def __init__(
        self,
        database: Database,
        secrets: Keys,
        content: Content,
        bells: Mapping[str, Bell],
        *,
        clock: Callable[[], datetime],
        alerts: Sequence[str] = (),
        groups: bool = False,
    ) -> None:
        self._database = database
        self._leases = calling.held(database)
        self._secrets = secrets
        self._content = content
        self._bells = bells
        self._clock = clock
        self._alerts = tuple(alerts)
        self._groups = groups
        facts: Any = content.knowledge.get("targets")
        self._ladder = facts["ladder"]
        self._seen = timedelta(minutes=int(facts["acknowledged_minutes"]))
        self._tries = int(facts["rings"])
        self._most = int(facts["care"]["critical_open"])
        self._never = frozenset(facts["group_never"])
        self._skills: Mapping[str, Sequence[str]] = facts["skills"]

    async def run(self, wake: Wake) -> None:
        """Work until told to stop. What is sent to people wakes it too; it looks every second at most."""
        time, last = asyncio.get_running_loop().time, 0.0

        async def once() -> int:
            nonlocal last
            if time() - last < LEAST_SECONDS:
                return 0
            last = time()
            return await self.run_once()

        await wake.work(once, OUTBOX_CHANNEL, LOOK_SECONDS)

    async def run_once(self) -> int:
        """Plan, and call; returns how many calls were made."""
        await self.plan()
        return await self.call()

    # --- who is called

    async def plan(self) -> int:
        """Take the next step for each open notice; returns how many calls are new."""
        now, made, after = self._clock(), 0, None
        opens = duty.promise(self._content.knowledge.get("duty"), "medium", now).on_duty
        while True:
            async with self._database.begin() as connection:
                found = await pages.open_notices(connection, self._secrets, now, after)
                if not found:
                    return made
                people = await colleagues.colleagues(connection, now, assumed=opens)
                rungs = [await self._planned(connection, notice, people, now) for notice in found]
                made += await pages.climb(connection, [rung for rung in rungs if rung is not None], now)
            after = found[-1].id

    async def _planned(
        self, connection: Connection, notice: Open, people: Sequence[Colleague], now: datetime
    ) -> Rung | None:
        """One notice that cannot be planned keeps nobody from being called for the others; the operator hears of it, or
        whoever can be reached where no operator is known, or none can be told. It is red once nobody is left."""
        try:
            return await self._step(connection, notice, people, now)
        except UNAVAILABLE:
            raise
        except Exception as error:
            log.error("page_not_planned", id=notice.id, kind=type(error).__name__, exc_info=True)
            vain = await pages.in_vain(connection, notice.id)
            calls = self._to_anybody(notice, people, vain)
            if not calls:
                log.error("nobody_came", id=notice.id, severity=notice.severity)
            return _rung(notice, calls, notice.called, None, red=not calls)

    def _to_operators(self) -> list[Call]:
        return [Call("duty", f"{ALERT}_{n}", None, "email") for n in range(len(self._alerts))]

    def _to_anybody(self, notice: Open, people: Sequence[Colleague], vain: Collection[tuple[str, str]]) -> list[Call]:
        """Without rank or ladder: operators, else supervisors, else everybody who is on duty, else everybody; the first
        ones of whom not all were called in vain."""
        theirs = _of(notice, people)
        chiefs = [one for one in theirs if one.role in SUPERVISORS]
        calls = [self._to_operators()]
        for some in (chiefs, [one for one in theirs if one.on_duty], theirs, people):
            calls.append([call for one in some for call in self._calls("duty", notice, one)])
        return next((each for each in calls if any((c.receiver, c.channel) not in vain for c in each)), [])

    async def _step(
        self, connection: Connection, notice: Open, people: Sequence[Colleague], now: datetime
    ) -> Rung | None:
        steps = self._ladder[notice.audience if notice.audience in RINGING else "queue"]
        if not self._is_due(notice, steps, now):
            return await self._offer(connection, notice, people, now)
        calls: list[Call] = []
        offer: Offer | None = None
        place, red = notice.called, False
        while place < len(steps) and not calls and not (offer and offer.colleague.reached_by == ()):
            step = str(steps[place]["step"])
            place += 1
            red = step == "nobody"
            for found in [] if red else self._on(step, notice, people):
                offer = offer or found
                calls += self._calls(step, notice, found.colleague)
        if notice.called == 0 and notice.audience == "page":
            calls += self._to_operators()
        if red:
            log.error("nobody_came", id=notice.id, severity=notice.severity)
        return _rung(notice, calls, place, offer, red=red)

    async def _offer(
        self, connection: Connection, notice: Open, people: Sequence[Colleague], now: datetime
    ) -> Rung | None:
        """A line of the queue is shown to somebody before it is due; nobody is called for it."""
        if notice.called or (notice.called_at is not None and now - notice.called_at < OFFER_AGAIN):
            return None
        first = next(iter(self._ranked(notice, _of(notice, people), frozenset())), None)
        return _rung(notice, await self._in_groups(connection, notice), 0, first)

    async def _in_groups(self, connection: Connection, notice: Open) -> list[Call]:
        """The groups of staff, where a line of the queue may be named there: a number, once. Never danger, abuse, a
        child, self-harm, nor what nobody has a case for."""
        quiet = notice.severity == "critical" or notice.kind is None or notice.kind in self._never
        if not self._groups or quiet or notice.audience == "page" or notice.lowered:
            return []
        found = await staff_chats.groups(connection, self._secrets)
        return [Call("duty", f"{GROUP}_{n}", None, "telegram") for n in range(len(found))]

    def _is_due(self, notice: Open, steps: Sequence[Mapping[str, Any]], now: datetime) -> bool:
        """Whether the next step is to be taken. Whoever pressed the key has some time to take it."""
        if notice.called >= len(steps):
            return False
        if notice.called == 0:
            begins = notice.raised_at if notice.audience == "page" else notice.due_at
            return begins is not None and now >= begins + timedelta(minutes=int(steps[0]["after"]))
        wait = int(steps[notice.called]["after"]) - int(steps[notice.called - 1]["after"])
        at = (notice.called_at or now) + (timedelta() if notice.failed else timedelta(minutes=wait))
        if notice.acknowledged_at is not None:
            at = max(at, notice.acknowledged_at + self._seen)
        return now >= at

    def _on(self, step: str, notice: Open, people: Sequence[Colleague]) -> list[Offer]:
        """Who stands on a step."""
        if step != "partner" or notice.organisation_id is not None:
            people = _of(notice, people)
        if step in {"duty", "backup"}:
            return self._ranked(notice, people, notice.rung)[:1]
        role = {"supervisor": SUPERVISORS, "partner": ("partner",)}[step]
        wanted = [p for p in people if p.role in role and (p.reached_by or step == "supervisor")]
        chief = [p for p in wanted if p.role == role[0]] or wanted
        return [Offer(person, (step,)) for person in chief if person.id not in notice.rung]

    def _ranked(self, notice: Open, people: Sequence[Colleague], without: frozenset[UUID]) -> list[Offer]:
        needs = Needs(
            notice.severity,
            notice.language,
            notice.country,
            routing.skill_for(notice.kind or "", self._skills),
            notice.gender,
            notice.waits,
            notice.earlier,
        )
        silent = {notice.earlier} if notice.what in AGAIN and notice.earlier else set()
        found = routing.ranked(needs, people, critical_most=self._most, without=without | silent)
        found = found or routing.ranked(needs, people, critical_most=self._most, without=without)
        if not found and notice.also_reads:  # she said that a human may write so, too
            other = replace(needs, language=notice.also_reads)
            found = routing.ranked(other, people, critical_most=self._most, without=without)
        return found

    def _calls(self, step: str, notice: Open, colleague: Colleague) -> list[Call]:
        ways = [w for w in colleague.reached_by if notice.audience in RINGING or w not in SILENT]
        return [Call(step, str(colleague.id), colleague.id, way) for way in ways]

    # --- calling

    async def call(self) -> int:
        """Make the calls that are due; returns how many."""
        now = self._clock()
        async with self._database.begin() as connection:
            claimed = await calling.claim(connection, now, take_over=leases.steady(self._database))
            to = {c.id: await self._number(connection, c) for c in claimed}
        async with self._leases.holding({c.id: c.fence for c in claimed}):
            await asyncio.gather(*(self._ring(c, to[c.id]) for c in claimed))
        return len(claimed)

    async def _number(self, connection: Connection, claimed: Claimed) -> str | None:
        """None when there is none, or none that can be opened: that is no reason to call nobody else."""
        try:
            return await self._opened(connection, claimed)
        except ValueError:
            log.error("number_unreadable", id=claimed.id, channel=claimed.channel)
            return None

    async def _opened(self, connection: Connection, claimed: Claimed) -> str | None:
        if claimed.user_id is None:
            name, _, place = claimed.receiver.rpartition("_")
            known = await staff_chats.groups(connection, self._secrets) if name == GROUP else self._alerts
            return known[int(place)] if int(place) < len(known) else None
        if claimed.channel == "telegram":
            return await staff_chats.address_of(connection, self._secrets, claimed.user_id)
        return await colleagues.number(connection, self._secrets, claimed.user_id, claimed.channel)

    async def _ring(self, claimed: Claimed, to: str | None) -> None:
        bell = self._bells.get(claimed.channel)
        if claimed.taken:
            return await self._wrote(claimed, state="failed", reason="taken", lease_until=None)
        if bell is None or to is None:
            return await self._wrote(claimed, state="failed", reason="not_configured", lease_until=None)
        try:
            provider_id = await self._rings(bell, to, claimed)
        except SendError as error:
            log.warning("page_failed", kind=type(error).__name__, code=error.code, channel=claimed.channel)
            again = isinstance(error, TRIED_AGAIN) and claimed.attempts < self._tries
            state = "queued" if again and not isinstance(error, Misconfigured) else "failed"
            until = self._clock() + pages.AGAIN if again else None
            return await self._wrote(claimed, state=state, reason=error.code or type(error).__name__, lease_until=until)
        await self._wrote(
            claimed, state="sent", reason=None, lease_until=None, sent_at=self._clock(), provider_id=provider_id
        )

    async def _rings(self, bell: Bell, to: str, claimed: Claimed) -> str:
        """The provider's id of the call. Raises a SendError, whatever happens: else it would ring again for ever."""
        try:
            return known_id(await bell.ring(to, self._words(claimed), ref=claimed.id))
        except SendError:
            raise
        except Exception as error:
            log.error("bell_fault", kind=type(error).__name__, exc_info=True)
        raise OutcomeUnknown("fault")

    async def _wrote(self, claimed: Claimed, **values: Any) -> None:
        async with self._database.begin() as connection:
            await calling.write(connection, claimed, **values)

    def _words(self, claimed: Claimed) -> Ring:
        language = claimed.language or "en"
        slots = {
            "reference": grouped(claimed.reference) if claimed.reference else "-",
            "desk": f"{self._content.site}/desk",
        }

        def say(text: str) -> str:
            return self._content.staff(language, text, slots)

        buttons: tuple[tuple[str, str], ...] = ((say("seen"), f"s:seen:{claimed.id}"),)
        if claimed.receiver.startswith(GROUP):
            buttons = (
                (say("take"), f"s:take:{claimed.reference or ''}"),
                (say("release"), f"s:give:{claimed.reference or ''}"),
            )
        body = "chat" if claimed.channel == "telegram" else "mail_alert" if claimed.user_id is None else "mail"
        if claimed.kind in TO_LOOK_AT:
            body, buttons = f"{body}_look", ()
        return Ring(say("call"), say("mail_subject"), say(body), buttons)


def _rung(notice: Open, calls: Sequence[Call], called: int, offer: Offer | None, *, red: bool = False) -> Rung:
    to, reasons = (offer.colleague.id, tuple(offer.reasons)) if offer else (None, ())
    return Rung(notice, tuple(calls), called, to, reasons, red)


def _of(notice: Open, people: Sequence[Colleague]) -> Sequence[Colleague]:
    """Who works for the organisation whose case it is: nobody else finds it at the desk, so nobody else is called.
    Where nobody works there any more, the main one is called, then everybody: better once too often than never."""
    main = [one for one in people if one.main]
    theirs = [one for one in people if one.organisation_id == notice.organisation_id]
    return (theirs if notice.organisation_id is not None else main) or main or people
