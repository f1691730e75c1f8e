"""All that the page of a case shows, gathered in one transaction.

Law: reads only; when something may leave is asked of the one door (`bot/outgoing.py`), not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from unicodedata import bidirectional
from uuid import UUID

from bot import outgoing
from bot.channels.limits import LIMITS
from bot.content import Content
from bot.content.wording import ISOLATE, POP
from bot.engine.flow import Ask
from bot.engine.messages import Reply
from bot.engine.session import Session
from bot.outgoing import Decision
from bot.store import sms_spent
from bot.store.history import Line
from desk import cost
from desk.beside import Beside, beside
from desk.office import Office, Visit
from desk.permissions import ROLES
from desk.views import case as view
from desk.views import evidence as sent
from desk.views import talk, transfers
from desk.views.case import Around, Head
from desk.views.evidence import Item
from desk.views.scope import Place

CANNED = "canned"  # knowledge/canned.yml
OUTCOMES = "desk.outcomes."  # how a case may end: the words of desk/words/outcomes.yml
ENDED_BADLY = frozenset({"failed", "unknown"})
COUNTRIES = frozenset({"country", "country_now", "worker_nationality"})  # facts that are codes of countries
NEVER = datetime(1, 1, 1, tzinfo=UTC)  # before all that was handed over
CODED = ("family_code.", "link.", "one_code.")  # texts in which digits stand that are nobody's business here
CHOOSES_CODE = ("family_code.kind", "family_code.explain")
CHOICE = 20  # characters of an answer that may be such a choice
HIDDEN = "\u2022\u2022\u2022\u2022"
DIGITS = re.compile(r"\d(?:[\d ]{2,}\d)")
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
    beside: Beside | None  # None for a conversation of which no case was made
    evidence: Sequence[Item] = ()
    sms: str = ""  # what SMS of this conversation cost, in words


async def gather(office: Office, visit: Visit, *, until: str = "", since: str = "", most: int | None = None) -> Shown:
    """Everything of `visit.here`; of the conversation the newest page, or one that ends or begins with a message.
    `most`: of its lines, where it is not a page."""
    place, scope = visit.here, office.scope(visit.user)
    async with office.database.begin() as connection:
        version = await view.fingerprint(connection, place)
        head = await view.head(connection, office.secrets, place)
        around = await view.around(connection, office.secrets, head, scope)
        page = await talk.lines(connection, head.where, until=until, since=since, most=most)
        newest = await talk.newest(connection, place)
        evidence = await sent.items(connection, head.key, place, page.lines)
        beside_lines = {one.message_id for one in evidence}
        seen = [one for one in page.lines if place.shows("conversation", one.at)]
        earlier = page.earlier and len(seen) == len(page.lines)
        lines = _thread(seen, beside_lines, cut=earlier)
        if place.since is not None and "facts" not in place.parts:
            before = await transfers.held_back(connection, head.key, place)
            head = replace(head, facts=transfers.newer(head.facts, before))
        around = _since(place, around)
        may = _may(office, visit)
        if "record" not in may:  # interprets what is said: what colleagues wrote of it is not for her
            around = replace(around, happened=(), tasks=())
            evidence = [one.bare() for one in evidence]
        more = await beside(connection, office, visit) if place.case_id else None
        answering = [role for role in ROLES if office.permissions.may(role, "reply", ("assigned",), place.state)]
        colleagues = await view.colleagues(connection, visit.user.organisation_id, answering)
        sent_sms = await sms_spent.of_conversation(connection, head.where.conversation_id) if head.where else 0
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
        lines=lines,
        earlier=talk.address_of(seen[0]) if seen and earlier else "",
        later=talk.address_of(seen[-1]) if seen and page.later else "",
        newest=newest,
        leaves=leaves,
        window=window,
        most=LIMITS[head.channel].text if head.channel in LIMITS else 0,
        canned=_canned(office, visit, head.language),
        may=may,
        version=version,
        sms=cost.told(
            office.look,
            visit.language,
            office.content.knowledge,
            around.conversation.country_hint if around.conversation else None,
            sent_sms,
        ),
        colleagues=colleagues,
        beside=more,
        evidence=evidence,
    )


def _may(office: Office, visit: Visit) -> frozenset[str]:
    """What of permissions.yml the visitor may do here."""
    known, here = office.permissions, visit.here
    return frozenset(one for one in known.on_cases if known.may(visit.user.role, one, here.relations, here.state))


def _since(place: Place, around: Around) -> Around:
    """What colleagues of another organisation wrote before it was handed over is not here. When family codes were made
    stands in one list, where none of them is told from another one."""
    return replace(
        around,
        happened=[one for one in around.happened if place.shows("notes", one.at) and one.kind != "code_made"],
        tasks=[one for one in around.tasks if place.shows("notes", one.made_at)],
    )


def _thread(lines: Sequence[Line], with_files: Container[UUID], *, cut: bool) -> list[Spoken]:
    """The conversation, without the digits of codes, and without which kind of code she chose. `cut`: what was asked
    before the first line is on another page, so that its short answer is read there."""
    found, asked = [], CHOOSES_CODE[0] if cut else ""
    for line in lines:
        spoken = _spoken(line, line.id in with_files)
        if line.direction == "in":
            short = len(spoken.text) <= CHOICE
            found.append(replace(spoken, text=HIDDEN) if asked in CHOOSES_CODE and short else spoken)
            continue
        asked = str(line.body.get("text_id", ""))
        coded = asked.startswith(CODED)
        found.append(replace(spoken, text=DIGITS.sub(HIDDEN, spoken.text)) if coded else spoken)
    return found


def _spoken(line: Line, has_file: bool = False) -> Spoken:
    if line.direction == "in":
        bare = "" if has_file else line.body["kind"]  # a file stands below by itself
        text = str(line.body.get("text") or line.body.get("press") or bare)
        return Spoken(line.id, line.author, line.at, text, "", line.state, "", False)
    reply = Reply.from_json(line.body)
    again = line.author == "human" and line.state in ENDED_BADLY
    text = f"{reply.text}{_offered(reply)}"
    return Spoken(line.id, line.author, line.at, text, reply.language, line.state, line.reason or "", again)


def _offered(reply: Reply) -> str:
    """What she could choose from, so that her "1" can be read. Each by itself: an Arabic label among others would else
    pull the next number before it."""
    labels = [f"{n} {one.label}" if reply.numbered else one.label for n, one in enumerate(reply.options, 1)]
    mixed = any(bidirectional(c) in ("R", "AL") for label in labels for c in label)
    return "\n" + " · ".join(f"{ISOLATE}{one}{POP}" if mixed else one for one in labels) if labels else ""


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
    conversation = shown.around.conversation if shown.head.place.shows("facts", NEVER) else None
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
