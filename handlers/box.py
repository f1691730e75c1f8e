"""The box: complaints about ourselves, and the answers to them.

Law: a letter is nobody's; no case, no notice of a person and no history knows of it (`Ask.secret`). With its number
anybody reads the answer, so numbers are long and tries are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from bot.store.records import BoxLetter, CodeTry
from handlers.context import Context, Outcome

__all__ = ["look", "write"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {
    "write": {
        "kept": ("words", "voice"),
        "numbered": ("number", "words", "voice"),
        "empty": ("words", "voice"),
    },
    "look": {
        "answered": ("reply", "typed"),
        "waiting": ("typed",),
        "unknown": ("typed",),
        "too_many": ("typed",),
    },
}
# These delete or disclose: the provider is asked first (`bot/witness.py`).
VOUCHED = frozenset({"look"})

READERS = "safeguarding"  # the audience of its notices: never the line of the case
DIGITS = 8
TRIES = 5  # of one person in a day
ALL_TRIES = 500  # of everybody in a day: 10^8 numbers, so a guess stays a guess


async def write(ctx: Context, *, words: str | None = None, voice: object = None, answer: str | None = None) -> Outcome:
    """Put a letter into the box. `answer` yes: with a number, by which its writer can ask for the answer."""
    body = _body(words, voice)
    if not body:
        return Outcome("empty", {"words": None, "voice": None})
    number = await _number(ctx) if answer == "yes" else None
    ctx.shelf.add(BoxLetter(body=body, reply_code=number))
    ctx.notify(READERS, "complaint", "high")
    if number is None:  # not even the session keeps the words
        return Outcome("kept", {"words": None, "voice": None})
    return Outcome("numbered", {"number": f"{number[:4]} {number[4:]}", "words": None, "voice": None})


async def look(ctx: Context, *, typed: str | None = None) -> Outcome:
    """The answer to the letter of this number."""
    mine, everybody = await ctx.shelf.recent(CodeTry, ctx.now - timedelta(days=1), what="box")
    if mine >= TRIES or everybody >= ALL_TRIES:
        return Outcome("too_many", {"typed": None})
    ctx.shelf.add(CodeTry(what="box"))
    letter = await ctx.shelf.by_code(BoxLetter, typed or "")
    if letter is None:
        return Outcome("unknown", {"typed": None})
    if not letter.answer:
        return Outcome("waiting", {"typed": None})
    return Outcome("answered", {"reply": letter.answer, "typed": None})


def _body(words: str | None, voice: object) -> str:
    """What she wrote, else where the voice lies."""
    if words and words.strip():
        return words.strip()
    return f"{voice['kind']}: {voice['ref']}" if isinstance(voice, Mapping) and voice.get("ref") else ""


async def _number(ctx: Context) -> str:
    """Digits that no letter has."""
    while await ctx.shelf.by_code(BoxLetter, number := ctx.digits(DIGITS)) is not None:
        pass
    return number
