"""Files of people at the desk, from the message to the archive: sealed on the disk, opened for one answer."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from PIL import Image

from bot.attachments import Attachments
from bot.channels.contract import MediaRef
from bot.media.fetch import Refused
from bot.media.files import Files
from bot.store import erase, search
from bot.transports import errors
from tests.desk.office import Desk, Person, opened
from tests.fixtures import files
from tests.pipeline.world import World

ADDRESS = "9001"
PAPER, PICTURE = files.paper(), files.photo()


@pytest.fixture
async def town(world: World) -> AsyncIterator[Desk]:
    async with opened(world.app) as made:
        yield made


def _worker(world: World) -> Attachments:
    app = world.app
    kept = Files(app.settings.data_dir / "media")
    return Attachments(app.database, app.secrets, lambda c, a: world.provider, kept, clock=world.clock)


async def _case(world: World, text: str = "human please") -> str:
    await world.says(ADDRESS, text)
    where = (await world.where(ADDRESS)).conversation_id
    return f"/case/{await world.one('SELECT reference FROM cases WHERE conversation_id = :w', w=where)}"


async def _sends(world: World, data: bytes, kind: str, *, fetched: bool = True) -> UUID:
    ref = f"file-{next(world.numbers)}"
    world.provider.files[ref] = data
    await world.says(ADDRESS, "", kind="media", media=(MediaRef(kind, ref, "image/jpeg"),))
    if fetched:
        await _worker(world).run_once()
    return UUID(str(await world.one("SELECT id FROM media ORDER BY received_at DESC, id DESC LIMIT 1")))


async def _added(desk: Desk, before: int) -> list[tuple[str, str, str]]:
    return (await desk.trail())[before:]


async def _taken(town: Desk, world: World, text: str = "human please") -> tuple[Person, str]:
    person, case = await town.person("caseworker"), await _case(world, text)
    await person.post(f"{case}/take")
    return person, case


async def test_a_picture_is_closed_until_it_is_opened_and_then_only_pixels(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    which = await _sends(world, PICTURE, "image")
    page = (await person.get(case)).text
    at = f"/desk{case}/evidence/{which}"
    closed = page.partition('<details class="closed')[2].partition("</details>")[0]
    assert f'<img data-src="{at}/preview"' in page
    assert f'<img src="{at}/preview"' in (await person.get(f"{case}/evidence/{which}?open=yes")).text
    assert "open>" not in closed.partition("<summary>")[0]
    assert "Open it when you are ready" in closed
    assert hashlib.sha256(PICTURE).hexdigest() in (await person.get(f"{case}/evidence/{which}")).text
    before = len(await town.trail())
    answer = await person.get(f"{case}/evidence/{which}/preview")
    assert await _added(town, before) == [("evidence.preview", "evidence", str(which))]
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert b"SECRET PLACE" not in answer.content
    assert not Image.open(io.BytesIO(answer.content)).getexif()


async def test_grey_is_made_here_and_sound_and_veil_are_as_chosen(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    picture, voice = await _sends(world, PICTURE, "image"), await _sends(world, files.VOICE, "audio")
    assert "muted" not in (await person.get(case)).text
    assert (await person.post("/settings/media", grey="yes", veil="yes", quiet="yes")).status_code == 303
    page = (await person.get(case)).text
    assert f'<audio controls preload="none" src="/desk{case}/evidence/{voice}/play"' in page
    assert " muted>" in page
    assert 'class="seen veiled grey"' in page
    made = (await person.get(f"{case}/evidence/{picture}/preview")).content
    assert Image.open(io.BytesIO(made)).mode == "L"
    await person.post("/settings/media")
    assert " muted>" not in (await person.get(case)).text


async def test_a_voice_is_played_in_parts_and_leaves_one_line(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    which = await _sends(world, files.VOICE, "audio")
    play, size = f"{case}/evidence/{which}/play", len(files.VOICE)
    before = len(await town.trail())
    first = await person.get(play, headers={"Range": "bytes=0-"})
    assert (first.status_code, first.content) == (206, files.VOICE)
    assert first.headers["content-range"] == f"bytes 0-{size - 1}/{size}"
    assert first.headers["accept-ranges"] == "bytes"
    assert first.headers["content-type"] == "audio/ogg"
    later = await person.get(play, headers={"Range": f"bytes={size - 100}-"})
    assert (later.status_code, later.content) == (206, files.VOICE[-100:])
    assert (await person.get(play, headers={"Range": f"bytes={size}-"})).status_code == 416
    assert await _added(town, before) == [("evidence.play", "evidence", str(which))]
    other = await town.person("supervisor")
    await other.get(play, headers={"Range": "bytes=100-"})  # whoever begins in the middle has begun
    world.clock.move(hours=2)
    other = await town.enter(other.user_id)
    await other.get(play, headers={"Range": "bytes=200-"})
    assert [line[0] for line in await _added(town, before)] == ["evidence.play"] * 3
    assert (await other.get(f"{case}/evidence/{which}/preview")).status_code == 415


async def test_an_original_is_only_saved_and_by_whoever_works_on_the_case(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    for data, kind in ((files.HTML, "image"), (files.SVG, "image"), (files.polyglot(), "image"), (PAPER, "document")):
        which = await _sends(world, data, kind)
        answer = await person.get(f"{case}/evidence/{which}/original")
        assert answer.content == data
        assert answer.headers["content-type"] == "application/octet-stream"
        assert re.fullmatch(r'attachment; filename="evidence-[0-9a-f]{8}\.(bin|gif|pdf)"', _named(answer))
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    reader = await town.person("specialist")  # may look before she takes it
    looks = await town.rows("SELECT owner_user_id FROM conversations")
    assert looks[0][0] == person.user_id
    assert (await reader.get(f"{case}/evidence/{which}")).status_code == 200
    assert (await reader.get(f"{case}/evidence/{which}/original")).status_code == 403
    assert (await reader.post(f"{case}/evidence/archive")).status_code == 403
    assert (await reader.post(f"{case}/evidence/{which}", label="x")).status_code == 403


def _named(answer: Any) -> str:
    return str(answer.headers["content-disposition"])


@pytest.mark.parametrize("data", [files.HTML, files.SVG, b"MZ\x90 canary-of-script"], ids=["html", "svg", "program"])
async def test_what_is_no_picture_is_not_shown_whatever_it_was_sent_as(town: Desk, world: World, data: bytes) -> None:
    person, case = await _taken(town, world)
    which = await _sends(world, data, "image")
    for page in ((await person.get(case)).text, (await person.get(f"{case}/evidence/{which}")).text):
        assert "It is not what it was sent as" in page
        assert f"{which}/preview" not in page
        assert f"{which}/play" not in page
    for way in ("preview", "play"):
        answer = await person.get(f"{case}/evidence/{which}/{way}")
        assert (answer.status_code, answer.content) == (415, b"")


async def test_a_bomb_and_a_giant_have_no_preview_and_the_desk_goes_on(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    for data in (files.huge_png(60_000, 60_000), files.photo()[:400]):
        which = await _sends(world, data, "image")
        assert (await person.get(f"{case}/evidence/{which}/preview")).status_code == 415
    assert (await person.get(case)).status_code == 200


async def test_a_file_of_another_conversation_is_not_there(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    which = await _sends(world, PICTURE, "image")
    await world.says("9002", "human please")
    other = await world.one("SELECT reference FROM cases ORDER BY opened_at DESC, id DESC LIMIT 1")
    for path in ("", "/preview", "/play", "/original"):
        assert (await person.get(f"/case/{other}/evidence/{which}{path}")).status_code in (403, 404)
    lead = await town.person("supervisor")
    for path in ("", "/preview", "/play", "/original"):
        assert (await lead.get(f"/case/{other}/evidence/{which}{path}")).status_code == 404
    for path in ("", "/transcript", "/again"):
        assert (await lead.post(f"/case/{other}/evidence/{which}{path}", label="x")).status_code == 404
    assert await world.rows("SELECT id FROM evidence") == []
    assert (await person.get(f"{case}/evidence/..%2f..%2fetc%2fpasswd")).status_code == 404


async def test_what_stands_beside_a_letter_about_ourselves_is_not_here(town: Desk, world: World) -> None:
    lead, case = await town.person("supervisor"), await _case(world)
    which = await _sends(world, PICTURE, "image")
    await world.run("UPDATE messages SET retention = 'box' WHERE id = (SELECT message_id FROM media)")
    assert str(which) not in (await lead.get(f"{case}/evidence")).text
    assert (await lead.get(f"{case}/evidence/{which}/preview")).status_code == 404
    assert (await lead.get(f"{case}/evidence/{which}")).status_code == 404


async def test_words_beside_a_file_are_sealed_found_and_given_back_when_wrong(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    which = await _sends(world, files.VOICE, "audio")
    at = f"{case}/evidence/{which}"
    assert "No machine wrote this down, and none translates" in (await person.get(at)).text
    answer = await person.post(
        at, label="Supervisor shouting", proves="threats on Friday", about="violence", important="yes"
    )
    assert answer.headers["location"].endswith("?told=saved")
    await person.post(f"{at}/transcript", transcript="malai kothama thunyo")
    row = (await world.rows("SELECT * FROM evidence"))[0]
    for sealed in (row.label_enc, row.proves_enc, row.transcript_enc):
        assert not re.search(rb"Supervisor|threats|kothama", bytes(sealed))
    page = (await person.get(case)).text
    for words in ("Supervisor shouting", "threats on Friday", "malai kothama thunyo", "violence or threats"):
        assert words in page
    found = (await person.post("/search", q="kothama")).text
    assert case.rpartition("/")[2] in found.replace(" ", "")
    assert "by what is written beside a file" in found
    await person.post(f"{at}/transcript", transcript="something else")
    assert "by what is written beside a file" not in (await person.post("/search", q="kothama")).text
    async with world.app.database.begin() as connection:  # an index that is made anew has them too
        await search.rebuild(connection, world.app.secrets)
    assert "by what is written beside a file" in (await person.post("/search", q="something")).text
    wrong = await person.post(at, label="x" * 500, proves="kept while wrong", about="papers")
    assert wrong.status_code == 400
    assert "kept while wrong" in wrong.text
    assert "x" * 500 in wrong.text
    assert (await person.post(at, label="x", about="nonsense")).status_code == 400
    assert (await world.rows("SELECT about, important FROM evidence"))[0] == ("violence", True)


async def test_the_list_is_by_kind_and_what_is_important_is_first(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    old, voice = await _sends(world, PICTURE, "image"), await _sends(world, files.VOICE, "audio")
    paper = await _sends(world, PAPER, "document")
    await world.says(ADDRESS, "", kind="location", location=(29.31, 47.48))
    await person.post(f"{case}/evidence/{old}", label="Passport", important="yes")
    page = (await person.get(f"{case}/evidence")).text
    assert page.index(str(old)) < page.index(str(paper)) < page.index(str(voice))
    assert "29.310000, 47.480000" in page
    only = (await person.get(f"{case}/evidence?kind=voice")).text
    assert str(voice) in only
    assert str(paper) not in only
    assert (await person.get(f"{case}/evidence/{paper}/preview")).headers["content-type"] == "image/jpeg"


async def test_a_place_can_be_described_too(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    await world.says(ADDRESS, "", kind="location", location=(29.31, 47.48))
    page = (await person.get(case)).text
    which = re.search(rf"/desk{case}/evidence/([0-9a-f-]{{36}})", page)
    assert which is not None
    await person.post(f"{case}/evidence/{which[1]}", label="Where she is held")
    assert "Where she is held" in (await person.get(case)).text
    assert (await person.get(f"{case}/evidence/{which[1]}/original")).status_code == 404


async def test_in_a_talk_without_a_case_it_is_looked_at_and_described_too(town: Desk, world: World) -> None:
    lead = await town.person("supervisor")
    await world.says(ADDRESS, "hello")
    which = await _sends(world, PICTURE, "image")
    talk = f"/talk/{(await world.where(ADDRESS)).conversation_id}"
    assert await world.rows("SELECT id FROM cases") == []
    assert str(which) in (await lead.get(talk)).text
    before = len(await town.trail())
    assert (await lead.get(f"{talk}/evidence/{which}/preview")).status_code == 200
    assert await _added(town, before) == [("evidence.preview", "evidence", str(which))]
    await lead.post(f"{talk}/evidence/{which}", label="The gate")
    page = (await lead.get(f"{talk}/evidence")).text
    assert "The gate" in page
    assert "ZIP" not in page


async def test_why_a_file_is_not_here_and_it_is_fetched_again(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    which = await _sends(world, PICTURE, "image", fetched=False)
    assert "Not here yet" in (await person.get(case)).text
    assert (await person.get(f"{case}/evidence/{which}/preview")).status_code == 404
    ref = next(reversed(world.provider.files))
    world.provider.script[ref].append(Refused("too_large"))
    await _worker(world).run_once()
    page = (await person.get(f"{case}/evidence/{which}")).text
    assert "It is too large" in page
    assert "Fetch it now" in page
    world.provider.script[ref].append(errors.Unreachable("x"))
    answer = await person.post(f"{case}/evidence/{which}/again")
    assert answer.headers["location"].endswith("?told=fetching")
    await _worker(world).run_once()
    assert "Not here yet" in (await person.get(case)).text
    await person.post(f"{case}/evidence/{which}/again")
    await _worker(world).run_once()
    assert (await person.get(f"{case}/evidence/{which}/preview")).status_code == 200
    answer = await person.post(f"{case}/evidence/{which}/again")
    assert answer.headers["location"].endswith("?told=not_fetched")
    await world.run("UPDATE media SET state = 'refused', reason = 'infected'")
    await person.post(f"{case}/evidence/{which}/again")
    assert await world.one("SELECT state FROM media") == "refused"


async def test_all_of_a_case_is_saved_with_its_hashes(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    first, second = await _sends(world, PICTURE, "image"), await _sends(world, files.VOICE, "audio")
    await _sends(world, PAPER, "document", fetched=False)
    await person.post(f"{case}/evidence/{first}", label="=cmd|calc", proves="wages")
    await world.run("UPDATE media SET sha256_enc = NULL WHERE id = :w", w=second)
    before = len(await town.trail())
    answer = await person.post(f"{case}/evidence/archive")
    assert [line[:2] for line in await _added(town, before)] == [("evidence.export", "case")]
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "no-store"
    assert _named(answer) == f'attachment; filename="evidence-{case.rpartition("/")[2]}.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert archive.namelist() == ["001-picture.jpg", "002-voice.ogg", "manifest.csv", "SHA256SUMS"]
    assert archive.read("001-picture.jpg") == PICTURE
    lines = archive.read("manifest.csv").decode("utf-8-sig").splitlines()
    assert f"{hashlib.sha256(PICTURE).hexdigest()},{hashlib.sha256(PICTURE).hexdigest()},yes" in lines[1]
    assert "'=cmd|calc" in lines[1]  # a formula is words
    assert f"{hashlib.sha256(files.VOICE).hexdigest()},not known" in lines[2]
    assert "Not here yet" in lines[3]
    for line in archive.read("SHA256SUMS").decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(archive.read(name)).hexdigest() == digest


async def test_a_file_that_is_lost_or_changed_on_the_disk_is_said(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    which = await _sends(world, PICTURE, "image")
    kept = next(p for p in (world.app.settings.data_dir / "media").glob("??/*"))
    kept.write_bytes(kept.read_bytes()[:-1] + b"x")
    assert (await person.get(f"{case}/evidence/{which}/preview")).status_code == 404
    kept.unlink()
    answer = await person.post(f"{case}/evidence/archive")
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert "missing from our disk" in archive.read("manifest.csv").decode("utf-8-sig")


async def test_it_goes_with_its_message_and_with_her(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    first, second = await _sends(world, PICTURE, "image"), await _sends(world, PICTURE, "image")
    await person.post(f"{case}/evidence/{first}", label="forgotten soon")
    await person.post(f"{case}/evidence/{second}", label="remains longer")
    await world.run("DELETE FROM messages WHERE id = (SELECT message_id FROM media WHERE id = :f)", f=first)
    await _worker(world).sweep()
    assert [row.id for row in await world.rows("SELECT id FROM evidence")] == [second]
    found = "by what is written beside a file"
    assert found not in (await person.post("/search", q="forgotten")).text
    assert found in (await person.post("/search", q="longer")).text
    which = await _sends(world, PICTURE, "image")
    await person.post(f"{case}/evidence/{which}", label="hers")
    subject = (await world.where(ADDRESS)).subject_id
    async with world.app.database.begin() as connection:
        assert await erase.by_hand(connection, subject, world.now, reason="asked")
    assert await world.rows("SELECT id FROM evidence") == []


async def test_the_page_looks_again_when_a_file_has_come(town: Desk, world: World) -> None:
    person, case = await _taken(town, world)
    await _sends(world, PICTURE, "image", fetched=False)
    versions = [await _version(person, case)]
    await _worker(world).run_once()
    versions.append(await _version(person, case))
    which = await world.one("SELECT id FROM media")
    await person.post(f"{case}/evidence/{which}", label="seen")
    versions.append(await _version(person, case))
    assert len(set(versions)) == 3


async def _version(person: Person, case: str) -> str:
    return (await person.get(case)).text.partition('data-version="')[2].partition('"')[0]
