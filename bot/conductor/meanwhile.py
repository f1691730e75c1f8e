"""What begins beside the open question of the moment: a new matter while a human is awaited, and one that was put off.

Law: a human who has spoken is not spoken over, nor is an alarm; what begins nothing is told to whoever is awaited.
"""

from __future__ import annotations

from bot.conductor.arrived import COURTESY
from bot.content import Content
from bot.engine.flow import Flow
from bot.engine.inputs import Heard, Input, Meaning, Started
from bot.engine.stack import ALARM
from handlers import owner as owners
from handlers import put_off, triage, which
from handlers.context import Context

COMES_BACK = frozenset({"greet", "affirm", "nlu_fallback"})  # intents that say no more than that she is here again


def begins(ctx: Context, content: Content, given: Input) -> bool:
    """Whether the bot answers a new matter while a human is awaited: what is serious is asked about, as nobody speaks
    yet; of a grievance the human is told, and nothing begins."""
    kind = _new_matter(ctx, content, given)
    if not kind:
        return False
    if _flow(content, kind).level == "serious":
        return owners.move(ctx.conversation, "speaks")
    case = which.concerned(ctx)
    if case is not None:
        case.facts["also"] = sorted({*case.facts.get("also", ()), kind})
    ctx.notify("queue", kind, triage.severity(ctx.knowledge.get("triage"), kind, {}), case)
    return False


def _new_matter(ctx: Context, content: Content, given: Input) -> str:
    """The report that she clearly begins, of which no case of hers knows; empty when it is none, when a human has
    spoken, and after an alarm or where it is too heavy: there a human comes first."""
    if not isinstance(given, Heard) or not _clear(content, given.meaning):
        return ""
    kind, awaited = given.meaning.intent, ctx.conversation.owner == "waiting"
    if not awaited or ctx.conversation.earlier_user_id is not None or kind not in content.flows.by_intent:
        return ""
    if _flow(content, kind).level not in {"serious", "grievance"}:
        return ""
    if which.recent_alarm(ctx) is not None or which.heavy(ctx) is not None:
        return ""
    told = {name for case in ctx.cases for name in (case.kind, *case.facts.get("also", ()))}
    return "" if kind in told else kind


def taken_up(ctx: Context, content: Content, meaning: Meaning) -> Started | None:
    """What begins the matter that she could not write of before, when she is here again and wants nothing else clearly;
    thanks leave it as it is."""
    matter, alarm = put_off.matter_of(ctx)
    if not matter or meaning.intent in COURTESY - COMES_BACK:
        return None
    put_off.settle(ctx)
    other = meaning.danger is not None or (_clear(content, meaning) and meaning.intent not in COMES_BACK)
    if other or matter not in content.flows.by_name:
        return None
    return Started(matter, "said", {ALARM: "yes"} if alarm else {})


def _clear(content: Content, meaning: Meaning) -> bool:
    return meaning.confidence >= content.rules.interrupt


def _flow(content: Content, kind: str) -> Flow:
    return content.flows.by_name[content.flows.by_intent[kind]]
