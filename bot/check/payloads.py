"""Rule: what a button sends back fits the channel that allows least.

Law: step, option and version together; a payload that is too long would turn the buttons into numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from bot.channels.contract import pack_press
from bot.channels.limits import LIMITS
from bot.check.texts import at, options
from bot.content import Content, Problem
from bot.engine.flow import Ask

ROOM = min(limits.payload_bytes for limits in LIMITS.values() if limits.payload_bytes)


def check(content: Content, root: Path) -> Iterable[Problem]:
    """Payloads over the limit."""
    for flow in content.flows.by_name.values():
        for step in flow.steps:
            for choice in options(step) if isinstance(step, Ask) else ():
                payload = pack_press(f"{flow.name}.{step.id}", choice.id, flow.version)
                if len(payload.encode()) > ROOM:
                    yield at(step.source, f"the button {choice.id} sends back more than {ROOM} bytes: {payload}")
