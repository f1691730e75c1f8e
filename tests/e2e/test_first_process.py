"""A container's first process: told to stop before it is at work, it ends, and does not wait to be killed.

Law: the kernel spares process 1 every signal that it has no handler for; so it is process 1 here too, in its own space.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT
from tests.fakes.service import PATIENCE

pytestmark = pytest.mark.slow
SPACE = ("--user", "--map-root-user", "--pid", "--fork", "--kill-child")
# As `main` does it; a thread that waits for what is learned; and what is half made when it is told.
STARTS = """
import threading, time
from bot.__main__ import end_when_told
end_when_told()
threading.Thread(target=time.sleep, args=(600,)).start()
try:
    print("up", flush=True)
    time.sleep(600)
finally:
    print("taken away", flush=True)
"""


def _no_space() -> str:
    """Why there can be none on this machine; "" if there can."""
    program = shutil.which("unshare")
    if program is None:
        return "no `unshare` here"
    done = subprocess.run([program, *SPACE, "true"], capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


WHY = _no_space()


@pytest.mark.skipif(bool(WHY), reason=WHY)
def test_told_to_stop_while_it_starts() -> None:
    """Nothing half made is left (a backup's keys), and no thread is waited for."""
    command = ["unshare", *SPACE, sys.executable, "-c", STARTS]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as outer:
        assert outer.stdout is not None
        assert outer.stdout.readline() == "up\n"
        (first,) = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text("ascii").split()
        subprocess.run(["kill", "-TERM", first], check=True)
        try:
            assert outer.wait(PATIENCE) == 128 + signal.SIGTERM
            assert outer.stdout.read() == "taken away\n"
        finally:
            outer.kill()
