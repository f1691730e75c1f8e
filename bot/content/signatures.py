"""Who read the danger and self-harm texts of a language: `locales/<lang>/signatures.yml`.

Law: a signature is for the very texts that were read: it names their digest, and a changed text voids it. Two different
people make a language reviewed; until then English stands under these texts in production. English itself was written
with those who know protection work, and carries nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from bot.content.catalogue import Catalogue, in_latin
from bot.content.languages import FALLBACK
from bot.content.sheet import Sheet
from bot.content.source import ContentError, Problem, read
from bot.engine.flow import Ask, Flow, Flows, Say

NEEDED = 2  # people
DANGER = "danger"
FILE = "signatures.yml"
_KEYS = ("name", "role", "on", "digest")
_DIGEST = re.compile(r"[0-9a-f]{64}")
HEAD = (
    "# Who read the danger and self-harm texts. Written by `saathi locales sign`; a changed text voids a signature.\n"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's word. `digest`: of the texts as they were then."""

    name: str
    role: str
    on: str
    digest: str


def danger_texts(flows: Flows, catalogue: Catalogue, language: str) -> list[tuple[str, str, str]]:
    """(context, English, translation) of all that is said in flows of danger, and of all safety texts elsewhere."""
    found = [row for name in sorted(flows.by_name) for row in _of_flow(flows.by_name[name])]
    wanted = [*found, *((in_latin(context), english) for context, english in found)]
    texts = ((context, english, catalogue.text(language, context, "")) for context, english in wanted)
    return [row for row in texts if row[2] or not row[0].endswith(in_latin(""))]


def _of_flow(flow: Flow) -> Iterable[tuple[str, str]]:
    for step in flow.steps:
        if not isinstance(step, Say | Ask) or not (flow.level == DANGER or step.safety):
            continue
        context = f"{flow.name}.{step.id}"
        yield context, step.text
        if step.sms:
            yield f"{context}#sms", step.sms
        for choice in (*step.choices, *((step.skip,) if step.skip else ())) if isinstance(step, Ask) else ():
            yield f"{context}#option.{choice.id}", choice.label
            if choice.short:
                yield f"{context}#option.{choice.id}.sms", choice.short


def digest(texts: Sequence[tuple[str, str, str]]) -> str:
    """SHA-256 (hex) of what was read: each text with its English."""
    return hashlib.sha256(json.dumps(sorted(texts), ensure_ascii=False).encode()).hexdigest()


def load_signatures(root: Path, languages: Iterable[str]) -> dict[str, tuple[Signature, ...]]:
    """By language. Raises ContentError for a file that cannot be believed."""
    found: dict[str, tuple[Signature, ...]] = {}
    problems: list[Problem] = []
    for code in languages:
        path = root / "locales" / code / FILE
        if not path.exists():
            continue
        sheet = Sheet(path.relative_to(root).as_posix())
        try:
            found[code] = tuple(_rows(sheet, path, root))
        except ContentError as error:
            problems += error.problems
        problems += sheet.problems
    if problems:
        raise ContentError(problems)
    return found


def _rows(sheet: Sheet, path: Path, root: Path) -> Iterable[Signature]:
    for row in sheet.rows(read(path, root), "signatures", "signature"):
        sheet.only(row, _KEYS, "a signature")
        name, role, on, seal = (sheet.text(row, key) for key in _KEYS)
        if on and not _is_day(on):
            sheet.wrong(row.at("on"), f"`on:` is a day, as in 2026-11-26: {on}")
        if seal and not _DIGEST.fullmatch(seal):
            sheet.wrong(row.at("digest"), "`digest:` is what `saathi locales sign` prints")
        yield Signature(name, role, on, seal)


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def valid(signatures: Iterable[Signature], seal: str) -> list[Signature]:
    """One for each person, of those who read the texts as they are now."""
    by_person = {" ".join(s.name.casefold().split()): s for s in signatures if s.digest == seal}
    return list(by_person.values())


def unsigned(
    flows: Flows, catalogue: Catalogue, languages: Iterable[str], signatures: Mapping[str, Sequence[Signature]]
) -> frozenset[str]:
    """The languages whose danger texts fewer than two people have read as they are now."""
    return frozenset(
        code
        for code in languages
        if code != FALLBACK
        and len(valid(signatures.get(code, ()), digest(danger_texts(flows, catalogue, code)))) < NEEDED
    )


def add(root: Path, language: str, signature: Signature) -> None:
    """Write one more."""
    path = root / "locales" / language / FILE
    text = path.read_text("utf-8") if path.exists() else f"{HEAD}signatures:\n"
    row = {"name": signature.name, "role": signature.role, "on": signature.on, "digest": signature.digest}
    line = ", ".join(f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in row.items())
    path.write_text(f"{text.rstrip()}\n  - {{{line}}}\n", "utf-8", newline="\n")
