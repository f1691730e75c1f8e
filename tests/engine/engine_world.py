"""A small helpline in values: flows, words, readers, and a talk that goes to JSON and back at every turn.

Law: nothing here stands in for the engine; the readers and words are real, only few.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.engine.engine import Rules, turn
from bot.engine.events import Asked, Called, Event, Said
from bot.engine.flow import Ask, Call, Choice, Do, End, Fill, Flow, Flows, Goto, If, Label, Say
from bot.engine.inputs import Danger, Heard, Input, Meaning, Outcome, Pressed, Shared
from bot.engine.phrases import Phrase, heard, phrase
from bot.engine.session import Session

UNIVERSAL = {
    "menu": "menu",
    "back": "back",
    "पछाडि": "back",
    "human": "human",
    "help": "human",
    "0": "human",
    "9": "menu",
    "language": "language",
    "status": "status",
    "clear": "clear",
    "delete": "delete",
    "stop": "stop",
    "start": "start",
}
SENTENCES = {"complain": ("your worker/staff ... rude",)}
REFUSALS = frozenset({"not", "no", "nobody"})
PLAINLY = {"yes": ("yes", "sure"), "no": ("no", "i cannot")}
NEPALI = {"yes": ("हो", "ho", "hajur"), "no": ("होइन", "hoina"), "home": ("घर", "ghar")}
COUNTRIES = {"qatar": "QA", "katar": "QA", "nepal": "NP", "kuwait": "KW"}


class FewWords:
    """Labels in English and a little Nepali."""

    def label(self, step: str, choice: Choice) -> Label:
        shown = choice.label if choice.value is None else str(choice.value)
        return Label(shown, (*choice.synonyms, *NEPALI.get(choice.id, ())))

    def universal(self, text: str) -> str | None:
        return UNIVERSAL.get(text.casefold())

    def sentence(self, text: str) -> str | None:
        return heard({name: [phrase(p) for p in ps] for name, ps in SENTENCES.items()}, text)

    def refuses(self, word: str) -> bool:
        return word in REFUSALS or self.doubts(word)

    def doubts(self, word: str) -> bool:
        return word == "but"

    def plainly(self, option: str) -> tuple[str, ...]:
        return PLAINLY.get(option, ())

    def declines(self, text: str) -> bool:
        return "rather not" in text.casefold()

    def heard(self, step: str, choice: Choice | None) -> tuple[Phrase, ...]:
        return tuple(phrase(raw, REFUSALS) for raw in (choice.heard if choice else ()))


class Number:
    """Whole numbers; `find` wants the unit beside it."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> Any | None:
        found = re.search(r"\d{1,6}", text)
        return int(found[0]) if found else None

    def find(self, text: str, args: Mapping[str, Any], language: str) -> Any | None:
        found = re.search(rf"(\d{{1,6}}) ?{args['unit']}", text)
        return int(found[1]) if found else None


class Country:
    """A few countries by name."""

    def read(self, text: str, args: Mapping[str, Any], language: str) -> Any | None:
        return next((code for name, code in COUNTRIES.items() if name in text.casefold()), None)

    find = read


READERS = {"number": Number(), "country": Country()}
RULES = Rules(universal={w: w for w in ("human", "language", "status", "clear", "delete", "stop", "start", "menu")})

UNCLEAR = Meaning()
YES_NO = (Choice("yes", "Yes", synonyms=("ok", "👍")), Choice("no", "No"))
COUNTRY = Fill("country", "country")
MONTHS = Fill("months", "number", {"unit": "month"})
AMOUNT = Fill("amount", "number", {"unit": "riyal"})


def flow(name: str, *steps: Any, level: str = "information", on: tuple[str, ...] = (), **rest: Any) -> Flow:
    return Flow(name, rest.pop("version", "v1"), steps, starts_on=on, level=level, **rest)


def make(*flows: Flow) -> Flows:
    return Flows({f.name: f for f in flows}, {i: f.name for f in flows for i in f.starts_on})


