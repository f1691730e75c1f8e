"""Passwords: argon2id with the library's recommended costs (RFC 9106), in a thread of their own.

Law: a comparison takes the same time whether there is somebody or not.
"""

from __future__ import annotations

import asyncio
import secrets as chance
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
_HASHER = PasswordHasher()
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that look alike


@cache
def _nobody() -> str:
    """What is compared with when the login is unknown. Made when first needed: it costs a quarter of a second."""
    return _HASHER.hash("nobody has this password")


def fit(password: str, login: str) -> bool:
    """Long enough (NIST SP 800-63B asks for length, not for signs), and not the login."""
    return len(password) >= SHORTEST and login.casefold() not in password.casefold()


def draw() -> str:
    """A first password, in four groups: 80 bits."""
    return "-".join("".join(chance.choice(_LETTERS) for _ in range(4)) for _ in range(4))


async def hashed(password: str) -> str:
    """What is kept of a password."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def matches(password: str, kept: str | None) -> bool:
    """Whether this is the password; always False for nobody (None), at the same cost."""

    def compare() -> bool:
        nobody = _nobody()  # in either case, so that the first comparison of a process tells nothing
        try:
            return _HASHER.verify(kept or nobody, password) and kept is not None
        except (VerificationError, InvalidHashError):
            return False

    return await asyncio.to_thread(compare)
