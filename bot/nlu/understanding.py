"""Text in, Meaning out: the danger floor, the classifier and the guess of the language in one answer.

Law: never raises; when the classifier fails the floor still answers; unsure of danger means that it is asked about.
Where Rasa is asked, its intent is taken if it comes in time; danger is what any of the three sees.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from bot.engine.inputs import Danger, Meaning
from bot.nlu.classifier import Classifier, Ranked
from bot.nlu.danger import DangerFloor, Verdict
from bot.nlu.intents import DANGER, FALLBACK
from bot.nlu.language import guess
from bot.nlu.names import Names
from bot.nlu.wishes import CERTAIN, Wishes

# Measured on held-out thirds, where the floor is silent: docs/understanding.md.
PAGE = 0.97  # danger intents together at this confidence wake a human; below it she is asked, at once and gently
ASK = 0.4  # from here on it is asked about gently ...
PLAIN = 0.6  # ... but below this only if a danger is also the likeliest meaning: "malai", "mujhe" begin everything
CALM = 0.01  # danger intents together below this: a word of illness alone is not asked about ("paid when I am sick?")
BELIEVED = 0.3  # below this no intent is believed

MATTER = 0.7  # from here on a plea is believed to be for help with this
ILLNESS = "report_medical"
# What a plea without a matter is taken for, also where a courtesy stands beside it ("thank you please help me").
PERSON = "talk_to_human"
COURTEOUS = frozenset({FALLBACK, PERSON, "show_menu", "greet", "affirm", "deny", "thank", "goodbye"})
PLEADING = DANGER | COURTEOUS

log = logging.getLogger(__name__)


class Asked(Protocol):
    """Another that ranks intents (`bot/nlu/rasa.py`); never raises, never late."""

    def parse_many(self, texts: Sequence[str]) -> list[Ranked | None]:
        """None where it does not answer."""


class Understanding:
    """What the service asks. `model` None = the floor alone. About 0.5 ms a message, thread-safe; no network, unless
    there is an `other`."""

    def __init__(
        self,
        model: Classifier | None,
        floor: DangerFloor,
        wishes: Wishes | None = None,
        other: Asked | None = None,
        names: Names | None = None,
    ) -> None:
        self._model = model
        self._floor = floor
        self._wishes = wishes or Wishes()
        self._other = other
        self._names = names or Names()

    def rules(self) -> Understanding:
        """The danger floor alone, for when the classifier does not answer."""
        return Understanding(None, self._floor)

    def under(self, other: Asked) -> Understanding:
        """The same, with another that is asked first."""
        return Understanding(self._model, self._floor, self._wishes, other, self._names)

    def understand(self, texts: Iterable[str]) -> list[Meaning]:
        """One Meaning per text, in order."""
        asked = list(texts)
        return list(map(self._meaning, asked, self._ranked(asked), self._others(asked)))

    def _ranked(self, texts: Sequence[str]) -> list[Ranked]:
        """What the classifier makes of all texts at once; if it fails, of each by itself, so that the one that it
        cannot do takes nobody else's answer."""
        spoken = [text for text in texts if _is_spoken(text)]
        if self._model is None or not spoken:
            return [Ranked()] * len(texts)
        try:
            found = iter(self._model.parse_many(spoken))
            return [next(found) if _is_spoken(text) else Ranked() for text in texts]
        except Exception as error:  # the floor must stand whatever happens to the model
            log.error("classifier failed: %s", type(error).__name__)
        return [Ranked()] if len(texts) == 1 else [ranked for text in texts for ranked in self._ranked([text])]

    def _others(self, texts: Sequence[str]) -> Sequence[Ranked | None]:
        if self._other is not None:
            try:
                return self._other.parse_many(texts)
            except Exception as error:
                log.error("the other classifier failed: %s", type(error).__name__)
        return [None] * len(texts)

    def _meaning(self, text: str, ranked: Ranked, other: Ranked | None = None) -> Meaning:
        verdict, language = self._verdict(text), guess(text, ranked.languages)[0]
        meaning = meaning_of(ranked, verdict, language)
        if meaning.danger and meaning.danger.guessed and (rest := self._names.without(text)) is not None:
            meaning = meaning_of(self._ranked([rest])[0], verdict, language)
        if other is not None:
            theirs = meaning_of(other, verdict, language)
            if theirs.danger and theirs.danger.guessed and (rest := self._names.without(text)) is not None:
                theirs = meaning_of(self._others([rest])[0] or Ranked(), verdict, language)
            meaning = joined(meaning, theirs)
        if not language and verdict.language:
            meaning = replace(meaning, stem=verdict.language)
        return self._wished(text, meaning)

    def _wished(self, text: str, meaning: Meaning) -> Meaning:
        """With the intent of a rule in place of the classifier's, where nothing graver was seen."""
        seen = meaning.danger
        if (seen is None or seen.doubtful) and (intent := self._wishes.all_of(text)):
            return replace(meaning, intent=intent, confidence=CERTAIN, danger=None)
        if seen is not None:
            return meaning
        intent = self._wishes.of(text, meaning.intent, meaning.confidence)
        return replace(meaning, intent=intent, confidence=CERTAIN) if intent else meaning

    def _verdict(self, text: str) -> Verdict:
        try:
            return self._floor.judge(text)
        except Exception as error:
            log.error("danger floor failed: %s", type(error).__name__)
            # unsure means that somebody asks
            return Verdict(Danger("report_violence", "ask", "floor_failed"), frozenset())


