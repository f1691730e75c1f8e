"""Content: flows, facts and words from disk, as values for the engine and the channels.

Law: loaded once at start; what is wrong stops the start with `file:line: message`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from bot.content import hearing, signatures
from bot.content import readers as readers_room
from bot.content.catalogue import Catalogue, in_latin, load_catalogue
from bot.content.desk_words import desk_languages, load_desk_words
from bot.content.flows import CHANNEL, CHROME, PAGES, STAFF, SYSTEM, load_flows
from bot.content.knowledge import Facts, FactText, load_knowledge
from bot.content.languages import COMMANDS, FALLBACK, Language, as_choices, load_languages, universal_words, whose_words
from bot.content.readers.words import prepare
from bot.content.reply import Replies, WordsOf
from bot.content.signatures import Signature
from bot.content.source import ContentError, Problem
from bot.content.wording import fill
from bot.engine.answers import NAME
from bot.engine.engine import Rules
from bot.engine.events import Asked, Said
from bot.engine.flow import Flows, Readers, Say
from bot.engine.folding import fold
from bot.engine.messages import Reply
from bot.engine.phrases import Phrase, forget
from bot.engine.session import Session
from bot.engine.state import State

RETRY = "retry_"  # before the name of a reader
PRIVATE = ("exit", "keep", "link", "fine")  # of knowledge/phrases.yml: whole messages, looked at before anything else
SETTLED = (
    "rules",
    "_heard",
    "_folded",
    "_whose",
    "_words",
    "unsigned",
    "latin",
    "private",
)  # the same wherever this is served

__all__ = ["Content", "ContentError", "Problem", "load"]


@dataclass(frozen=True, repr=False)  # nobody reads a megabyte in a message of an error
class Content:
    """Everything that is written in data."""

    root: Path
    flows: Flows
    texts: Mapping[str, tuple[Say, ...]]
    languages: Mapping[str, Language]
    catalogue: Catalogue
    knowledge: Facts
    readers: Readers
    site: str = ""  # our public address, for links
    desk: Mapping[str, FactText] = field(default_factory=dict)  # the words of the caseworkers' pages
    signatures: Mapping[str, tuple[Signature, ...]] = field(default_factory=dict)  # under the danger texts, by language
    strict: bool = False  # production: danger texts that two people have not signed carry English

    def served(self, site: str, *, strict: bool) -> Content:
        """The same at this public address. What was reckoned once and does not depend on it is not reckoned again."""
        made = replace(self, site=site, strict=strict)
        vars(made).update({name: vars(self)[name] for name in SETTLED if name in vars(self)})
        return made

    @cached_property
    def rules(self) -> Rules:
        """The system flows that this installation has, and the flows that a phrase starts."""
        tables = [table for language in self.languages.values() for table in (language.phrases, language.sentences)]
        phrases = dict.fromkeys(flow for table in tables for flow in table if flow not in COMMANDS)
        return Rules(
            universal={c: c for c in COMMANDS if c in self.flows.by_name},
            phrases={name: name for name in phrases if name in self.flows.by_name},
            labels=hearing.by_label(self.flows, self.catalogue, self.languages),
            retries=self._retries,
        )

    @property
    def _retries(self) -> Mapping[str, str]:
        """`retry_date` of system.yml is said where a day was asked for and not understood, `retry_name` for a name."""
        said, sought = [say.id for say in self.texts.get(SYSTEM, ())], {*self.readers, NAME}
        return {i.removeprefix(RETRY): f"{SYSTEM}.{i}" for i in said if i.removeprefix(RETRY) in sought}

    @cached_property
    def _heard(self) -> tuple[Mapping[str, tuple[Phrase, ...]], ...]:
        options = hearing.option_phrases(self.flows, self.catalogue, self.languages)
        sentences, declining = hearing.sentences(self.languages), hearing.declining(self.languages)
        forget()
        return sentences, declining, options

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        return universal_words(self.languages)

    @cached_property
    def _whose(self) -> Mapping[str, str]:
        return whose_words(self.languages)

    @cached_property
    def _replies(self) -> Replies:
        facts, unsigned = self.knowledge.texts, self.unsigned if self.strict else frozenset()
        return Replies(self.flows, self.texts, self.catalogue, self.languages, facts, self.site, unsigned)

    @cached_property
    def unsigned(self) -> frozenset[str]:
        """The languages whose danger texts two people have not signed as they are now."""
        return signatures.unsigned(self.flows, self.catalogue, self.languages, self.signatures)

    @cached_property
    def latin(self) -> frozenset[str]:
        """Languages that have SMS texts in Latin letters besides their own."""
        return frozenset(
            code for code in self.languages if any(c.endswith(in_latin("")) for c in self.catalogue.contexts(code))
        )

    @cached_property
    def private(self) -> Mapping[str, frozenset[str]]:
        """The words by which a person hides or takes back, as they are compared: each message is held against all."""
        written = self.knowledge.get("phrases")
        return {name: frozenset(fold(str(word)) for word in written[name]) for name in PRIVATE}

    def named(self) -> list[dict[str, str]]:
        """The languages as pages of the web offer them, English first: code, own name, direction."""
        return [
            {"code": code, "name": language.name, "direction": language.direction}
            for code, language in self.languages.items()
        ]

    def whose(self, text: str) -> str:
        """The language of a message that only its table has ("samachar banda"); empty where none has it, or several."""
        return self._whose.get(fold(text), "")

    def words(self, language: str) -> WordsOf:
        """A language's words for the engine."""
        return self._words.get(language) or self._words_of(language)

    @cached_property
    def _words(self) -> Mapping[str, WordsOf]:
        return {code: self._words_of(code) for code in self.languages}

    def _words_of(self, language: str) -> WordsOf:
        return WordsOf(language, self.catalogue, self.languages, self._folded, self.knowledge.texts, *self._heard)

    def state(self, session: Session, language: str) -> State:
        """A session as the engine sees it, to ask what is open in it without running a turn."""
        return State(self.flows, session, self.words(language), self.readers, language, self.rules)

    def reply(
        self, event: Said | Asked, language: str, *, latin: bool = False, script: bool = True, beneath: bool = False
    ) -> Reply:
        """What the person reads. `latin`: she writes her language in Latin letters, so her SMS are in them too, where
        the language has such texts. `script` False: nobody knows which letters she reads, so all that she gets is in
        Latin ones, else in English. `beneath`: the language is a guess by one word, so English stands under danger."""
        known = language if language in self.languages else FALLBACK
        return self._replies.make(event, known, latin=latin, script=script, beneath=beneath)

    def called(self, language: str, *, latin: bool) -> str:
        """What a person writes, alone in a message, for a language: its own name, `latin`: one in Latin letters. Not a
        name that is a country's too."""
        own = self.languages[language]
        names = [*(() if latin else (own.name,)), own.latin, *own.also]
        return next((name for name in names if self.rules.labels.get(fold(name)) == hearing.LANGUAGE), own.name)

    def chrome(self, language: str) -> dict[str, str]:
        """The channels' own words in a language, by id."""
        known = language if language in self.languages else FALLBACK
        return {say.id: self._replies.text(known, f"{CHROME}.{say.id}") for say in self.texts.get(CHROME, ())}

    def channel(self, language: str, *, latin: bool = False, **slots: str) -> dict[str, str]:
        """What the channels say by themselves, by id, filled; in Latin letters where there are such."""
        known = language if language in self.languages else FALLBACK
        return {
            say.id: self._replies.loose(known, f"{CHANNEL}.{say.id}", slots, latin=latin)
            for say in self.texts.get(CHANNEL, ())
        }

    def page(self, language: str, slots: Mapping[str, Any]) -> dict[str, str]:
        """The words of web pages and papers in a language, by id, filled with slot values."""
        known = language if language in self.languages else FALLBACK
        return {say.id: self._replies.loose(known, f"{PAGES}.{say.id}", slots) for say in self.texts.get(PAGES, ())}

    def desk_languages(self) -> list[str]:
        """The languages in which the desk can be read, English first."""
        return desk_languages(self.root, self.languages)

    def desk_word(self, language: str, text_id: str, values: Mapping[str, Any]) -> str:
        """A word of the desk (`queue.title`), filled. Raises KeyError for one that nobody wrote."""
        text = self.desk[f"desk.{text_id}"]
        return fill(self.catalogue.text(language, text.id, text.english), values, language, isolate=True)

    def staff(self, language: str, text: str, slots: Mapping[str, Any]) -> str:
        """What a colleague is told outside the desk: a text of flows/staff.yml."""
        return self._replies.loose(language if language in self.languages else FALLBACK, f"{STAFF}.{text}", slots)

    def said(self, language: str, value: Any) -> str:
        """One value of a slot as words."""
        return self._replies.said(language if language in self.languages else FALLBACK, value)


