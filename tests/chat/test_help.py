"""Each command says what it is for."""

from __future__ import annotations

import pytest

from bot.__main__ import COMMANDS
from tests.fakes.service import command

AFRESH = {"", "serve", "chat", "nlu", "backup"}  # started as an operator does; a second of processor each


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", *COMMANDS])
async def test_help_needs_nothing(name: str) -> None:
    nowhere = {"SAATHI_DATABASE_URL": "postgresql://nowhere.invalid/x"}
    code, out, err = await command(nowhere, *name.split(), "--help", afresh=name in AFRESH)
    assert code == 0, err
    assert out.startswith(f"usage: saathi {name}".rstrip())
    assert err == ""
    if not name:
        assert all(f"\n    {each}" in out or f" {each} " in out for each in COMMANDS)


@pytest.mark.slow
async def test_what_it_does_not_know_is_an_error_of_use() -> None:
    for arguments in ([], ["fly"], ["chat", "--channel", "pigeon"]):
        code, out, err = await command({}, *arguments)
        assert (code, out) == (2, "")
        assert "usage: saathi" in err
