"""The steps of a flow from YAML: `say ask do if goto call end`, their texts, options and slots.

Law: one function for each kind of step; what a step may hold is in one table, and what it lacks is a problem.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.content.sheet import Sheet
from bot.content.source import Place
from bot.content.wording import PLACEHOLDER
from bot.engine.flow import Ask, Call, Choice, Do, End, Fill, Goto, If, Say, Step
from bot.engine.messages import Sensitivity
from bot.engine.phrases import phrase

KINDS = ("ask", "say", "do", "if", "goto", "call", "end")  # `ask` first: it holds a `say:` of its own
ID = re.compile(r"[a-z][a-z0-9_]{0,23}\Z")
OPTIONS = "options"  # in an SMS the place of the numbered options
SKIP = "skip"
LANGUAGES = "languages"  # `options: languages`

# Reader and the arguments that it takes (bot/content/readers/<name>.py).
READERS: dict[str, tuple[str, ...]] = {
    "text": ("letters", "but", "any"),
    "number": ("unit",),
    "amount": ("country",),
    "date": ("today", "side"),
    "country": ("going", "home"),
    "phone": ("country",),
    "code": (),
    "digits": ("length",),
    "hours": (),
    "media": (),
    "location": (),
    "topic": (),
    "need": (),
    "kin": (),
    "sentence": (),
    "service": (),
    "language": (),
}
_VOICE = ("sms", "safety", "sensitivity")
_ANSWER = (
    "options",
    "type",
    "fills",
    "slot",
    "keep",
    "skip",
    "always",
    "shared",
    "first",
    "shown",
    "secret",
    "lapses",
    "counted",
    "unsure",
    "segments",
    "heard",
)
_SKIP = ("label", "sms", "synonyms", "goto")
_CHOICE = (*_SKIP, "heard", "alone")
_ARGUMENTS = tuple(dict.fromkeys(name for names in READERS.values() for name in names))
_FIELDS: dict[str, tuple[str, ...]] = {
    "say": ("text", *_VOICE),
    "ask": ("say", *_ANSWER, *_VOICE, *_ARGUMENTS),
    "do": ("action", "with", "on"),
    "if": ("then", "else", "id"),
    "goto": (),
    "call": ("flow", "with", "take"),
    "end": (),
}


class Steps:
    """Reads the steps of one file."""

    def __init__(self, sheet: Sheet, languages: tuple[Choice, ...]) -> None:
        self._sheet = sheet
        self._languages = languages
        self._ids: dict[str, int] = {}

    def read(self, top: Place) -> Iterator[Step]:
        """The steps in order; what is no step is a problem."""
        for number, place in enumerate(self._sheet.rows(top, "steps", "step"), 1):
            kind = next((k for k in KINDS if k in place), "")
            if not kind:
                self._sheet.wrong(place.line, f"a step begins with one of {', '.join(KINDS)}")
                continue
            self._sheet.only(place, (kind, *_FIELDS[kind]), f"`{kind}`")
            yield self._step(kind, place, self._id(kind, place, number))

    def _id(self, kind: str, place: Place, number: int) -> str:
        """A name, or for steps that nobody names `goto_7`: kind and place in the file."""
        named = kind == "if" and "id" in place  # a condition that an outcome leads to
        generated = not named and (kind in {"if", "goto"} or (kind == "end" and place[kind] is None))
        step_id = f"{kind}_{number}" if generated else self._sheet.text(place, "id" if named else kind)
        line = place.at(kind)
        if step_id and not ID.match(step_id):
            self._sheet.wrong(line, f"a step's id is at most 24 small letters, digits and _: {step_id}")
        if step_id in self._ids:
            self._sheet.wrong(line, f"the id {step_id} is used by the step at line {self._ids[step_id]} already")
        self._ids.setdefault(step_id, line)
        return step_id

    def _step(self, kind: str, place: Place, step_id: str) -> Step:
        sheet, source = self._sheet, f"{self._sheet.file}:{place.at(kind)}"
        match kind:
            case "say":
                return self.say(step_id, place, source)
            case "ask":
                return self._ask(step_id, place, source)
            case "do":
                arguments = dict(sheet.table(place, "with"))
                return Do(step_id, sheet.text(place, "action"), arguments, sheet.names(place, "on"), source)
            case "if":
                other = sheet.text(place, "else", needed=False)
                return If(step_id, sheet.text(place, "if"), sheet.text(place, "then"), other, source)
            case "goto":
                return Goto(step_id, sheet.text(place, "goto"), source)
            case "call":
                arguments = dict(sheet.table(place, "with"))
                return Call(step_id, sheet.text(place, "flow"), arguments, sheet.names(place, "take"), source)
        return End(step_id, source)

    # --- words

    def say(self, step_id: str, place: Place, source: str) -> Say:
        """A `say`, or a sentence of system.yml."""
        text, sms = self._texts(place, "text")
        return Say(step_id, text, sms, self._sensitivity(place), self._sheet.flag(place, "safety"), source)

    def _texts(self, place: Place, key: str) -> tuple[str, str]:
        """The long text and the short one. Braces are placeholders; options have their place only in the short one."""
        text, sms = self._sheet.text(place, key), self._sheet.text(place, "sms", needed=False)
        if OPTIONS in PLACEHOLDER.findall(text):
            self._sheet.wrong(place.at(key), f"{{{OPTIONS}}} stands only in `sms:`")
        for where, words in ((key, text), ("sms", sms)):
            if set("{}") & set(PLACEHOLDER.sub("", words)):
                self._sheet.wrong(place.at(where), "a brace that is no {placeholder} of small letters, digits and _")
        return text, sms

    def _sensitivity(self, place: Place) -> Sensitivity:
        allowed = tuple(s.value for s in Sensitivity)
        return Sensitivity(self._sheet.one_of(place, "sensitivity", allowed, Sensitivity.NEUTRAL.value))

    # --- questions

    def _ask(self, step_id: str, place: Place, source: str) -> Ask:
        sheet = self._sheet
        kinds = {key for key in ("options", "type", "fills") if key in place}
        if len(kinds) != 1 and kinds != {"options", "fills"}:
            sheet.wrong(place.line, "a question has one of `options:`, `type:` and `fills:`, or options and fills")
        slot = sheet.text(place, "slot", needed=False) or step_id
        choices, skip = self._choices(place), self._skip(place)
        if skip and any(c.id == SKIP for c in choices):
            sheet.wrong(place.at("options"), f"the id {SKIP} belongs to `skip:`")
        text, sms = self._texts(place, "say")
        return Ask(
            id=step_id,
            text=text,
            slot=slot,
            sms=sms,
            choices=choices,
            fills=self._fills_of(place, slot),
            keep=sheet.text(place, "keep", needed=False),
            skip=skip,
            always=sheet.flag(place, "always"),
            shared=sheet.flag(place, "shared"),
            first=sheet.text(place, "first", needed=False),
            shown=sheet.text(place, "shown", needed=False),
            offers=self._offers(place),
            secret=self._secret(place),
            lapses=sheet.flag(place, "lapses"),
            counted=sheet.flag(place, "counted"),
            unsure=sheet.text(place, "unsure", needed=False),
            segments=sheet.whole(place, "segments") or 1,
            heard=self._heard(place),
            sensitivity=self._sensitivity(place),
            safety=sheet.flag(place, "safety"),
            source=source,
        )

    def _choices(self, place: Place) -> tuple[Choice, ...]:
        if "options" not in place or self._offers(place):
            return ()
        if place["options"] == LANGUAGES:
            return self._languages
        made: dict[str, Choice] = {}
        for option in self._sheet.rows(place, "options", "option"):
            self._sheet.only(option, ("id", *_CHOICE), "an option")
            option_id = self._sheet.text(option, "id")
            if option_id and not ID.match(option_id):
                self._sheet.wrong(option.line, f"an option's id is at most 24 small letters, digits and _: {option_id}")
            if option_id in made:
                self._sheet.wrong(option.line, f"two options have the id {option_id}")
            made[option_id] = self._choice(option_id, option)
        return tuple(made.values())

    def _secret(self, place: Place) -> bool:
        secret = self._sheet.flag(place, "secret")
        for key in ("shared", "keep") if secret else ():
            if key in place:
                self._sheet.wrong(place.at(key), f"what is secret is not kept: no `{key}:`")
        return secret

    def _offers(self, place: Place) -> str:
        """`options: $topics` = the slot that holds the options; empty for options that stand in the flow."""
        options = place.get("options")
        return options[1:] if isinstance(options, str) and options.startswith("$") else ""

    def _skip(self, place: Place) -> Choice | None:
        if "skip" not in place:
            return None
        skip = self._sheet.table(place, "skip")
        self._sheet.only(skip, _SKIP, "`skip:`")
        return self._choice(SKIP, skip)

    def _choice(self, option_id: str, place: Place) -> Choice:
        sheet = self._sheet
        short, goto = sheet.text(place, "sms", needed=False), sheet.text(place, "goto", needed=False)
        synonyms, heard = sheet.words(place, "synonyms"), self._phrases(place)
        return Choice(
            option_id,
            sheet.text(place, "label"),
            short,
            synonyms,
            goto,
            heard=heard,
            alone=self._sheet.flag(place, "alone"),
        )

    def _phrases(self, place: Place) -> tuple[str, ...]:
        """`heard:`: what means this inside a sentence (bot/engine/phrases.py)."""
        written = self._sheet.words(place, "heard")
        for raw in written:
            try:
                phrase(raw)
            except ValueError as error:
                self._sheet.wrong(place.at("heard"), str(error))
            if "," in raw:
                self._sheet.wrong(place.at("heard"), f"a phrase holds no comma: {raw}")
        return written

    def _heard(self, place: Place) -> tuple[str, ...]:
        """`heard:` of a question for words; a question with options has them at its options."""
        written = self._phrases(place)
        if written and not any(f.reader == "text" for f in self._fills_of(place, "")):
            self._sheet.wrong(place.at("heard"), "`heard:` belongs to an option, or to a question for words")
        return written

    # --- slots

    def _fills_of(self, place: Place, slot: str) -> tuple[Fill, ...]:
        arguments = [key for key in _ARGUMENTS if key in place]
        if "type" in place:
            return (self._fill(slot, Place.part(place, ("type", *arguments))),)
        for key in arguments:
            self._sheet.wrong(place.at(key), f"`{key}:` belongs to a `type:`")
        return self.fills(place, "fills") if "fills" in place else ()

    def fills(self, place: Place, key: str) -> tuple[Fill, ...]:
        """Slots and their types: `{months: {type: number, unit: month}}`."""
        specs = self._sheet.table(place, key)
        return tuple(self._fill(slot, self._sheet.table(specs, slot)) for slot in specs)

    def _fill(self, slot: str, spec: Place) -> Fill:
        reader = self._sheet.one_of(spec, "type", tuple(READERS), "text")
        if "type" not in spec:
            self._sheet.wrong(spec.line, f"`type:` of {slot} is missing: {', '.join(READERS)}")
        self._sheet.only(spec, ("type", *READERS[reader]), f"the type {reader}")
        return Fill(slot, reader, {k: v for k, v in spec.items() if k != "type"})
