"""The person's own 4-digit word: the proof that she, and not who holds her phone, wants something.

Law: right or not is all that leaves here; why not is never said, not even to the flow. A wrong word, none, a forgotten
one and too many tries have one answer, and a human looks within 48 hours: nobody is locked out.

What is kept is HMAC-SHA-256 of the word under a random key of its own, both in her sealed profile: so it is still hers
when two channels become one under another data key. It is in no export, on no screen of a caseworker and in no log, and
it goes when her data key goes. It does not protect against somebody who has the database and SAATHI_SECRET_KEY: ten
thousand words are tried in a blink, whatever the hash.
"""

from __future__ import annotations

import hmac
import itertools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from bot.vault.lookup import lookup
from handlers.context import Context, Outcome
from handlers.which import concerned, own

__all__ = ["check", "guard", "keep", "known", "propose", "unproved"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "check": {"checked": ("proved", "word")},
    "guard": {"open": (), "guarded": ()},
    "known": {"has": (), "none": ()},
    "propose": {"good": (), "weak": ("first",)},
    "keep": {"kept": ("first", "again"), "differ": ("first", "again")},
    "unproved": {"noted": ()},
}

WORD, DURESS = "word", "duress"  # in the profile; the second one is for when somebody makes her write
TRIES, DAY = 5, timedelta(hours=24)
KEY_DIGITS = 40  # random ones: as good as 128 bits


async def check(ctx: Context, *, word: str | None = None) -> Outcome:
    """Whether this is her word. After five wrong ones in a day none is right until a day has passed, and none is while
    the phone counts as seized: then a human decides."""
    wrong = _wrong(ctx)
    trusted = len(wrong) < TRIES and ctx.person.seized_at is None
    right = trusted and word is not None and matches(ctx, WORD, word)
    if word is not None and not right:
        ctx.person.profile["word_tries"] = [*wrong, ctx.now.isoformat()][-TRIES:]
        if len(wrong) + 1 == TRIES:
            ctx.notify("queue", "word_tries", "high", concerned(ctx))
    return Outcome("checked", {"proved": "yes" if right else "no", "word": None})  # the session keeps no word


async def unproved(ctx: Context, *, wanted: str | None = None) -> Outcome:
    """Somebody wanted something and did not prove who it was: a human looks within 48 hours, and asks another way.
    What is wanted of a case is wanted of her own."""
    case = own(ctx) or concerned(ctx)
    ctx.notify("queue", f"unproved_{wanted}" if wanted else "unproved", case.severity if case else "medium", case)
    return Outcome("noted")


async def guard(ctx: Context) -> Outcome:
    """Whether what is hers may be told here without her word: not while somebody else writes on this phone, nor after
    she wrote her second word."""
    guests = ctx.person.profile.get("guests", [])
    guarded = ctx.person.seized_at is not None or str(ctx.conversation.id) in guests
    return Outcome("guarded" if guarded else "open")


async def known(ctx: Context) -> Outcome:
    """Whether she has a word already: changing it needs it."""
    return Outcome("has" if WORD in ctx.person.profile else "none")


async def propose(ctx: Context, *, first: str | None = None, kind: str | None = None) -> Outcome:
    """Whether these digits may be her word (`kind` duress: her second one)."""
    other = WORD if kind == DURESS else DURESS
    bad = first is None or weak(first) or matches(ctx, other, first)
    return Outcome("weak", {"first": None}) if bad else Outcome("good")


async def keep(ctx: Context, *, first: str | None = None, again: str | None = None, kind: str | None = None) -> Outcome:
    """Keep the word that was written twice alike."""
    if first is None or first != again:
        return Outcome("differ", {"first": None, "again": None})
    name = DURESS if kind == DURESS else WORD
    ctx.person.profile[name] = hidden(name, first, ctx.digits)
    if name == WORD:
        ctx.person.profile.pop("word_tries", None)
    return Outcome("kept", {"first": None, "again": None})


def hidden(kind: str, digits: str, draw: Callable[[int], str]) -> dict[str, str]:
    """What the profile keeps of a word: a key that belongs to it alone, and its hash under that key."""
    key = draw(KEY_DIGITS)
    return {"key": key, "hash": _hash(key, kind, digits)}


def matches(ctx: Context, kind: str, digits: str) -> bool:
    """Whether the digits are the word of this kind that she chose."""
    kept: dict[str, Any] | None = ctx.person.profile.get(kind)
    return kept is not None and hmac.compare_digest(_hash(kept.get("key", ""), kind, digits), kept["hash"])


def _hash(key: str, kind: str, digits: str) -> str:
    return lookup(key.encode(), kind, digits).hex()


def weak(word: str) -> bool:
    """Digits that somebody would try first: 0000, 1212, 1234, 8765, a year of birth."""
    digits = [int(c) for c in word]
    steps = {(b - a) % 10 for a, b in itertools.pairwise(digits)}
    return len(set(word)) < 3 or steps in ({1}, {9}) or 1940 <= int(word) <= 2030


def _wrong(ctx: Context) -> list[str]:
    """The moments of the wrong tries of the last day."""
    tries: list[str] = ctx.person.profile.get("word_tries", [])
    return [at for at in tries if ctx.now - datetime.fromisoformat(at) < DAY]
