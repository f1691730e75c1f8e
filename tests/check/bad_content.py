"""A small helpline on disk that is in order, and what is put on top of it to make it wrong.

Law: handlers, channels and readers are the real ones; only flows, words and facts are written here. The good content
has no problem at all, so a test can say of a bad one that it has these problems and no others.
"""

from __future__ import annotations

from pathlib import Path

import polib

from bot.check import run
from bot.check.extract import write_pot
from bot.check.targets import SENTENCES as ENGINE_SENTENCES

WORDS = {
    "en": "menu back help language status clear delete complain stop start",
    "ne": "मेनु पछाडि मान्छे भाषा अवस्था सफा मेटाउ उजुरी रोक सुरु",
}
COMMANDS = ["menu", "back", "human", "language", "status", "clear", "delete", "complain", "stop", "start"]
SENTENCES = ENGINE_SENTENCES["system"]
CATALOGUE = "locales/ne/LC_MESSAGES/messages.po"


def language(name: str, english: str, words: str) -> str:
    """A language.yml with one word per command, in the order of COMMANDS."""
    universal = "".join(f"  {c}: [{w}]\n" for c, w in zip(COMMANDS, words.split(), strict=True))
    return f"name: {name}\nenglish_name: {english}\ndirection: ltr\nalso: []\nreviewer: null\nuniversal:\n{universal}"


def flow(name: str, steps: str, head: str = "level: system") -> str:
    """A flow file: its name on line 1, `head` on line 2 (and on), then `steps:` and the steps as they are written."""
    return f"flow: {name}\n{head}\nsteps:\n{steps.strip(chr(10))}\n"


GOOD = {
    "locales/en/language.yml": language("English", "English", WORDS["en"]),
    "flows/system.yml": "texts:\n" + "".join(f'  {one}: {{text: "{one}", sms: "{one}"}}\n' for one in SENTENCES),
    "flows/chrome.yml": 'texts:\n  list_label: "Choose"\n  more: "More"\n',
    "flows/pages.yml": "texts:\n" + "".join(f'  {one}: "{one}"\n' for one in ENGINE_SENTENCES["pages"]),
    "flows/staff.yml": "texts:\n" + "".join(f'  {one}: "{one}"\n' for one in ENGINE_SENTENCES["staff"]),
    "flows/channel.yml": "texts:\n" + "".join(f'  {one}: "{one}"\n' for one in ENGINE_SENTENCES["channel"]),
    "knowledge/discreet.yml": (
        "en: {never: [police, help line], start: [danger]}\nne: {never: [पुलिस], start: [], prefixes: [को]}\n"
    ),
    "knowledge/emergency.yml": 'numbers: {OM: "9999", KW: "112"}\n',
    **{f"flows/{name}.yml": flow(name, "  - end") for name in ("menu", "human", "resume", "welcome", "gentle", "stay")},
}
NEPALI = {"locales/ne/language.yml": language("नेपाली", "Nepali", WORDS["ne"])}


def write(root: Path, files: dict[str, str]) -> Path:
    """The good content with these files on top."""
    for name, text in {**GOOD, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root


def expect(root: Path, files: dict[str, str], *wanted: tuple[str, str]) -> None:
    """The content with these files has exactly these problems: `file:line`, and a part of the message."""
    same(root=write(root, files), wanted=wanted)


def same(root: Path, wanted: tuple[tuple[str, str], ...]) -> None:
    """Compare the problems of a root with those wanted, in any order."""
    found = sorted((f"{p.file}:{p.line}", p.message) for p in run(root))
    shown = "\n".join(f"{place}: {message}" for place, message in found)
    assert [place for place, _ in found] == sorted(place for place, _ in wanted), shown
    for place, part in wanted:
        assert any(place == there and part in message for there, message in found), f"{place}: {part} not in\n{shown}"


def translate(root: Path, files: dict[str, str], words: dict[str, str]) -> dict[str, str]:
    """The content in Nepali too: all of it in order, but `words` by context. Gives `file:line` of each context."""
    write(root, {**NEPALI, **files})
    write_pot(root)
    path = root / CATALOGUE
    catalogue = polib.pofile(str(path), encoding="utf-8", wrapwidth=110)
    for number, entry in enumerate(catalogue):
        own = f"ne{number} {entry.msgid}" if "#option." not in entry.msgctxt else f"ne{number}"
        entry.msgstr = words.get(entry.msgctxt, own)
    path.write_text(f"{catalogue}\n", "utf-8")
    return places(root)


def places(root: Path) -> dict[str, str]:
    """Where the entries of the Nepali catalogue begin, with their comments: `file:line` by context."""
    found, begins = {}, 1
    for number, line in enumerate((root / CATALOGUE).read_text("utf-8").splitlines(), 1):
        if not line:
            begins = number + 1
        if line.startswith("msgctxt "):
            found[line.split('"')[1]] = f"{CATALOGUE}:{begins}"
    return found
