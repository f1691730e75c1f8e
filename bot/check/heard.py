"""Rule: what people write for a topic or a need belongs to one of them.

Law: a phrase under two keys would be read as the first one, which is a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.content import Content, Problem
from bot.content.source import Place
from bot.engine.answers import fold

NAMES = ("topics", "needs")


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Phrases of two keys, and languages without any."""
    for name in NAMES:
        owners: dict[str, str] = {}
        for key, entry in content.knowledge.by_name.get(name, {}).get(name, {}).items():
            file, heard = f"knowledge/{name}.yml", entry.get("heard") or Place.empty(entry.line)
            for language in [code for code in content.languages if not heard.get(code)]:
                yield Problem(file, entry.at("heard"), f"no words of {language} for {key}")
            for language, phrases in heard.items():
                for phrase in phrases:
                    owner = owners.setdefault(fold(str(phrase)), key)
                    if owner != key:
                        yield Problem(file, heard.at(language), f"{phrase} is heard as {owner} already, not as {key}")
