"""Telling a transcript on one channel in one language, and holding what happens against what it expects.

Law: what a turn does not expect must not happen: silence, no page and a reply that leaves are the rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

import yaml

from bot.content import Content
from bot.engine.events import Asked
from bot.engine.flow import Ask, Choice
from bot.engine.inputs import Danger, Meaning, Started, TimedOut
from bot.nlu.danger import DangerFloor
from bot.nlu.understanding import Understanding
from bot.settings import ROOT
from bot.store.records import Licence
from tests.conftest import NOON
from tests.conversations import laws
from tests.conversations.harness import CHANNELS, Line, Phone, recording
from tests.conversations.transcript import HERE, INPUTS, Transcript

NATIVE, LATIN = LETTERS = "native", "latin"
TYPED = ("synonym", "label")  # where the letters count
STYLES = ("number", "label", "press", "synonym", "short")
NIGHT = timedelta(hours=12)  # from noon to midnight in Kathmandu
PLAIN = "zz qq"  # what she writes when only its meaning counts


@cache
def floor() -> Understanding:
    """The danger floor alone, as when the classifier is down."""
    return Understanding(None, DangerFloor.load(ROOT / "nlu_data"))


@cache
def _in_danger(way: str) -> bool:
    return floor().understand([way])[0].danger is not None


@cache
def _lines() -> Mapping[str, Mapping[str, list[str]]]:
    lines: Mapping[str, Mapping[str, list[str]]] = yaml.safe_load((HERE / "tables" / "lines.yml").read_text("utf-8"))
    return lines


def spoken(content: Content, english: Any, language: str) -> Any:
    """The same in another language: of the table, or the language's own word for a command or a flow; else English."""
    first = str(english[0] if isinstance(english, list) else english)
    if found := _lines().get(first, {}).get(language):
        return found
    command, own = content.words("en").universal(first), content.languages[language]
    ways = own.universal.get(command or "") or own.phrases.get(command or "") or ()
    ways = tuple(w for w in ways if not _in_danger(w))  # "save me" is more than "help"
    # A single word may be the carriers' own, and is obeyed where a sentence is an answer.
    alike = [w for w in ways if (len(w.split()) > 1) == (len(first.split()) > 1)]
    return alike or (list(ways) if command != "stop" else english) or english


def _is_latin(text: str) -> bool:
    return all(c.isascii() for c in text if c.isalpha())


