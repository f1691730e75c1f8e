"""What is authentic and makes no sense: each value of each kind of update and form put in another's place.

Law: the real intake, database and turns. Nothing is refused with an error (a provider would send it for ever), nothing
that one odd message holds keeps another from being taken or answered.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from bot.channels import gateway_forms
from bot.channels.contract import Inbound, Receipt, Unreadable
from bot.settings import ROOT
from bot.web.signatures import MOST_FIELDS, twilio_payload
from bot.web.webhooks import Intake, _form, _object, _own_numbers, _singly, _update, polled
from tests.fakes.gateway import NUMBER, received
from tests.fakes.post import PUBLIC, form
from tests.fakes.twilio import ACCOUNT, TOKEN
from tests.pipeline.conftest import world
from tests.pipeline.world import World

__all__ = ["world"]
pytestmark = pytest.mark.slow
PLACE = ROOT / "tests" / "channels"
TEXTS = ["\0", "a\0b", "\ud800 lone", "x" * 70_000, "", "\u202e\ufeff"]
NUMBERS = [10**30, -(10**30), 2**63, 2**64, -1, 0, 1e308, float("nan"), float("inf"), True]
AT = "2026-11-24T15:46:11.000+03:00"
SHAPES: list[Any] = [None, [], {}, [[]], {"a": {"b": []}}, "x"]


def leaves(told: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Each value with the way to it, those that hold others too."""
    if path:
        yield path, told
    items = told.items() if isinstance(told, dict) else enumerate(told) if isinstance(told, list) else ()
    for key, value in items:
        yield from leaves(value, (*path, key))


def put(told: Any, path: tuple[Any, ...], value: Any) -> Any:
    """A copy with another value there."""
    made = copy.deepcopy(told)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made


def odd(told: Any) -> Iterator[Any]:
    """With one value after the other in the place of each."""
    for path, was in leaves(told):
        values = TEXTS if isinstance(was, str) else NUMBERS if isinstance(was, int | float) else []
        for value in [*values, *SHAPES]:
            yield put(told, path, value)


def fixtures(channel: str) -> list[Any]:
    return [json.loads(file.read_text("utf-8")) for file in sorted((PLACE / channel).glob("*.json"))]


def someone(told: Any, number: int) -> Any:
    """The same from another chat, so that no turn waits for another."""
    text = json.dumps(told).replace("5550001", str(6_000_000 + number)).replace("880", f"9{number:05}", 1)
    return json.loads(text)


async def answered(world: World) -> None:
    """All that can be, parts of albums and updates behind a gap too."""
    await world.turns()
    world.clock.move(minutes=2)
    await world.turns()


