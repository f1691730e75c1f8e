"""The blind index: by which words a case is found, as keyed hashes, written with the facts and notes that hold them.

Room: the store. The written form of a word is `bot.nlu.normalise`'s, pure and the same as for understanding.
Law: a token is no word and cannot be turned back without the look-up key. It goes when its case, its facts or its
person goes. Native and romanised spellings of one name have tokens in common.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.nlu.normalise import fold_word, normalise
from bot.store.keys import Keys, open_, open_json
from bot.store.tables import case_events, cases, evidence, keys, search_tokens
from bot.vault.fields import Unopenable

NAME, NOTE, PHONE = "name", "note", "phone"
EVIDENCE = "evidence"  # words beside a file: what it shows, what is said in a voice
OF_FACTS = (NAME, PHONE)
NAMES = frozenset({"name", "reporter_name", "worker_name", "worker_other_names"})  # facts that say who somebody is
START = 4  # letters of a beginning
SHORT = 3
BONES = 3  # consonants by which a name is known when its vowels are not written
MOST = 400  # words of one note
CHUNK = 500  # cases in one transaction of a rebuild
_PHONE = re.compile(r"\+\d{8,15}")
_VOWELS = re.compile(r"[aeiouy]|(?<=.)h$")
_SPELLINGS = ((re.compile("ks|x"), "ch"), (re.compile("kri?s"), "kris"), (re.compile(r"(.)\1+"), r"\1"))

Token = tuple[str, bytes]  # field, keyed hash


def words(text: str) -> list[str]:
    """The words of a text in their one Latin form, each once, in order."""
    return list(dict.fromkeys(filter(None, map(_form, normalise(text).split()))))[:MOST]


def _form(word: str) -> str:
    folded = fold_word(word)
    for pattern, written in _SPELLINGS:
        folded = pattern.sub(written, folded)
    return folded


def bones(word: str) -> str:
    """The consonants of a word, as in scripts that write no vowels; empty for too few of them."""
    left = _VOWELS.sub("", word)
    return left if len(left) >= BONES else ""


def readings(secrets: Keys, field: str, word: str) -> dict[str, bytes]:
    """The tokens of one word: `whole`, its `start`; of names the `bones`, and a shorter start too, since four letters
    that are typed ("adhi") may be three sounds ("adi")."""
    found = {"whole": word, "start": word[:START] if len(word) >= START else ""}
    if field == NAME:
        found |= {"bones": bones(word), "begin": word[:SHORT] if len(word) >= SHORT else ""}
    return {space: secrets.word(f"{field}.{space}", value) for space, value in found.items() if value}


def alike(secrets: Keys, field: str, word: str) -> list[bytes]:
    """The tokens by one of which a word is met that somebody looks for: `begin` is for words that are short."""
    found = readings(secrets, field, word)
    if len(word) > SHORT:
        found.pop("begin", None)
    return list(found.values())


def of_text(secrets: Keys, field: str, text: str) -> Iterator[Token]:
    """All tokens of a text."""
    for word in words(text):
        for token in readings(secrets, field, word).values():
            yield field, token


def of_facts(secrets: Keys, facts: Mapping[str, Any]) -> set[Token]:
    """The tokens of a case's facts: names, and numbers that were given in it."""
    found: set[Token] = set()
    for name, value in facts.items():
        if isinstance(value, str) and name in NAMES:
            found.update(of_text(secrets, NAME, value))
        elif isinstance(value, str) and _PHONE.fullmatch(value):
            found.add((PHONE, phone(secrets, value)))
    return found


def phone(secrets: Keys, number: str) -> bytes:
    """The token of a number (E.164)."""
    return secrets.word(PHONE, number)


async def replace(connection: AsyncConnection, news: Sequence[tuple[UUID, UUID, set[Token]]]) -> None:
    """Of each (case, subject, tokens) exactly these are the tokens of the facts from now on; no statement for none."""
    if not news:
        return
    await forget(connection, [case_id for case_id, _, _ in news])
    await _put(connection, [_row(c, s, t) for c, s, tokens in news for t in sorted(tokens)])


