"""What an answer means to the question that is open: choices by number or words, typed slots through readers.

Law: pure look-ups; a doubtful answer is no answer (None), and the engine asks again or goes on without it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bot.engine.flow import Ask, Choice, Fill, Readers, Words
from bot.engine.folding import digits
from bot.engine.folding import fold as fold

Known = Callable[[str], bool]  # whether a slot has a value

_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN")
_BARE_NUMBER = re.compile(r"[\W_]*(\d{1,9})[\W_]*")
_NUMBER_FIRST = re.compile(r"[\W_]*(\d{1,3})[\W_]+(\S.*)", re.DOTALL)
_LONGEST_NUMBER = 200  # characters of a message that is a number and signs
MAX_LINES = 20  # joined messages that are looked at one by one
TEXT = "text"  # the reader of free text
NAME = "name"  # what `letters: true` makes of it
UNKNOWN = "unknown"  # the reader of "I do not know"
YES_OR_NO = frozenset({"yes", "no"})
_MEDIA = frozenset({"image", "audio", "video", "document"})


@dataclass(frozen=True, slots=True)
class Answer:
    """Values by slot (None = refused or unreadable), and the step that the chosen option leads to."""

    values: Mapping[str, Any]
    goto: str = ""


@dataclass(frozen=True, slots=True)
class Asking:
    """An open question with what is needed to understand its answer. `step` is flow.step."""

    ask: Ask
    step: str
    words: Words
    readers: Readers
    language: str
    known: Known


def slots_of(ask: Ask) -> tuple[str, ...]:
    """The slots that this ask wants to know."""
    filled = tuple(f.slot for f in ask.fills)
    return ((ask.slot,) if ask.slot and (ask.choices or ask.offers or not filled) else ()) + filled


def takes_text(ask: Ask) -> bool:
    """Whether any text at all is an answer."""
    return any(f.reader == TEXT for f in ask.fills) or not (ask.fills or ask.choices or ask.offers)


def sought(fill: Fill) -> str:
    """What a fill wants, as the name of a text that says what it may look like: its reader, or a name."""
    return NAME if asks_name(fill) else fill.reader


def asks_name(fill: Fill) -> bool:
    """Whether a name is asked for."""
    return fill.reader == TEXT and bool(fill.args.get("letters"))


def takes_words(ask: Ask) -> bool:
    """Whether a sentence is an answer, be it beside options."""
    return takes_text(ask) or any(f.reader == "sentence" for f in ask.fills)


folded = lru_cache(maxsize=8192)(fold)  # only for words of our data: a person's text is not kept


def number(text: str) -> int | None:
    """The whole text as one number, in any script's digits: "2", " (2) ", "2.", "२", "２", a keycap; else None."""
    if len(text) > _LONGEST_NUMBER:
        return None
    plain = unicodedata.normalize("NFKC", text).replace("\u20e3", "").replace("\ufe0f", "")
    match = _BARE_NUMBER.fullmatch(digits(plain))
    return int(match[1]) if match else None


def numbered(ask: Ask) -> tuple[Choice, ...]:
    """The options in the order of their numbers; the refusal comes last."""
    return (*ask.choices, ask.skip) if ask.skip else ask.choices


def understood(ask: Ask) -> tuple[Choice, ...]:
    """All options that an answer may name: also those of other pages."""
    return (*numbered(ask), *ask.others)


def spellings(asking: Asking, choice: Choice) -> frozenset[str]:
    """All that the whole of an answer may call the option, folded."""
    return called(asking, choice) | {folded(choice.id)}


def called(asking: Asking, choice: Choice) -> frozenset[str]:
    """What people call the option, folded: its name in our flows is theirs for a yes and a no alone."""
    label = asking.words.label(asking.step, choice)
    own = (choice.id,) if choice.id in YES_OR_NO else ()
    return _spelled((*own, choice.label, choice.short, *choice.synonyms, label.shown, *label.accepted))


@lru_cache(maxsize=4096)
def _spelled(own: tuple[str, ...]) -> frozenset[str]:
    return frozenset(folded(w) for w in own if w)


def chosen(asking: Asking, choice: Choice) -> Answer:
    """The answer that this option is."""
    if choice is asking.ask.skip:
        return refused(asking.ask, asking.known, choice.goto)
    return Answer({asking.ask.slot: choice.id} if asking.ask.slot else {}, choice.goto)


def unknown(asking: Asking, text: str) -> Answer | None:
    """What "I do not know" answers: the refusal, where it is not the next page of a list, and of a name that whoever
    asks goes on without it. None where it is no such text, and where it is only words among others."""
    ask, reader = asking.ask, asking.readers.get(UNKNOWN)
    if reader is None or not reader.read(text, {}, asking.language):
        return None
    if ask.skip and not (ask.offers or ask.shown):
        return chosen(asking, ask.skip)
    return Answer({}, ask.unsure) if ask.unsure and any(map(asks_name, ask.fills)) else None


def refused(ask: Ask, known: Known, goto: str = "") -> Answer:
    """No value: the person refused, did not answer, or could not be read. What was known stays known."""
    return Answer({s: None for s in slots_of(ask) if not known(s)}, goto)


def _one(found: Iterable[Choice]) -> Choice | None:
    distinct = {c.id: c for c in found}
    return next(iter(distinct.values())) if len(distinct) == 1 else None


