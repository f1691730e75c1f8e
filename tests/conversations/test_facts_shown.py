"""Every fact as a phone shows it: each country, topic, sector and need, in every language on every channel.

Law: within the limits of the channel, no gap, no leftover, a neutral beginning on a locked screen, an answer by SMS of
five segments at most.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from statistics import median_low

import pytest

from bot.channels.segments import count
from bot.check.discreet import PREVIEW, found, lexicon_of
from bot.content import Content
from bot.content.knowledge import Facts
from bot.content.languages import load_languages
from bot.engine.events import Asked, Said
from bot.engine.flow import Ask
from bot.engine.inputs import Outcome
from bot.settings import ROOT
from handlers import compare, contacts, rights, treaties
from tests.conversations import laws
from tests.conversations.harness import CHANNELS, Line, Phone, recording
from tests.handlers.informed import SECTORS, changed, informed, real

LANGUAGES = tuple(load_languages(ROOT))
ANSWER = 5  # segments: words that are understood by everybody were worth one more
MOSTLY = 3  # segments of the usual list of numbers, with its warning; most have fewer
LONGER = {"ml": 6, "ta": 6, "si": 6}  # their words are long, and so is the name of the Emirates
WORDY = {"ta": 4, "ml": 4}
EVERYWHERE = ("en", "ne", "ar")  # on all channels; the others take turns
TURNS = [(c, code, m == n % len(CHANNELS)) for n, code in enumerate(LANGUAGES) for m, c in enumerate(CHANNELS)]
PLACES = [(c, code) for c, code, turn in TURNS if turn or c == "sms" or code in EVERYWHERE]
WHERE = [pytest.param(c, code, id=f"{c}-{code}") for c, code in PLACES]
PAIRS = [(land, topic) for land, file in real().get("rights").items() for topic in file["topics"]]


@cache
def signed() -> Facts:
    """All rights checked by somebody."""
    facts = changed("rights", next(iter(real().get("rights"))))
    for file in facts.get("rights").values():
        for fact in file["topics"].values():
            fact |= {"checked_on": "2026-09-20", "reviewer": "A. Lawyer"}
    return facts


class Screen:
    """A phone that shows single texts."""

    def __init__(self, content: Content, channel: str, language: str) -> None:
        self.phone = Phone(recording(content), channel, language)
        self.lexicon = lexicon_of(content.knowledge.get("discreet"), language)

    def show(self, text_id: str, outcome: Outcome, **more: object) -> str:
        """What is shown of a text with the slots of an outcome, held against every law."""
        content, slots = self.phone.content, {**outcome.slots, **more}
        flow, step = (content.flows.by_name[text_id.partition(".")[0]], text_id.partition(".")[2])
        asks = isinstance(next(s for s in flow.steps if s.id == step), Ask)
        event: Said | Asked = Asked(text_id, text_id, flow.version, (), slots) if asks else Said(text_id, slots)
        reply = Content.reply(content, event, self.phone.language)
        line = Line(event, reply, self.phone.laid_out(reply), "queued")
        shown = self.phone.shown(line)
        faults = list(laws.faults(self.phone, line, frozenset()))
        assert not faults, (faults, shown)
        telling = (*self.lexicon.never, *self.lexicon.start)
        assert not list(found(shown[:PREVIEW], telling, self.lexicon.prefixes)), shown[:PREVIEW]
        return shown


@pytest.mark.parametrize(("channel", "language"), WHERE)
async def test_every_answer(content: Content, channel: str, language: str) -> None:
    screen, shown = Screen(content, channel, language), 0
    for country, topic in PAIRS:
        answer = await rights.answer(informed(), country=country, topic=topic)
        if answer.name == "held":
            continue
        text = screen.show(f"rights.{answer.name}", answer, land={"country": country})
        shown += 1
        most = LONGER.get(language, ANSWER)
        assert channel != "sms" or count(text).segments <= most, (country, topic, count(text), text)
        assert channel == "sms" or str(answer.slots["law"]) in laws.plain_text(text)
    assert shown > 90


@pytest.mark.parametrize(("channel", "language"), WHERE)
async def test_a_checked_answer_bears_its_month(content: Content, channel: str, language: str) -> None:
    screen = Screen(content, channel, language)
    for country, topic in PAIRS:
        answer = await rights.answer(informed(signed()), country=country, topic=topic)
        assert answer.name == "checked"
        text = screen.show("rights.checked", answer, land={"country": country})
        assert "2026" in text
        most = LONGER.get(language, ANSWER)
        assert channel != "sms" or count(text).segments <= most, (country, topic, count(text), text)


def _is_short(texts: Sequence[str], language: str) -> bool:
    """Whether lists of numbers are as short as an SMS of this language can be: half of them, and each of them."""
    segments = [count(text).segments for text in texts]
    return median_low(segments) <= WORDY.get(language, MOSTLY) and max(segments) <= LONGER.get(language, ANSWER)


@pytest.mark.parametrize(("channel", "language"), WHERE)
async def test_every_place_to_complain(content: Content, channel: str, language: str) -> None:
    screen, seen = Screen(content, channel, language), dict[str, str]()
    for country, topic in PAIRS:
        for sector in SECTORS:
            body = await rights.complaint_body(informed(), country=country, topic=topic, sector=sector)
            if body.name == "found" and str(body.slots) not in seen:
                seen[str(body.slots)] = screen.show("elsewhere.body", body)
    assert len(seen) > 10
    assert channel != "sms" or _is_short([*seen.values()], language)


@pytest.mark.slow
@pytest.mark.parametrize(("channel", "language"), WHERE)
async def test_every_number(content: Content, channel: str, language: str) -> None:
    screen, seen = Screen(content, channel, language), dict[str, str]()
    for country in real().get("contacts"):
        for need in real().get("needs")["needs"]:
            for who in ("woman", "man", "child", None):
                body = await contacts.find(informed(), country=country, need=need, who=who)
                if body.name != "nobody":  # an emergency too, after its choice
                    seen[str(body.slots)] = screen.show("contacts.found", body)
    assert channel != "sms" or _is_short([*seen.values()], language)


@pytest.mark.parametrize(("channel", "language"), WHERE)
async def test_every_treaty_and_two_countries(content: Content, channel: str, language: str) -> None:
    screen = Screen(content, channel, language)
    lands = list(real().get("conventions")["countries"])
    for land, other in zip(lands, lands[1:] + lands[:1], strict=True):
        shown = await treaties.list_of(informed(), country=land)
        screen.show(f"treaties.{shown.name}", shown, land={"country": land})
        both = await treaties.both(informed(), country=land, other=other)
        screen.show("treaties.both_said", both, land={"country": land})
    for treaty in real().get("conventions")["instruments"]:
        screen.show("treaties.plain_said", await treaties.plain(informed(), treaty=treaty.lower()))
    for one, two, topic in _compared():
        told = await compare.tell(informed(), one=one, two=two, topic=topic)
        screen.show(f"compare.{told.name}", told)


def _compared() -> Iterator[tuple[str, str, str]]:
    """Every fact once on each side."""
    lands = list(real().get("rights"))
    for one, two in zip(lands, lands[1:] + lands[:1], strict=True):
        for topic in real().get("topics")["topics"]:
            yield one, two, topic
