"""The number of a case, as it is made and as people read it.

Law: digits that say nothing of the case; the last one finds a slip of the finger.
"""

from __future__ import annotations


def grouped(reference: str) -> str:
    """A reference as people read it: 4829173 -> `482 917 3`."""
    return f"{reference[:3]} {reference[3:6]} {reference[6:]}"


def check_digit(digits: str) -> str:
    """The Luhn check digit of a string of decimal digits (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)
