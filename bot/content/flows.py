"""Flows from YAML to engine values (docs/flows.md says how they are written).

Law: collects every problem before it gives up; what it makes is immutable and is all that the engine sees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from bot.content.sheet import Sheet
from bot.content.source import ContentError, Place, Problem, files, read
from bot.content.steps import ID, Steps
from bot.engine.flow import Choice, Flow, Flows, Say

LEVELS = ("danger", "serious", "grievance", "information", "system")
SYSTEM = "system"  # flows/system.yml holds the engine's own sentences
CHANNEL = "channel"  # flows/channel.yml: what the channels say by themselves
CHROME = "chrome"  # flows/chrome.yml holds the channels' own words
PAGES = "pages"  # flows/pages.yml holds the words of web pages and papers
STAFF = "staff"  # flows/staff.yml holds what colleagues are told outside the desk
LOOSE = frozenset({SYSTEM, CHANNEL, CHROME, PAGES, STAFF})  # files of texts that no step says
_FLOW = ("flow", "title", "level", "starts_on", "budget", "listens", "ends", "steps")
_TEXT = ("text", "sms", "safety", "sensitivity")


def load_flows(root: Path, languages: Iterable[Choice]) -> tuple[Flows, dict[str, tuple[Say, ...]]]:
    """All flows, and the loose texts by file (`system`, ...). `languages`: the options of `options: languages`.

    Raises ContentError with every problem found.
    """
    flows: dict[str, Flow] = {}
    texts: dict[str, tuple[Say, ...]] = {}
    problems: list[Problem] = []
    by_intent: dict[str, str] = {}
    options = tuple(languages)
    for path in files(root / "flows"):
        sheet = Sheet(path.relative_to(root).as_posix())
        try:
            top = read(path, root)
        except ContentError as error:
            problems += error.problems
            continue
        if path.stem in LOOSE:
            texts[path.stem] = _texts(sheet, top, options)
        else:
            flow = _flow(sheet, top, path.stem, options)
            flows[flow.name] = flow
            for intent in flow.starts_on:
                if by_intent.setdefault(intent, flow.name) != flow.name:
                    sheet.wrong(top.at("starts_on"), f"{intent} starts the flow {by_intent[intent]} already")
        problems += sheet.problems
    if problems:
        raise ContentError(problems)
    return Flows(flows, by_intent), texts


def version(top: Place) -> str:
    """What buttons carry: another content of the file is another version, another layout or comment is not."""
    canonical = json.dumps(top, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:6]


def _flow(sheet: Sheet, top: Place, name: str, languages: tuple[Choice, ...]) -> Flow:
    sheet.only(top, _FLOW, "a flow")
    if sheet.text(top, "flow") != name or not ID.match(name):
        sheet.wrong(top.at("flow"), f"`flow:` is the name of the file, at most 24 small letters, digits and _: {name}")
    budget = sheet.table(top, "budget")
    sheet.only(budget, ("sms",), "`budget:`")
    steps = Steps(sheet, languages)
    return Flow(
        name=name,
        version=version(top),
        steps=tuple(steps.read(top)),
        starts_on=sheet.words(top, "starts_on"),
        level=sheet.one_of(top, "level", LEVELS, "information"),
        listens=steps.fills(top, "listens"),
        ends=sheet.words(top, "ends"),
        source=f"{sheet.file}:{top.at('flow')}",
        sms_budget=sheet.whole(budget, "sms"),
    )


def _texts(sheet: Sheet, top: Place, languages: tuple[Choice, ...]) -> tuple[Say, ...]:
    """The sentences of a file of loose texts: words, or a mapping with the same keys as a `say`."""
    sheet.only(top, ("texts",), "this file")
    entries = sheet.table(top, "texts")
    steps, made = Steps(sheet, languages), []
    for key in entries:
        line = entries.at(key)
        alone = not isinstance(entries[key], Place)
        entry = Place.empty(line, {"text": entries[key]}) if alone else entries[key]
        sheet.only(entry, _TEXT, "a text")
        made.append(steps.say(key, entry, f"{sheet.file}:{line}"))
    return tuple(made)
