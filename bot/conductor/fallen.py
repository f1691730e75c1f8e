"""What nobody understood, kept without whoever wrote it, so that the bot learns (`/desk/content/lines`).

Law: only from talk with the bot itself and outside of danger: nothing of a person with a critical case, of a child, of
who thinks of ending her life, who said no to keeping or stop, whose phone may be in other hands, of whom a human is to
look at, nor of a letter about us. What may tell of somebody is taken out before it is stored (`bot/nlu/unnamed.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.conductor import private
from bot.engine.events import Entered, Event, NotUnderstood
from bot.engine.inputs import Heard
from bot.engine.rules import Rules
from bot.nlu.intents import FALLBACK
from bot.store import fallen
from bot.store.subject import Subject
from handlers.context import Context
from handlers.opening import is_minor

UNKNOWN, UNSURE, ANSWER = "unknown", "unsure", "answer"
Unnamed = Callable[[str], str]


def why(given: Heard, events: Sequence[Event], rules: Rules, typed: bool) -> str:
    """How the engine took these words: `unknown` (no intent), `unsure` (a weak one was followed), `answer` (it was none
    of the offered answers); empty when they were understood. `typed`: the open question asks for words, a day, a name:
    what is no answer there teaches nothing."""
    for event in events:
        match event:
            case NotUnderstood():
                return "" if typed else ANSWER
            case Entered(why="menu" | "welcome"):
                weak = given.meaning.intent == FALLBACK or given.meaning.confidence < rules.confidence
                return UNKNOWN if weak else ""
            case Entered(why="intent"):
                return UNSURE if given.meaning.confidence < rules.interrupt else ""
    return ""


def keep(ctx: Context, subject: Subject, given: Heard, reason: str, unnamed: Unnamed) -> None:
    """Leave a line of each part of the message with the batch, if it may be kept."""
    if not reason or not _may_be_kept(ctx, subject, given):
        return
    meaning = given.meaning
    for part in given.text.splitlines():
        if line := unnamed(part):
            subject.lines.append(
                fallen.row(line, language=meaning.language, intent=meaning.intent, why=reason, now=ctx.now)
            )


def _may_be_kept(ctx: Context, subject: Subject, given: Heard) -> bool:
    person, conversation = ctx.person, ctx.conversation
    if given.edited or given.meaning.danger or given.meaning.child or person.simulated:
        return False
    if person.consent_refused_at or person.opted_out_at or person.seized_at or person.erase_at or private.is_guest(ctx):
        return False
    guarded = any(c.severity == "critical" or c.care or is_minor(c.facts) for c in (*ctx.cases, *ctx.closed))
    return conversation.owner == "bot" and not (guarded or ctx.notices or subject.open_notices)
