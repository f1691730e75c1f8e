"""The engine, and the handlers that it calls, until a question is open or nothing is left to run.

Law: a handler runs in the transaction of the turn, and its outcome is one that it declares. Nothing is deleted or
disclosed on a message that its provider does not vouch for.
"""

from __future__ import annotations

import importlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

from bot import outgoing
from bot.conductor.arrived import NotVouched
from bot.conductor.gate import BY_US, MORE_UNTIL
from bot.conductor.here import Here
from bot.conductor.known import country_of_stay, learn
from bot.conductor.speaking import say
from bot.engine.engine import turn
from bot.engine.events import Called, Said
from bot.engine.inputs import Input, Outcome
from bot.engine.session import Session
from bot.engine.stack import SAID, SENT
from bot.store import vouched
from handlers import handoff, which

CALLS = 40  # handlers that one message may run; more is a fault of a flow
TOLD = frozenset({"opened", "said_more"})  # events of a case after which more may come
FORGOTTEN = (MORE_UNTIL, handoff.ANSWER_UNTIL, SAID, SENT)  # when she clears: what follows belongs to nothing


async def converse(here: Here, given: Input) -> None:
    """Run one input to its end. RuntimeError for a flow that calls actions without end."""
    content = here.tools.content
    session = _prepared(here, given)
    step: Input = given
    for _ in range(CALLS):
        language = here.language()
        result = turn(
            content.flows,
            session,
            step,
            words=content.words(language),
            readers=content.readers,
            language=language,
            rules=content.rules,
        )
        session = result.session
        called = say(here, result.events)
        if called is None:
            break
        if _must_wait(here, called):  # nothing is done; the question stays open
            if not (here.arrived and here.arrived.passed):  # nothing stands between her and what is urgent
                say(here, [Said("system.unvouched")])
            if not here.waits_for("queue"):
                here.ctx.notify("queue", "unvouched", "medium", which.concerned(here.ctx))
            return
        step = await _call(here, called)
    else:
        raise RuntimeError("a flow calls actions without end")
    _keep(here, session)


async def aside(here: Here, given: Input) -> None:
    """A line of a job that says nothing of the conversation: what is open stays open, and is not asked anew."""
    kept = here.conversation.session
    here.session = Session(shared=here.session.shared)
    await converse(here, given)
    here.conversation.session = kept


def _prepared(here: Here, given: Input) -> Session:
    """The session, with what is known of the person besides."""
    learn(here, given)
    person = here.person
    known = {
        "language": person.language,
        "language_guess": person.language_guess,
        "country": person.country or country_of_stay(here),
        # Who went through a report and said yes is no stranger to be introduced to.
        "welcomed": person.consent_store_at is not None,
    }
    shared = {**here.session.shared, **{k: v for k, v in known.items() if v}}
    return replace(here.session, shared=shared)


def _must_wait(here: Here, called: Called) -> bool:
    """Whether this deletes or discloses something and its provider cannot say now whether it knows the message: one
    signature of Twilio's fits more than one form (W7). Raises NotVouched when it was not asked yet."""
    arrived, provable = here.arrived, here.tools.provable
    if arrived is None or arrived.inbound is None or provable is None:
        return False
    module, _, function = called.action.partition(".")
    if function not in getattr(importlib.import_module(f"handlers.{module}"), "VOUCHED", ()):
        return False
    if not provable(arrived.inbound.channel, arrived.inbound.account):
        return False
    if None in arrived.vouched:
        raise NotVouched
    return set(arrived.vouched) != {vouched.YES}


async def _call(here: Here, called: Called) -> Outcome:
    module_name, _, function = called.action.partition(".")
    module = importlib.import_module(f"handlers.{module_name}")
    if function not in module.__all__:
        raise LookupError(called.action)
    action: Callable[..., Awaitable[Outcome]] = getattr(module, function)
    outcome = await action(here.ctx, **called.args)
    declared = module.OUTCOMES[function]
    if outcome.name not in declared or not set(outcome.slots) <= set(declared[outcome.name]):
        raise LookupError(f"{called.action} returned an outcome that it does not declare: {outcome.name}")
    return outcome


def _keep(here: Here, session: Session) -> None:
    ctx, now = here.ctx, here.tools.now
    country = session.shared.get("country")
    if isinstance(country, str) and len(country) == 2:
        here.person.country = country
    if any(event.kind in TOLD for event in ctx.events):
        until = (now + timedelta(minutes=int(here.policy_of_contact()["more_minutes"]))).isoformat()
        session = replace(session, shared={**session.shared, MORE_UNTIL: until})
    shared = {k: v for k, v in session.shared.items() if k != BY_US}
    session = replace(session, shared={**shared, BY_US: True} if here.by_us else shared)
    if ctx.forget:
        outgoing.wipe(here.subject, here.conversation, row_id=here.tools.new_id(), now=now)
        session = Session(shared={k: v for k, v in session.shared.items() if k not in FORGOTTEN})
    here.conversation.session = session.to_json()
