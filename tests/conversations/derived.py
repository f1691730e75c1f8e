"""Runs made from a transcript: at every question of it something else happens first, and then the way goes on.

Law: only steps and outcomes are compared, with those that the transcript's author wrote; what may happen at a question
is decided by the question (`applies`), never by what came out.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.content import Content
from bot.engine import answers
from bot.engine.flow import Ask, Flow
from tests.conversations.harness import Line
from tests.conversations.telling import PLAIN, Telling
from tests.conversations.transcript import TRANSCRIPTS, Transcript
from tests.conversations.walk import DANGER, twin

WRONG, DANGER_IN_IT, LATER, REFUSED = KINDS = ("wrong answer", "danger", "two days later", "refusal")
NOTHING: Mapping[str, str] = {}
AGED = {"status.stands": "status.unread"}  # after two days the hour by which it is read is over, and is not said
MOST = 12  # answers until a danger flow has come to its end

# Flows without a transcript `main`: the one that is their main way, or a caller's that leads into them.
BASES = {
    "age": "conditions.a_child",
    "child": "child.parent_away",
    "closing": "contract.main",
    "consent": "wages.main",
    "danger_end": "danger.main",
    "delete": "delete.yes",
    "gentle": "gentle.in_the_middle",
    "human": "human.day",
    "language": "language.choose",
    "link": "link.have",
    "menu": "menu.another_wish",
    "my_data": "my_data.copy",
    "opening": "opening.country_said",
    "resume": "wages.two_days_later",
    "settings": "settings.lines",
    "somebody": "somebody.other",
    "status": "status.add_and_details",
    "welcome": "welcome.greeting",
    "stop_confirm": "stop_confirm.yes",
    "start": "start.after_stop",
}


def base(flow: str) -> Transcript | None:
    """The transcript that is a flow's main way."""
    by_name = {t.name: t for t in TRANSCRIPTS}
    found = by_name.get(BASES.get(flow, f"{flow}.main"))
    return found or next((t for t in TRANSCRIPTS if t.name.partition(".")[0] == flow), None)


def question(content: Content, step: str) -> tuple[Flow, Ask]:
    """The flow and question of `flow.step`."""
    name, _, step_id = step.partition(".")
    flow = content.flows.by_name[name]
    ask = next(s for s in flow.steps if s.id == step_id)
    assert isinstance(ask, Ask)
    return flow, ask


def applies(kind: str, flow: Flow, ask: Ask) -> bool:
    """Whether this can happen at this question. Flows of danger are another matter: nothing is asked twice in them,
    nothing is put off; they have transcripts of their own for each kind."""
    if kind == REFUSED:
        return ask.skip is not None
    if flow.level == "danger":
        return False
    if ask.lapses and kind in {WRONG, LATER}:  # an offer: other words pass it by, and it does not wait
        return False
    if kind == WRONG:  # any words are an answer where words are asked for
        return not answers.takes_text(ask) and all(fill.reader != "media" for fill in ask.fills)
    return True


def asked_in(transcript: Transcript) -> list[str]:
    """The questions that are open while it is told, `flow.step`, in order."""
    return [turn["asks"].rpartition(">")[2] for turn in transcript.turns if "asks" in turn]