def settled(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What went wrong in turns and with the store, as the log has it."""
    events = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    return [event for event in events if "unreadable" not in event]


async def test_no_update_of_telegram_is_refused_or_holds_up_another(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    app, told, declined = world.app, [], []
    for n, each in enumerate(update for found in fixtures("telegram") for update in odd(found)):
        told.append(someone(each, n))
    take = polled(app.settings, app.receive, app.quarantine, lambda *group: declined.append(group))
    for start in range(0, len(told), 100):  # as many as come at once
        await take(told[start : start + 100])
    await answered(world)
    assert settled(caplog) == []
    assert await world.rows("SELECT kind, error, attempts FROM inbox WHERE state = 'waiting' LIMIT 3") == []
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'done'") > len(told) / 4
    print(f"{len(told)} odd updates")


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
async def test_no_form_of_twilio_is_refused_or_holds_up_another(
    world: World, caplog: pytest.LogCaptureFixture, channel: str
) -> None:
    app, own = world.app, _own_numbers(world.app.settings)
    intake, made = Intake(app.receive, app.quarantine), 0
    for found in fixtures(channel):
        for path, _ in leaves(found):
            for value in [*TEXTS, [], ["a", "b"], ["+1", "\0"]]:
                form = put(found, path, value) | {"?ref": ""}
                raw = json.dumps(form).encode()
                await intake.take("twilio", "AC", raw, lambda form=form: _form(form, own))
                made += 1
    await answered(world)
    assert settled(caplog) == []
    assert await world.rows("SELECT kind, error, attempts FROM inbox WHERE state = 'waiting'") == []
    print(f"{made} odd forms")


async def test_no_webhook_of_the_sim_is_refused_or_holds_up_another(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    app, made = world.app, 0
    intake = Intake(app.receive, app.quarantine)
    sent = {"messageId": "x" * 36, "phoneNumber": "+96550001234", "reason": "RESULT_ERROR"}
    picture = {"partId": 1, "contentType": "image/jpeg"}
    with_files = {"sender": "+96550001234", "receivedAt": AT, "messageId": "m", "body": "b", "attachments": [picture]}
    for event, payload in (
        ("sms:received", received("+96550001234", "hello")),
        ("sms:batch:received", {"messages": [received("+96550001234", "hello")]}),
        ("sms:failed", sent),
        ("mms:downloaded", with_files),
    ):
        for told in odd({"deviceId": "d", "event": event, "id": "i", "payload": payload}):
            for part in _singly(json.dumps(told).encode()):
                read = lambda part=part: gateway_forms.read(_object(part), NUMBER)  # noqa: E731
                await intake.take("sms_gateway", NUMBER, part, read)
                made += 1
    await answered(world)
    assert settled(caplog) == []
    assert await world.rows("SELECT kind, error, attempts FROM inbox WHERE state = 'waiting' LIMIT 3") == []
    print(f"{made} odd webhooks of the SIM")


@pytest.mark.parametrize("depth", [500, 900, 1100, 20_000])
def test_an_update_nested_to_the_depth_of_the_parser(depth: int) -> None:
    """It is read, or said to be unreadable: never another error."""
    for open_, close in (("[", "]"), ('{"a":', "}")):
        inner = open_ * depth + ("1" if open_ != "[" else "") + close * depth
        raw = f'{{"update_id": 1, "message": {{"pinned_message": {inner}}}}}'.encode()
        values: list[Inbound | Receipt] = []
        with contextlib.suppress(Unreadable):
            values = _update(raw, "7001")
        assert values == []


async def test_polled_updates_of_such_a_depth_hold_up_nobody(world: World) -> None:
    deep: Any = 1
    for _ in range(20_000):
        deep = [deep]
    update = fixtures("telegram")[-1]
    app = world.app
    take = polled(app.settings, app.receive, app.quarantine, lambda *_: None)
    good = someone(json.loads((PLACE / "telegram" / "text.json").read_text("utf-8")), 1)
    await take([update | {"message": {"pinned_message": deep}}, good])
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == 1


@pytest.mark.parametrize(("fields", "read"), [(MOST_FIELDS + 1, False), (1_000, False), (MOST_FIELDS - 9, True)])
def test_a_form_of_a_thousand_fields_is_no_form(fields: int, read: bool) -> None:
    """Signed as it is: more than Twilio ever sends is not read at all, and nothing is computed of it."""
    pairs = {f"Extra{n}": "x" for n in range(fields)} | {"AccountSid": ACCOUNT, "Body": "hello"}
    letter = form(pairs)
    found = twilio_payload(
        public_url=PUBLIC,
        path=letter.path,
        query=b"",
        body=letter.body,
        content_type=letter.headers["Content-Type"],
        signatures=[letter.headers["X-Twilio-Signature"].encode()],
        tokens=[TOKEN],
    )
    assert (found is not None) == read


@pytest.mark.parametrize("name", ["Body", "From", "MessageSid", "NumMedia", "ButtonPayload"])
def test_a_repeated_field_is_never_half_read(name: str) -> None:
    told = json.loads((PLACE / "sms" / "text.json").read_text("utf-8")) | {name: ["STOP", "hello"]}
    with pytest.raises((Unreadable, TypeError)):  # quarantined either way
        _form(told, frozenset())


async def test_a_number_that_no_column_takes_keeps_no_other_message_out(world: World) -> None:
    """They come at the same moment, and are committed together."""
    good = json.loads((PLACE / "telegram" / "text.json").read_text("utf-8"))
    told = [someone(good, n) for n in range(5)]
    told[2]["update_id"] = 10**25
    app = world.app
    intake = Intake(app.receive, app.quarantine)
    raws = [json.dumps(each).encode() for each in told]
    await asyncio.gather(*(intake.take("telegram", "7001", raw, lambda raw=raw: _update(raw, "7001")) for raw in raws))
    assert await world.one("SELECT count(*) FROM inbox WHERE state = 'waiting'") == 5