class Telling:
    """One transcript, told on one channel in one language. `variant` 0, 1, ... picks how an answer is written; with
    `letters` NATIVE or LATIN all that is typed is in those, where the language has both."""

    def __init__(
        self, content: Content, transcript: Transcript, channel: str, language: str, variant: int, letters: str = ""
    ) -> None:
        start = transcript.start
        self.letters = letters
        self.transcript, self.variant = transcript, variant
        self.phone = Phone(
            recording(content),
            channel,
            language,
            number=start.get("number", ""),
            chosen=start.get("chosen", True),
            templates=start.get("templates", False),
        )
        if start.get("night"):
            self.phone.later(hours=NIGHT.total_seconds() / 3600)
        if start.get("consent"):
            self.phone.subject.person.consent_store_at = self.phone.subject.person.consent_contact_at = NOON
        self.phone.subject.person.country = start.get("country")
        self.phone.subject.person.profile = deepcopy(start.get("profile", {}))
        self.phone.world.licences += [licence(**row) for row in start.get("licences", ())]
        for kind, key in (("word", "word"), ("second", "duress")):
            if kind in start:
                self.phone.has_word(key, str(start[kind]))
        for number, row in enumerate(start.get("shelf", ()), 1):
            self.phone.has(UUID(int=number), **row)
        if "readers" in start:
            self.phone.read_by(start["readers"])
        if "team" in start:
            self.phone.answered_by(start["team"])
        self.told: list[str] = []
        self.log: list[tuple[str, str]] = []  # ("<", what she wrote), (">", what the phone shows)
        self.one_segment = laws.budgeted(content.flows) | {"system"}

    async def run(self) -> list[Line]:
        """All turns, each held against what it expects; returns all that we said."""
        for number, turn in enumerate(self.transcript.turns, 1):
            if "after" in turn:
                self.phone.later(**turn["after"])
            new = await self._do(turn, number)
            self.log += [("<", self.phone.wrote), *((">", self.phone.shown(line)) for line in new)]
            where = f"{self.transcript.name}, turn {number}, {self.phone.channel} in {self.phone.language}"
            self._hold(turn, new, where)
        most, lines = self.transcript.messages, laws.to_the_number(self.phone.lines)
        assert not most or len(lines) <= most, f"{len(lines)} messages, more than {most}"
        return self.phone.lines

    # -- what happens

    async def _do(self, turn: Mapping[str, Any], number: int) -> list[Line]:
        phone = self.phone
        match next((k for k in INPUTS if k in turn), "meaning"):
            case "answer":
                return await self._answer(str(turn["answer"]), number)
            case "press":
                step, _, option = turn["press"].partition("=")
                taps = any(part.buttons for line in phone.lines for part in line.parts)  # else she types it
                return await (phone.tap(step, option) if taps else self._answer(option, number))
            case "share":
                caption = self._words(turn.get("caption", ""))
                return await phone.share(turn["share"], caption, self._meaning(turn, caption))
            case "staff":
                if turn["staff"] == "take":
                    await phone.answered_by_human()
                    return []
                if turn["staff"] == "close":
                    await phone.closed_by_human()
                    return []
                return await phone.released()
            case "started":
                return await phone.give(Started(turn["started"], turn.get("by", "job"), turn.get("slots", {})))
            case "timed_out":
                return await phone.give(TimedOut(turn["timed_out"]))
            case "edit":
                return await self._write(turn, self._words(turn["edit"]), edited=True)
            case "say":
                return await self._write(turn, self._words(turn["say"]))
            case _:
                return await phone.hear(PLAIN, self._meaning(turn, ""))

    async def _write(self, turn: Mapping[str, Any], text: str, *, edited: bool = False) -> list[Line]:
        self.told.append(text)
        return await self.phone.hear(text, self._meaning(turn, text), edited=edited)

    def _words(self, said: Any) -> str:
        """A line, or one of several ways to write it, in her language; English where the transcript has no line."""
        if isinstance(said, Mapping):
            said = said.get(self.phone.language) or spoken(self.phone.content, said["en"], self.phone.language)
        return self._written([str(way) for way in said]) if isinstance(said, list) else str(said)

    def _written(self, ways: Sequence[str]) -> str:
        """One of several ways to write the same."""
        if self.letters:
            ways = [w for w in ways if _is_latin(w) == (self.letters == LATIN)] or ways
        return ways[self.variant % len(ways)]

    def _meaning(self, turn: Mapping[str, Any], text: str) -> Meaning:
        """What understanding makes of it: the transcript's word, else that of the rules."""
        meaning = floor().understand([text])[0] if text else Meaning()
        if "intent" in turn:
            meaning = replace(meaning, intent=turn["intent"], confidence=0.95, entities=turn.get("entities", {}))
        if "danger" in turn:
            meaning = replace(meaning, danger=Danger(turn["danger"], turn.get("tier", "page")))
        unsure = turn.get("unsure") or not (text or "intent" in turn or "danger" in turn)
        return replace(meaning, language="" if unsure else self.phone.language)

    async def _answer(self, option: str, number: int) -> list[Line]:
        """Answer the open question with an option: typed as a number, label or synonym, or tapped."""
        phone = self.phone
        line = next(line for line in reversed(phone.lines) if line.reply.step == phone.asking)
        step = line.reply.step
        ids = [o.id for o in line.reply.options]
        if option not in ids and option in phone.content.languages and step.endswith(".language"):
            return await phone.hear(phone.content.languages[option].name)  # on another page of the list: by its name
        assert option in ids, f"{step} has no option {option}: {ids}"
        shown = line.reply.options[ids.index(option)]
        tappable = any(b.payload.startswith(f"{step}|{option}|") for p in line.parts for b in p.buttons)
        styles = TYPED if self.letters else STYLES
        style = styles[(self.variant + number + list(CHANNELS).index(phone.channel)) % len(styles)]
        if style == "press" and tappable:
            return await phone.tap(step, option)
        if style in ("number", "press") and line.reply.numbered:
            return await phone.hear(str(ids.index(option) + 1))
        if style == "synonym":
            words = phone.content.words(line.reply.language)
            offered = {c.id: c for c in line.event.offered} if isinstance(line.event, Asked) else {}
            meant = offered.get(option) or choice(phone.content, step, option)
            accepted = words.label(step, meant).accepted
            if self.letters:
                accepted = tuple(w for w in accepted if _is_latin(w) == (self.letters == LATIN)) or accepted
            return await phone.hear(accepted[(self.variant + number) % len(accepted)] if accepted else shown.label)
        return await phone.hear(shown.short if style == "short" and shown.short else shown.label)

    # -- what was expected

    def _hold(self, turn: Mapping[str, Any], new: Sequence[Line], where: str) -> None:
        phone = self.phone
        expected = [*turn.get("says", []), *([turn["asks"]] if "asks" in turn else [])]
        text = "\n".join(f"  {line.id} [{line.state}]: {phone.shown(line)}" for line in new)
        assert [line.id for line in new] == expected, f"{where}:\n{text}"
        for line in new:
            wrong = [*laws.faults(phone, line, self.one_segment), *laws.repeated(phone, line, self.told)]
            wrong += laws.telling(phone, line, turn.get("started", ""))
            assert not wrong, f"{where}, {line.id}: {wrong}: {phone.shown(line)!r}"
            answered = {turn.get("in", phone.language), *(("en",) if laws.unscripted(phone) else ())}
            assert line.reply.language in answered, f"{where}: in {line.reply.language}"
            assert line.state == turn.get("state", "queued"), f"{where}: {line.id} is {line.state}"
        pages = [n["kind"] for n in phone.notices if n["audience"] == "page"]
        assert pages == turn.get("pages", []), f"{where}: pages {pages}"
        queue = [n["kind"] for n in phone.notices if n["audience"] == "queue"]
        assert "queue" not in turn or queue == turn["queue"], f"{where}: queue {queue}"
        assert "owner" not in turn or phone.conversation.owner == turn["owner"], f"{where}: {phone.conversation.owner}"
        self._hold_case(turn, where)
        self._hold_person(turn.get("person", {}), where)

    def _hold_case(self, turn: Mapping[str, Any], where: str) -> None:
        if "case" not in turn:
            return
        case, wanted = self.phone.case, turn["case"]
        if wanted == "none":
            assert case is None, f"{where}: there is a case"
            return
        assert case is not None, f"{where}: there is no case"
        for name, value in wanted.items():
            if name == "facts":
                assert _within(value, case.facts), f"{where}: facts {case.facts}"
            elif name == "count":
                assert len(self.phone.subject.cases) == value, f"{where}: {len(self.phone.subject.cases)} cases"
            else:
                assert getattr(case, name) == value, f"{where}: case {name} {getattr(case, name)}"

    def _hold_person(self, wanted: Mapping[str, Any], where: str) -> None:
        person = self.phone.subject.person
        have: dict[str, Any] = {
            "consent": "yes" if person.consent_store_at else "no" if person.consent_refused_at else "",
            "stopped": person.opted_out_at is not None,
            "country": person.country,
            "agreed": self.phone.conversation.agreed_until is not None,
            "erased": person.erase_at is not None,
            "seized": person.seized_at is not None,
            "linking": person.link_code_id is not None,
            "hours": [person.safe_from, person.safe_until],
            "profile": person.profile,
            "kept": sorted(
                person.profile.keys() - {"latin", "unscripted", "stem"}
            ),  # how she writes is noted by the way
            "language": "own" if person.language == self.phone.language else person.language,
        }
        wrong = {k: have[k] for k in wanted if not _within(wanted[k], have[k])}
        assert not wrong, f"{where}: {wrong}"


def licence(name: str, number: str, country: str = "NP", status: str = "licensed", **more: Any) -> Licence:
    """One of the operator's list, of three days ago or `as_of` so many days."""
    until = NOON.date() + timedelta(days=more["days_left"]) if "days_left" in more else None
    as_of = NOON - timedelta(days=more.get("as_of", 3))
    return Licence(
        country=country, number=number, name=name, status=status, valid_until=until, imported_at=as_of, id=uuid4()
    )


def _within(wanted: Any, have: Any) -> bool:
    """Whether all that is wanted is there; null = it must not be."""
    if isinstance(wanted, Mapping):
        return isinstance(have, Mapping) and all(_within(v, have.get(k)) for k, v in wanted.items())
    return bool(wanted == have)


def choice(content: Content, step: str, option: str) -> Choice:
    """The option of a question, `flow.step`."""
    name, _, step_id = step.partition(".")
    ask = next(s for s in content.flows.by_name[name].steps if s.id == step_id)
    assert isinstance(ask, Ask)
    found: Choice = next(c for c in (*ask.choices, *((ask.skip,) if ask.skip else ())) if c.id == option)
    return found
