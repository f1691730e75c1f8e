"""The pages of certificates over real HTTP: what is told of a number, and that nothing is told of all the others."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator

import httpx
import pytest
from litestar.testing import AsyncTestClient

from bot.certified import Certificates as ServiceCertificates
from bot.web.site import site
from bot.web.verify import Certificates, chosen, verify
from tests.fakes import once
from tests.fakes.certificates import FILE, GENUINE, REVOKED, TOKEN, MemoryCertificates
from tests.fakes.line import Store, settings
from tests.fakes.server import served

KNOWN = ["en", "ar", "hi", "ne"]
BAD = {
    "never given": "1111222233334444",
    "revoked": REVOKED,
    "mistyped": GENUINE[:-1],
    "no number": "'; drop table certificates; --",
    "markup": "<script>alert(1)",
    "long": "9" * 3000,
    "other letters": "४८२९",
}


@pytest.fixture(scope="module")
async def certificates() -> MemoryCertificates:
    return MemoryCertificates(once.written())


@pytest.fixture(scope="module")
async def client(certificates: MemoryCertificates) -> AsyncIterator[httpx.AsyncClient]:
    async with served(verify(certificates)) as url, httpx.AsyncClient(base_url=url, trust_env=False) as opened:
        yield opened


@pytest.mark.parametrize("name", ["languages", "words", "genuine", "file"])
def test_the_service_and_these_tests_give_what_the_pages_expect(name: str) -> None:
    expected = inspect.signature(getattr(Certificates, name))
    assert inspect.signature(getattr(ServiceCertificates, name)) == expected
    assert inspect.signature(getattr(MemoryCertificates, name)) == expected


@pytest.mark.parametrize(
    ("language", "wanted"),
    [
        ("en-GB,en;q=0.9", ("Before you leave", "November 2026", "This certificate is genuine")),
        ("ne-NP", ("विदेश जानुअघि", "यो प्रमाणपत्र साँचो हो")),
        ("ar", ("قبل السفر", "هذه الشهادة صحيحة", 'dir="rtl"')),
        ("hi;q=0.4, fr", ("विदेश जाने से पहले",)),
    ],
)
async def test_a_genuine_number_tells_course_and_month(
    client: httpx.AsyncClient, language: str, wanted: tuple[str, ...]
) -> None:
    answer = await client.get(f"/verify/{GENUINE}", headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert answer.headers["content-language"] == language[:2]
    for words in wanted:
        assert words in answer.text
    assert GENUINE not in answer.text


async def test_all_other_numbers_get_one_page_byte_for_byte(client: httpx.AsyncClient) -> None:
    pages = {}
    for kind, code in BAD.items():
        answer = await client.get(httpx.URL("/verify/x", raw_path=b"/verify/" + _quoted(code)))
        kept = {k: v for k, v in answer.headers.items() if k != "date"}
        pages[kind] = (answer.status_code, answer.content, kept)
    assert pages["revoked"][0] == 404
    assert {kind: page == pages["revoked"] for kind, page in pages.items()} == dict.fromkeys(BAD, True)


async def test_spaces_in_a_number_do_not_matter_to_the_route(
    client: httpx.AsyncClient, certificates: MemoryCertificates
) -> None:
    assert (await client.get("/verify/4829%201730%205061%207284")).status_code == 200
    assert certificates.asked[-1] == "4829 1730 5061 7284"


@pytest.mark.parametrize("path", [f"/verify/{GENUINE}", f"/certificate/{TOKEN}"])
async def test_an_outage_is_no_answer(client: httpx.AsyncClient, certificates: MemoryCertificates, path: str) -> None:
    certificates.broken = True
    try:
        answer = await client.get(path)
    finally:
        certificates.broken = False
    assert answer.status_code == 503
    assert "Please try again" in answer.text


async def test_a_language_can_be_chosen(client: httpx.AsyncClient) -> None:
    for asked, shown in (("ne", "ne"), ("xx", "en"), ("", "en"), ('"><script>', "en")):
        answer = await client.get(f"/verify/{GENUINE}", params={"language": asked})
        assert answer.headers["content-language"] == shown
        assert "<script" not in answer.text


async def test_a_link_gives_the_file_and_a_dead_one_a_page(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/certificate/{TOKEN}")
    assert (answer.status_code, answer.content) == (200, FILE)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="certificate.pdf"'
    dead = await client.get("/certificate/0123")
    assert dead.status_code == 404
    assert "This link does not work" in dead.text


async def test_pages_run_nothing_and_are_in_no_index(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/verify/{GENUINE}")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "set-cookie" not in answer.headers
    style = await client.get("/verify/static/verify.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    for name in ("verify.html", "try.css", "..%2fverify.py"):
        assert (await client.get(f"/verify/static/{name}")).status_code == 404


async def test_the_site_has_the_pages_and_its_own_headers(certificates: MemoryCertificates) -> None:
    async def ready() -> str:
        return "ok"

    store = Store()
    app = site(settings(), store.receive, store.quarantine, ready, None, certificates)
    async with AsyncTestClient(app) as client:
        answer = await client.get(f"/verify/{GENUINE}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("*", "en"),
        ("fr", "en"),
        ("NE-np;q=0.8, hi;q=0.9", "hi"),
        ("ar-EG, en;q=0.8", "ar"),
        ("ne;q=0", "en"),
        ("ne;q=0.5,ar;q=0.5", "ne"),
        ("ne;q=abc", "en"),
        ("x" * 10_000, "en"),
        (",;,=;q", "en"),
    ],
)
def test_the_browser_says_the_language(accepted: str, language: str) -> None:
    assert chosen(accepted, KNOWN) == language


def _quoted(code: str) -> bytes:
    return b"".join(b"%%%02X" % byte for byte in code.encode())
