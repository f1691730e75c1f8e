"""Numbers as they are typed at a command: what is none is told in a sentence, with what may stand there.

Law: pure; argparse shows the sentence behind the name of the argument.
"""

from __future__ import annotations

import argparse

PORTS = 65_535


def days(raw: str) -> int:
    """1 or more: of 0 days what was made just now is already older."""
    return _within(raw, 1, None, "a number of days, 1 or more")


def port(raw: str) -> int:
    """0: any that is free."""
    return _within(raw, 0, PORTS, f"a port is a number from 0 to {PORTS}")


def _within(raw: str, least: int, most: int | None, told: str) -> int:
    number = int(raw) if raw.isdecimal() and len(raw) <= len(str(PORTS)) else -1
    if number < least or (most is not None and number > most):
        raise argparse.ArgumentTypeError(told)
    return number
