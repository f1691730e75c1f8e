"""Named crash points: where a test may kill the process, to show that nothing is lost and nothing is done twice.

Law: every step between two commits or requests has a point here; a point without a test fails the build.
"""

from __future__ import annotations

import os
import signal
from typing import Final

POINTS: Final = (
    "receive.before_commit",
    "receive.after_commit",
    "conductor.after_peek",
    "conductor.after_lock",
    "conductor.before_commit",
    "conductor.after_commit",
    "sender.before_claim_commit",
    "sender.after_claim",
    "sender.after_request",
    "sender.before_result_commit",
    "sender.after_result",
)
# Steps of the job that broadcasts, which no message of a person leads through: killed in a test of their own.
BROADCAST_POINTS: Final = ("broadcast.before_list_commit", "broadcast.before_pour_commit")

_armed = os.environ.get("SAATHI_CRASH", "")


def point(name: str) -> None:
    """Die here, at once and without clean-up, if the environment asks for it."""
    if name == _armed:
        os.kill(os.getpid(), signal.SIGKILL)
