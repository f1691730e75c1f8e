"""A small helpline on disk, in order, and what is put on top of it to make it wrong.

Law: the handlers, channels and readers are the real ones; only flows, words and facts are written here. A test names
the file and line at which a rule must speak, so nothing passes because some other rule spoke elsewhere.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from bot.check import run
from bot.content import Problem, load

UNIVERSAL = {
    "menu": "menu",
    "back": "back",
    "human": "help",
    "language": "language",
    "status": "status",
    "clear": "clear",
    "delete": "delete",
    "stop": "stop",
    "start": "start",
}
NEPALI = {
    "menu": "मेनु",
    "back": "पछाडि",
    "human": "मान्छे",
    "language": "भाषा",
    "status": "अवस्था",
    "clear": "सफा",
    "delete": "मेटाउ",
    "stop": "रोक",
    "start": "सुरु",
}
SYSTEM = (
    "retry",
    "retry_help",
    "old_button",
    "lost_step",
    "limit",
    "media_received",
    "nothing_to_go_back",
    "trouble",
)


def language(name: str, english: str, universal: dict[str, str]) -> str:
    """A language.yml with one word per command."""
    words = "".join(f"  {command}: [{word}]\n" for command, word in universal.items())
    return f"name: {name}\nenglish_name: {english}\ndirection: ltr\nalso: []\nreviewer: null\nuniversal:\n{words}"


def flow(name: str, steps: str, head: str = "") -> str:
    """A flow file: two lines, `head`, `steps:`, then the steps as they are written."""
    return f"flow: {name}\nlevel: system\n{head}steps:\n{steps}"


GOOD = {
    "locales/en/language.yml": language("English", "English", UNIVERSAL),
    "flows/system.yml": "texts:\n" + "".join(f'  {one}: {{text: "{one}", sms: "{one}"}}\n' for one in SYSTEM),
    "flows/chrome.yml": 'texts:\n  list_label: "Choose"\n  more: "More"\n',
    "knowledge/discreet.yml": "en: {never: [police, help line], start: [danger]}\nne: {never: [पुलिस], start: []}\n",
    **{f"flows/{name}.yml": flow(name, "  - end\n") for name in ("menu", "human", "resume", "welcome")},
}


def write(root: Path, **more: str) -> Path:
    """The good content with `more` on top: file names with `/` and `.` as `__` and `_dot_` are not needed, use `put`."""
    return put(root, {**GOOD, **more})


def put(root: Path, files: dict[str, str]) -> Path:
    """Write files under the root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root
