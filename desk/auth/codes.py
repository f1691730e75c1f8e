"""The second factor: six digits of an app on a phone (TOTP, RFC 6238).

Law: a code is good for its own half minute and the one before and after it, once (`store.users.use_step`).
"""

from __future__ import annotations

import hmac
import io
import unicodedata
from datetime import datetime

import pyotp
import segno

ISSUER = "Saathi"  # what the app shows: the phone of a caseworker, never that of a person
STEP = 30  # seconds


def new_secret() -> str:
    """160 random bits in base32."""
    return pyotp.random_base32()


def address(login: str, secret: str) -> str:
    """otpauth://... for an app."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=ISSUER)


def picture(login: str, secret: str) -> str:
    """The address as a QR code: SVG without declaration, to stand in a page."""
    out = io.BytesIO()
    segno.make(address(login, secret), error="m").save(
        out, kind="svg", xmldecl=False, svgns=True, scale=5, border=2, light="#fff", svgclass="qr", lineclass=None
    )
    return out.getvalue().decode()


def step_of(secret: str, typed: str, now: datetime) -> int | None:
    """The step whose code was typed, in whichever digits and with whichever spaces; None for a wrong code."""
    code = "".join(str(n) for c in typed if (n := unicodedata.digit(c, None)) is not None)
    current = int(now.timestamp()) // STEP
    totp, found = pyotp.TOTP(secret), None
    for step in (current - 1, current, current + 1):
        if hmac.compare_digest(totp.at(step * STEP), code):
            found = step
    return found
