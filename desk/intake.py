"""A form that a colleague types up, read: what is wrong with it, what is doubtful, and the case that it tells of.

Law: pure. Nothing has to be filled in but how she came, her answer to consent, and the kind of case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.channels.routes import FACTS, Routes
from bot.channels.routes import region as country_of
from bot.conductor.typed import Caller, Way
from bot.content import Content
from bot.settings import Settings
from desk.intake_fields import FACT, answers, kinds
from handlers.intake import YES, Told

CAME = ("walk_in", "call", "letter", "referred")
CONSENT = (YES, "no", "open")  # open: she could not be asked, and a life or a child may be in danger
WAYS = ("sms", "whatsapp")
HOURS = {"morning": (360, 480), "day": (480, 1200), "evening": (1140, 1320)}
WHATSAPP = "whatsapp:"  # before our number there, in the settings
NEEDED = {"came": CAME, "consent": CONSENT}
NEVER_KEPT = frozenset({"csrf", "reason_code", "once"})  # of a draft


@dataclass(frozen=True, slots=True)
class Read:
    """A form as it was read. `wrong`: name of a field -> the word that says what is wrong."""

    told: Told
    caller: Caller
    wrong: Mapping[str, str]


def read(content: Content, settings: Settings, form: Mapping[str, str], language: str) -> Read:
    """Read it. `told` and `caller` are whole only when nothing is wrong."""
    wrong = {name: "needed" for name, known in NEEDED.items() if form.get(name) not in known}
    kind = form.get("kind", "")
    if kind not in kinds(content):
        wrong["kind"] = "needed"
    typed = form.get("number", "").strip()
    number = str(content.readers["phone"].read(typed, {}, language) or "") if typed else ""
    if typed and not number:
        wrong["number"] = "not_number"
    wished, safe = form.get("write", ""), form.get("phone_safe") == YES
    way = ways(content, settings, country_of(number) if number else None).get(wished)
    if wished and not number:
        wrong.setdefault("number", "number_needed")
    elif wished and not safe:
        wrong["write"] = "not_safe"
    elif wished and way is None:
        wrong["write"] = "no_way"
    hours, trouble = _hours(content, form, language)
    wrong |= trouble
    facts = answers(content, kind, form, language) if kind else {}
    facts |= {"came": form.get("came", "")} | _given(form, "came_from", "phone_shared")
    country = next((str(facts[n]) for n in ("country", "country_now") if _is_code(facts.get(n))), None)
    if isinstance(facts.get("country"), str) and not _is_code(facts["country"]):
        wrong[f"{FACT}country"] = "not_country"
    told = Told(
        kind=kind,
        consent=form.get("consent", ""),
        came=form.get("came", ""),
        facts=facts,
        language=form.get("language") if form.get("language") in content.languages else None,
        country=country,
        may_write=bool(wished) and safe,
        hours=hours,
        take=form.get("take") == YES,
    )
    asked_for = way if wished and safe and told.consent == YES else None
    return Read(told, Caller(number, country_of(number) if number else None, asked_for), wrong)


def _given(form: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: form[name].strip() for name in names if form.get(name, "").strip()}


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 2 and value.isupper()


def _hours(content: Content, form: Mapping[str, str], language: str) -> tuple[dict[str, int] | None, dict[str, str]]:
    """The hours that she said, in minutes after midnight: a choice, or two hours in words."""
    if form.get("hours") in HOURS:
        start, end = HOURS[form["hours"]]
        return {"from": start, "until": end}, {}
    own = form.get("own_hours", "").strip()
    if not own:
        return None, {}
    found = content.readers["hours"].read(own, {}, language)
    return (dict(found), {}) if isinstance(found, Mapping) else (None, {"own_hours": "not_hours"})


def ways(content: Content, settings: Settings, country: str | None) -> dict[str, Way]:
    """How somebody can be written to first, by channel, from which account of ours. A SIM at a partner goes before a
    number of the provider that phones of her country cannot answer; in development there is the simulator."""
    numbers = [one for one in settings.sms_senders if not one.startswith("MG")]  # an answer comes to a number
    sims = settings.gateway_numbers
    routes = Routes.read(content.knowledge.get(FACTS), sims)
    answered = [one for one in numbers if routes.to(country, one).two_way]
    simulated = ("simulator",) if settings.env == "development" else ()
    found = {
        "sms": next(iter((*answered, *sims, *numbers, *simulated)), ""),
        "whatsapp": next(filter(None, (settings.whatsapp_sender.removeprefix(WHATSAPP), *simulated)), ""),
    }
    return {name: Way(name, account) for name, account in found.items() if account}