def load_readers() -> Readers:
    """Slot type `amount` is `readers/amount.py`."""
    names = [m.name for m in pkgutil.iter_modules(readers_room.__path__)]
    modules = {name: importlib.import_module(f"{readers_room.__name__}.{name}") for name in names}
    return {name: module.reader for name, module in modules.items() if hasattr(module, "reader")}


def load(root: Path) -> Content:
    """Read everything. Raises ContentError with all problems of the first kind of file that has any."""
    languages = load_languages(root)
    prepare(languages)
    flows, texts = load_flows(root, as_choices(languages))
    catalogue, knowledge = load_catalogue(root, languages), _with_languages(load_knowledge(root), languages)
    signed = signatures.load_signatures(root, languages)
    desk = load_desk_words(root)
    forget()  # phrases were only looked at here: who hears them reads them again
    return Content(root, flows, texts, languages, catalogue, knowledge, load_readers(), desk=desk, signatures=signed)


def _with_languages(knowledge: Facts, languages: Mapping[str, Language]) -> Facts:
    """What the languages say of themselves, where handlers read: `knowledge/languages.yml` and `spoken` beside it."""
    spoken = {code: dict(language.likely) for code, language in languages.items()}
    rules = {**knowledge.by_name.get("languages", {}), "spoken": spoken}
    return Facts({**knowledge.by_name, "languages": rules}, knowledge.texts)
