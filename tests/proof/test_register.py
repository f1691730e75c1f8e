"""T47: the register of what is kept says all that the schema has, and the periods that the purge keeps."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml
from sqlalchemy import DateTime, Table, Uuid

from bot.settings import ROOT
from bot.store import retention
from bot.store.tables import metadata

REGISTER = yaml.safe_load((ROOT / "knowledge/retention.yml").read_text("utf-8"))
PERIODS = {
    "browse": retention.BROWSE,
    "danger_before_consent": retention.DANGER_BEFORE_CONSENT,
    "handled": retention.HANDLED,
    "quarantined": retention.QUARANTINED,
    "case_closed": retention.CASE_CLOSED,
    "tries": retention.TRIES,
    "typed": retention.TYPED,
    "reminded": retention.REMINDED,
    "broadcast_ended": retention.BROADCAST_ENDED,
    "ended": retention.ENDED,
    "lines": retention.LINES,
    "volunteer_ended": retention.VOLUNTEER_ENDED,
    "search_ended": retention.SEARCH_ENDED,
}
BASES = {"consent", "request", "vital", "account", "consent or vital"}


def _telling(table: Table) -> set[str]:
    """The columns that may say something of somebody: neither our own ids nor moments, nor numbers of rows."""
    plain = (DateTime, Uuid)
    return {c.name for c in table.columns if not isinstance(c.type, plain) and c.name not in {"id", "inbox_id"}}


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_T47_every_table_has_a_purpose_a_basis_and_an_end(name: str) -> None:
    entry = REGISTER["tables"].get(name)
    assert entry, f"knowledge/retention.yml does not say why {name} is kept"
    assert len(entry["purpose"]) > 10
    assert entry["basis"] in BASES
    assert entry["ends"]


@pytest.mark.parametrize("name", sorted(metadata.tables))
def test_T47_every_column_is_personal_or_a_code(name: str) -> None:
    columns, entry = _telling(metadata.tables[name]), REGISTER["tables"].get(name, {"personal": []})
    known = set(entry["personal"]) | set(REGISTER["codes"])
    assert sorted(columns - known) == [], f"{name}: say in knowledge/retention.yml what these are"
    assert {c for c in columns if c.endswith("_enc")} <= set(entry["personal"])


def test_T47_what_belongs_to_a_person_ends_with_her() -> None:
    for name, table in metadata.tables.items():
        if "subject_id" in table.c and name not in {"keys", "inbox", "code_tries", "code_uses", "outbox"}:
            ends = REGISTER["tables"][name]["ends"]
            assert "erased" in ends or ends == "at its own end", name


def test_T47_the_periods_are_those_of_the_purge() -> None:
    assert {name: timedelta(hours=hours) for name, hours in REGISTER["periods"].items()} == PERIODS


def test_T47_every_end_is_one_that_exists() -> None:
    ends = "erased by hand never as its message with the code next list or without consent words go after at own end"
    for name, entry in REGISTER["tables"].items():
        told = entry["ends"].replace(";", " ").replace(",", " ").split()
        assert [w for w in told if w not in PERIODS and w not in ends.split()] == [], name
