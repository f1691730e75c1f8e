"""Look-up hashes: finding a phone number or an event without keeping it readable.

Law: keyed (HMAC-SHA256, RFC 2104) under one key that never changes; parts are joined without ambiguity.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata


def lookup(key: bytes, *parts: str) -> bytes:
    """32 bytes. Each part goes in with its length, so that ("ab", "c") and ("a", "bc") differ."""
    mac = hmac.new(key, digestmod=hashlib.sha256)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        mac.update(len(data).to_bytes(4, "big") + data)
    return mac.digest()


def code_form(text: str) -> str:
    """How a code is looked up: letters and ASCII digits only, however it was spaced and in whichever digits typed."""
    folded = unicodedata.normalize("NFKC", text).upper()
    return "".join(c if (n := unicodedata.digit(c, None)) is None else str(n) for c in folded if c.isalnum())
