"""A mail server on this machine: keeps what it is given, and refuses whom it is told to.

Law: a real SMTP server (aiosmtpd) on a loopback socket; nothing leaves this machine.
"""

from __future__ import annotations

from email import message_from_bytes
from email.message import Message
from typing import Any, Self

from aiosmtpd.controller import Controller

from tests.fakes.service import free_port


class PostOffice:
    """`with PostOffice() as office:`; then `office.url` and `office.letters`."""

    def __init__(self) -> None:
        self.letters: list[tuple[list[str], Message]] = []
        self.refused: dict[str, str] = {}  # recipient: answer
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        """For SAATHI_SMTP_URL."""
        return f"smtp://127.0.0.1:{self._controller.port}?from=saathi@help.example"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        """Whether somebody gets mail here."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        """Take a letter."""
        self.letters.append((list(envelope.rcpt_tos), message_from_bytes(envelope.content)))
        return "250 OK"
