"""From an engine event to a Reply: the words in the person's language, values filled in, options labelled.

Law: every word comes from flows and catalogues; the same Reply serves every channel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from bot.content.catalogue import Catalogue, in_latin
from bot.content.knowledge import FactText
from bot.content.languages import BUT, FALLBACK, Language
from bot.content.wording import PLACEHOLDER, SITE, Texts, fill, kept_in_order, spoken, texts_of, with_days
from bot.engine.answers import fold
from bot.engine.events import Asked, Said
from bot.engine.flow import Ask, Choice, Flows, Label, Say
from bot.engine.messages import Option, Reply
from bot.engine.phrases import Phrase, heard

SENTENCE = 300  # characters: what is longer is a story
SAY = re.compile(r"\.say$")  # the key of a fact's words; `sms:` holds them in short
ASKS = frozenset({"retry_name"})  # of system.yml: said before a question that comes again, and asks it by itself
OPTIONS_IN = re.compile(r"\s*\{options\}\.?")  # their place in an SMS; elsewhere they stand under the text


def is_language_option(choice: Choice, languages: Mapping[str, Language]) -> bool:
    """Whether an option is a language: its name stays native in every language."""
    return choice.id in languages and choice.label == languages[choice.id].name


def brief_of(text_id: str, facts: Mapping[str, FactText]) -> str:
    """The id of what an SMS says for a fact: its `sms:` where it has one beside its `say:`."""
    brief = SAY.sub(".sms", text_id)
    return brief if brief in facts else text_id


def texts_in(
    language: str, catalogue: Catalogue, facts: Mapping[str, FactText], *, latin: bool = False, short: bool = False
) -> Texts:
    """The texts of knowledge in a language, `latin`: in Latin letters where it has them so; `short`: as an SMS has
    them, where a fact has `sms:` beside its `say:`. An id that no fact has is a fault of ours, and is said as
    nothing."""

    def say(text_id: str) -> str:
        text_id = brief_of(text_id, facts) if short else text_id
        fact = facts.get(text_id)
        own = catalogue.text(language, in_latin(text_id), "") if latin else ""
        return own or (catalogue.text(language, text_id, fact.english) if fact else "")

    return say


def _asks_itself(prefix: str) -> bool:
    """Whether what stands before a question stands for it."""
    return prefix.partition(".")[2] in ASKS


@dataclass(frozen=True, slots=True)
class WordsOf:
    """The words of one language for the engine (`bot.engine.flow.Words`)."""

    language: str
    catalogue: Catalogue
    languages: Mapping[str, Language]
    folded: Mapping[str, str]  # folded universal word -> command
    facts: Mapping[str, FactText]
    sentences: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)  # command or flow -> phrases that mean it
    declining: Mapping[str, tuple[Phrase, ...]] = field(default_factory=dict)
    phrases: Mapping[str, tuple[Phrase, ...]] = field(
        default_factory=dict
    )  # context of an option or question -> phrases

    def label(self, step: str, choice: Choice) -> Label:
        """What is shown, and all that is accepted; English is accepted by the engine besides."""
        if is_language_option(choice, self.languages):
            return Label(choice.label, choice.synonyms)
        if choice.value is not None:
            shown, latin, english = (
                spoken(choice.value, code, texts_in(code, self.catalogue, self.facts, latin=latin))
                for code, latin in ((self.language, False), (self.language, True), (FALLBACK, False))
            )
            return Label(shown, tuple(dict.fromkeys((shown, latin, english))))
        return _translated(self.catalogue, self.language, f"{step}#option.{choice.id}", choice.label)

    def universal(self, text: str) -> str | None:
        """The command that the whole message is, in any language."""
        return self.folded.get(fold(text))

    def sentence(self, text: str) -> str | None:
        """The command or flow that a sentence means, in any language."""
        return heard(self.sentences, text) if len(text) <= SENTENCE else None

    def refuses(self, word: str) -> bool:
        """Whether a folded word says no, or doubts, in this language or in English."""
        return self.doubts(word) or any(word in self.languages[c].refusals for c in (self.language, FALLBACK))

    def doubts(self, word: str) -> bool:
        """Whether a folded word takes back a part of what was said, in this language or in English."""
        return word in self.plainly(BUT)

    def plainly(self, option: str) -> tuple[str, ...]:
        """What says yes or no to whatever question, folded, in this language or in English."""
        return tuple(
            w for code in dict.fromkeys((self.language, FALLBACK)) for w in self.languages[code].answers.get(option, ())
        )

    def declines(self, text: str) -> bool:
        """Whether a text says that its writer does not know, or does not want to say, in any language."""
        return len(text) <= SENTENCE and heard(self.declining, text) is not None

    def heard(self, step: str, choice: Choice | None) -> tuple[Phrase, ...]:
        """The phrases of an option, or of a question for words, in all languages."""
        return self.phrases.get(f"{step}#option.{choice.id}" if choice else step, ())


@lru_cache(maxsize=2048)  # a question's options are looked through at every answer, again and again the same few
def _translated(catalogue: Catalogue, language: str, context: str, own: str) -> Label:
    """The label of a written option: `own` in English, `context` = its name in the catalogue."""
    shown = catalogue.text(language, context, own)
    short = catalogue.text(language, f"{context}.sms", "")
    more = catalogue.text(language, f"{context}.synonyms", "")
    latin = catalogue.text(language, in_latin(context), "")
    accepted = tuple(w.strip() for w in more.split(",") if w.strip())
    return Label(shown, (shown, *((short,) if short else ()), *accepted, *((latin,) if latin else ())))


class Replies:
    """Makes replies."""

    def __init__(
        self,
        flows: Flows,
        texts: Mapping[str, tuple[Say, ...]],
        catalogue: Catalogue,
        languages: Mapping[str, Language],
        facts: Mapping[str, FactText],
        site: str = "",
        unsigned: frozenset[str] = frozenset(),
    ) -> None:
        self._unsigned = unsigned
        self._facts = facts
        self._site = site
        self._flows = flows
        self._catalogue = catalogue
        self._languages = languages
        self._texts = {f"{room}.{say.id}": say for room, says in texts.items() for say in says}

    def make(
        self, event: Said | Asked, language: str, *, latin: bool = False, script: bool = True, beneath: bool = False
    ) -> Reply:
        """The Reply to an event. Raises KeyError for a text that no flow has (`check` proves there is none)."""
        if not script and language != FALLBACK and not self._has_latin(event, language):
            return self.make(event, FALLBACK)
        step = self._step(event.text_id)
        flow = self._flows.get(event.text_id.partition(".")[0])
        rtl = self._languages[language].direction == "rtl"
        long, short = self._voice(event.text_id, step, language)
        texts = texts_in(language, self._catalogue, self._facts)
        slots = {**event.slots, SITE: self._site}
        text = fill(long, slots, language, isolate=rtl, texts=texts)
        brief = texts_in(language, self._catalogue, self._facts, short=True)
        sms = fill(short, slots, language, isolate=False, texts=brief)
        sms = kept_in_order(sms) if rtl else sms
        told = self._in_latin(event, language, slots) if latin or not script else None
        if isinstance(event, Asked) and event.prefix:
            before, before_sms = self._voice(event.prefix, self._step(event.prefix), language)
            again = not _asks_itself(event.prefix)  # else a praise that opens the question is not said twice
            text, sms = (f"{before}\n{text}", f"{before_sms} {sms}") if again else (before, before_sms)
        options = self._options(event, step, language) if isinstance(event, Asked) else ()
        urgent = flow is not None and flow.level == "danger"
        if told is not None:
            sms, options = told, self._options_in_latin(event, options, language, alone=not script)
            text = text if script else OPTIONS_IN.sub("", told)
        return Reply(
            text_id=event.text_id,
            language=language,
            text=text,
            sms=sms,
            options=options,
            step=event.step if isinstance(event, Asked) else "",
            version=event.version if isinstance(event, Asked) else "",
            sensitivity=step.sensitivity,
            urgent=urgent,
            numbered=not isinstance(step, Ask) or bool(step.choices or step.offers),
            under=self._english(event, step, slots) if urgent and (beneath or language in self._unsigned) else "",
        )

    def _english(self, event: Said | Asked, step: Say | Ask, slots: Mapping[str, Any]) -> str:
        """The short English of a text, with its numbered options."""
        texts = texts_in(FALLBACK, self._catalogue, self._facts)
        words = fill(step.sms or step.text, slots, FALLBACK, isolate=False, texts=texts)
        options = self._options(event, step, FALLBACK) if isinstance(event, Asked) else ()
        told = " ".join(f"{n} {o.short or o.label}" for n, o in enumerate(options, 1))
        return words.replace("{options}", told) if "{options}" in words else f"{words} {told}".strip()

    def _has_latin(self, event: Said | Asked, language: str) -> bool:
        """Whether all of a message is there in Latin letters: the text, and the facts that it and its options say. Half
        of it in each is worse than her script."""
        own = self._catalogue.entry(language, in_latin(f"{event.text_id}#sms"))
        if own is None:
            return False
        values = [event.slots.get(name) for name in PLACEHOLDER.findall(own.text)]
        values += [choice.value for choice in event.offered] if isinstance(event, Asked) else []
        facts = (brief_of(text_id, self._facts) for value in values for text_id in texts_of(value))
        return all(self._catalogue.entry(language, in_latin(fact)) is not None for fact in facts)

    def _in_latin(self, event: Said | Asked, language: str, slots: Mapping[str, Any]) -> str | None:
        """The SMS in Latin letters, its values too (months in English); None where there is no such text."""
        own = self._catalogue.entry(language, in_latin(f"{event.text_id}#sms"))
        if own is None or not self._has_latin(event, language):
            return None
        texts = texts_in(language, self._catalogue, self._facts, latin=True, short=True)
        told = fill(own.text, self._by_day(slots, language), FALLBACK, isolate=False, texts=texts)
        before = event.prefix if isinstance(event, Asked) else ""
        first = self._catalogue.text(language, in_latin(f"{before}#sms"), "") if before else ""
        return first if first and _asks_itself(before) else f"{first} {told}".strip()

    def _options_in_latin(
        self, event: Said | Asked, options: tuple[Option, ...], language: str, *, alone: bool
    ) -> tuple[Option, ...]:
        """Short labels in Latin letters, of a country its English name; with `alone` the long ones too, but for names
        of languages."""
        values = {c.id: c.value for c in event.offered} if isinstance(event, Asked) else {}
        texts = texts_in(language, self._catalogue, self._facts, latin=True)
        offered = {name: spoken(value, FALLBACK, texts) for name, value in values.items() if value is not None}
        return tuple(
            self._option_in_latin(event.text_id, option, language, offered.get(option.id, option.short), alone=alone)
            for option in options
        )

    def _option_in_latin(self, text_id: str, option: Option, language: str, own: str, *, alone: bool) -> Option:
        named = self._languages.get(option.id)
        if named is not None and option.label == named.name:
            return replace(option, short=named.latin)
        short = self._catalogue.text(language, in_latin(f"{text_id}#option.{option.id}"), own)
        return replace(option, label=short if alone and short else option.label, short=short)

    def text(self, language: str, text_id: str) -> str:
        """A loose text."""
        return self._catalogue.text(language, text_id, self._texts[text_id].text)

    def said(self, language: str, value: Any) -> str:
        """One value as words."""
        return spoken(value, language, texts_in(language, self._catalogue, self._facts))

    def loose(self, language: str, text_id: str, slots: Mapping[str, Any], *, latin: bool = False) -> str:
        """A loose text with its values."""
        own = self._catalogue.entry(language, in_latin(f"{text_id}#sms")) if latin else None
        if own is not None:
            return fill(own.text, self._by_day(slots, language), FALLBACK, isolate=False)
        rtl = self._languages[language].direction == "rtl"
        texts = texts_in(language, self._catalogue, self._facts)
        return fill(self.text(language, text_id), slots, language, isolate=rtl, texts=texts)

    def _by_day(self, slots: Mapping[str, Any], language: str) -> dict[str, Any]:
        return with_days(slots, self._languages[language].latin_days, FALLBACK)

    def _voice(self, text_id: str, step: Say | Ask, language: str) -> tuple[str, str]:
        """The long and the short text. Without a short one the long one stands for it, and a translated long one also
        for a short one that is not translated yet: it costs more and is understood."""
        long = self._catalogue.text(language, text_id, step.text)
        if not step.sms:
            return long, long
        translated = self._catalogue.entry(language, text_id) is not None
        return long, self._catalogue.text(language, f"{text_id}#sms", long if translated else step.sms)

    def _step(self, text_id: str) -> Say | Ask:
        if text_id in self._texts:
            return self._texts[text_id]
        name, _, step_id = text_id.partition(".")
        flow = self._flows.get(name)
        place = flow.index(step_id) if flow else None
        step = flow.steps[place] if flow and place is not None else None
        if not isinstance(step, Say | Ask):
            raise KeyError(text_id)
        return step

    def _options(self, event: Asked, step: Say | Ask, language: str) -> tuple[Option, ...]:
        if not isinstance(step, Ask):
            return ()
        by_id = {c.id: c for c in (*step.choices, *event.offered, *((step.skip,) if step.skip else ()))}
        shown = [by_id[i] for i in event.options if i in by_id]
        return tuple(self._option(event.text_id, c, language) for c in shown)

    def _option(self, text_id: str, choice: Choice, language: str) -> Option:
        if is_language_option(choice, self._languages):
            # On an SMS only her own language's name is in its letters: others her phone may not be able to show.
            return Option(choice.id, choice.label, choice.label if choice.id == language else choice.short)
        if choice.value is not None:
            return Option(choice.id, spoken(choice.value, language, texts_in(language, self._catalogue, self._facts)))
        context = f"{text_id}#option.{choice.id}"
        label = self._catalogue.text(language, context, choice.label)
        known = language == FALLBACK or self._catalogue.entry(language, context) is not None
        short = self._catalogue.text(language, f"{context}.sms", choice.short if language == FALLBACK else "")
        return Option(choice.id, label, short if known else choice.short)
