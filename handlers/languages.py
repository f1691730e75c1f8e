"""Which languages are offered, and in which order: the likely ones first, page by page.

Law: a guess only orders a list. What the person chose stays until she chooses again; English is always on the first
page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from handlers.context import Context, Outcome

__all__ = ["offer"]

OUTCOMES: dict[str, dict[str, tuple[str, ...]]] = {"offer": {"offered": ("shown",)}}

FALLBACK, ANYWHERE = "en", "ZZ"
WROTE = "wrote"  # in the profile: another language than her own, in which she wrote last
STEM = "stem"  # in the profile: the language of a word of danger, while nothing else tells hers
UNSCRIPTED = "unscripted"  # in the profile: Hindi or Urdu by ear, and nobody knows yet which letters she reads
LETTERS = "letters"  # in the profile: OWN or LATIN, as she chose for an SMS; else how she writes decides
OWN, LATIN = "own", "latin"


async def offer(ctx: Context, *, shown: Sequence[str] | None = None) -> Outcome:
    """The page of languages after the one that was `shown`, after the last one the first again."""
    person, rules = ctx.person, ctx.knowledge.get("languages")
    guesses = [person.profile.get(WROTE), person.language_guess]
    order = likely(
        rules["spoken"], [g for g in guesses if g != person.language], [ctx.conversation.country_hint, person.country]
    )
    made = pages(order, int(rules["page"]), int(rules["more"].get(ctx.conversation.channel, rules["page"])))
    seen = next((n for n, page in enumerate(made) if shown and page[0] == shown[0]), -1)
    return Outcome("offered", {"shown": made[(seen + 1) % len(made)]})


def likely(
    spoken: Mapping[str, Mapping[str, int]], guesses: Sequence[str | None], countries: Sequence[str | None]
) -> list[str]:
    """All languages: what she wrote in, then by the country of her number and where she is, then by what is spoken
    anywhere. `spoken`: code -> country -> weight."""

    def weight(code: str) -> tuple[Any, ...]:
        own = spoken[code]
        here = sum(own.get(country, 0) for country in countries if country)
        return (code not in guesses, guesses.index(code) if code in guesses else 0, -here, -own.get(ANYWHERE, 0), code)

    return sorted(spoken, key=weight)


def pages(order: Sequence[str], first: int, further: int) -> list[list[str]]:
    """The pages. English is the last of the first one, where it is not likelier."""
    if len(order) <= first + 1:
        return [list(order)]
    top = list(order[:first])
    if FALLBACK in order and FALLBACK not in top:
        top[-1] = FALLBACK
    rest = [code for code in order if code not in top]
    return [top, *(rest[n : n + further] for n in range(0, len(rest), further))]
