"""Who may do what: `permissions.yml`, read once, every cell of role x relation x state said.

Law: what is not said there is denied, and a cell that is not said stops the start. A decision about one case and the
SQL that chooses many (`desk/views/scope.py`) read the same cells, by the same relations and state of the row.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from bot.content.sheet import Sheet
from bot.content.source import ContentError, Place, read

FILE = "desk/permissions.yml"
ROLES = (
    "volunteer",
    "interpreter",
    "partner",
    "caseworker",
    "specialist",
    "supervisor",
    "safeguarding",
    "administrator",
)
# How somebody stands to a case: has its conversation, is assigned, of its organisation, it was shared, it was opened in
# an emergency, none of these.
RELATIONS = ("own", "assigned", "team", "shared", "glass", "other")
# The state of a case, the most protected first: a row is in the first that fits.
STATES = ("child", "self_harm", "draft", "closed", "critical", "open")

Cell: TypeAlias = tuple[str, str, str]  # role, relation, state


@dataclass(frozen=True)
class Permissions:
    """`cells`: what may be done with a case; `pages`: what each role may do besides. Both name permissions. `of_main`:
    pages that are the main organisation's: what stands there is everybody's, and has no other owner."""

    cells: Mapping[Cell, frozenset[str]]
    pages: Mapping[str, frozenset[str]]
    on_cases: frozenset[str]
    on_pages: frozenset[str]
    of_main: frozenset[str] = frozenset()

    def may(self, role: str, permission: str, relations: Collection[str], state: str) -> bool:
        """Whether a case that stands so to somebody of this role may be treated so."""
        return any(permission in self.cells.get((role, relation, state), ()) for relation in relations)

    def allowed(self, role: str, permission: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Relations with the states in which they are enough: what the SQL is made of."""
        for relation in RELATIONS:
            states = tuple(s for s in STATES if permission in self.cells[role, relation, s])
            if states:
                yield relation, states

    def may_page(self, role: str, permission: str, *, main: bool = True) -> bool:
        """Whether somebody of this role may do what is not about one case. `main`: she is of the main organisation."""
        return permission in self.pages[role] and (main or permission not in self.of_main)

    def known(self, permission: str) -> bool:
        """Whether there is such a permission."""
        return permission in self.on_cases | self.on_pages


def load(root: Path) -> Permissions:
    """Read the file. Raises ContentError with every problem."""
    sheet, top = Sheet(FILE), read(root / FILE, root)
    sheet.only(top, ("cases", "pages", "of_main", "sets", "roles"), "the file")
    on_cases, on_pages = frozenset(sheet.words(top, "cases")), frozenset(sheet.words(top, "pages"))
    for name in sorted(on_cases & on_pages):
        sheet.wrong(top.at("pages"), f"{name} is about a case or not, never both")
    sets = _sets(sheet, sheet.table(top, "sets"), on_cases)
    of_main = _named(sheet, top, "of_main", on_pages)
    cells: dict[Cell, frozenset[str]] = {}
    pages: dict[str, frozenset[str]] = {}
    roles = sheet.table(top, "roles")
    sheet.only(roles, ROLES, "`roles:`")
    for role in ROLES:
        table = sheet.table(roles, role)
        if not table:
            sheet.wrong(roles.line, f"the role {role} is not said")
            continue
        sheet.only(table, ("pages", *RELATIONS), role)
        pages[role] = _named(sheet, table, "pages", on_pages)
        for relation in RELATIONS:
            cells |= _row(sheet, table, role, relation, sets)
    if sheet.problems:
        raise ContentError(sheet.problems)
    return Permissions(cells, pages, on_cases, on_pages, of_main)


def _sets(sheet: Sheet, table: Place, known: frozenset[str]) -> dict[str, frozenset[str]]:
    return {name: _named(sheet, table, name, known) for name in table}


def _named(sheet: Sheet, table: Place, key: str, known: frozenset[str]) -> frozenset[str]:
    if key not in table:
        sheet.wrong(table.line, f"`{key}:` is missing; [] gives nothing")
    names = sheet.words(table, key)
    for name in names:
        if name not in known:
            sheet.wrong(table.at(key), f"there is no permission {name}")
    return frozenset(names)


def _row(
    sheet: Sheet, table: Place, role: str, relation: str, sets: Mapping[str, frozenset[str]]
) -> dict[Cell, frozenset[str]]:
    row = sheet.table(table, relation)
    sheet.only(row, STATES, f"{role}.{relation}")
    cells: dict[Cell, frozenset[str]] = {}
    for state in STATES:
        name = str(row.get(state))
        if name not in sets:
            sheet.wrong(table.at(relation), f"{role}.{relation}.{state} is not said: one of {', '.join(sets)}")
            continue
        cells[role, relation, state] = sets[name]
    return cells
