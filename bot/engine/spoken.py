"""An option that a short sentence names: "yes I can, he went out", "in a company, cleaning".

Law: only the words count by which the option is called, whole, and only while its question is open; a sentence that
names two options, or says no beside one, names none. What a question takes as words is never looked through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.engine.answers import YES_OR_NO, Answer, Asking, called, chosen, fold, takes_words, understood
from bot.engine.flow import Choice
from bot.engine.inputs import Heard
from bot.engine.phrases import Clauses, clauses
from bot.engine.state import State

LONGEST = 9  # words: a longer text tells more than it answers
FAINT = 0.5  # a classifier's doubt that an option which stands there in words outweighs
CERTAIN = 0.9  # a classifier's no beside one that is written


def declined(state: State, asking: Asking, heard: Heard) -> Answer | None:
    """The refusal, where the text says that its writer does not want to say; a list's next page is none. Danger is not
    passed over for it."""
    ask, text, seen = asking.ask, heard.text, heard.meaning.danger
    if seen is not None and not (seen.doubtful and seen.kind not in state.rules.gravest):
        return None
    if ask.skip is None or ask.offers or ask.shown or takes_words(ask) or len(text.split()) > LONGEST:
        return None
    return chosen(asking, ask.skip) if asking.words.declines(text) else None


def said(state: State, asking: Asking, heard: Heard) -> Answer | None:
    """The option that a person's sentence names, unless it is more than an answer: danger, or another matter."""
    meaning, seen, rules = heard.meaning, heard.meaning.danger, state.rules
    faint = seen is not None and seen.doubtful and seen.kind not in rules.gravest and meaning.confidence < FAINT
    if seen is not None and not (faint or state.in_danger):
        return None  # what only may be danger is asked about: "yes I will die tonight" deletes nothing
    leads = None if state.in_danger else state.flows.get(state.flows.by_intent.get(meaning.intent, ""))
    if seen is None and leads and state.may_interrupt(leads) and meaning.confidence >= rules.interrupt:
        return None
    if fold(heard.text) in rules.labels:
        return None
    denies = meaning.intent == "deny" and meaning.confidence >= CERTAIN
    return option(asking, heard.text, grave=state.in_danger, denies=denies)


def option(asking: Asking, text: str, *, grave: bool = False, denies: bool = False) -> Answer | None:
    """The one option that the text names; None for none, several, or a doubtful one. Where a yes or a no decides, and
    in a danger (`grave`), where a wrong one hurts most, among other words it counts as `_decided` says. `denies`: the
    classifier is sure that the text is a no."""
    spoken, ask = clauses(text), asking.ask
    if takes_words(ask) or not spoken or sum(map(len, spoken)) > LONGEST:
        return None
    either = {c.id for c in ask.choices} >= YES_OR_NO
    named = _named(spoken, [(c, called(asking, c)) for c in understood(ask)])
    plain = not named and either
    if plain:
        named = _named(spoken, [(c, asking.words.plainly(c.id)) for c in ask.choices if c.id in YES_OR_NO])
    choices = {one.choice.id: one.choice for one in named}
    if len(choices) != 1:
        return None
    choice = choices.popitem()[1]
    rest = _rest(spoken, named)
    if choice.alone:
        return chosen(asking, choice) if _whole(asking, spoken, named) else None
    if _turned(asking, choice, spoken, named, rest, grave=grave):
        return None
    lone = choice.id == "no" and all(one.end - one.start == 1 for one in named)
    decides = either and (lone or ask.skip is None)  # safety, consent, what is deleted; "no trouble" ends with its no
    if any(rest) and ((grave and plain) or (decides and _asks(text))):
        return None
    sure = denies or not grave
    if any(rest) and (grave or decides) and not _decided(asking, choice, spoken, named, rest, denies=sure):
        return None
    if either and not any(one.start == 0 or one.end == len(spoken[one.clause]) for one in named):
        return None  # a yes in the middle of other words may be about them
    return chosen(asking, choice)


