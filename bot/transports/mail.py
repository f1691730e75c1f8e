"""Mail, as a bell: one short message over SMTP, in a thread of its own.

Law: plain text, no content but a reference. `smtps://` is encrypted from the start, `smtp://` by STARTTLS wherever the
server is not on this machine: without it nothing is sent.
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from bot.settings import Settings, is_loopback
from bot.transports.bell import Ring
from bot.transports.errors import BadAddress, Misconfigured, OutcomeUnknown, SendError, Undeliverable, Unreachable

TIMEOUT = 15  # seconds


class Mail:
    """Sends over the server of `SAATHI_SMTP_URL`: smtp[s]://user:password@host:port?from=saathi@example.org."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def ring(self, to: str, ring: Ring, *, ref: UUID) -> str:
        """Send; returns the Message-ID. Raises a SendError."""
        raw = self._settings.smtp_url.get_secret_value() if self._settings.smtp_url else ""
        if not raw:
            raise Misconfigured("no_smtp")
        if not self._settings.may_send(raw):
            raise Misconfigured("not_live")
        error: SendError
        try:
            return await asyncio.to_thread(_send, raw, to, ring, ref)
        except SendError as known:
            error = known
        except smtplib.SMTPRecipientsRefused:
            error = BadAddress("recipient")
        except smtplib.SMTPAuthenticationError:
            error = Misconfigured("auth")
        except smtplib.SMTPResponseException as refused:
            error = (
                Unreachable(str(refused.smtp_code))
                if refused.smtp_code < 500
                else Undeliverable(str(refused.smtp_code))
            )
        except (ConnectionRefusedError, smtplib.SMTPConnectError, OSError) as lost:
            error = Unreachable(type(lost).__name__)
        except smtplib.SMTPException as cut:
            error = OutcomeUnknown(type(cut).__name__)
        raise error  # out here, so that it does not carry the library's exception, which quotes addresses


def _send(raw: str, to: str, ring: Ring, ref: UUID) -> str:
    url = urlsplit(raw)
    host, secure = url.hostname or "", url.scheme == "smtps"
    user, password = unquote(url.username or ""), unquote(url.password or "")
    sender = next(iter(parse_qs(url.query).get("from", [])), user)
    if not host or not sender:
        raise Misconfigured("smtp_url")
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, to, ring.subject
    message["Message-ID"] = make_msgid(str(ref), domain=sender.rpartition("@")[2] or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(ring.text)
    context = ssl.create_default_context()
    port = url.port or (465 if secure else 587)
    client = (
        smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
        if secure
        else smtplib.SMTP(host, port, timeout=TIMEOUT)
    )
    with client as server:
        if not secure and not is_loopback(raw):
            server.starttls(context=context)
        if user and password:
            server.login(user, password)
        server.send_message(message)
    return str(message["Message-ID"])
