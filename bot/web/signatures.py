"""Whether a webhook comes from whom it says: Twilio's signature, Telegram's secret.

Law: pure, and fails closed: whatever cannot be checked is not authentic, and nothing here raises. The address that
was signed is the configured public one, never what the request claims about itself. Sources: twilio.com/docs/usage/
webhooks/webhooks-security; Bot API, setWebhook secret_token.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from twilio.request_validator import RequestValidator

MOST_FIELDS = 200
_BODY_HASH = "bodySHA256"


class Fields(dict[str, list[str]]):
    """A form in which a name may repeat; `getall` is what Twilio's validator asks for."""

    def getall(self, name: str) -> list[str]:
        """All values of a name."""
        return self[name]

    def plain(self) -> dict[str, Any]:
        """name -> value, or the list of values of a repeated name."""
        return {name: values[0] if len(values) == 1 else values for name, values in self.items()}


def form_of(body: bytes) -> Fields | None:
    """A form body with its blank values, which are signed too; None when it is no form in UTF-8.

    Strict: `Bodyhi` without its `=` would be a blank field whose name and value sign like those of `Body=hi`."""
    fields = Fields()
    try:
        text = body.decode("utf-8")
        pairs = parse_qsl(
            text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError:  # also UnicodeDecodeError
        return None
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _json_of(body: bytes) -> dict[str, Any] | None:
    try:
        told = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return told if isinstance(told, dict) else None


def _hash_fits(query: str, body: bytes) -> bool | None:
    """Whether the address carries the hash of this body; None when it carries none."""
    hashes = [v for n, v in parse_qsl(query, keep_blank_values=True) if n == _BODY_HASH]
    if not hashes:
        return None
    told = hashlib.sha256(body).hexdigest().encode()
    return len(hashes) == 1 and hmac.compare_digest(hashes[0].encode("utf-8", "replace").lower(), told)


def _validates(tokens: Sequence[str], url: str, fields: Fields, signature: str) -> bool:
    """Any of the tokens; all are tried, so that the time does not tell which."""
    try:
        return any([RequestValidator(token).validate(url, fields, signature) for token in tokens])
    except (ValueError, TypeError):  # a lone surrogate cannot be encoded; W4 of the vectors
        return False


def twilio_payload(
    *,
    public_url: str,
    path: str,
    query: bytes,
    body: bytes,
    content_type: str,
    signatures: Sequence[bytes],
    tokens: Sequence[str],
) -> dict[str, Any] | None:
    """The payload of an authentic request, else None. An authentic JSON body that is no object gives {}.

    A JSON body is covered by the hash in the signed address alone, so it must be there; where a form's address
    carries one, it must fit as well, or an address signed for JSON would validate an empty form.
    """
    if not public_url or not tokens or len(signatures) != 1:
        return None
    try:
        signature, asked = signatures[0].decode("ascii"), query.decode("ascii")
    except UnicodeDecodeError:
        return None
    url = public_url.rstrip("/") + path + (f"?{asked}" if asked else "")
    fits = _hash_fits(asked, body)
    if fits is False:
        return None
    if content_type.partition(";")[0].strip().lower() == "application/json":
        return (_json_of(body) or {}) if fits and _validates(tokens, url, Fields(), signature) else None
    fields = form_of(body)
    return fields.plain() if fields is not None and _validates(tokens, url, fields, signature) else None


def telegram_secret_fits(secret: str, told: Sequence[bytes]) -> bool:
    """Whether exactly one header holds the secret; compared in constant time. No secret configured: never."""
    return bool(secret) and len(told) == 1 and hmac.compare_digest(told[0], secret.encode())


def gateway_signed(keys: Sequence[str], body: bytes, signatures: Sequence[bytes], moments: Sequence[bytes]) -> bool:
    """Whether a webhook of the SMS gateway is signed: hex(HMAC-SHA256(key, body + timestamp)), several keys while
    rotating. The timestamp is digits alone and a JSON body ends with a brace, so that the two cannot be parted anew.

    How old it is plays no part: the clock of a phone at a partner may be wrong, and `seen` keeps events for ever.
    """
    if not keys or len(signatures) != 1 or len(moments) != 1 or not moments[0].isdigit():
        return False
    if not body.endswith(b"}"):
        return False
    told = signatures[0].lower()
    return any([hmac.compare_digest(told, _hex(key, body + moments[0])) for key in keys])


def _hex(key: str, message: bytes) -> bytes:
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest().encode()
