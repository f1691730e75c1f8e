"""Services for people who came back: which there are, for whom, and who would be told (`knowledge/services.yml`).

Law: only what passed the gate is offered. Nobody is named as receiver whom the file does not name; who somebody is
(papers, child, pregnancy) chooses among services and is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from handlers import facts, means
from handlers.context import Context, Outcome

__all__ = ["choose", "home", "needs", "offer", "whom"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "home": {"known": ("home",), "unknown": ()},
    "needs": {"found": ("needs",)},
    "whom": {"matters": (), "same": ()},
    "offer": {"one": ("service", "whom"), "several": ("services", "service", "whom"), "person": ("service", "whom")},
    "choose": {"named": ("receiver",), "line": ("body",), "person": ()},
}

MONEY = "money"  # a need without a service: people of ours decide
ANYWHERE = "any"
TAKES = {"woman": "women", "man": "men", "with_child": "children", "pregnant": "pregnant", "no_papers": "undocumented"}
PLAIN = frozenset({"woman", "man"})  # whom a place takes that says nothing of it; for others a person asks first
Service = Mapping[str, Any]


async def home(ctx: Context, *, home: object = None) -> Outcome:
    """The country somebody came back to: the one that was named, else her number's when people leave from there."""
    hint = ctx.conversation.country_hint
    if code := facts.code(home):
        return Outcome("known", {"home": code})
    if hint in ctx.knowledge.get("countries")["origin"]:
        return Outcome("known", {"home": hint})
    return Outcome("unknown")


async def needs(ctx: Context, *, home: object = None) -> Outcome:
    """What there is help for, as options."""
    served = {service["need"] for _, service in _services(ctx, home)} | {MONEY}
    names = [name for name in ctx.knowledge.get("services")["needs"] if name in served]
    return Outcome("found", {"needs": [{"id": n, "value": {"text": f"services.{n}.label"}} for n in names]})


async def whom(ctx: Context, *, home: object = None, need: str | None = None) -> Outcome:
    """Whether a service takes only some people, so that it must be asked for whom it is."""
    return Outcome("matters" if any(s["takes"] for _, s in _of(ctx, home, need)) else "same")


async def offer(ctx: Context, *, home: object = None, need: str | None = None, whom: str | None = None) -> Outcome:
    """The services that fit: those of the country, else those that a person of ours has to find."""
    fitting = [(name, s) for name, s in _of(ctx, home, need) if _takes(s, whom)]
    named = [(name, s) for name, s in fitting if s.get("contact")]
    if not named:
        return Outcome("person", {"service": fitting[0][0] if fitting else None, "whom": None})
    if len(named) == 1:
        return Outcome("one", {"service": named[0][0], "whom": None})
    rows = [{"id": name, "value": {"text": f"services.{name}.label"}} for name, _ in named]
    return Outcome("several", {"services": rows, "service": None, "whom": None})


async def choose(ctx: Context, *, home: object = None, service: str | None = None) -> Outcome:
    """Whom the chosen service would tell: a receiver by name, nobody (the person calls), or one still to be found."""
    row = ctx.knowledge.get("services")["services"].get(service) or {}
    contact = _contact(ctx, str(row.get("contact") or ""))
    if row.get("line") and contact is not None:
        return Outcome("line", {"body": means.body([contact], abroad=_abroad(ctx, home))})
    if not row.get("contact"):
        return Outcome("person")
    return Outcome("named", {"receiver": {"text": f"services.{service}.receiver"}})


def _services(ctx: Context, home: object) -> Iterator[tuple[str, Service]]:
    file = ctx.knowledge.get("services")
    for name, service in file["services"].items():
        here = facts.code(home) in service["countries"] or ANYWHERE in service["countries"]
        if here and service["need"] != MONEY and facts.may_be_shown(service, file):
            yield name, service


def _of(ctx: Context, home: object, need: str | None) -> list[tuple[str, Service]]:
    return [(name, service) for name, service in _services(ctx, home) if service["need"] == need]


def _takes(service: Service, whom: str | None) -> bool:
    """A list that is empty says nothing: fine for a woman or a man, and for who did not say; others are asked for."""
    if not service["takes"]:
        return whom is None or whom in PLAIN or not service.get("contact")
    return whom is not None and TAKES.get(whom) in service["takes"]


def _contact(ctx: Context, name: str) -> facts.Found | None:
    """A number of any country, if it may be shown."""
    for place in ctx.knowledge.get("contacts"):
        for found, contact in facts.contacts(ctx, place):
            if found == name:
                return contact
    return None


def _abroad(ctx: Context, home: object) -> bool:
    stay = ctx.person.country or ctx.conversation.country_hint
    return bool(stay) and stay != facts.code(home)
