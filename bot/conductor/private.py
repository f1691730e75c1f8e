"""What is looked at before anything else: the words by which a person hides that she wrote, and codes nobody may read.

Law: quick exit and second word look alike on the screen; a second word pages silently. Digits that were asked for as a
proof do not go into the history. No sentence is made here: flows say what is said.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from bot.conductor.arrived import child_of, danger_of
from bot.content import Content
from bot.content.readers.digits import digits_in
from bot.engine import answers
from bot.engine.flow import Ask
from bot.engine.folding import fold
from bot.engine.inputs import Heard, Input, Shared, Started
from bot.engine.session import Session
from handlers import privacy, which, word
from handlers.context import Context

LEAVE, KEEP, LINK, FINE = "leave", "keep", "link_here", "fine"  # flows
CHOOSING = frozenset({"set_word", "second_word"})  # flows where she chooses new ones, once she proved that it is she
BY = "private"
GUESTS = "guests"  # in the profile: conversations where somebody else writes
PHONES = frozenset({"sms", "whatsapp"})
MASK = "****"
_WORD, _LINK = 4, 8  # digits


@dataclass(frozen=True, slots=True)
class Look:
    """`given`: what goes on to the engine in its place. `leaves`: where the conversation stood is forgotten first.
    `mask`: the history keeps stars for what was written."""

    given: Input | None
    leaves: bool = False
    mask: bool = False


async def look(ctx: Context, session: Session, given: Input | None, content: Content, language: str) -> Look:
    """What a message is before it is anything else."""
    if ctx.person.seized_at is not None and (wakes(ctx, given) or child_of(given)):  # also edited, or under a photo
        return _left(ctx, mask=isinstance(given, Heard) and bool(digits_in(given.text)))
    if not isinstance(given, Heard):
        return Look(given)
    if given.edited:  # of which question it was the answer is not known any more
        return Look(given, mask=bool(digits_in(given.text)))
    state = content.state(session, language)
    open_now = state.present()
    code = digits_in(given.text)
    proof = open_now is not None and _wants_digits(open_now[1]) and bool(code)
    choosing = open_now is not None and open_now[0].name in CHOOSING and state.top.slots.get("proved") == "yes"
    if len(code) == _WORD and not choosing and word.matches(ctx, word.DURESS, code):
        return _seize(ctx, given, proof)
    if proof:
        return Look(given, mask=True)
    words, said = content.private, fold(given.text)
    command = state.words.universal(given.text.strip())  # STOP, help: they mean what they mean to everybody
    own = not command and said == fold(ctx.person.profile.get("exit", ""))

    def free() -> bool:
        """Whether they are no answer that is waited for: asked last, since hardly anything is one of these words."""
        return open_now is None or answers.exact(state.asking(*open_now), given.text) is None

    if own or (said in words["exit"] and free()):
        return _left(ctx)
    if said in words["keep"] and privacy.erasure_is_asked(ctx) and free():
        return Look(Started(KEEP, BY))
    if said in words["fine"] and _alarmed(ctx) and free():
        return Look(Started(FINE, BY))
    coded = any(letter.isdecimal() for letter in given.text)
    if coded and free() and (linked := await _link(ctx, given.text, words["link"], open_now is not None)):
        return Look(Started(LINK, BY, {"code": linked}), mask=True)
    return Look(given)


def wakes(ctx: Context, given: Input | None) -> str | None:
    """The kind of danger for which a human is woken. On a phone that was taken from her nobody can be asked gently:
    what only may be danger wakes somebody too."""
    if ctx.person.seized_at is not None and isinstance(given, Heard | Shared) and given.meaning.danger:
        return given.meaning.danger.kind
    return danger_of(given)


def _seize(ctx: Context, given: Heard, proof: bool) -> Look:
    """She was made to write. Asked for her word, what she wrote is a wrong one; else it looks like the quick exit."""
    ctx.notify("page", word.DURESS, "critical", which.concerned(ctx))
    ctx.person.seized_at = ctx.person.seized_at or ctx.now
    return Look(given, mask=True) if proof else _left(ctx, mask=True)


def _left(ctx: Context, *, mask: bool = False) -> Look:
    """Of danger a human is woken (`turn.py`); nothing on this screen says so."""
    silent = ctx.person.opted_out_at is not None  # after STOP nothing leaves, no harmless line either
    return Look(None if silent else Started(LEAVE, BY), leaves=True, mask=mask)


def _alarmed(ctx: Context) -> bool:
    """Somebody may have been woken for her, and no human has her conversation yet."""
    return ctx.conversation.owner != "human" and which.recent_alarm(ctx) is not None


def _wants_digits(ask: Ask) -> bool:
    return any(fill.reader == "digits" for fill in ask.fills)


async def _link(ctx: Context, text: str, words: frozenset[str], asked: bool) -> str:
    """The code of another channel: after the word for it; or bare, from somebody who is new and is asked nothing that
    it could answer, when it is one that may be used. Other eight digits are a phone number, and are read as before."""
    first, _, rest = fold(text).partition(" ")
    code = digits_in(rest) if first in words else ""
    if len(code) == _LINK:
        return code
    bare = "" if ctx.cases or asked else digits_in(text)
    return bare if len(bare) == _LINK and await privacy.may_link(ctx, bare) else ""


def recycled(ctx: Context) -> bool:
    """Whether this phone number may be somebody else's by now: it was silent for months. Numbers of chats are not given
    to others."""
    last, days = ctx.conversation.last_inbound_at, int(ctx.knowledge.get("contact_policy")["recycled_days"])
    return ctx.conversation.channel in PHONES and last is not None and ctx.now - last >= timedelta(days=days)


def is_guest(ctx: Context) -> bool:
    """Whether somebody else writes in this conversation, or may."""
    return str(ctx.conversation.id) in ctx.person.profile.get(GUESTS, [])


def become_guest(ctx: Context) -> None:
    """From now on nothing of hers is told here, and what was held for her stays held, until her word was written."""
    if not is_guest(ctx):
        ctx.person.profile[GUESTS] = [*ctx.person.profile.get(GUESTS, []), str(ctx.conversation.id)]


def masked(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the history keeps of such a message."""
    return {**body, "text": MASK, "press": None}
