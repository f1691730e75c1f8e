"""T1: every genuine form of request is believed, and none in which a single byte was changed.

Law: signatures are made by the test's own few lines, not by the library that checks them; the check is a pure
function, so that thousands cost a second.
"""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.web.signatures import form_of, twilio_payload
from tests.fakes.line import FORM, PUBLIC, sample
from tests.fakes.twilio import TOKEN, sign

PATH = "/webhooks/twilio"
MUTATIONS = 1000  # of each part of each vector


@dataclass(frozen=True, slots=True)
class Vector:
    """A request as Twilio makes it."""

    body: bytes
    signature: bytes
    query: bytes = b""
    kind: str = FORM

    def payload(self) -> dict[str, Any] | None:
        return twilio_payload(
            public_url=PUBLIC,
            path=PATH,
            query=self.query,
            body=self.body,
            content_type=self.kind,
            signatures=[self.signature],
            tokens=[TOKEN],
        )


def _form(pairs: list[tuple[str, str]], query: str = "", origin: str = PUBLIC) -> Vector:
    url = origin + PATH + (f"?{query}" if query else "")
    return Vector(urlencode(pairs).encode(), sign(url, pairs).encode(), query.encode())


def _json(told: object) -> Vector:
    body = json.dumps(told).encode()
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    return Vector(body, sign(f"{PUBLIC}{PATH}?{query}").encode(), query.encode(), "application/json")


TEXT = list(sample("sms/text").items())
VECTORS = {
    "W1 a form": _form(TEXT),
    "W1 with a query": _form(TEXT, "ref=0190-ab&a=1"),
    "W1 a repeated name": _form([*TEXT, ("Extra", "b"), ("Extra", "a"), ("Extra", "b")]),
    "W2 JSON and its hash": _json(sample("sms/text")),
    "W3 with the port": _form(TEXT, origin=f"{PUBLIC}:443"),
    "W6 a blank body": _form(list(sample("sms/empty").items())),
    "W6 blanks around": _form(list({**sample("sms/text"), "Body": "  hello \t "}.items())),
    "W12 unknown fields": _form(list(sample("sms/unknown_fields").items())),
    "W13 a messaging service": _form(list(sample("sms/service_pool").items())),
    "a button of WhatsApp": _form(list(sample("whatsapp/button").items())),
}


@pytest.mark.parametrize("name", VECTORS)
def test_T1_the_genuine_request_is_believed(name: str) -> None:
    assert VECTORS[name].payload() is not None


def _flipped(rng: random.Random, value: bytes) -> bytes:
    at = rng.randrange(len(value))
    return value[:at] + bytes([value[at] ^ rng.randrange(1, 256)]) + value[at + 1 :]


def _says_the_same(one: Vector, other: Vector) -> bool:
    """Another spelling of the same signed fields (%2b for %2B) is the same request."""
    return one.kind == FORM and form_of(one.body) == form_of(other.body) and one.query == other.query


PARTS = [(n, p) for n, v in VECTORS.items() for p in ("body", "signature", "query") if getattr(v, p)]


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_T1_no_single_byte_may_change(name: str, part: str) -> None:
    good, rng = VECTORS[name], random.Random(f"{name} {part}")
    believed, tried = [], 0
    while tried < MUTATIONS:
        bad = replace(good, **{part: _flipped(rng, getattr(good, part))})
        if part == "body" and _says_the_same(good, bad):
            continue
        tried += 1
        if bad.payload() is not None:  # nothing may be raised either
            believed.append(bad)
    assert believed == []


@pytest.mark.parametrize(
    ("public", "path"),
    [
        ("http://help.example", PATH),
        ("https://help.example.evil.tld", PATH),
        ("https://HELP.example", PATH),
        ("https://help.example:8443", PATH),
        (PUBLIC, PATH + "/"),
        (PUBLIC, "/webhooks/Twilio"),
    ],
)
def test_T1_another_address_is_another_request(public: str, path: str) -> None:
    """W3: scheme, host, port, case and a slash more are signed; what the request claims of itself counts nothing."""
    signed = sign(public + path, TEXT).encode()
    assert replace(VECTORS["W1 a form"], signature=signed).payload() is None
