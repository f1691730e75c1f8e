"""Offers: questions that may be passed by (`lapses: true`).

Law: an offer holds nobody up. What answers it is its answer; anything else is heard as if nothing had been asked, and
the offer is gone.
"""

from __future__ import annotations

from bot.engine import answers, spoken
from bot.engine.inputs import Heard, Input, Outcome, Pressed
from bot.engine.session import Session
from bot.engine.stack import BY_THE_WAY
from bot.engine.state import State

SHORT = 3  # words: a longer sentence that holds a word of an offer ("my room number is nine") is about something else


def is_open(state: State) -> bool:
    """Whether the open question is an offer."""
    open_now = state.present()
    return open_now is not None and open_now[1].lapses


def passed_by(state: State, given: Input) -> bool:
    """Whether an offer is open and this is no answer to it."""
    open_now = state.present()
    if open_now is None or not open_now[1].lapses or isinstance(given, Outcome):
        return False
    asking = state.asking(*open_now)
    match given:
        case Pressed():
            return given.step != asking.step
        case Heard() if not given.edited:
            written = answers.exact(asking, given.text) or answers.nearly(asking, given.text)
            short = len(given.text.split()) <= SHORT
            return written is None and not (short and spoken.said(state, asking, given))
    return True


def withdrawn(session: Session) -> Session:
    """The session without its open offer; the matter that it belonged to is over, and with it what came by the way."""
    return Session(shared={k: v for k, v in session.shared.items() if k not in BY_THE_WAY}, heard=session.heard)