def _whole(asking: Asking, spoken: Clauses, named: Sequence[_Named]) -> bool:
    """Whether each clause is one name of it, and a bare no comes first: "ok? no", "can not wait" are none."""
    whole = {one.clause for one in named if one.start == 0 and one.end == len(spoken[one.clause])}
    bare = {number for number, clause in enumerate(spoken) if _is_plain(asking, "no", clause)}
    return len(whole) == len(spoken) and not bare - {0}


def _decided(
    asking: Asking, choice: Choice, spoken: Clauses, named: Sequence[_Named], rest: Sequence[list[str]], *, denies: bool
) -> bool:
    """Whether a yes or a no among other words is one all the same: a clause of its own; a yes that says more than yes
    ("yes I can ..."), about nobody else; a no that begins the text. "yes he is coming", "yes keep it", "don't tell my
    boss" are none."""
    spans = [(one, spoken[one.clause][one.start : one.end]) for one in named]
    if not any(rest[one.clause] for one in named) and not (choice.id == "yes" and any(_of_others(asking, rest))):
        return True
    first = [words for one, words in spans if one.clause == one.start == 0]
    if choice.id == "yes":
        more = any(not _is_plain(asking, "yes", words) for _, words in spans)
        return bool(first) and more and not any(_of_others(asking, rest))
    return denies and any(len(words) > 1 or _is_plain(asking, "no", words) for words in first)


def _is_plain(asking: Asking, option: str, words: Sequence[str]) -> bool:
    return " ".join(words) in {option, *asking.words.plainly(option)}


def _asks(text: str) -> bool:
    """Whether it is a question: who asks "ok, who reads this?" agrees to nothing."""
    return any(sign in text for sign in "?？؟")


def _of_others(asking: Asking, rest: Iterable[Iterable[str]]) -> Iterator[bool]:
    """For each word whether it names who stands by, or another time: "yes boss is looking at me"."""
    others = asking.words.plainly("others")
    return (word in others for clause in rest for word in clause)


def _turned(
    asking: Asking, choice: Choice, spoken: Clauses, named: Sequence[_Named], rest: Sequence[list[str]], *, grave: bool
) -> bool:
    """Whether other words turn the option round: "nobody near me" under "is somebody near?"; but "no, I cannot" says it
    twice, and "no, the contract is longer" begins with a no that is about something else."""
    refuses = asking.words.refuses
    itself = any(refuses(word) for one in named for word in spoken[one.clause][one.start : one.end])
    turns = asking.words.doubts if choice.id == "no" and itself and not grave else refuses
    first = 1 if all(map(refuses, spoken[0])) and not grave and named[0].clause > 0 else 0
    return any(turns(word) for clause in rest[first:] for word in clause)


@dataclass(frozen=True, slots=True)
class _Named:
    """Where a clause calls an option: first word, and the word behind the last one."""

    choice: Choice
    clause: int
    start: int
    end: int

    def within(self, other: _Named) -> bool:
        """Whether it is a part of a longer one: "safe" in "not safe"."""
        longer = other.end - other.start > self.end - self.start
        return longer and self.clause == other.clause and other.start <= self.start and self.end <= other.end


def _named(spoken: Clauses, called: Iterable[tuple[Choice, Iterable[str]]]) -> list[_Named]:
    found = [
        _Named(choice, number, *span)
        for choice, spellings in called
        for words in (tuple(spelling.split()) for spelling in spellings)
        for number, clause in enumerate(spoken)
        for span in _spans(words, clause)
    ]
    return [one for one in found if not any(one.within(other) for other in found)]


def _spans(words: tuple[str, ...], clause: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    for start in range(len(clause) - len(words) + 1) if words else ():
        if clause[start : start + len(words)] == words:
            yield start, start + len(words)


def _rest(spoken: Clauses, named: Iterable[_Named]) -> list[list[str]]:
    """Of each clause the words that call no option."""
    taken = {(one.clause, place) for one in named for place in range(one.start, one.end)}
    return [[w for at, w in enumerate(clause) if (number, at) not in taken] for number, clause in enumerate(spoken)]