LANGUAGES = (Choice("en", "English"), Choice("ne", "Nepali", synonyms=("नेपाली",)))
SYSTEM = (
    flow(
        "welcome",
        Say("hello", "Hello"),
        Ask("lang", "Which language?", slot="lang", choices=LANGUAGES, shared=True),
        Goto("goto-1", "flow:menu"),
        level="system",
        on=("greet",),
    ),
    flow(
        "menu",
        Ask(
            "topic",
            "What is it about?",
            slot="topic",
            choices=(
                Choice("wages", "My pay", goto="flow:wages"),
                Choice("rights", "My rights", goto="flow:rights"),
                Choice("nothing", "Nothing", goto="finish"),
            ),
        ),
        End("finish"),
        level="system",
        on=("show_menu",),
    ),
    flow("human", Do("request", "casework.request"), Say("noted", "Noted"), level="system", on=("talk_to_human",)),
    flow("resume", Ask("continue", "Go on?", slot="continue", choices=YES_NO), level="system"),
    flow(
        "language",
        Ask("lang", "Which language?", slot="lang", choices=LANGUAGES, shared=True, always=True),
        level="system",
        on=("change_language",),
    ),
    flow("status", Say("state", "All is well"), level="system", on=("ask_case_status",)),
    flow(
        "stop", Do("opt_out", "profile.stop"), Say("stopped", "No more messages"), level="system", on=("stop_messages",)
    ),
    flow("start", Say("again", "Messages again"), level="system"),
    flow("clear", Say("cleared", "Clear the chat"), level="system"),
    flow(
        "delete",
        Ask("sure", "Delete?", slot="sure", choices=YES_NO),
        Say("deleted", "Done"),
        level="system",
        on=("delete_my_data",),
    ),
    flow("consent", Ask("agree", "May we write it down?", slot="agree", choices=YES_NO), level="system"),
)
MATTERS = (
    flow(
        "wages",
        Ask("country", "Which country?", fills=(COUNTRY,), shared=True, skip=Choice("skip", "I do not know")),
        Ask(
            "work",
            "What work, in {country}?",
            slot="work",
            choices=(
                Choice("home", "In a house", "house", ("domestic", "maid"), goto="owed"),
                Choice("company", "In a company", "company"),
            ),
        ),
        Ask("employer", "Who is the employer?", fills=(Fill("employer", "text"),)),
        Ask("owed", "How many months, how much?", fills=(MONTHS, AMOUNT), keep="owed_words"),
        Call("consent", "consent", {"purpose": "case"}, {"agreed": "agree"}),
        If("may", 'agreed == "yes"', "open", "no_case"),
        Do(
            "open",
            "cases.open_case",
            {"kind": "unpaid_wages", "months": "$months"},
            {"opened": "done", "else": "no_case"},
        ),
        Say("done", "Your number: {reference}"),
        End("end-1"),
        Say("no_case", "Nothing was written down"),
        level="grievance",
        on=("report_unpaid_wages",),
        listens=(COUNTRY, MONTHS, AMOUNT),
    ),
    flow(
        "rights",
        Ask("country", "Which country?", fills=(COUNTRY,), shared=True),
        Say("law", "The law of {country}"),
        on=("ask_rights",),
        listens=(COUNTRY,),
    ),
    flow("contacts", Say("list", "Addresses"), on=("ask_contacts",)),
    flow(
        "violence",
        Do("alarm", "cases.raise_alarm"),
        Say("seen", "Received"),
        Ask("safe", "Can you write?", slot="safe", choices=YES_NO, keep="safe_words"),
        Ask("country", "Which country?", fills=(COUNTRY,), shared=True),
        Say("last", "A person is told"),
        level="danger",
        on=("report_violence",),
        listens=(COUNTRY,),
    ),
    flow(
        "self_harm",
        Do("alarm", "cases.raise_alarm"),
        Ask("alone", "Is someone with you?", slot="alone", choices=YES_NO),
        level="danger",
        on=("express_self_harm",),
    ),
    flow(
        "death",
        Ask("who", "Who is it?", fills=(Fill("who", "text"),), keep="who_words"),
        Ask("where", "Which country?", fills=(Fill("where", "country"),)),
        level="serious",
        on=("report_death",),
    ),
    flow(
        "proof",
        Ask(
            "photo",
            "Send a photo",
            fills=(Fill("photo", "media"),),
            keep="photo_words",
            skip=Choice("skip", "No photo"),
        ),
        Ask("place", "Send the place", fills=(Fill("place", "location"),)),
        on=("send_proof",),
    ),
)
FLOWS = make(*SYSTEM, *MATTERS)


