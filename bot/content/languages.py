"""Languages: a folder in `locales/` is a language, and its `language.yml` says how it is spoken to.

Law: no language is named in Python; what is on disk is what there is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.content.source import ContentError, Problem, read
from bot.engine.answers import fold
from bot.engine.flow import Choice

COMMANDS = ("menu", "back", "human", "language", "status", "clear", "delete", "stop", "start")
FALLBACK = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """One language. `universal`: command to the whole messages that mean it."""

    code: str
    name: str
    english_name: str
    direction: str
    also: tuple[str, ...]
    reviewer: str | None
    universal: Mapping[str, tuple[str, ...]]


def load_languages(root: Path) -> dict[str, Language]:
    """By code, English first, then in order of the codes. Raises ContentError."""
    languages: dict[str, Language] = {}
    problems: list[Problem] = []
    for path in sorted((root / "locales").glob("*/language.yml")):
        code = path.parent.name
        try:
            top = read(path, root)
            languages[code] = Language(
                code=code,
                name=str(top["name"]),
                english_name=str(top["english_name"]),
                direction=str(top["direction"]),
                also=tuple(str(w) for w in top["also"]),
                reviewer=top.get("reviewer"),
                universal={c: tuple(str(w) for w in top["universal"].get(c, ())) for c in COMMANDS},
            )
        except ContentError as error:
            problems += error.problems
        except (KeyError, TypeError, AttributeError) as error:
            problems.append(Problem(path.relative_to(root).as_posix(), 1, f"lacks or misuses {error}"))
    if FALLBACK not in languages:
        problems.append(Problem(f"locales/{FALLBACK}/language.yml", 1, "English must be there: it is the last resort"))
    if problems:
        raise ContentError(problems)
    return {FALLBACK: languages.pop(FALLBACK), **languages}


def as_choices(languages: Mapping[str, Language]) -> list[Choice]:
    """The options of `options: languages`: native names, never translated."""
    return [
        Choice(id=lang.code, label=lang.name, synonyms=(lang.english_name, *lang.also)) for lang in languages.values()
    ]


def universal_words(languages: Mapping[str, Language]) -> dict[str, str]:
    """Folded whole message to command, over all languages: people mix."""
    return {
        fold(word): command
        for language in reversed(list(languages.values()))
        for command, words in language.universal.items()
        for word in words
    }
