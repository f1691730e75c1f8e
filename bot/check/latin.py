"""Rule: a language that people also write in Latin letters has its SMS in them, whole, for old phones.

Law: `locales/<lang>/LC_MESSAGES/latin.po` has every SMS of the flows (but those of NATIVE), the engine's words, and the
facts that they say (SPOKEN); each fits the GSM alphabet and one segment (or as many as the English), keeps its values,
and tells nothing to who reads over the shoulder. So are its days of the week (`latin_days:`). A language without the
file has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polib

from bot.channels.contract import Chrome
from bot.channels.segments import count, is_gsm
from bot.channels.sms import channel
from bot.check.budget import FALSE_SLOTS
from bot.check.discreet import DANGER, LEXICON, PREVIEW, found, lexicon_of
from bot.check.routes import SAID
from bot.check.samples import longest
from bot.check.texts import options
from bot.content import Content, Problem
from bot.content.catalogue import LATIN, in_latin, po_path
from bot.content.flows import CHANNEL
from bot.content.languages import FALLBACK, Language
from bot.content.reply import brief_of, is_language_option
from bot.content.wording import PLACEHOLDER
from bot.engine.events import Asked, Said
from bot.engine.flow import Ask, Flow, Say

# Flows that are in her script on every phone: what they say is lessons, leaflets and reports, texts of our facts.
NATIVE = frozenset({"before_leaving", "leaflets", "orientation", "what_changed"})
OTHERWISE = frozenset({"letter"})  # words of the engine that are in her script: it holds what a human wrote
# Facts that these say: texts of knowledge/ by the beginning and the end of their id. A message is in her script as
# long as one of its facts has no Latin letters (`bot/content/reply.py`).
SPOKEN = (
    ("contacts.", ".label"),
    ("follow_up.", ".say"),
    ("needs.", ".label"),
    ("news.", ".say"),
    ("recruiting.", ".say"),
    ("rights.", ""),
    ("services.", ".label"),
    ("services.", ".receiver"),
    ("stages.", ".say"),
    ("terms.", ""),
    ("topics.", ".say"),
    ("warnings.", ""),
)
WEEK = 7  # days
EXTRACT = "run `saathi locales extract`"


@dataclass(frozen=True, slots=True)
class Wanted:
    """One text in Latin letters: its context, the English it is made from, where that stands, and whose it is."""

    context: str
    english: str
    source: str
    danger: bool
    flow: Flow | None = None
    step: Say | Ask | None = None


def flows(content: Content) -> list[Flow]:
    """The flows whose SMS are also in Latin letters."""
    return [flow for flow in content.flows.by_name.values() if flow.name not in NATIVE]


def wanted(content: Content) -> list[Wanted]:
    """Every text that such a language needs, in the order of the flows."""
    made = [text for flow in flows(content) for text in _of_flow(flow, content.languages)]
    for say in content.texts.get("system", ()):
        if say.id not in OTHERWISE:
            made.append(Wanted(in_latin(f"system.{say.id}#sms"), say.sms or say.text, say.source, False))
    for say in content.texts.get(CHANNEL, ()):
        if say.id in SAID:
            made.append(Wanted(in_latin(f"{CHANNEL}.{say.id}#sms"), say.text, say.source, True))
    for text_id, fact in content.knowledge.texts.items():
        if brief_of(text_id, content.knowledge.texts) == text_id and _is_spoken(text_id):
            made.append(Wanted(in_latin(text_id), fact.english, fact.source, False))
    return made


def _is_spoken(text_id: str) -> bool:
    return any(text_id.startswith(first) and text_id.endswith(last) for first, last in SPOKEN)


def _of_flow(flow: Flow, languages: Mapping[str, Language]) -> Iterator[Wanted]:
    danger = flow.level == DANGER
    for step in flow.steps:
        if isinstance(step, Say | Ask):
            name = f"{flow.name}.{step.id}"
            yield Wanted(in_latin(f"{name}#sms"), step.sms or step.text, step.source, danger, flow, step)
        if isinstance(step, Ask):
            for choice in [c for c in options(step) if not is_language_option(c, languages)]:
                english = choice.short or choice.label
                yield Wanted(in_latin(f"{name}#option.{choice.id}"), english, step.source, danger)


def languages(root: Path) -> list[str]:
    """The languages that have such texts: the file is there."""
    folders = sorted(p.name for p in (root / "locales").iterdir() if p.is_dir() and p.name != FALLBACK)
    return [code for code in folders if po_path(root, code, LATIN).exists()]


def check(content: Content, root: Path) -> Iterable[Problem]:
    """What is absent, too much, outdated, too long, not GSM, or tells too much."""
    for language in [code for code in languages(root) if code in content.languages]:  # else it is being translated
        path = po_path(root, language, LATIN)
        file = path.relative_to(root).as_posix()
        present = {e.msgctxt: e for e in polib.pofile(str(path), encoding="utf-8") if e.msgctxt and not e.obsolete}
        yield from _days(content.languages[language], language)
        needed = wanted(content)
        for text in needed:
            yield from _text(content, file, language, text, present.get(text.context))
        for context in [c for c in present if c not in {t.context for t in needed}]:
            yield Problem(file, present[context].linenum or 1, f"nothing has {context} any more: {EXTRACT}")


def _days(language: Language, code: str) -> Iterator[Problem]:
    if len(language.latin_days) != WEEK or not all(map(is_gsm, language.latin_days)):
        file = f"locales/{code}/language.yml"
        yield Problem(file, 1, f"`latin_days:` has not {WEEK} days of the week in letters that an old phone shows")


def _text(content: Content, file: str, language: str, text: Wanted, entry: polib.POEntry | None) -> Iterator[Problem]:
    if entry is None:
        yield Problem(file, 1, f"{text.context} is not in the catalogue: {EXTRACT}")
        return
    line = entry.linenum or 1
    if entry.msgid != text.english:
        yield Problem(file, line, f"the English of {text.context} has changed: {EXTRACT}")
    elif not entry.msgstr:
        yield Problem(file, line, f"{text.context} is not written: {' '.join(text.english.split())}")
    if not entry.msgstr:
        return
    if not is_gsm(entry.msgstr):
        odd = "".join(sorted({c for c in entry.msgstr if not is_gsm(c)}))
        yield Problem(file, line, f"{text.context} has letters that an old phone may not show: {odd}")
    if set(PLACEHOLDER.findall(entry.msgstr)) != set(PLACEHOLDER.findall(text.english)):
        yield Problem(file, line, f"{text.context} has other values in braces than the English")
    if text.danger:
        yield from _telling(content, file, line, language, text.context, entry.msgstr)
    if text.flow is not None and text.step is not None:
        told = rendered(content, text.flow, text.step, language)
        if told and count(told).segments > _room(content, text.flow, text.step):
            yield Problem(file, line, f"{text.context} is {count(told).segments} segments: {told}")


def _room(content: Content, flow: Flow, step: Say | Ask) -> int:
    """Segments: one; outside budgets, where the English SMS takes more, as many as that."""
    return max(1, count(rendered(content, flow, step, FALLBACK)).segments) if not flow.sms_budget else 1


def _telling(content: Content, file: str, line: int, language: str, context: str, text: str) -> Iterator[Problem]:
    lexicon = lexicon_of(content.knowledge.get(LEXICON), language)
    for stem in found(text, lexicon.never, lexicon.prefixes):
        yield Problem(file, line, f'{context} tells what this is about: say it without "{stem}"')
    for stem in found(text[:PREVIEW], lexicon.start, lexicon.prefixes) if "#sms" in context else ():
        yield Problem(file, line, f'{context} shows "{stem}" on a locked screen: not in the first {PREVIEW} characters')


def rendered(content: Content, flow: Flow, step: Say | Ask, language: str) -> str:
    """The SMS with its longest values; empty where something in it has no longest value."""
    names = sorted(set(PLACEHOLDER.findall(f"{step.text} {step.sms}")) - FALSE_SLOTS)
    days = content.languages[language].latin_days
    values = {name: longest(content, flow, name, FALLBACK, days) for name in names}
    if None in values.values():
        return ""
    text_id = f"{flow.name}.{step.id}"
    event: Said | Asked = Said(text_id, values)
    if isinstance(step, Ask):
        event = Asked(text_id, text_id, flow.version, tuple(c.id for c in options(step)), values, "")
    reply = content.reply(event, language, latin=True)
    return "\n".join(part.text for part in channel.layout(reply, Chrome()))
