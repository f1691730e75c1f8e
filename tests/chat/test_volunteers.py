"""`saathi volunteers add` prints a code once, and with it a tip is known."""

from __future__ import annotations

import re

import pytest

from handlers.references import check_digit
from tests.chat.test_chat import phone
from tests.fakes.service import command

__all__ = ["phone"]


@pytest.mark.slow
async def test_a_code_is_printed_once(phone: dict[str, str]) -> None:
    codes = []
    for _ in range(2):
        code, out, err = await command(phone, "volunteers", "add", "--label", "Salmiya, bakery")
        assert (code, err) == (0, "")
        assert "Salmiya" not in out
        codes.append(out.splitlines()[0])
    assert all(re.fullmatch(r"\d{3} \d{3} \d{3}", c) for c in codes)
    assert len(set(codes)) == 2
    for digits in (c.replace(" ", "") for c in codes):
        assert check_digit(digits[:-1]) == digits[-1]
    code, _, err = await command(phone, "volunteers", "add")
    assert code == 2
    assert "--label" in err