@dataclass
class Derived:
    """One transcript on one channel in one language, and what was found wrong with its derived runs."""

    content: Content
    transcript: Transcript
    channel: str
    language: str

    async def run(self) -> list[str]:
        """All faults, each with its kind, question and cell."""
        telling = Telling(self.content, self.transcript, self.channel, self.language, 0)
        wrong: list[str] = []
        for number, turn in enumerate(self.transcript.turns, 1):
            if telling.phone.asking and _hers(turn):
                wrong += [fault async for fault in self._here(telling, number)]
            await _told(telling, turn, number)
        return wrong

    async def _here(self, telling: Telling, number: int) -> Any:
        step = telling.phone.asking
        flow, ask = question(self.content, step)
        for kind in KINDS:
            if not applies(kind, flow, ask) or telling.phone.conversation.owner != "bot":
                continue
            if kind == WRONG and telling.phone.session.stack[-1].misses > 1:
                continue  # the third time a human comes, as the transcript says
            if kind == LATER and telling.phone.session.shared.get("by_us"):
                continue  # a reminder's question comes days after her last message: its answer is one
            try:
                await getattr(self, f"_{kind.replace(' ', '_')}")(_copy(telling), number, step)
            except Exception as error:  # whatever went wrong, the others are told too
                text = str(error).partition("\n")[0] or type(error).__name__
                yield f"{self.transcript.name}: {kind} at {step}, {self.channel} in {self.language}: {text}"

    # -- what happens

    async def _wrong_answer(self, telling: Telling, number: int, step: str) -> None:
        """It is asked again, and then the way goes on to the same end."""
        again = "system.retry" if telling.phone.session.stack[-1].misses == 0 else "system.retry_help"
        if any(fill.reader == "date" for fill in question(self.content, step)[1].fills):
            again = again.replace("retry", "retry_date") if again == "system.retry" else again
        if question(self.content, step)[1].unsure:  # words that are no answer are facts there
            again = "system.noted_so_far"
        ids = _ids(await telling.phone.hear(PLAIN))
        assert ids == [f"{again}>{step}"], f"nonsense leads to {ids}"
        await self._rest(telling, number)

    async def _danger(self, telling: Telling, number: int, step: str) -> None:
        """Its flow starts at once and pages; what was interrupted is not read out afterwards, and the menu is there."""
        phone, levels = telling.phone, self.content.flows.by_name
        system = levels[step.partition(".")[0]].level == "system"  # consent, the menu: no part of what was interrupted
        lines = await phone.hear(PLAIN, DANGER)
        assert [n for n in phone.notices if n["audience"] == "page"], "nobody is paged"
        assert lines, "danger is met with silence"
        names = {i.partition(".")[0] for i in _ids(lines)}
        assert all(levels[n].level == "danger" for n in names), f"danger leads to {_ids(lines)}"
        for _ in range(MOST):
            if not phone.asking:
                break
            said = _ids(await phone.hear("1"))
            assert step not in said or system, f"{step} is read out after the danger: {said}"
        else:
            raise AssertionError("the questions about danger have no end")
        said = _ids(await phone.hear("menu"))
        first = ["menu.what"] if phone.chosen else ["menu.what", "welcome.language"]  # who is new is greeted first
        assert phone.conversation.owner == "waiting" or said[-1] in first, f"menu leads to {said}"

    async def _two_days_later(self, telling: Telling, number: int, step: str) -> None:
        """The question is not read out; yes leads to it and on to the same end, no to an end from which the menu is
        near. A question of the system (consent, a setting) tells nothing: what comes is its answer."""
        telling.phone.later(days=2)
        if self.content.flows.by_name[step.partition(".")[0]].level == "system":
            await self._rest(telling, number, AGED)
            return
        ids = _ids(await telling.phone.hear(PLAIN))
        assert ids == ["resume.continue"], f"after two days: {ids}"
        other = _copy(telling)
        left = _ids(await other._answer("no", number))
        assert left == ["resume.left"], f"no leads to {left}"
        menu = _ids(await other.phone.hear("menu"))
        assert menu == ["menu.what"], f"menu leads to {menu}"
        back = _ids(await telling._answer("yes", number))
        assert back[-1:] == [step], f"yes leads to {back}"
        await self._rest(telling, number, AGED)

    async def _refusal(self, telling: Telling, number: int, step: str) -> None:
        """It is accepted: the way goes on, and the question is not put once more at once."""
        _, ask = question(self.content, step)
        assert ask.skip is not None
        said = _ids(await telling._answer(ask.skip.id, number))
        assert said or not telling.phone.session.stack, "a refusal is met with silence"  # unless it was the last step
        assert not any(i.startswith("system.") for i in said), f"a refusal leads to {said}"
        assert telling.phone.asking != step or ask.skip.goto, f"{step} is asked again"

    async def _rest(self, telling: Telling, number: int, instead: Mapping[str, str] = NOTHING) -> None:
        """The turns of the transcript from here, as its author wrote them, but what is said `instead`."""
        for place, turn in enumerate(self.transcript.turns[number - 1 :], number):
            ids = await _told(telling, turn, place)
            expected = [*turn.get("says", []), *([turn["asks"]] if "asks" in turn else [])]
            came, wanted = (_plain([instead.get(i, i) for i in some]) for some in (ids, expected))
            assert came == wanted, f"then turn {place} leads to {ids} instead of {expected}"


def _hers(turn: Mapping[str, Any]) -> bool:
    """Whether this turn is her plain answer to what is open: not a timer, a human, or another time."""
    return "answer" in turn or ("say" in turn and "intent" not in turn and "danger" not in turn and "after" not in turn)


async def _told(telling: Telling, turn: Mapping[str, Any], number: int) -> list[str]:
    if "after" in turn:
        telling.phone.later(**turn["after"])
    return _ids(await telling._do(turn, number))


def _ids(lines: list[Line]) -> list[str]:
    return [line.id for line in lines]


def _copy(telling: Telling) -> Telling:
    new = copy.copy(telling)
    new.phone, new.told, new.log = twin(telling.phone), list(telling.told), []
    return new


def _plain(ids: list[str]) -> list[str]:
    """Without what stands before a question: one wrong answer more, and "sorry" is "still not clear"."""
    return [i.replace("system.retry_help>", "system.retry>") for i in ids]
