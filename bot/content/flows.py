"""Flows from YAML to engine values (docs/flows.md says how they are written).

Law: collects every problem before it gives up; what it makes is immutable and is all that the engine sees.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from bot.content.source import ContentError, Place, Problem, files, read
from bot.engine.flow import Ask, Call, Choice, Do, End, Fill, Flow, Flows, Goto, If, Say, Step
from bot.engine.messages import Sensitivity

LEVELS = ("danger", "serious", "grievance", "information", "system")
READERS = ("text", "number", "amount", "date", "country", "phone", "media", "location")
KINDS = ("say", "ask", "do", "if", "goto", "call", "end")
SYSTEM = "system"  # flows/system.yml holds the engine's own sentences
CHROME = "chrome"  # flows/chrome.yml holds the channels' own words
_ID = re.compile(r"[a-z][a-z0-9_]{0,23}\Z")
_ARGS = ("unit",)
_COMMON = ("slot", "sms", "safety", "sensitivity")
_FIELDS: dict[str, tuple[str, ...]] = {
    "say": ("text", *_COMMON),
    "ask": ("say", "options", "type", "fills", "keep", "skip", "always", "shared", "first", *_COMMON, *_ARGS),
    "do": ("action", "with", "on"),
    "if": ("then", "else"),
    "goto": (),
    "call": ("flow", "with", "take"),
    "end": (),
}


class _Reader:
    """Reads one file."""

    def __init__(self, path: Path, root: Path, languages: Iterable[Choice]) -> None:
        self._path = path
        self.file = path.relative_to(root).as_posix()
        self.top = read(path, root)
        self.problems: list[Problem] = []
        self._languages = tuple(languages)
        self._ids: dict[str, int] = {}

    def wrong(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.file, line, message))

    def flow(self) -> Flow:
        top, name = self.top, self._path.stem
        for key in top:
            if key not in {"flow", "title", "level", "starts_on", "budget", "listens", "steps"}:
                self.wrong(top.lines[key], f"a flow has no `{key}`")
        if top.get("flow") != name:
            self.wrong(top.lines.get("flow", 1), f"`flow:` must be the name of the file: {name}")
        level = top.get("level", "information")
        if level not in LEVELS:
            self.wrong(top.lines["level"], f"`level:` is one of {', '.join(LEVELS)}")
        budget = top.get("budget") or Place()
        raw = self._path.read_bytes().replace(b"\r\n", b"\n")
        return Flow(
            name=name,
            version=hashlib.sha256(raw).hexdigest()[:6],
            steps=tuple(self._steps(top.get("steps"))),
            starts_on=tuple(str(i) for i in top.get("starts_on") or ()),
            level=str(level),
            listens=self._fills(top.get("listens") or Place()),
            source=f"{self.file}:1",
            sms_budget=int(budget.get("sms", 0)),
        )

    def texts(self) -> tuple[Say, ...]:
        """The sentences of system.yml and chrome.yml."""
        texts = self.top.get("texts")
        if not isinstance(texts, Place):
            self.wrong(1, "`texts:` is expected here")
            return ()
        made = []
        for key, value in texts.items():
            entry = value if isinstance(value, Place) else Place(text=value)
            made.append(
                Say(
                    id=key,
                    text=str(entry.get("text", "")),
                    sms=str(entry.get("sms", "")),
                    safety=bool(entry.get("safety", False)),
                    source=f"{self.file}:{texts.lines[key]}",
                )
            )
        return tuple(made)

    # --- steps

    def _steps(self, raw: Any) -> Iterable[Step]:
        if not isinstance(raw, list) or not raw:
            self.wrong(self.top.lines.get("steps", 1), "`steps:` must be a list with at least one step")
            return
        for number, item in enumerate(raw, 1):
            place = Place({item: None}) if isinstance(item, str) and item in {"end"} else item
            if not isinstance(place, Place):
                self.wrong(self.top.lines.get("steps", 1), f"step {number} is no step")
                continue
            kinds = [k for k in KINDS if k in place]
            kind = "ask" if "ask" in kinds else kinds[0] if kinds else ""
            if not kind:
                self.wrong(place.line, f"a step begins with one of {', '.join(KINDS)}")
                continue
            yield from self._step(kind, place, number)

    def _step(self, kind: str, place: Place, number: int) -> Iterable[Step]:
        line = place.line or self.top.lines.get("steps", 1)
        for key in place:
            if key != kind and key not in _FIELDS[kind]:
                self.wrong(place.lines.get(key, line), f"`{kind}` has no `{key}`")
        generated = kind in {"if", "goto"} or place[kind] is None
        step_id = f"{kind}_{number}" if generated else str(place[kind])
        if not _ID.match(step_id):
            self.wrong(line, f"a step's id is at most 24 small letters, digits and _: {step_id}")
        if step_id in self._ids:
            self.wrong(line, f"the id {step_id} is used by the step at line {self._ids[step_id]} already")
        self._ids[step_id] = line
        make: dict[str, Callable[[str, Place, str], Step]] = {
            "say": self._say,
            "ask": self._ask,
            "do": self._do,
            "if": self._if,
            "goto": lambda i, p, s: Goto(i, str(p["goto"]), s),
            "call": self._call,
            "end": lambda i, _, s: End(i, s),
        }
        try:
            yield make[kind](step_id, place, f"{self.file}:{line}")
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            self.wrong(line, f"step {step_id} lacks or misuses {error}")

    def _voice(self, place: Place) -> dict[str, Any]:
        return {
            "sms": str(place.get("sms") or ""),
            "safety": bool(place.get("safety", False)),
            "sensitivity": Sensitivity(place.get("sensitivity", "neutral")),
        }

    def _say(self, step_id: str, place: Place, source: str) -> Say:
        return Say(id=step_id, text=str(place["text"]), source=source, **self._voice(place))

    def _ask(self, step_id: str, place: Place, source: str) -> Ask:
        slot = str(place.get("slot", step_id))
        choices = self._choices(place)
        if "fills" in place:
            fills = self._fills(place["fills"])
        elif choices:
            fills = ()
        else:
            args = {k: place[k] for k in _ARGS if k in place}
            fills = (Fill(slot, self._reader_name(str(place["type"]), place.line), args),)
        skip = place.get("skip")
        return Ask(
            id=step_id,
            text=str(place["say"]),
            slot=slot,
            choices=choices,
            fills=fills,
            keep=str(place.get("keep", "")),
            skip=replace(self._choice(Place({**skip, "id": "skip"})), id="skip") if skip else None,
            always=bool(place.get("always", False)),
            shared=bool(place.get("shared", False)),
            first=str(place.get("first", "")),
            source=source,
            **self._voice(place),
        )

    def _choices(self, place: Place) -> tuple[Choice, ...]:
        raw = place.get("options")
        if raw == "languages":
            return self._languages
        if raw is None:
            return ()
        return tuple(self._choice(option) for option in raw)

    def _choice(self, option: Mapping[str, Any]) -> Choice:
        return Choice(
            id=str(option["id"]),
            label=str(option["label"]),
            short=str(option.get("sms") or ""),
            synonyms=tuple(str(s) for s in option.get("synonyms") or ()),
            goto=str(option.get("goto") or ""),
        )

    def _fills(self, raw: Mapping[str, Any]) -> tuple[Fill, ...]:
        made = []
        for slot, spec in raw.items():
            args = {k: v for k, v in spec.items() if k != "type"}
            made.append(Fill(slot, self._reader_name(str(spec["type"]), getattr(spec, "line", 1)), args))
        return tuple(made)

    def _reader_name(self, name: str, line: int) -> str:
        if name not in READERS:
            self.wrong(line, f"`type:` is one of {', '.join(READERS)}, not {name}")
        return name

    def _do(self, step_id: str, place: Place, source: str) -> Do:
        on = {str(k): str(v) for k, v in (place.get("on") or {}).items()}
        return Do(step_id, str(place["action"]), dict(place.get("with") or {}), on, source)

    def _if(self, step_id: str, place: Place, source: str) -> If:
        return If(step_id, str(place["if"]), str(place["then"]), str(place.get("else") or ""), source)

    def _call(self, step_id: str, place: Place, source: str) -> Call:
        return Call(step_id, str(place["flow"]), dict(place.get("with") or {}), dict(place.get("take") or {}), source)


def load_flows(root: Path, languages: Iterable[Choice]) -> tuple[Flows, dict[str, tuple[Say, ...]]]:
    """All flows, and the loose texts by file (`system`, `chrome`). `languages`: the options of `options: languages`.

    Raises ContentError with every problem found.
    """
    flows: dict[str, Flow] = {}
    texts: dict[str, tuple[Say, ...]] = {}
    problems: list[Problem] = []
    by_intent: dict[str, str] = {}
    options = tuple(languages)
    for path in files(root / "flows"):
        try:
            reader = _Reader(path, root, options)
        except ContentError as error:
            problems += error.problems
            continue
        if path.stem in {SYSTEM, CHROME}:
            texts[path.stem] = reader.texts()
        else:
            flow = reader.flow()
            flows[flow.name] = flow
            for intent in flow.starts_on:
                if intent in by_intent:
                    reader.wrong(reader.top.lines["starts_on"], f"{intent} starts the flow {by_intent[intent]} already")
                by_intent[intent] = flow.name
        problems += reader.problems
    if problems:
        raise ContentError(problems)
    return Flows(flows, by_intent), texts
