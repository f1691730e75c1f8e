"""Who acts in most tests of handlers: one turn of somebody in Kuwait who never wrote before."""

from __future__ import annotations

import pytest

from handlers.context import Context
from tests.handlers.people import context


@pytest.fixture
def ctx() -> Context:
    """Her turn; a file with another person in mind has a fixture of its own."""
    return context(country_hint="KW")
