"""How somebody can be reached, as lines of a message (no action of a flow lives here).

Law: a warning stands before the numbers it is about, in the same message; a place to stay shows a number or nothing;
what works only inside its country is marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from handlers.facts import Found, term

MOST = 3  # in one message
MARK = "*"  # of a number that works only inside its country
HIDDEN = "shelter"  # the need of which no page or app is named: it may show a place
_BEFORE = ("https://", "http://", "www.")


def body(shown: Iterable[Found], *, abroad: bool, beside: Iterable[str] = ()) -> dict[str, Any]:
    """Warnings, one line for each contact, what the mark means, and that nobody has called them. `abroad`: the person
    is in another country, so that numbers from there come first. `beside`: more warnings."""
    chosen = list(shown)[:MOST]
    rows = [line(found, abroad=abroad) for found in chosen]
    own = (w for found in chosen if (w := found.fact.get("warning")))
    warnings = dict.fromkeys((*own, *beside))
    marked = any(MARK in str(part) for row in rows for part in row["row"])
    after = [term("inside")] * marked + [term("unchecked")] * (not all(f.checked for f in chosen))
    return {"list": [*({"text": f"warnings.warnings.{w}.say"} for w in warnings), *rows, *after]}


def line(found: Found, *, abroad: bool) -> dict[str, Any]:
    """One contact: its label, how it is reached, when and at what price."""
    fact = found.fact
    more = [term("always")] * (fact.get("hours") == "always") + [term("free")] * (fact.get("cost") == "free")
    dashed = [part for word in more for part in ("-", word)]
    return {"row": [found.text, "-", _means(fact, abroad), *dashed]}


def _means(fact: Mapping[str, Any], abroad: bool) -> Any:
    """Numbers, else what else there is, else a person of ours."""
    if abroad and fact.get("abroad"):
        return ", ".join(fact["abroad"])
    if fact.get("numbers"):
        return ", ".join(f"{n}{MARK * bool(fact.get('inside_only'))}" for n in fact["numbers"])
    if fact.get("whatsapp"):
        return f"WhatsApp {', '.join(fact['whatsapp'])}"
    if fact.get("need") == HIDDEN:
        return term("through")
    other = [*fact.get("app", ()), *(_bare(w) for w in fact.get("web", ())), *fact.get("email", ())]
    return ", ".join(other[:2]) or term("through")


def _bare(web: str) -> str:
    """A page without what makes it long."""
    for beginning in _BEFORE:
        web = web.removeprefix(beginning)
    return web.rstrip("/")
