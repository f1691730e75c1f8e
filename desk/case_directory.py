"""What the page of a case shows of referrals and of searches with volunteers.

Law: reads only; who sees what was decided at the door, and by `shown.may`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.content.languages import FALLBACK
from bot.engine.events import Said
from bot.store import search_answers
from desk.case_page import Shown
from desk.office import Office, Visit
from desk.views import referrals
from handlers.which import SEARCH

QUESTION = "referral_offer.agreed"
# What may be done next with a referral, by its state: codes of the acts, the likely one first.
NEXT = {
    "offered": ("agreed", "declined", "withdrawn"),
    "asked": ("sent", "withdrawn"),
    "sent": ("accepted", "rejected", "withdrawn"),
    "accepted": ("completed", "rejected"),
}

ASK = "referral."  # begins the name of a line to start from: the question of a referral that waits for her yes
LABELLED = ("legal", "shelter", "counselling", "health", "business", "government")  # needs that she knows a word for


def told(office: Office, language: str | None, facts: Mapping[str, Any]) -> dict[str, list[Any]]:
    """What a service is told, as a slot value in her language: a name to use, the language, the need."""
    tongue = office.look.tongue(language or FALLBACK, facts.get("language"))
    need = {"text": f"services.{facts['need']}.label"} if facts.get("need") in LABELLED else ""
    named = f"{facts['name']}," if facts.get("name") else ""
    return {"row": [one for one in (named, f"{tongue}," if need and tongue else tongue, need) if one]}


def question(office: Office, language: str | None, row: referrals.Referred) -> str:
    """What the bot would ask her, for the human who has the conversation, while the bot is silent."""
    receiver = {"text": row.receiver} if row.receiver else row.name or row.organisation
    slots = {"receiver": receiver, "told": told(office, language, row.facts)}
    return office.content.reply(Said(QUESTION, slots), language or FALLBACK).text


async def part(office: Office, visit: Visit, shown: Shown) -> dict[str, Any]:
    """Values of `case_directory.html`."""
    if visit.here.case_id is None:
        return {"referred": [], "asks": {}, "next_acts": NEXT, "search_part": False, "answered": 0, "silent_days": 0}
    async with office.database.begin() as connection:
        rows = await referrals.of_case(connection, office.secrets, visit.here)

    asks = {
        f"{ASK}{row.id}": question(office, shown.head.language, row)
        for row in rows
        if row.state == "offered" and shown.head.owner == "human" and {"reply", "record"} <= shown.may
    }

    def says(row: referrals.Referred) -> str:
        """What the service is told, in the words of this page."""
        need = row.facts.get("need")
        word = f"directory.kind_{need}"
        named = office.look.word(visit.language, word) if f"desk.{word}" in office.content.desk else ""
        tongue = office.look.tongue(visit.language, row.facts.get("language"))
        return ", ".join(str(one) for one in (row.facts.get("name"), tongue, named) if one)

    def name(row: referrals.Referred) -> str:
        text = {"text": row.receiver}
        return row.name or (office.content.said(visit.language, text) if row.receiver else row.organisation)

    return {
        "referred": [(row, name(row), says(row)) for row in rows],
        "asks": asks,
        "next_acts": NEXT,
        "silent_days": office.content.knowledge.get("directory")["silent_days"],
        "search_part": shown.head.kind == SEARCH and "trace" in shown.may,
        "answered": sum(one.kind == search_answers.ANSWERED for one in shown.around.happened),
    }
