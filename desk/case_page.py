"""All that the page of a case shows, gathered in one transaction.

Law: reads only; when something may leave is asked of the one door (`bot/outgoing.py`), not judged here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from bot import outgoing
from bot.channels.limits import LIMITS
from bot.content import Content
from bot.engine.flow import Ask
from bot.engine.messages import Reply
from bot.engine.session import Session
from bot.outgoing import Decision
from bot.store.history import Line
from desk.office import Office, Visit
from desk.permissions import ROLES
from desk.views import case as view
from desk.views import evidence as sent
from desk.views import talk
from desk.views.case import Around, Head
from desk.views.evidence import Item

CANNED = "canned"  # knowledge/canned.yml
OUTCOMES = "desk.outcomes."  # how a case may end: the words of desk/words/outcomes.yml
ENDED_BADLY = frozenset({"failed", "unknown"})
COUNTRIES = frozenset({"country", "country_now", "worker_nationality"})  # facts that are codes of countries
SECRET = frozenset({"code", "code_id"})  # facts that are nobody's business here


@dataclass(frozen=True, slots=True)
class Spoken:
    """One line of the conversation. `why`: the code of what kept it, or of how it failed."""

    id: UUID
    author: str
    at: datetime
    text: str
    language: str
    state: str
    why: str
    again: bool  # it can be sent again


@dataclass(frozen=True, slots=True)
class Shown:
    """The page."""

    head: Head
    around: Around
    lines: Sequence[Spoken]
    earlier: str  # the address of a message from which older ones go on; empty: there are none
    later: str  # the same for newer ones; while there are such, nothing is answered from here
    newest: str  # the last thing that the person wrote, which a reply must have seen
    leaves: Decision | None  # what would become of a reply now
    window: datetime | None  # WhatsApp: free words until then
    most: int  # the longest reply, in UTF-16 units
    canned: Sequence[tuple[str, str]]
    may: frozenset[str]
    version: str
    colleagues: Sequence[tuple[UUID, str]]
    evidence: Sequence[Item] = ()


async def gather(office: Office, visit: Visit, *, until: str = "", since: str = "") -> Shown:
    """Everything of `visit.here`; of the conversation the newest page, or one that ends or begins with a message."""
    place, scope = visit.here, office.scope(visit.user)
    async with office.database.begin() as connection:
        version = await view.fingerprint(connection, place)
        head = await view.head(connection, office.secrets, place)
        around = await view.around(connection, office.secrets, head, scope)
        page = await talk.lines(connection, head.where, until=until, since=since)
        newest = await talk.newest(connection, place)
        evidence = await sent.items(connection, head.key, place, page.lines)
        beside = {one.message_id for one in evidence}
        answering = [role for role in ROLES if office.permissions.may(role, "reply", ("assigned",), place.state)]
        colleagues = await view.colleagues(connection, visit.user.organisation_id, answering)
    conversation, leaves, window = around.conversation, None, None
    if conversation is not None:
        leaves = outgoing.decide(
            office.policy, around.person, conversation, origin="human", epoch=conversation.owner_epoch, now=visit.now
        )
        if conversation.channel == "whatsapp" and conversation.last_inbound_at:
            window = conversation.last_inbound_at + office.policy.whatsapp_window
    return Shown(
        head=head,
        around=around,
        lines=[_spoken(line, line.id in beside) for line in page.lines],
        earlier=talk.address_of(page.lines[0]) if page.lines and page.earlier else "",
        later=talk.address_of(page.lines[-1]) if page.lines and page.later else "",
        newest=newest,
        leaves=leaves,
        window=window,
        most=LIMITS[head.channel].text if head.channel in LIMITS else 0,
        canned=_canned(office, visit, head.language),
        may=frozenset(
            one
            for one in office.permissions.on_cases
            if office.permissions.may(visit.user.role, one, place.relations, place.state)
        ),
        version=version,
        colleagues=colleagues,
        evidence=evidence,
    )


def _spoken(line: Line, has_file: bool = False) -> Spoken:
    if line.direction == "in":
        bare = "" if has_file else line.body["kind"]  # a file stands below by itself
        text = str(line.body.get("text") or line.body.get("press") or bare)
        return Spoken(line.id, line.author, line.at, text, "", line.state, "", False)
    reply = Reply.from_json(line.body)
    again = line.author == "human" and line.state in ENDED_BADLY
    return Spoken(line.id, line.author, line.at, reply.text, reply.language, line.state, line.reason or "", again)


def _canned(office: Office, visit: Visit, language: str | None) -> list[tuple[str, str]]:
    """Lines to start from, in the person's language: (name, words)."""
    first = visit.user.name.split()[0]
    found = []
    for name, entry in office.content.knowledge.get(CANNED).items():
        if isinstance(entry, dict) and "say" in entry:
            text = office.content.said(language or "en", {"text": f"{CANNED}.{name}.say"})
            found.append((name, text.replace("{name}", first)))
    return found


def facts(office: Office, visit: Visit, shown: Shown) -> list[tuple[str, Any]]:
    """What she told, by name of the fact: the case's, and what she answered in a flow that stands open (before consent
    there is nothing else). An option that she chose is said in the reader's language."""
    told = dict(shown.head.facts)
    conversation = shown.around.conversation
    for frame in Session.from_json(conversation.session if conversation else {}).stack:
        flow = office.content.flows.get(frame.flow)
        asked = {name for step in flow.steps if isinstance(step, Ask) for name in _names(step)} if flow else set()
        told |= {name: value for name, value in frame.slots.items() if name in asked and name not in told}
    chosen, words = _choices(office.content), _options(office.content)

    def said(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [said(name, one) for one in value]
        if not isinstance(value, str):
            return value
        if name in COUNTRIES and value.isupper():
            return office.look.country(visit.language, value)
        if (name, value) not in chosen:
            word = words.get((name, value))
            return office.look.word(visit.language, word) if word else value
        context, english = chosen[name, value]
        return office.content.catalogue.text(visit.language, context, english)

    return [
        (name, said(name, value)) for name, value in told.items() if name not in SECRET and value not in ("", None, [])
    ]


def _names(step: Ask) -> tuple[str, ...]:
    """The slots that a question fills; none of one whose answer is kept from us."""
    return () if step.secret or step.counted else (step.slot, step.keep, *(fill.slot for fill in step.fills))


def _choices(content: Content) -> dict[tuple[str, str], tuple[str, str]]:
    """By slot and option: where its label is translated, and its English. The first flow that has it says it."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for flow in content.flows.by_name.values():
        for step in (one for one in flow.steps if isinstance(one, Ask)):
            for choice in step.choices:
                found.setdefault((step.slot, choice.id), (f"{flow.name}.{step.id}#option.{choice.id}", choice.label))
    return found


def _options(content: Content) -> dict[tuple[str, str], str]:
    """By fact and option of intake: the desk's word for what a human asks and no flow does."""
    intake = content.knowledge.get("intake")
    found = {("came", one): f"choices.{one}" for one in ("walk_in", "call", "letter", "referred")}
    for entry in (*intake["sets"].values(), *intake["kinds"].values()):
        for field in entry["fields"]:
            options = field.get("options") or (("yes", "no") if field["type"] == "bool" else ())
            found |= {(field["key"], str(one)): f"choices.{one}" for one in options}
    return {slot: word for slot, word in found.items() if f"desk.{word}" in content.desk}
