"""The real content for the conversations, read once.

Law: `--update` is the only way by which a golden text changes, and its diff is read.
"""

from __future__ import annotations

import pytest

from bot.content import Content, load
from bot.settings import ROOT


@pytest.fixture(scope="session")
def content() -> Content:
    """Flows, facts and words as the service loads them."""
    return load(ROOT)