def means(intent: str, confidence: float = 0.9, **entities: Any) -> Meaning:
    return Meaning(intent, confidence, entities)


def in_danger(kind: str, tier: str = "page") -> Meaning:
    return Meaning(kind, 0.9, danger=Danger(kind, tier, "rule"))


VIOLENCE = in_danger("report_violence")
SELF_HARM = in_danger("express_self_harm")


@dataclass
class Talk:
    """A conversation with the engine; actions are answered from `outcomes`, by action."""

    flows: Flows = FLOWS
    session: Session = field(default_factory=lambda: Session(shared={"welcomed": True}))
    rules: Rules = RULES
    outcomes: dict[str, Outcome] = field(
        default_factory=lambda: {"cases.open_case": Outcome("opened", {"reference": "123"})}
    )
    events: tuple[Event, ...] = ()

    def give(self, given: Input) -> list[str]:
        """One input; what was said, as text ids (`prefix>text`), after all its actions have run."""
        self.events = self.once(given)
        for _ in range(1000):
            last = self.events[-1] if self.events else None
            if not isinstance(last, Called):
                return self.lines()
            self.events += self.once(self.outcomes.get(last.action, Outcome("done")))
        raise AssertionError("actions are called for ever")

    def once(self, given: Input) -> tuple[Event, ...]:
        """One turn, from the session as it was and as it comes out of JSON: both must say the same."""
        stored = Session.from_json(json.loads(json.dumps(self.session.to_json())))
        kept = (self.session.to_json(), given)
        one, two = (
            turn(self.flows, s, given, words=FewWords(), readers=READERS, language="en", rules=self.rules)
            for s in (self.session, stored)
        )
        assert one.events == two.events
        assert one.session.to_json() == two.session.to_json()
        assert kept == (self.session.to_json(), given), "the engine changed what it was given"
        assert all(not isinstance(e, Called) for e in one.events[:-1])
        self.session = two.session
        return one.events

    def hear(self, text: str, meaning: Meaning = UNCLEAR, **rest: Any) -> list[str]:
        return self.give(Heard(text, meaning, **rest))

    def press(self, step: str, option: str, version: str = "v1") -> list[str]:
        return self.give(Pressed(step, option, version))

    def share(self, kind: str, caption: str = "", meaning: Meaning = UNCLEAR) -> list[str]:
        return self.give(Shared(kind, "ref-1", caption, meaning))

    def lines(self) -> list[str]:
        said = [e for e in self.events if isinstance(e, Said | Asked)]
        return [f"{e.prefix}>{e.text_id}" if isinstance(e, Asked) and e.prefix else e.text_id for e in said]

    def slot(self, name: str) -> Any:
        top = self.session.top
        return top.slots.get(name, self.session.shared.get(name)) if top else self.session.shared.get(name)

    def stack(self) -> list[str]:
        return [f.flow for f in self.session.stack]

    def change(self, *flows: Flow) -> None:
        """Another version of some flows is in place from now on."""
        self.flows = make(*{**self.flows.by_name, **{f.name: f for f in flows}}.values())

    def without(self, name: str) -> None:
        self.flows = make(*(f for f in self.flows.by_name.values() if f.name != name))

    def at(self, **fields: Any) -> None:
        """Change the running frame, as an older release may have left it."""
        assert self.session.top
        self.session = replace(self.session, stack=(*self.session.stack[:-1], replace(self.session.top, **fields)))


def wages_talk() -> Talk:
    """A talk at the second question of `wages`."""
    talk = Talk()
    talk.hear("not paid", means("report_unpaid_wages"))
    assert talk.hear("Qatar") == ["wages.work"]
    return talk
