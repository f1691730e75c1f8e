"""A made-up language in which every catalogue entry is marked, in a copy of the checkout: `made`. Run as a program in
such a copy, it lets people talk in that language and prints every letter outside marks that somebody would see.

Law: only data makes the language: `saathi locales new`, words filled in, `saathi locales import`. The marks stand
in the GSM alphabet, so that an SMS costs what English costs.
"""

from __future__ import annotations

import asyncio
import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

CODE, NAME = "eo", "Esperanto"  # CLDR knows it, and nobody here speaks it
OPEN, SHUT = "¡", "¿"
COPIED = ("bot",)  # where the code looks for its data is beside itself
LINKED = ("flows", "knowledge", "nlu_data", "handlers", "desk", "tests", "migrations", "pyproject.toml")
KEPT = ("en", "ne")
_MARKED = re.compile(f"{OPEN}[^{OPEN}{SHUT}]*{SHUT}")
_ROOM = re.compile(r"on a button, at most (\d+) characters")
_WORD = re.compile(r"[^\W\d_]+")
_LINK = re.compile(r"(?:https?:/)?/\S+")


def made(root: Path, target: Path) -> Path:
    """A copy of the checkout that has this language, for people; each command must succeed."""
    for name in COPIED:
        shutil.copytree(root / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in LINKED:
        (target / name).symlink_to(root / name)
    for code in KEPT:
        shutil.copytree(root / "locales" / code, target / "locales" / code)
    saathi(target, "locales", "new", CODE)
    folder = target / "locales" / CODE
    _words(folder, target / "locales" / "en" / "language.yml")
    saathi(target, "locales", "export", CODE, "-o", "texts.csv", "--all")
    _marked(target / "texts.csv")
    saathi(target, "locales", "import", CODE, "texts.csv")
    sheet = folder / "language.yml"
    sheet.write_text(re.sub(r"(?m)^in_translation:.*\n", "", sheet.read_text("utf-8")), "utf-8")
    return target


def saathi(root: Path, *words: str, module: str = "bot") -> str:
    """What a command of the copy prints."""
    env = {**os.environ, "PYTHONPATH": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout


def strange(word: str) -> str:
    """A word of the made-up language."""
    return re.sub(r"[^\W\d_]+", lambda match: f"qx{match[0]}", word)


def _words(folder: Path, english: Path) -> None:
    """What people write: every English word with a strange beginning; signs and digits stay."""
    table, own = (yaml.safe_load(path.read_text("utf-8")) for path in (english, folder / "language.yml"))
    own["universal"] = {c: [strange(str(w)) for w in words] for c, words in table["universal"].items()}
    own["phrases"] = {f: [strange(str(w)) for w in words] for f, words in table["phrases"].items()}
    own["refusals"] = [strange(w) for w in table["refusals"]]
    own["likely"] = {"XK": 9}
    (folder / "language.yml").write_text(yaml.safe_dump(own, allow_unicode=True, sort_keys=False), "utf-8")
    heard = yaml.safe_load((folder / "heard.yml").read_text("utf-8"))
    heard.pop("discreet")  # what English may not say is looked for in every language
    filled = {name: {key: [strange(f"{name}{key}")] for key in keys} for name, keys in heard.items()}
    filled["discreet"] = {"never": ["qxboss"], "start": ["qxwork"]}
    (folder / "heard.yml").write_text(yaml.safe_dump(filled, allow_unicode=True, sort_keys=False), "utf-8")


def _marked(file: Path) -> None:
    """Every text filled in: the English between marks, cut where a button is full."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        room, context = _ROOM.search(row["notes"]), row["context"]
        if context.endswith((".heard", "#heard")):
            row["translation"] = strange(row["english"])
        elif not context.endswith(".synonyms"):
            text = row["english"][: int(room[1]) - 2] if room else row["english"]
            row["translation"] = f"{OPEN}{text.strip()}{SHUT}"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


# --- in the copy


def bare(shown: str, allowed: frozenset[str]) -> list[str]:
    """Words outside marks that are nobody's name or value."""
    text = _LINK.sub(" ", shown)
    while (without := _MARKED.sub(" ", text)) != text:
        text = without
    return [word for word in _WORD.findall(text) if word not in allowed and len(word) > 1]


async def conversations(content: Any) -> Iterator[str]:
    """Every transcript in this language, on channels that take turns; only what is shown is looked at."""
    from tests.conversations.harness import CHANNELS
    from tests.conversations.telling import Telling
    from tests.conversations.transcript import TRANSCRIPTS

    names = frozenset(w for own in content.languages.values() for n in (own.name, own.latin) for w in _WORD.findall(n))
    found: list[str] = []
    told = 0
    for place, transcript in enumerate(t for t in TRANSCRIPTS if "languages" not in t.start):
        channel = transcript.channels[place % len(transcript.channels)]
        telling = Telling(content, transcript, channel, CODE, 0)
        for number, turn in enumerate(transcript.turns, 1):
            if "after" in turn:
                telling.phone.later(**turn["after"])
            try:
                lines = await telling._do(turn, number)
            except (AssertionError, StopIteration):
                break  # a transcript whose words only some languages have: the rest of it is told in those
            for line in (one for one in lines if one.reply.language == CODE):
                told += 1
                values = [*line.event.slots.values(), *_offered(line)]
                said = " ".join(content.said(CODE, value) for value in values)
                words = bare(telling.phone.shown(line), names | frozenset(_WORD.findall(said)))
                found += [f"{transcript.name}, {channel}, {line.id}: {' '.join(words)}"] if words else []
    assert len(CHANNELS) == 3
    assert told > 1500, f"only {told} messages"
    return iter(dict.fromkeys(found))


def _offered(line: Any) -> list[Any]:
    from tests.conversations.laws import offered

    return offered(line)


def papers(content: Any) -> Iterator[str]:
    """Web pages and certificates, and what channels and colleagues are told by themselves."""
    from bot import certified
    from bot.documents import certificate
    from bot.store.certificates import Drawn

    for room, texts in (
        ("page", content.page(CODE, {})),
        ("chrome", content.chrome(CODE)),
        ("channel", content.channel(CODE)),
    ):
        yield from (
            f"{room} {name}: {' '.join(words)}" for name, text in texts.items() if (words := bare(text, frozenset()))
        )
    seen: list[Any] = []
    certificate.certificate = lambda words, at: seen.append(words) or b""  # type: ignore[func-returns-value]
    app: Any = SimpleNamespace(content=content, settings=SimpleNamespace(public_url="https://saathi.example"))
    drawn = Drawn("pre_departure", "7482917300461295", 9, datetime(2026, 11, 26, tzinfo=UTC), "Sita", CODE)
    certified.Certificates(app)._paper(drawn, "")
    day = content.said(CODE, {"day": "2026-11-26"})
    known = frozenset({"Sita", "ltr", CODE, *_WORD.findall(day), *_WORD.findall("saathi.example verify")})
    for name in (slot for slot in seen[0].__slots__ if slot not in ("language", "direction")):
        value = getattr(seen[0], name)
        text = " ".join(part for pair in value for part in pair) if isinstance(value, tuple) else str(value)
        yield from ([f"certificate {name}: {' '.join(words)}"] if (words := bare(text, known)) else [])


class _Seen(HTMLParser):
    """What somebody sees or hears of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Words in attributes."""
        self.text += [v for name, v in attrs if v and name in ("title", "alt", "aria-label", "placeholder")]

    def handle_data(self, data: str) -> None:
        """Words between tags."""
        self.text.append(data)


def pages(content: Any) -> Iterator[str]:
    """`/verify` as a browser gets it."""
    from litestar import Litestar
    from litestar.testing import TestClient

    from bot.web.verify import verify
    from tests.fakes.certificates import GENUINE, MemoryCertificates

    names = frozenset(w for own in content.languages.values() for w in _WORD.findall(own.name))
    month = frozenset(_WORD.findall(content.said(CODE, {"month": "2026-11"})))
    with TestClient(Litestar(verify(MemoryCertificates(content)))) as client:
        for code in (GENUINE, "1111222233334444"):
            seen = _Seen()
            seen.feed(client.get(f"/verify/{code}", params={"language": CODE}).text)
            words = bare(" ".join(seen.text), names | month)
            yield from [f"/verify/{code}: {' '.join(words)}"] if words else []


def main() -> None:
    """Print what is wrong, and how a conversation went."""
    from bot.content import load
    from bot.settings import ROOT

    content = load(ROOT)
    assert CODE in content.languages
    for fault in (*asyncio.run(conversations(content)), *papers(content), *pages(content)):
        print(fault)


if __name__ == "__main__":
    main()
