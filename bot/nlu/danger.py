"""The rule floor: sees danger in a text without any classifier, in every language that has concepts.

Law: works alone, never raises for a text, the strongest rule wins; bad rules are errors that say file:line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.engine.inputs import Danger
from bot.nlu.children import ChildRules
from bot.nlu.concepts import Found, Lexicon, Words, read_lexicon, read_text
from bot.nlu.excuses import Manner, Pair, read_manners
from bot.nlu.rules import NOT, Rule, read_rules

REACH = 3  # words in which `needs` looks for a NOT where the rule has no `near`
TIERS = ("page", "ask")
MIXED = "en"  # words of it stand in the messages of every language
_PLAIN = Manner()


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with the places of its concepts."""

    text: Words
    places: dict[str, list[Found]] = field(default_factory=dict)

    def of(self, concept: str) -> Sequence[Found]:
        """Every place of a concept."""
        return self.places.get(concept, ())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the floor says: a danger, or none and the kinds that the text takes back; whether a child writes; whether
    the danger yields to a matter that the classifier is sure of. `language`: the one whose word of danger was found;
    empty where several languages write it so. `explained`: all that tells of not going out has a harmless reason, and
    nobody else is named beside it."""

    danger: Danger | None
    denied: frozenset[str]
    child: str = ""
    yields: bool = False
    language: str = ""
    explained: bool = False


class DangerFloor:
    """Rules over concepts. Made once by `load`, then read by any thread; well under 1 ms a message."""

    def __init__(
        self,
        rules: Sequence[Rule],
        manners: Mapping[str, Manner],
        lexicon: Lexicon,
        children: ChildRules | None = None,
    ) -> None:
        self._children = children or ChildRules()
        self._rules = sorted(rules, key=lambda rule: TIERS.index(rule.tier))  # stable: the file's order within a tier
        self._manners = manners
        self._lexicon = lexicon

    @classmethod
    def load(cls, nlu_data_dir: Path) -> DangerFloor:
        """Reads danger.yml, children.yml, every <lang>/concepts.yml and excuses.yml. Raises DataError."""
        lexicon = read_lexicon(nlu_data_dir)
        rules = read_rules(nlu_data_dir / "danger.yml", lexicon)
        manners = read_manners(nlu_data_dir, {rule.id: rule.all[0] for rule in rules}, lexicon)
        return cls(rules, manners, lexicon, ChildRules.load(nlu_data_dir / "children.yml"))

    def find(self, text: str) -> Danger | None:
        """The strongest danger in a raw text, or None."""
        return self.judge(text).danger

    def judge(self, text: str) -> Verdict:
        """`find`, and the kinds of danger that the text itself takes back ("nobody hit me", "my phone is locked")."""
        reading = self._read(text)
        child = self._children.heard(reading.text)
        rules = [rule for rule in self._rules if rule.all[0] in reading.places]
        for rule in rules:
            if self._holds(rule, reading):
                found = _language(reading.of(rule.all[0]))
                explained = self._all_explained(rules, reading)
                return Verdict(Danger(rule.kind, rule.tier, rule.id), frozenset(), child, rule.yields, found, explained)
        # A plea is of no kind yet: "help me to get my passport" takes no other danger back.
        denied = frozenset(rule.kind for rule in rules if not rule.yields and self._taken_back(rule, reading))
        return Verdict(None, denied, child, explained=self._all_explained(rules, reading))

    @staticmethod
    def _all_explained(rules: Sequence[Rule], reading: Reading) -> bool:
        """Whether the text gives a harmless reason for all that it says of not going out."""
        held = [(rule, place) for rule in rules if rule.explained for place in reading.of(rule.all[0])]
        return bool(held) and all(_explained(rule, place, reading) for rule, place in held)

    def _read(self, text: str) -> Reading:
        read = read_text(text)
        places: dict[str, list[Found]] = {}
        for found in self._lexicon.find(read):
            places.setdefault(found.concept, []).append(found)
        return Reading(read, places)

    def _holds(self, rule: Rule, reading: Reading) -> bool:
        """True when some place of the first concept stands, is not excused, and the others are near it."""
        if any(concept not in reading.places for concept in rule.all):
            return False
        return any(
            not self._excused(rule, place, reading)
            and not _explained(rule, place, reading)
            and self._stands(rule, place, reading)
            and all(self._near(rule, place, reading.of(concept)) for concept in rule.all[1:])
            and (not rule.any or any(self._near(rule, place, reading.of(concept)) for concept in rule.any))
            for place in reading.of(rule.all[0])
        )

    def _taken_back(self, rule: Rule, reading: Reading) -> bool:
        """Whether the word of the rule is there, but refused or excused in every place."""
        places = reading.of(rule.all[0])
        return bool(places) and all(
            self._excused(rule, place, reading)
            or (rule.negation == "blocks" and not self._stands(rule, place, reading))
            for place in places
        )

    @staticmethod
    def _near(rule: Rule, place: Found, others: Sequence[Found]) -> bool:
        return any(not rule.near or _gap(place, other) < rule.near for other in others)

    def _stands(self, rule: Rule, place: Found, reading: Reading) -> bool:
        """Whether the words of refusal around the first concept are as the rule wants them."""
        if rule.negation == "ignore":
            return True
        if rule.negation == "needs":
            reach = rule.near or REACH
            return any(_gap(place, no) < reach and self._speaks_of(no, place, reading) for no in reading.of(NOT))
        return not any(self._refuses(no, place, reading) for no in reading.of(NOT))

    @staticmethod
    def _speaks_of(no: Found, place: Found, reading: Reading) -> bool:
        """Whether a refusal can mean a place: its language found the same words, or it is the one that all mix in. A
        refusal of another language is a word by chance: Indonesian "tak" is Hindi "until"."""
        return no.language == MIXED or any(
            other.language == no.language and (other.start, other.end) == (place.start, place.end)
            for other in reading.of(place.concept)
        )

    def _refuses(self, no: Found, place: Found, reading: Reading) -> bool:
        if not self._speaks_of(no, place, reading):
            return False
        if no.end <= place.start:
            side, between = "before", reading.text[no.end : place.start]
        elif no.start >= place.end:
            side, between = "after", reading.text[place.end : no.start]
        elif place.start < no.start and place.end < no.end:
            side, between = "after", reading.text[:0]  # a refusal that holds the verb: "mare na" on "amake mare"
        else:
            return False
        manner = self._manners.get(no.language, _PLAIN)
        return manner.side in (side, "both") and all(w & manner.over for w in between)

    def _excused(self, rule: Rule, place: Found, reading: Reading) -> bool:
        """Whether a pair covers this place: its two terms in this order with at most one word between. A pair of a
        language covers only what a stem of that language found."""
        manner = self._manners.get(place.language, _PLAIN)
        return any(self._covers(pair, rule.all[0], place, reading, manner) for pair in _pairs(rule, manner))

    @staticmethod
    def _covers(pair: Pair, head: str, place: Found, reading: Reading, manner: Manner) -> bool:
        before = pair[0] == head
        for other in reading.of(pair[1] if before else pair[0]):
            first, second = (place, other) if before else (other, place)
            between = reading.text[first.end : second.start]
            if (
                first.start < second.start
                and len(between) <= 1
                and not any(not word or word & manner.breaks for word in between)
            ):
                return True
        return False


def _explained(rule: Rule, place: Found, reading: Reading) -> bool:
    """Whether the place is part of words for which the text gives a harmless reason, anywhere in it, in the same
    language or in the one that all mix in. It is no excuse: the classifier may still see danger in it."""
    return any(
        place.start < words.end and words.start < place.end and why.language in (words.language, MIXED)
        for held, reason, *spoilt in rule.explained
        if not any(reading.of(concept) for concept in spoilt)
        for words in reading.of(held)
        for why in reading.of(reason)
    )


def _language(places: Sequence[Found]) -> str:
    """The language of the longest of these words ("amake bachao" is Bengali, "bachao" Hindi as well); none for English
    ones, which people mix into every language."""
    longest = max(place.end - place.start for place in places)
    languages = {place.language for place in places if place.end - place.start == longest}
    return languages.pop() if len(languages) == 1 and MIXED not in languages else ""


def _pairs(rule: Rule, manner: Manner) -> Iterator[Pair]:
    yield from rule.unless
    yield from manner.pairs(rule.id)


def _gap(one: Found, other: Found) -> int:
    """Words between two places, 0 when they touch or overlap."""
    return max(0, max(one.start, other.start) - min(one.end, other.end))
