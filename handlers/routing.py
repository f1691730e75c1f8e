"""Who is offered a waiting conversation, with the reasons as codes.

Law: pure functions of values; the desk prints the codes, and nobody is ranked but for this one conversation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from bot.store.colleagues import ANSWERS, Colleague


@dataclass(frozen=True, slots=True)
class Needs:
    """What a waiting conversation asks of who answers. `gender`: of the colleague, if she wished one
    (`handlers/whom.py`); `waits`: she would rather wait than talk with another one."""

    severity: str = "medium"
    language: str | None = None
    country: str | None = None
    skill: str | None = None
    gender: str | None = None
    waits: bool = False
    earlier: UUID | None = None  # who had it last


@dataclass(frozen=True, slots=True)
class Offer:
    """A colleague, and why: codes, the weightiest first."""

    colleague: Colleague
    reasons: tuple[str, ...]


def ranked(
    needs: Needs, colleagues: Iterable[Colleague], *, critical_most: int, without: Collection[UUID] = ()
) -> list[Offer]:
    """Who may be offered it now, the best first. Left out: who is not there (on call is there for what is critical),
    who cannot read the language, another one than she waits for (never for what is critical), who has as many critical
    cases as one may have, and `without` (called already)."""
    found = []
    for colleague in colleagues:
        if colleague.id in without or not _there(needs, colleague) or not _may(needs, colleague, critical_most):
            continue
        found.append((_place(needs, colleague), Offer(colleague, tuple(_reasons(needs, colleague)))))
    return [offer for _, offer in sorted(found, key=lambda pair: pair[0])]


def _there(needs: Needs, colleague: Colleague) -> bool:
    return colleague.on_duty or (colleague.on_call and needs.severity == "critical")


def _may(needs: Needs, colleague: Colleague, critical_most: int) -> bool:
    if colleague.role not in ANSWERS or not reads(colleague, needs.language):
        return False
    if needs.waits and needs.gender and needs.severity != "critical" and colleague.gender != needs.gender:
        return False
    return needs.severity != "critical" or colleague.open_critical < critical_most


def reads(colleague: Colleague, language: str | None) -> bool:
    """Whether the colleague reads it; who told no languages may read any."""
    return language is None or not colleague.languages or language in colleague.languages


def _place(needs: Needs, colleague: Colleague) -> tuple[Any, ...]:
    """Smaller is first. Whom she wished goes before the same human as before, and that one before all else; a skill
    before a country; then who has the least."""
    return (
        needs.gender is not None and colleague.gender != needs.gender,
        colleague.id != needs.earlier,
        needs.skill is not None and needs.skill not in colleague.skills,
        needs.language is not None and needs.language not in colleague.languages,
        not colleague.on_duty,
        needs.country is not None and needs.country not in colleague.countries,
        colleague.role in {"supervisor", "administrator"},  # they are called when nobody else is left
        colleague.open_critical,
        colleague.open_cases,
        str(colleague.id),
    )


def _reasons(needs: Needs, colleague: Colleague) -> Iterable[str]:
    if colleague.id == needs.earlier:
        yield "had_it_before"
    if needs.gender and colleague.gender == needs.gender:
        yield "gender_she_wished"
    if needs.skill and needs.skill in colleague.skills:
        yield f"skill_{needs.skill}"
    if needs.language and needs.language in colleague.languages:
        yield f"reads_{needs.language}"
    if needs.country and needs.country in colleague.countries:
        yield f"knows_{needs.country}"
    yield "on_duty" if colleague.on_duty else "on_call"
    yield "few_open" if colleague.open_cases < 5 else "many_open"


def skill_for(kind: str, skills: Mapping[str, Sequence[str]]) -> str | None:
    """The skill that a kind of case asks for (`knowledge/targets.yml`, skills)."""
    return next((skill for skill, kinds in skills.items() if kind in kinds), None)
