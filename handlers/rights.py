"""What the law says by country and topic, and where to complain.

Law: only facts that passed the gate; no case, no consent, nothing of the person is kept: what was useful is counted
by fact and month alone. Who might be hurt by an office goes to a person of ours first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.store.records import Feedback
from handlers import facts, means, risks
from handlers.context import Case, Context, Outcome
from handlers.which import concerned, find

__all__ = ["about", "answer", "complaint_body", "elsewhere", "sectors", "useful", "where"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "where": {
        "choose": ("land", "code", "topics", "more", "moved"),
        "ready": ("land", "code", "topics", "more", "moved"),
        "none": ("land", "moved"),
    },
    "answer": {"checked": ("said", "law", "month"), "unchecked": ("said", "law"), "held": ()},
    "elsewhere": {"offer": (), "nothing": ()},
    "about": {
        "told": ("topic", "code", "sector", "papers"),
        "known": ("topic", "code"),
        "country": ("topic",),
        "none": (),
    },
    "sectors": {"differ": (), "same": ()},
    "complaint_body": {"found": ("body",), "person": (), "none": ()},
    "useful": {"noted": ("topic", "useful")},
}

FIRST = 9  # topics on the first page: a list has ten lines, and the last one is for more
BESIDE = ("compare", "treaties", "place")  # what is offered after the topics (knowledge/terms.yml)
PERSON = "person"  # instead of a contact: a human of ours
ANY = "any"
SECTORS = {"home": "domestic", "company": ANY, "sea": "seafarer", "none": "undocumented"}
SAID = frozenset({"home", "company"})  # what a report calls the work (fact `work`), where it is a sector
PAPERS = "immigration"  # the warning for whoever was not asked about papers
SHARP = frozenset({"violence"})  # topics whose offices are police: only with a note of the risk that a human signed


def offered(ctx: Context) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All topics as options: the first page, and the rest."""
    rows = [{"id": name, "value": {"text": f"topics.{name}.say"}} for name in ctx.knowledge.get("topics")["topics"]]
    return rows[:FIRST], rows[FIRST:]


async def where(
    ctx: Context,
    *,
    place: str | None = None,
    country: str | None = None,
    topic: str | None = None,
    moved: str | None = None,
) -> Outcome:
    """Which country the question is about: the one that was named, else where the person is. `moved`: another one,
    written where a topic was asked for; it is used once."""
    code = facts.code(moved) or facts.code(place) or facts.code(country)
    land = facts.land(code)
    if code not in ctx.knowledge.get("rights"):
        return Outcome("none", {"land": land if code else None, "moved": None})
    first, rest = offered(ctx)
    beside = [{"id": name, "value": {"text": f"terms.{name}.label"}} for name in BESIDE]
    known = topic in ctx.knowledge.get("topics")["topics"]
    return Outcome(
        "ready" if known else "choose",
        {"land": land, "code": code, "topics": first, "more": [*rest, *beside], "moved": None},
    )


async def answer(ctx: Context, *, country: object, topic: str | None) -> Outcome:
    """The short answer and the law in one line."""
    found = facts.right(ctx, country, topic or "")
    if found is None:
        return Outcome("held")
    law = str(found.fact.get("law", ""))
    if found.checked:
        return Outcome("checked", {"said": found.text, "law": law, "month": found.month})
    return Outcome("unchecked", {"said": found.text, "law": law})


async def elsewhere(ctx: Context, *, reference: str | None = None) -> Outcome:
    """After a number: whether there is anything to say of other places to ask. Nothing for what no office deals with,
    and for a country of which nothing is sure."""
    case = find(ctx, reference)
    return Outcome("offer" if case is not None and _matter(ctx, case) else "nothing")


async def about(ctx: Context) -> Outcome:
    """What her case is about, as a topic, and in which country. `told`: her report says what kind of work it is too, so
    that is not asked again; then nobody asked about papers (`papers`). `country`: she has not said where."""
    case = concerned(ctx)
    found = _matter(ctx, case) if case is not None else None
    if case is None or found is None:
        return Outcome("none")
    topic, code = found
    if not code:
        return Outcome("country", {"topic": topic})
    if (work := case.facts.get("work")) in SAID:
        return Outcome("told", {"topic": topic, "code": code, "sector": work, "papers": "unasked"})
    return Outcome("known", {"topic": topic, "code": code})


def _matter(ctx: Context, case: Case) -> tuple[str, str | None] | None:
    """Topic and country of a case, where something may be said about them; no country when she has not said hers."""
    topic = facts.topic_of(ctx, case.kind)
    if topic is None:
        return None
    if facts.right(ctx, case.country, topic) is not None:
        return topic, case.country
    return None if ctx.person.country else (topic, None)


async def sectors(ctx: Context, *, country: object, topic: str | None) -> Outcome:
    """Whether where to complain depends on the kind of work."""
    if facts.right(ctx, country, topic or "") is None:
        return Outcome("same")
    answers = [_rows(ctx, country, topic or "", sector) for sector in SECTORS.values()]
    return Outcome("differ" if any(rows != answers[0] for rows in answers) else "same")


async def complaint_body(
    ctx: Context, *, country: object, topic: str | None, sector: str | None = None, papers: str | None = None
) -> Outcome:
    """Where to complain about a topic, with the warning first. `sector`: home, company, sea, none (no papers), or
    the words of the facts; not said counts as any. `papers`: given where nobody asked about them; then
    the warning for who has none stands there too. `person`: an office could harm, or none is known; a human first."""
    if facts.right(ctx, country, topic or "") is None:
        return Outcome("none")
    rows = _rows(ctx, country, topic or "", SECTORS.get(sector or ANY, sector or ANY))
    known = dict(facts.contacts(ctx, country))
    shown = [known[row] for row in rows if row in known]
    if not shown or PERSON in rows or (topic in SHARP and not risks.reviewed(ctx.knowledge, facts.code(country))):
        return Outcome("person")
    beside = (PAPERS,) if papers else ()
    return Outcome("found", {"body": means.body(shown, abroad=_elsewhere(ctx, country), beside=beside)})


async def useful(ctx: Context, *, country: object, topic: str | None, answer: str | None) -> Outcome:
    """Count an answer by its fact; the next round begins without the topic of this one."""
    if answer in ("yes", "no") and topic:
        ctx.shelf.add(Feedback(kind=f"rights.{facts.code(country)}.{topic}", helped=3 if answer == "yes" else 1))
    return Outcome("noted", {"topic": None, "useful": None})


def _rows(ctx: Context, country: object, topic: str, sector: str) -> list[str]:
    """Ids of contacts for a sector, else those for anybody."""
    fact: Mapping[str, Any] = ctx.knowledge.get("rights")[facts.code(country)]["topics"][topic]
    own = [row["contact"] for row in fact["complain"] if row["sector"] == sector]
    return own or [row["contact"] for row in fact["complain"] if row["sector"] == ANY]


def _elsewhere(ctx: Context, country: object) -> bool:
    """Whether the person is known to be in another country than the one she asks about."""
    stay = ctx.person.country or ctx.conversation.country_hint
    return bool(stay) and stay != facts.code(country)
