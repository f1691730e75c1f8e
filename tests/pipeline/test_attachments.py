"""Files of people through the pipeline: from the message to sealed bytes on the disk, and away again."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from bot import attachments as room
from bot.attachments import Attachments
from bot.channels.contract import MediaRef
from bot.media.fetch import Failed, Refused
from bot.media.files import Files
from bot.media.scan import NoVerdict, Scanner
from bot.media.speech import LocalSpeech
from bot.store import erase
from bot.store.keys import open_
from bot.transports import errors
from tests.media.test_files import photo
from tests.pipeline.world import World

MAYA, VOICE = "501", b"OggS\0\2 her own voice, a canary of tests"
POISON = b"\xff\xd8\xff\xe0 no picture that anybody can keep"


class Verdict(Scanner):
    """A scanner that says what it is told."""

    def __init__(self, *told: str) -> None:
        object.__setattr__(self, "address", "")
        object.__setattr__(self, "told", list(told))

    async def scan(self, data: bytes) -> str:
        verdict = self.told.pop(0)  # type: ignore[attr-defined]
        if verdict == "none":
            raise NoVerdict("ConnectionRefusedError")
        return str(verdict)


def worker(world: World, tmp_path: Path, **more: Any) -> Attachments:
    files = Files(tmp_path / "media")
    return Attachments(
        world.app.database, world.app.secrets, lambda c, a: world.provider, files, clock=world.clock, **more
    )


async def sends_file(world: World, data: bytes, kind: str = "audio", ref: str = "file-1", who: str = MAYA) -> None:
    world.provider.files[ref] = data
    await world.says(who, "", kind="media", media=(MediaRef(kind, ref, "text/html"),))


async def the_row(world: World) -> Any:
    (row,) = await world.rows("SELECT * FROM media")
    return row


def on_the_disk(tmp_path: Path) -> list[Path]:
    return [p for p in (tmp_path / "media").glob("??/*") if p.is_file()]


async def test_a_voice_note_is_kept_sealed_and_comes_back_whole(world: World, tmp_path: Path) -> None:
    await sends_file(world, VOICE)
    desk = worker(world, tmp_path)
    assert await desk.run_once() == 1
    row = await the_row(world)
    assert (row.state, row.content_type, row.size, row.transcript) == ("stored", "audio/ogg", len(VOICE), "none")
    assert row.reason == "unscanned"  # nobody looked: it is not called clean
    (path,) = on_the_disk(tmp_path)
    assert path.name == row.name
    assert b"canary" not in path.read_bytes()
    assert b"file-1" not in bytes(row.ref_enc)
    assert await desk.read(row.id) == ("audio/ogg", VOICE)
    assert await desk.run_once() == 0


async def test_a_photo_has_a_small_picture_under_her_key(world: World, tmp_path: Path) -> None:
    await sends_file(world, photo(), "image")
    await worker(world, tmp_path).run_once()
    row = await the_row(world)
    assert row.content_type == "image/jpeg"
    assert row.thumbnail_enc is not None
    assert b"JFIF" not in bytes(row.thumbnail_enc)


async def test_each_file_of_an_album_is_fetched(world: World, tmp_path: Path) -> None:
    for n in range(3):
        world.provider.files[f"f{n}"] = photo()
    album = [
        world.inbound(MAYA, "", kind="media", media=(MediaRef("image", f"f{n}"),), group="album") for n in range(3)
    ]
    await world.app.receive(album)
    world.clock.move(seconds=4)
    await world.turns()
    assert await worker(world, tmp_path).run_once() == 3
    assert await world.one("SELECT count(*) FROM media WHERE state = 'stored'") == 3


async def test_two_workers_fetch_a_file_once(world: World, tmp_path: Path) -> None:
    for n in range(6):
        await sends_file(world, VOICE, ref=f"f{n}")
    one, two = worker(world, tmp_path), worker(world, tmp_path)
    done = 0
    for _ in range(4):
        done += sum(await asyncio.gather(one.run_once(), two.run_once()))
    assert done == 6
    assert len(on_the_disk(tmp_path)) == 6


@pytest.mark.parametrize(
    "error",
    [Failed("http_500"), errors.Unreachable("x"), errors.Throttled("429", retry_after=60), errors.OutcomeUnknown("x")],
)
async def test_what_does_not_come_now_is_asked_for_again(world: World, tmp_path: Path, error: Exception) -> None:
    await sends_file(world, VOICE)
    world.provider.script["file-1"].append(error)
    desk = worker(world, tmp_path)
    await desk.run_once()
    assert (await the_row(world)).state == "waiting"
    assert await desk.run_once() == 0
    world.clock.move(minutes=2)
    await desk.run_once()
    assert (await the_row(world)).state == "stored"


async def test_a_voice_note_is_waited_for_for_days_and_then_a_human_is_told(world: World, tmp_path: Path) -> None:
    await sends_file(world, VOICE)
    world.provider.script["file-1"].extend([Failed("http_500")] * 400)
    desk = worker(world, tmp_path)
    for _ in range(13 * 12 + 5):
        await desk.run_once()
        world.clock.move(hours=2)
    assert (await the_row(world)).state == "waiting"
    for _ in range(20):
        world.clock.move(hours=3)
        await desk.run_once()
    assert (await the_row(world)).state == "gone"
    assert await world.one("SELECT severity FROM notices WHERE kind = 'file_gone'") == "high"


@pytest.mark.parametrize("error", [Refused("address"), Refused("too_large"), errors.BadContent("too_large")])
async def test_what_may_not_be_fetched_is_told(world: World, tmp_path: Path, error: Exception) -> None:
    await sends_file(world, VOICE, "document")
    world.provider.script["file-1"].append(error)
    await worker(world, tmp_path).run_once()
    assert (await the_row(world)).state == "refused"
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'file_refused'") == 1


async def test_a_scanner_decides(world: World, tmp_path: Path) -> None:
    await sends_file(world, b"MZ a virus", "document")
    await worker(world, tmp_path, scanner=Verdict("infected")).run_once()
    row = await the_row(world)
    assert (row.state, row.reason, row.name) == ("refused", "infected", None)
    assert on_the_disk(tmp_path) == []


async def test_without_its_verdict_a_file_waits(world: World, tmp_path: Path) -> None:
    await sends_file(world, VOICE)
    desk = worker(world, tmp_path, scanner=Verdict("none", "clean"))
    await desk.run_once()
    assert (await the_row(world)).state == "waiting"
    world.clock.move(minutes=2)
    await desk.run_once()
    assert (await the_row(world)).reason == "clean"


async def test_t34_a_script_is_a_file_to_save_whatever_it_says_it_is(world: World, tmp_path: Path) -> None:
    await sends_file(world, b"<html><script>alert(1)</script>", "image")
    await worker(world, tmp_path).run_once()
    assert (await the_row(world)).content_type == "application/octet-stream"


async def test_a_transcript_is_unverified_and_sealed(world: World, tmp_path: Path) -> None:
    class Engine:
        async def transcribe(self, data: bytes, content_type: str, language: str) -> str | None:
            assert (data, content_type) == (VOICE, "audio/ogg")
            return "they keep my passport"

    await sends_file(world, VOICE)
    listening = worker(world, tmp_path, speech=Engine())
    await listening.run_once()
    await listening.settled()
    row = await the_row(world)
    assert row.transcript == "unverified"
    assert b"passport" not in bytes(row.transcript_enc)


async def test_t48_erased_is_gone_from_the_disk_too(world: World, tmp_path: Path) -> None:
    import os

    await sends_file(world, VOICE)
    desk = worker(world, tmp_path)
    await desk.run_once()
    where = await world.where(MAYA)
    async with world.app.database.begin() as connection:
        await erase.erase(connection, where.subject_id, world.now, reason="asked")
    assert await world.one("SELECT count(*) FROM media") == 0
    (path,) = on_the_disk(tmp_path)
    os.utime(path, (0, 0))
    assert await desk.sweep() == 1
    assert on_the_disk(tmp_path) == []


async def test_t47_a_file_goes_with_its_message(world: World, tmp_path: Path) -> None:
    import os

    await sends_file(world, VOICE)
    desk = worker(world, tmp_path)
    await desk.run_once()
    for path in on_the_disk(tmp_path):
        os.utime(path, (0, 0))
    assert await desk.sweep() == 0
    await world.run("DELETE FROM messages WHERE direction = 'in'")
    assert await desk.sweep() == 1
    assert await world.one("SELECT count(*) FROM media") == 0


async def test_a_simulated_phone_and_a_letter_of_the_box_leave_no_file(world: World, tmp_path: Path) -> None:
    await world.says(MAYA, "", kind="media", media=(MediaRef("image", "simulated:1"),), account="simulator")
    assert await world.one("SELECT count(*) FROM media") == 0


async def test_a_file_of_two_joined_channels_still_opens(world: World, tmp_path: Path) -> None:
    from bot.store import merge, turns

    await sends_file(world, VOICE)
    await world.says("+9779812345678", "hello", channel="whatsapp")
    desk = worker(world, tmp_path)
    await desk.run_once()
    here, there = await world.where(MAYA), await world.where("+9779812345678", "whatsapp")
    async with world.app.database.begin() as connection:
        await turns.lock(connection, [here.subject_id, there.subject_id], wait=True)
        await merge.merge(connection, world.app.secrets, writer=here.subject_id, giver=there.subject_id, now=world.now)
    assert await desk.read((await the_row(world)).id) == ("audio/ogg", VOICE)


def engine(tmp_path: Path, says: str) -> LocalSpeech:
    """A program that is really executed, and says this of every voice."""
    program = tmp_path / "engine.py"
    program.write_text(f"import sys\nsys.stdin.buffer.read()\nprint({says!r})\n")
    return LocalSpeech(f"{sys.executable} -I {program}")


def judge(text: str) -> str | None:
    return "report_violence" if "knife" in text else None


async def test_a_machine_s_transcript_is_unverified_and_wakes_somebody_for_danger(world: World, tmp_path: Path) -> None:
    await sends_file(world, VOICE)
    before = await world.rows("SELECT audience, kind, severity FROM notices ORDER BY id")
    listening = worker(world, tmp_path, speech=engine(tmp_path, "he has a knife"), judge=judge)
    assert await listening.run_once() == 1
    assert (await the_row(world)).state == "stored"  # the recording did not wait for the machine
    await listening.settled()
    row = await the_row(world)
    assert row.transcript == "unverified"
    home = await world.where(MAYA)
    assert open_(home.key, row.transcript_enc, where=f"media.transcript_enc.{row.id}") == b"he has a knife"
    assert b"knife" not in bytes(row.transcript_enc)
    pages = await world.rows("SELECT kind, severity FROM notices WHERE audience = 'page'")
    assert [tuple(p) for p in pages] == [("report_violence", "critical")]
    kept = await world.rows("SELECT audience, kind, severity FROM notices WHERE audience <> 'page' ORDER BY id")
    assert kept == before  # whoever was to listen is to listen still


async def test_what_a_machine_heard_lowers_nothing_and_answers_nobody(world: World, tmp_path: Path) -> None:
    await world.says(MAYA, "there is a knife")
    await sends_file(world, VOICE)
    question = "SELECT audience, kind, severity, taken_by FROM notices ORDER BY raised_at, id"
    before, said = await world.rows(question), await world.said(MAYA)
    severities = await world.rows("SELECT severity FROM cases")
    listening = worker(world, tmp_path, speech=engine(tmp_path, "all is well, thank you, stop, delete my data"))
    await listening.run_once()
    await listening.settled()
    await world.turns()
    assert (await the_row(world)).transcript == "unverified"
    assert await world.rows(question) == before
    assert await world.said(MAYA) == said
    assert await world.rows("SELECT severity FROM cases") == severities


async def test_without_an_engine_a_voice_has_no_transcript(world: World, tmp_path: Path) -> None:
    await sends_file(world, VOICE)
    listening = worker(world, tmp_path)
    await listening.run_once()
    await listening.settled()
    row = await the_row(world)
    assert (row.transcript, row.transcript_enc) == ("none", None)


@pytest.mark.parametrize("where", ["sniff", "seal", "thumbnail"])
async def test_a_file_that_cannot_be_kept_ends_no_worker_and_holds_up_no_other(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    await sends_file(world, POISON, "image")
    await sends_file(world, photo(), "image", ref="file-2", who="502")
    real = getattr(room, where)

    def keeps(*given: Any, **more: Any) -> Any:
        if POISON in given:
            raise KeyError("a fault of ours")
        return real(*given, **more)

    monkeypatch.setattr(room, where, keeps)
    desk = worker(world, tmp_path)
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(60):
        while await world.one("SELECT count(*) FROM media WHERE reason IS NOT NULL") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert not running.done()
    running.cancel()
    states = await world.rows("SELECT state, reason FROM media ORDER BY state")
    assert [tuple(each) for each in states] == [("stored", "unscanned"), ("waiting", "KeyError")]
    world.clock.move(days=4)
    await desk.run_once()
    assert await world.one("SELECT count(*) FROM notices WHERE kind = 'file_gone'") == 1


async def test_a_fault_of_the_worker_itself_ends_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LOOK_SECONDS", 0.0)
    tried = asyncio.Event()
    desk = worker(world, tmp_path)

    async def fails() -> int:
        if tried.is_set():
            await asyncio.sleep(3600)
        tried.set()
        raise KeyError("a fault of ours")

    monkeypatch.setattr(desk, "run_once", fails)
    running = asyncio.create_task(desk.run())
    async with asyncio.timeout(60):
        await tried.wait()
    await asyncio.sleep(0)
    assert not running.done()
    running.cancel()
