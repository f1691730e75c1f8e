"""Pictures for the desk: pixels made anew in another process, whatever the file is."""

from __future__ import annotations

import io

import pypdfium2.version
import pytest
from PIL import Image

from bot.media import preview as room
from bot.media.preview import SIDE, Previews
from bot.media.sniff import sniff
from tests.fixtures import files


async def shown(data: bytes, *, grey: bool = False) -> Image.Image | None:
    made = await Previews().make(data, sniff(data), grey=grey)
    if made is None:
        return None
    assert b"SECRET PLACE" not in made
    assert files.CANARY not in made
    return Image.open(io.BytesIO(made))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP"])
async def test_a_picture_is_made_of_its_pixels_only(kind: str) -> None:
    picture = await shown(files.photo(kind, (3200, 800)))
    assert picture is not None
    assert (picture.format, picture.size) == ("JPEG", (SIDE, 400))
    assert not picture.getexif()
    red, green, blue = picture.getpixel((5, 5))  # type: ignore[misc]
    assert red > 150 > 90 > max(green, blue)


async def test_it_is_upright_and_grey_if_wished() -> None:
    picture = await shown(files.photo(turned=6), grey=True)
    assert picture is not None
    assert picture.size == (800, 1200)
    assert picture.mode == "L"


async def test_the_first_page_of_a_paper_is_a_picture_and_no_script_runs() -> None:
    picture = await shown(files.paper())
    assert picture is not None
    assert picture.size[0] < picture.size[1] <= SIDE
    assert picture.convert("L").getextrema() == (0, 255) or picture.convert("L").getextrema()[0] < 80  # type: ignore[operator]
    assert "V8" not in pypdfium2.version.PDFIUM_INFO.flags  # the library is built without an engine for scripts


@pytest.mark.parametrize(
    "data",
    [
        files.HTML,
        files.SVG,
        files.VOICE,
        b"",
        b"\xff\xd8\xff",
        b"GIF89a<script>canary-of-script</script>",
        b"%PDF-1.7 canary-of-script",
        files.photo()[:400],
        files.huge_png(60_000, 60_000),
        b"PK\x03\x04" + bytes(1000),
    ],
    ids=["html", "svg", "voice", "nothing", "start", "gif", "pdf", "half", "dimensions", "zip"],
)
async def test_of_what_is_none_there_is_no_picture(data: bytes) -> None:
    assert await shown(data) is None


async def test_a_page_that_is_also_a_picture_is_only_its_pixels() -> None:
    picture = await shown(files.polyglot())
    assert picture is not None
    assert picture.size == (20, 20)


async def test_a_bomb_within_the_measure_becomes_small() -> None:
    picture = await shown(files.huge_png(30_000, 1_999))
    assert picture is None or max(picture.size) <= SIDE


async def test_a_page_of_a_mile_is_a_small_picture_or_none() -> None:
    picture = await shown(files.bomb_pdf())
    assert picture is None or max(picture.size) <= SIDE


async def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    slow = tmp_path / "slow.py"  # type: ignore[operator]
    slow.write_text("import time\ntime.sleep(60)\n", "utf-8")
    monkeypatch.setattr(room, "RENDER", slow)
    monkeypatch.setattr(room, "SECONDS", 0.3)
    assert await shown(files.photo()) is None


async def test_what_comes_back_and_is_no_picture_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    false = tmp_path / "false.py"  # type: ignore[operator]
    false.write_text("import sys\nsys.stdin.buffer.read()\nprint('<html>')\n", "utf-8")
    monkeypatch.setattr(room, "RENDER", false)
    assert await shown(files.photo()) is None


async def test_the_other_process_knows_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    seen = tmp_path / "seen"  # type: ignore[operator]
    looks = tmp_path / "looks.py"  # type: ignore[operator]
    looks.write_text(
        f"import os, sys\nsys.stdin.buffer.read()\nopen({str(seen)!r}, 'w').write(','.join(os.environ))\n", "utf-8"
    )
    monkeypatch.setenv("SAATHI_SECRET_KEY", "canary")
    monkeypatch.setattr(room, "RENDER", looks)
    await shown(files.photo())
    assert "SAATHI" not in seen.read_text("utf-8")