def _choice(asking: Asking, text: str) -> Choice | None:
    """The option that the text names exactly, by number, id, label or synonym; None if none or several."""
    options = numbered(asking.ask)
    place = number(text)
    if place is not None and asking.ask.choices and 1 <= place <= len(options):
        return options[place - 1]
    folded = fold(text)
    if named := [c for c in understood(asking.ask) if folded in spellings(asking, c)]:
        return _one(named)
    first = _NUMBER_FIRST.fullmatch(digits(text.strip()))  # "1 yes": when both agree
    if first and asking.ask.choices and 1 <= int(first[1]) <= len(options):
        option = options[int(first[1]) - 1]
        return option if fold(first[2]) in spellings(asking, option) else None
    return None


def exact(asking: Asking, text: str) -> Answer | None:
    """The answer that the text is beyond doubt. A bare number also answers a question for a number.

    Of several joined messages (lines), those that name an option must name the same one.
    """
    whole, lines = [text], text.splitlines()[:MAX_LINES]
    for some in (whole, lines) if lines != whole else (whole,):
        if choice := _one(c for line in some if line.strip() and (c := _choice(asking, line))):
            return chosen(asking, choice)
    return _typed(asking, text) if number(text) is not None else None


def nearly(asking: Asking, text: str) -> Answer | None:
    """The option that the text names but for small slips of spelling; None when two would fit."""
    folded = fold(text)
    near = _one(c for c in understood(asking.ask) if any(_slip(folded, s) for s in spellings(asking, c)))
    return chosen(asking, near) if near else None


def _slip(written: str, meant: str) -> bool:
    """Word by word, at most two words off by one letter. Short words and first letters must be right, for what
    turns a meaning round is short (no, un-, not); scripts without spaces are left alone for the same reason."""
    ours, theirs = meant.split(), written.split()
    if len(ours) != len(theirs):
        return False
    wrong = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    return 0 < len(wrong) <= 2 and all(
        min(len(a), len(b)) >= 4 and a[0] == b[0] and _one_edit(a, b) and not _unspaced(a) for a, b in wrong
    )


def _unspaced(word: str) -> bool:
    return any(unicodedata.name(c, "").startswith(_UNSPACED) for c in word)


def _one_edit(a: str, b: str) -> bool:
    """One letter more, less or other, or two neighbours exchanged; never between digits."""
    if any(c.isdigit() for c in a + b):
        return False
    if len(a) > len(b):
        a, b = b, a
    start = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), len(a))
    if len(a) == len(b):
        swapped = a[start : start + 2] == b[start : start + 2][::-1] and a[start + 2 :] == b[start + 2 :]
        return swapped or a[start + 1 :] == b[start + 1 :]
    return len(b) - len(a) == 1 and a[start:] == b[start + 1 :]


def read(asking: Asking, text: str) -> Answer | None:
    """The answer through the readers of the slots; at least one filled is an answer. Free text comes last, after
    the number of a refusal ("1" under a question without other options)."""
    if typed := _typed(asking, text):
        return typed
    ask, skip = asking.ask, asking.ask.skip
    if skip and not ask.choices and number(text) == 1:
        return chosen(asking, skip)
    if not takes_text(ask) or not text.strip():
        return None
    free = [f for f in ask.fills if f.reader == TEXT] or [Fill(s, TEXT) for s in (ask.slot,) if s]
    values = {f.slot: value for f in free if (value := _words(asking, f, text)) is not None}
    return Answer(values) if values or not free else None


def _words(asking: Asking, fill: Fill, text: str) -> str | None:
    """What was written, where it can be what was asked for: a digit is no name."""
    reader = asking.readers.get(TEXT)
    value = reader.read(text, fill.args, asking.language) if reader else text.strip()
    return value if isinstance(value, str) else None


def _typed(asking: Asking, text: str) -> Answer | None:
    """Values of the fills other than free text. What is known already is not read again, unless all of it is."""
    typed = [f for f in asking.ask.fills if f.reader not in ("text", "media")]
    wanted = [f for f in typed if asking.ask.always or not asking.known(f.slot)] or typed
    values = _each(wanted, text, asking, strict=len(wanted) > 1) or _each(wanted, text, asking, strict=False)
    if number(text) is not None and len(values) > 1:
        return None  # one number cannot say which of two questions it answers
    return Answer(values) if values else None


def _each(fills: Iterable[Fill], text: str, asking: Asking, *, strict: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for fill in fills:
        if reader := asking.readers.get(fill.reader):
            value = (reader.find if strict else reader.read)(text, fill.args, asking.language)
            if value is not None:
                values[fill.slot] = value
    return values


def listen(
    fills: Iterable[Fill], texts: Iterable[str], entities: Mapping[str, Any], readers: Readers, language: str
) -> dict[str, Any]:
    """Values found in free text, first text first, then in the entities that understanding found.

    An entity that is text goes through the slot's reader, so that a slot never holds what its type does not allow.
    """
    heard = [t for t in texts if t.strip()]
    values: dict[str, Any] = {}
    for fill in fills:
        reader = readers.get(fill.reader)
        if reader is None:
            continue
        value = next((v for t in heard if (v := reader.find(t, fill.args, language)) is not None), None)
        entity = entities.get(fill.slot)
        if value is None and entity is not None:
            value = reader.read(entity, fill.args, language) if isinstance(entity, str) else entity
        if value is not None:
            values[fill.slot] = value
    return values


def tapped(asking: Asking, option: str) -> Answer | None:
    """The answer of a button of this question; None when it has no such option."""
    choice = next((c for c in understood(asking.ask) if c.id == option), None)
    return chosen(asking, choice) if choice else None


def given(ask: Ask, kind: str, ref: str) -> Answer | None:
    """A photo, voice note, file or place as the answer, when the question asks for one."""
    reader = "media" if kind in _MEDIA else kind
    slot = next((f.slot for f in ask.fills if f.reader == reader and reader in ("media", "location")), None)
    return Answer({slot: {"kind": kind, "ref": ref}}) if slot else None