def _is_spoken(text: str) -> bool:
    """A bare number or emoji means nothing by itself."""
    return any(c.isalpha() for c in text)


def meaning_of(ranked: Ranked, verdict: Verdict, language: str) -> Meaning:
    """Joins the answers. A page of the floor stands; its ask may become a page by the classifier. Of illness, which
    stands in many questions, it is taken back where the classifier is sure of another meaning. A plea ("help me") is
    no danger where the classifier is sure of what for; that of nothing is one for a person."""
    seen = danger_of(ranked, verdict.denied, apart=verdict.explained)
    danger = verdict.danger
    if danger is None or (danger.tier == "ask" and seen is not None and seen.tier == "page"):
        danger = seen
    elif danger.tier == "ask" and danger.kind == ILLNESS and _calm(ranked):
        danger = None
    elif verdict.yields and ranked.intent not in PLEADING and ranked.confidence >= MATTER:
        danger = seen
    if verdict.yields and danger is verdict.danger and (ranked.intent in COURTEOUS or ranked.confidence < BELIEVED):
        return Meaning(PERSON, CERTAIN, danger=danger, language=language, child=verdict.child)  # once she is well
    if ranked.confidence < BELIEVED or ranked.intent in verdict.denied:
        return Meaning(FALLBACK, ranked.confidence, danger=danger, language=language, child=verdict.child)
    return Meaning(ranked.intent, ranked.confidence, danger=danger, language=language, child=verdict.child)


def _calm(ranked: Ranked) -> bool:
    """Whether a classifier that knows danger and is sure of the meaning sees none of it."""
    likely = [p for name, p in ranked.intents if name in DANGER]
    return bool(likely) and sum(likely) < CALM and ranked.confidence >= PLAIN


def joined(ours: Meaning, other: Meaning) -> Meaning:
    """The other's intent, with the graver danger of both; a page of ours stands."""
    if ours.danger is not None and (other.danger is None or ours.danger.tier == "page"):
        return replace(other, danger=ours.danger)
    return other


def danger_of(ranked: Ranked, denied: Collection[str] = (), *, apart: bool = False) -> Danger | None:
    """Danger that the classifier sees: its danger intents together at PAGE or ASK; the kind is the likeliest. `apart`:
    for a page one kind must be that sure alone ("I cannot go out, I have fever" is a little of two, and neither)."""
    likely = [(name, p) for name, p in ranked.intents if name in DANGER and name not in denied]
    together = sum(p for _, p in likely)
    grave = bool(likely) and likely[0][0] == "express_self_harm"
    if together < ASK or (together < PLAIN and ranked.intent not in DANGER and not grave):
        return None
    sure = likely[0][1] if apart else together
    return Danger(likely[0][0], "page" if sure >= PAGE else "ask")