async def add_note(connection: AsyncConnection, secrets: Keys, subject_id: UUID, case_id: UUID, text: str) -> None:
    """A note can be found by its words, beside what was noted before."""
    tokens = sorted(set(of_text(secrets, NOTE, text)))
    await _put(connection, [_row(case_id, subject_id, token) for token in tokens])


async def replace_evidence(
    connection: AsyncConnection, secrets: Keys, subject_id: UUID, case_id: UUID, text: str
) -> None:
    """Of a case exactly these are the words beside its files from now on."""
    await forget(connection, [case_id], (EVIDENCE,))
    await _put(
        connection, [_row(case_id, subject_id, token) for token in sorted(set(of_text(secrets, EVIDENCE, text)))]
    )


async def forget(connection: AsyncConnection, case_ids: Iterable[UUID], fields: Sequence[str] = OF_FACTS) -> None:
    """These facts are gone, and so is what they were found by."""
    await connection.execute(
        delete(search_tokens).where(search_tokens.c.case_id.in_(list(case_ids)), search_tokens.c.field.in_(fields))
    )


def _row(case_id: UUID, subject_id: UUID, token: Token) -> dict[str, Any]:
    return {"case_id": case_id, "subject_id": subject_id, "field": token[0], "token": token[1]}


async def _put(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    if rows:
        await connection.execute(insert(search_tokens).on_conflict_do_nothing(), rows)


async def rebuild(connection: AsyncConnection, secrets: Keys, after: UUID | None = None) -> tuple[UUID | None, int]:
    """One chunk of cases after this one gets its tokens anew: (the last of them, how many); (None, 0) at the end.

    The rows are held meanwhile, so that a turn writes its own tokens after these.
    """
    rows = (
        await connection.execute(
            select(cases.c.id, cases.c.subject_id, cases.c.facts_enc, keys.c.wrapped)
            .join(keys, keys.c.subject_id == cases.c.subject_id)
            .where(*([cases.c.id > after] if after else []))
            .order_by(cases.c.id)
            .limit(CHUNK)
            .with_for_update(of=cases)
        )
    ).all()
    if not rows:
        return None, 0
    opened = {row.id: secrets.keyring.unwrap(row.wrapped) for row in rows}
    tokens: dict[UUID, set[Token]] = {row.id: set() for row in rows}
    for row in rows:
        if row.facts_enc:
            tokens[row.id] |= of_facts(secrets, _facts(opened[row.id], row))
    notes = await connection.execute(
        select(case_events.c.id, case_events.c.case_id, case_events.c.note_enc).where(
            case_events.c.case_id.in_(list(opened)), case_events.c.note_enc.is_not(None)
        )
    )
    for note in notes:
        tokens[note.case_id].update(of_text(secrets, NOTE, _note(opened[note.case_id], note)))
    beside = await connection.execute(select(evidence).where(evidence.c.case_id.in_(list(opened))))
    for row in beside:
        for column in ("label_enc", "proves_enc", "transcript_enc"):
            if row._mapping[column] is not None:
                told = _beside(opened[row.case_id], row, column)
                tokens[row.case_id].update(of_text(secrets, EVIDENCE, told))
    await forget(connection, opened, (*OF_FACTS, NOTE, EVIDENCE))
    await _put(connection, [_row(row.id, row.subject_id, token) for row in rows for token in sorted(tokens[row.id])])
    return rows[-1].id, len(rows)


def _facts(key: bytes, row: Any) -> dict[str, Any]:
    """What cannot be opened is found by nothing."""
    try:
        facts: dict[str, Any] = open_json(key, row.facts_enc, where=f"cases.facts_enc.{row.id}")
    except Unopenable:
        return {}
    return facts


def _note(key: bytes, row: Any) -> str:
    try:
        return open_(key, row.note_enc, where=f"case_events.note_enc.{row.id}").decode("utf-8", "replace")
    except Unopenable:
        return ""


def _beside(key: bytes, row: Any, column: str) -> str:
    try:
        return open_(key, row._mapping[column], where=f"evidence.{column}.{row.id}").decode("utf-8", "replace")
    except Unopenable:
        return ""
