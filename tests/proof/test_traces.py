"""T46: beside the process's own output: nothing of a person in the database's log, temporary files, figures, refusals,
command lines; and no core file can be written, which would hold keys.

Law: as `tests/e2e/test_canaries.py`, on all other surfaces, with forced errors and a kill in the middle of a turn; with
SAATHI_T46_PEOPLE=500 a thousand conversations, and a kill at every named point (a quarter of an hour).
"""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from bot.observe.crash import POINTS
from bot.store.embedded import Server
from tests.fakes.loopback import CUT, Answer
from tests.fakes.post import Letter, deliver, message, text, update
from tests.fakes.service import Service
from tests.fakes.telegram import refusal as telegram_refusal
from tests.fakes.twilio import refusal
from tests.fakes.world import World
from tests.proof.canaries import files, hits, spellings

pytestmark = pytest.mark.slow
PHONE, CHAT, NAME = "+96555519876", 55519876, "Kanchhi Canary-Tamang"
WORDS = "my boss has not paid my salary, ask Ramesh Zzyzx"
PEOPLE = int(os.environ.get("SAATHI_T46_PEOPLE", "12"))  # on each of two channels
KILLS = POINTS if PEOPLE > 100 else ("conductor.before_commit",)


def _command_lines() -> bytes:
    """What `ps` shows of every process on this machine."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes())
        except OSError:
            continue  # it has ended
    return b"\n".join(lines)


def _core_size(pid: int) -> list[str]:
    limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
    return next(line for line in limits if line.startswith("Max core file size")).split()[4:6]


async def _lived(service: Service) -> bool:
    """Whether it was ready; what is left of the one before may kill it at once."""
    try:
        await service.ready()
    except AssertionError:
        return False
    return service.process.returncode is None


def _refused(first: Letter) -> list[Letter]:
    return [
        Letter(first.path, first.body + b"&x=1", first.headers),
        Letter(first.path + f"?who={quote(PHONE)}", first.body, first.headers),
        Letter("/webhooks/nowhere" + f"?who={quote(PHONE)}", first.body, first.headers),
        Letter("/health/live" + f"?who={quote(NAME)}", first.body, first.headers),
        update({"update_id": "no number", "message": {"text": WORDS, "chat": {"id": CHAT}}}),
    ]


async def test_T46_nothing_on_any_other_surface(
    here: World, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    first = text(PHONE, WORDS, "1", ProfileName=NAME)
    seen: dict[Path, bytes] = {}
    for point in KILLS:
        async with here.service(crash=point, log_level="DEBUG") as dying:
            if await _lived(dying):
                assert _core_size(dying.process.pid) == ["0", "0"]
            letter = first if point == KILLS[0] else text(PHONE, WORDS, point, ProfileName=NAME)
            writing = asyncio.create_task(deliver(here.base, letter))
            seen[Path(f"command lines, {point}")] = _command_lines()
            assert await dying.ended() == -signal.SIGKILL
            writing.cancel()  # its provider tries again, but not here
        here.let_leases_run_out()
    here.twilio.next(Answer(500, text=f"oops {PHONE} {WORDS}"), CUT, refusal(30005))
    here.telegram.next(telegram_refusal(500, f"oops {NAME} {CHAT}"), CUT)
    async with here.service(log_level="DEBUG") as service:
        await service.ready()
        async with httpx.AsyncClient(base_url=here.base, trust_env=False, timeout=20) as client:
            for n in range(PEOPLE):
                await deliver(here.base, update(message(CHAT * 10 + n, WORDS, n, NAME)))
                await deliver(here.base, text(f"{PHONE[:-2]}{n:02}", WORDS, str(n), ProfileName=NAME))
            for number, letter in enumerate(_refused(first)):
                answer = await client.post(letter.path, content=letter.body, headers=dict(letter.headers))
                seen[Path(f"refusal {number}")] = answer.content + repr(answer.headers).encode()
            await here.until(lambda: here.effects().get("inbox.done", 0) > 2 * PEOPLE, here.effects)
            seen[Path("figures")] = (await client.get("/metrics")).content
            seen[Path("command lines, later")] = _command_lines()
        seen[Path("output")] = service.output.encode()
    seen |= files(server.directory / "log")
    seen |= files(scratch)
    secrets = {name: here.settings[f"SAATHI_{name}"] for name in ("TWILIO_AUTH_TOKEN", "TELEGRAM_WEBHOOK_SECRET")}
    canaries = secrets | {
        "phone": PHONE[1:-2],
        "chat": str(CHAT),
        "name": NAME,
        "words": WORDS,
        "a name in the words": "Zzyzx",
        "telegram token": here.settings["SAATHI_TELEGRAM_TOKEN"].partition(":")[2],
        "signature": first.headers["X-Twilio-Signature"],
    }
    assert b"saathi_turns_total" in seen[Path("figures")]
    assert hits(seen, {name: spellings(canary) for name, canary in canaries.items()}) == []
    print(f"{len(seen)} surfaces, {sum(map(len, seen.values())) // 1024} kB, {2 * PEOPLE} conversations: 0 hits")
