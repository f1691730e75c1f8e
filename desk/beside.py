"""What the page of a case has beside the conversation about other organisations, other cases and other numbers.

Law: reads only. Each part is empty for who may not see it; who may not find the other case sees nothing of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.store.database import Connection
from desk.office import Office, Visit
from desk.views import glass, linked, transfers
from desk.views.glass import Broken
from desk.views.linked import Code, Joined, Link, Said
from desk.views.scope import GLASS
from desk.views.transfers import Moved

# What an act came to: words of desk/words/sharing.yml.
TOLD_GOOD = (
    *("transfer_" + one for one in ("offered", "asked", "accepted", "withdrawn", "recalled", "refused", "tell_her")),
    *(
        "linked",
        "unlinked",
        "joined",
        "apart",
        "code_ended",
        "code_sent",
        "merge_asked",
        "merge_not",
        "merged",
        "unmerged",
    ),
)
TOLD_BAD = ("other_absent", "merge_not_yours", "code_wish", "code_not_sent", "merge_reasons")
RULES = "sharing"  # knowledge/sharing.yml


@dataclass(frozen=True, slots=True)
class Beside:
    """Parts of the page. `rules`: the codes that its forms offer."""

    glass: Broken | None
    moved: Sequence[Moved]
    links: Sequence[Link]
    draft_of: tuple[str, str, bool] | None
    is_draft: bool
    codes: Sequence[Code]
    said: Sequence[Said]
    joined: Sequence[Joined]
    rules: Mapping[str, Any]

    @property
    def pending(self) -> Moved | None:
        """The transfer that waits for her, or for the receiver."""
        return next((one for one in self.moved if one.ours and one.state in ("asked", "offered")), None)

    @property
    def handed(self) -> Moved | None:
        """The last transfer that was accepted: by it the reader's organisation has the case, or (`ours`) the other."""
        return next((one for one in self.moved if one.state == "accepted"), None)

    @property
    def live(self) -> int:
        """How many family codes answer now."""
        return sum(one.state == "live" for one in self.codes)


async def beside(connection: Connection, office: Office, visit: Visit) -> Beside:
    """All of it, for the case of a visit."""
    place, scope = visit.here, office.scope(visit.user)

    def may(permission: str) -> bool:
        return office.permissions.may(visit.user.role, permission, place.relations, place.state)

    is_draft, draft_of = await linked.draft(connection, scope, place)
    merging = may("merge") or may("unmerge")
    return Beside(
        glass=await glass.broken(connection, scope, place) if GLASS in place.relations else None,
        moved=await transfers.of_case(connection, office.secrets, scope, place),
        links=await linked.links(connection, scope, place),
        draft_of=draft_of,
        is_draft=is_draft,
        codes=await linked.codes(connection, scope, place),
        said=await linked.said(connection, scope, place) if may("merge") else (),
        joined=await linked.joined(connection, place) if merging else (),
        rules=office.content.knowledge.get(RULES),
    )
