"""What is wrong with the draft of a broadcast, or with words for it, said alike by the page and by `saathi broadcast`.

Law: one list for both; the sentences come from desk/words/. What is refused by one is refused by the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from babel import Locale

from bot.broadcasting import FACTS, Broadcasting
from bot.check import letters
from bot.content import Content
from bot.store.broadcasts import Broadcast
from desk.directory import countries as known

NAME = 80  # characters at most
DIGITS = 3  # of a number of days: longer ones are not read at all
Problem = tuple[str, str]  # code, what it is about; the sentence is `broadcasts.wrong_<code>`
TONGUES = frozenset({"language", "not_meant"})  # codes that are about a language


def problems_of_draft(
    content: Content, *, name: str, topic: str, languages: Sequence[str], countries: Sequence[str], days: str
) -> list[Problem]:
    """Codes `name`, `signs` (in the name), `topic`, `language`, `country`, `days`; [] = it may be made. `days`: as it
    was written."""
    rules = content.knowledge.get(FACTS)
    wrong: list[Problem] = []
    if not name.strip() or len(name.strip()) > NAME:
        wrong.append(("name", str(NAME)))
    if hidden := letters.signs(name):
        wrong.append(("signs", hidden))
    if topic not in rules["kinds"]:
        wrong.append(("topic", topic))
    wrong += [("language", code) for code in languages if code not in content.languages]
    here = known(content)
    wrong += [("country", code) for code in countries if code not in here]
    most = int(rules["most_days"])
    if not days.isdecimal() or len(days) > DIGITS or not 1 <= int(days) <= most:
        wrong.append(("days", str(most)))
    return wrong


def problems_of_text(content: Content, room: Broadcasting, one: Broadcast, language: str, words: str) -> list[Problem]:
    """Codes `language`, `not_meant` and those of `letters.problems`; [] = the words may be agreed to, or be taken away:
    what stands there may always go."""
    if not words and language in one.texts:
        return []
    if language not in content.languages:
        return [("language", language)]
    if one.languages and language not in one.languages:
        return [("not_meant", language)]
    return letters.problems(content, room, language, words)


def told(content: Content, language: str, wrong: Iterable[Problem]) -> list[str]:
    """The sentences, in the reader's language."""
    names = Locale.parse(language).languages
    return [
        content.desk_word(
            language, "broadcasts.wrong_" + code, {"what": names.get(about, about) if code in TONGUES else about}
        )
        for code, about in wrong
    ]
