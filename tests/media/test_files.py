"""Sniffing, small pictures, files on the disk, the scanner's hook."""

from __future__ import annotations

import asyncio
import io
import os
import re
import time
from pathlib import Path

import pytest
from PIL import Image

from bot.media.files import Files
from bot.media.pictures import SIDE, thumbnail
from bot.media.scan import NoVerdict, Scanner
from bot.media.sniff import PLAYED, SHOWN, UNKNOWN, sniff
from bot.media.speech import NoSpeech


def photo(kind: str = "JPEG", size: tuple[int, int] = (1200, 800)) -> bytes:
    made = io.BytesIO()
    image = Image.new("RGB", size, (200, 30, 30))
    exif = image.getexif()
    exif[0x010E] = "SECRET PLACE"
    image.save(made, kind, **({"exif": exif} if kind == "JPEG" else {}))
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (photo(), "image/jpeg"),
        (photo("PNG"), "image/png"),
        (photo("GIF"), "image/gif"),
        (photo("WEBP"), "image/webp"),
        (b"OggS\0\2", "audio/ogg"),
        (b"#!AMR\n", "audio/amr"),
        (b"\0\0\0\x1cftypM4A isom", "audio/mp4"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x143gp4"[:4] + b"ftyp3gp4", "video/3gpp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<html><script>alert(1)</script>", UNKNOWN),
        (b"<svg onload=alert(1)>", UNKNOWN),
        (b"GIF89a<script>", "image/gif"),
        (b"MZ\x90", UNKNOWN),
        (b"PK\3\4", UNKNOWN),
        (b"RIFF", UNKNOWN),
        (b"", UNKNOWN),
    ],
)
def test_t34_a_file_is_what_its_first_bytes_say(data: bytes, kind: str) -> None:
    assert sniff(data) == kind


def test_t34_nothing_that_a_browser_runs_is_shown_or_played() -> None:
    assert not any(re.search(r"html|svg|xml|javascript|pdf|octet", kind) for kind in SHOWN | PLAYED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_small_picture_holds_pixels_only(kind: str) -> None:
    small = thumbnail(photo(kind))
    assert small is not None
    with Image.open(io.BytesIO(small)) as picture:
        assert picture.format == "JPEG"
        assert max(picture.size) == SIDE
        assert not picture.getexif()
    assert b"SECRET PLACE" not in small


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", photo()[:200], b"GIF89a<script>", b"%PDF-1.7"])
def test_what_is_broken_has_no_picture(data: bytes) -> None:
    assert thumbnail(data) is None


def test_a_picture_of_too_many_pixels_is_not_opened() -> None:
    assert thumbnail(photo("PNG", (9000, 9000))) is None


def test_files_have_names_that_say_nothing_and_are_for_one_user(tmp_path: Path) -> None:
    files = Files(tmp_path / "media")
    names = [files.write(b"sealed") for _ in range(50)]
    assert len(set(names)) == 50
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in names)
    path = tmp_path / "media" / names[0][:2] / names[0]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert files.read(names[0]) == b"sealed"
    files.delete(names[0])
    files.delete(names[0])
    with pytest.raises(FileNotFoundError):
        files.read(names[0])


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "x", "A" * 32, "/etc/passwd", "0" * 31 + "/"])
def test_a_name_that_is_none_leads_nowhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        Files(tmp_path).read(name)


def test_a_sweep_takes_what_no_row_knows_and_nobody_writes(tmp_path: Path) -> None:
    files = Files(tmp_path / "media")
    assert files.sweep(()) == 0
    kept, old, fresh = (files.write(b"x") for _ in range(3))
    long_ago = time.time() - 7200
    for name in (kept, old):
        os.utime(tmp_path / "media" / name[:2] / name, (long_ago, long_ago))
    assert files.sweep({kept}) == 1
    assert files.read(kept)
    assert files.read(fresh)


async def scanner(answer: bytes, got: list[bytes]) -> tuple[asyncio.Server, Scanner]:
    """A clamd on this machine."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            assert await reader.readexactly(10) == b"zINSTREAM\0"
            while size := int.from_bytes(await reader.readexactly(4), "big"):
                got.append(await reader.readexactly(size))
            writer.write(answer)
            await writer.drain()
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, Scanner(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")


@pytest.mark.parametrize(
    ("answer", "verdict"), [(b"stream: OK\0", "clean"), (b"stream: Eicar-Signature FOUND\0", "infected")]
)
async def test_a_scanner_gets_the_whole_file(answer: bytes, verdict: str) -> None:
    got: list[bytes] = []
    server, asked = await scanner(answer, got)
    assert await asked.scan(b"x" * 200_000) == verdict
    assert b"".join(got) == b"x" * 200_000
    server.close()


async def test_a_scanner_that_is_not_there_gives_no_verdict_and_none_calls_nothing_clean() -> None:
    server, asked = await scanner(b"stream: size limit exceeded ERROR\0", [])
    with pytest.raises(NoVerdict):
        await asked.scan(b"x")
    server.close()
    await server.wait_closed()
    with pytest.raises(NoVerdict):
        await asked.scan(b"x")
    assert await Scanner().scan(b"x") == "unscanned"


async def test_without_an_engine_nothing_is_transcribed() -> None:
    assert await NoSpeech().transcribe(b"OggS", "audio/ogg", "ne") is None
