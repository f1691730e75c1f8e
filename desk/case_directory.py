"""What the page of a case shows of referrals and of searches with volunteers.

Law: reads only; who sees what was decided at the door, and by `shown.may`.
"""

from __future__ import annotations

from typing import Any

from bot.store import searches
from desk.case_page import Shown
from desk.office import Office, Visit
from desk.views import referrals
from handlers import cases

# What may be done next with a referral, by its state: codes of the acts, the likely one first.
NEXT = {
    "offered": ("agreed", "declined", "withdrawn"),
    "asked": ("sent", "withdrawn"),
    "sent": ("accepted", "rejected", "withdrawn"),
    "accepted": ("completed", "rejected"),
}


async def part(office: Office, visit: Visit, shown: Shown) -> dict[str, Any]:
    """Values of `case_directory.html`."""
    if visit.here.case_id is None:
        return {"referred": [], "next_acts": NEXT, "search_part": False, "answered": 0, "silent_days": 0}
    async with office.database.begin() as connection:
        rows = await referrals.of_case(connection, office.secrets, visit.here)

    def told(row: referrals.Referred) -> str:
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
        "referred": [(row, name(row), told(row)) for row in rows],
        "next_acts": NEXT,
        "silent_days": office.content.knowledge.get("directory")["silent_days"],
        "search_part": shown.head.kind == cases.SEARCH and "trace" in shown.may,
        "answered": sum(one.kind == searches.ANSWERED for one in shown.around.happened),
    }
