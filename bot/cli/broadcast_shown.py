"""What `saathi broadcast` shows: the preview and the progress, line by line.

Law: numbers of people only; every line of the words is seen as words, whatever stands in them.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from bot.broadcasting import Measured
from bot.check.letters import laid_open
from bot.store.broadcasts import Broadcast

BAR = 30  # characters


def previewed(one: Broadcast, measured: Measured) -> Iterator[str]:
    """What it would be, in lines."""
    yield f"{one.short}  {laid_open(one.name)}  ({one.topic}, {one.state})"
    for language, text in sorted(one.texts.items()):
        agreed = "agreed to" if text.approved_by else "NOT AGREED TO"
        yield f"  {language}, {text.mark}: {as_sms(measured.segments[language])}, {agreed}"
        yield indented(text.words)
    if not one.texts:
        yield "  no words yet"
    yield f"reaches {measured.reached:,} of {measured.all:,} who want to hear of it"
    for (language, channel), number in sorted(measured.people.items()):
        yield f"  {language} {channel:9} {number:>9,}"
    for reason, number in sorted(measured.skipped.items()):
        yield f"  left out: {reason:10} {number:>7,}"
    cost = "no price is written down" if measured.cost is None else f"about {measured.cost} {measured.currency}"
    yield f"SMS: {measured.sms:,} segments" + (f", {cost}" if measured.sms else "")
    yield f"takes {measured.hours:.1f} h at least, at the accounts' rates"


def indented(words: str) -> str:
    """Every line of it is seen as words, and none is taken for a line of ours."""
    return textwrap.indent(laid_open(words, allowed="\n"), " " * 6, lambda _: True)


def as_sms(length: int) -> str:
    """How many messages it is, in words."""
    return f"{length} segment{'' if length == 1 else 's'} as an SMS"


def progress(one: Broadcast) -> Iterator[str]:
    """How far it is: a bar, and people by state and reason."""
    share = one.over / one.all if one.all else 0.0
    bar = "#" * round(share * BAR)
    yield f"{one.short}  {one.state:8} [{bar:.<{BAR}}] {one.over:,} of {one.all:,}"
    for (state, reason), number in sorted(one.counts.items(), key=lambda item: (item[0][0], item[0][1] or "")):
        yield f"  {state:8} {reason or '':12} {number:>9,}"
