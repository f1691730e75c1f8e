"""Broadcasts: what is told to many.

Law: nothing is sent here. `telling.py` has the words and brings a minute's worth into the lane, `measured.py` says what
one would be before it starts.
"""

from bot.broadcasting.measured import Measured
from bot.broadcasting.telling import FACTS, Broadcasting

__all__ = ["FACTS", "Broadcasting", "Measured"]
