"""T7, T8: tokens that are rotated while people write, and forms that are cut anew out of a signed one."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

import httpx
import pytest

from bot.channels.contract import Inbound
from bot.web.webhooks import TWILIO, webhooks
from tests.fakes.line import Line, Store, sample, settings
from tests.fakes.post import text
from tests.fakes.server import served
from tests.fakes.twilio import ACCOUNT, sign
from tests.pipeline.world import World

OLD, NEW = "the-old-token-of-tests", "the-new-token-of-tests"
EACH = 40  # requests at every stage, two servers at once


async def _line(stack: AsyncExitStack, store: Store, tokens: str) -> Line:
    """Another process, started with these tokens."""
    url = await stack.enter_async_context(
        served(webhooks(settings(twilio_auth_token=tokens), store.receive, store.quarantine))
    )
    return Line(store, await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False)))


async def test_T8_no_genuine_request_is_refused_while_tokens_rotate() -> None:
    """The operator lists both and restarts one process after the other; the provider changes; the old one is struck."""
    store, refused, sent = Store(), 0, 0
    # (tokens of the first process, of the second, what the provider signs with)
    stages = [
        (OLD, OLD, (OLD,)),
        (f"{NEW},{OLD}", OLD, (OLD,)),
        (f"{NEW},{OLD}", f"{NEW},{OLD}", (OLD, NEW)),
        (NEW, f"{NEW},{OLD}", (NEW,)),
        (NEW, NEW, (NEW,)),
    ]
    began = time.monotonic()
    for first, second, signing in stages:
        async with AsyncExitStack() as stack:
            lines = [await _line(stack, store, tokens) for tokens in (first, second)]

            async def one(number: int, lines: list[Line] = lines, signing: tuple[str, ...] = signing) -> int:
                told = sample("sms/text")
                fields = {n: v.replace(told["MessageSid"], f"SM{number:032x}") for n, v in told.items()}
                return await lines[number % 2].twilio(fields, token=signing[number % len(signing)])

            codes = await asyncio.gather(*(one(sent + n) for n in range(EACH)))
            refused, sent = refused + sum(code != 200 for code in codes), sent + EACH
    print(f"{sent} requests in {time.monotonic() - began:.1f} s while tokens rotated: refused {refused}")
    assert refused == 0
    assert len(store.values) == sent
    async with AsyncExitStack() as stack:
        late = await _line(stack, store, NEW)
        assert await late.twilio(sample("sms/text"), token=OLD) == 403
    assert len(store.values) == sent


def _cut_anew(mine: dict[str, str], victim: str) -> dict[str, str]:
    """The same signature over other fields: the text is ended early, the victim is the sender, the rest is hidden."""
    forged = {n: v for n, v in mine.items() if n not in {"Body", "From"}}
    words, _, rest = mine["Body"].partition("From")
    sender, _, hidden = rest.partition("FromCity")
    assert sender == victim
    return {**forged, "Body": words, "From": sender, "FromCity": f"{hidden}From{mine['From']}"}


@pytest.mark.slow
async def test_T7_a_form_cut_anew_with_its_own_id_is_a_replay(world: World) -> None:
    """Whoever keeps the real MessageSid passes the look for a second one; but that id was taken, by the message that he
    cut it from. So nothing is done, whoever comes first: his own number has sent those words, or nobody has."""
    victim, me = "+9779800000000", "+96550001111"
    mine = dict(httpx.QueryParams(text(me, f"delete my dataFrom{victim}FromCityx", "1").body.decode()))
    cut = _cut_anew(mine, victim)
    url = f"https://help.example{TWILIO}"
    signature = sign(url, mine.items())
    assert sign(url, cut.items()) == signature  # the attack is real
    assert cut["AccountSid"] == ACCOUNT
    heard: list[Inbound] = []
    async with AsyncExitStack() as stack:

        async def receive(items: object) -> None:
            heard.extend(items)  # type: ignore[call-overload]
            await world.app.receive(items)  # type: ignore[arg-type]

        async def quarantine(*_: object) -> None:
            raise AssertionError("readable")

        made = served(webhooks(settings(twilio_auth_token="a-token-of-tests"), receive, quarantine))
        base = await stack.enter_async_context(made)
        client = await stack.enter_async_context(httpx.AsyncClient(base_url=base, trust_env=False))
        for form in (mine, cut):
            answer = await client.post(TWILIO, data=form, headers={"X-Twilio-Signature": signature})
            assert answer.status_code == 200
    assert [item.address for item in heard] == [me, victim]  # it looks genuine ...
    assert await world.one("SELECT count(*) FROM seen") == 1  # ... and is the same event
    assert await world.one("SELECT count(*) FROM addresses") == 1
    await world.turns()
    await world.sends()
    assert {address for address, _, _ in world.provider.sent} == {me}
