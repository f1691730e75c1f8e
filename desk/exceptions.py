"""What the page of a case shows of its exceptions: help that was asked without consent, requests, consents to uses.

Law: reads only. Their own pages are `desk/routes/contact.py` and `consents.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.store import disclosed
from bot.store.disclosed import Disclosure
from bot.store.exception_tables import PURPOSES
from desk.case_page import Shown
from desk.office import Office, Visit
from desk.views import consents
from desk.views.consents import Given
from desk.views.scope import Place


@dataclass(frozen=True, slots=True)
class Exceptions:
    """`disclosures` the newest first; `uses`: by purpose, the last that she said."""

    disclosures: Sequence[Disclosure]
    uses: Mapping[str, Given | None]


async def gather(office: Office, visit: Visit, shown: Shown) -> Exceptions:
    """Of `visit.here`."""
    place = visit.here
    async with office.database.begin() as connection:
        found = await disclosed.of_case(connection, shown.head.key, place.case_id) if place.case_id else []
        found = here(place, found, visit.now)
        said = await consents.of_person(connection, place.subject_id)
    return Exceptions(found, {purpose: last(said, purpose) for purpose in PURPOSES})


def here(place: Place, found: Sequence[Disclosure], now: datetime) -> list[Disclosure]:
    """What the reader may see of it. Where the case was handed over, what was said before is theirs who said it; not
    what still has to be done: who has the case now decides it, and tells her."""

    def waits(one: Disclosure) -> bool:
        open_now = one.kind == "emergency" and one.state in ("proposed", "agreed") and not one.lapsed(now)
        return open_now or one.to_tell

    return [one for one in found if place.shows("notes", one.proposed_at) or waits(one)]


def last(said: Sequence[Given], purpose: str) -> Given | None:
    """What she said last of a use; None: nothing."""
    return next((one for one in said if one.purpose == purpose), None)
