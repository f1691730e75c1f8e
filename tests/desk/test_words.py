"""The words of the pages: each one that a template asks for is there, and none stands in a template."""

from __future__ import annotations

import re

import pytest

from bot.content import Content
from desk.look import HERE
from tests.desk.office import Desk

TEMPLATES = {path.name: path.read_text("utf-8") for path in sorted((HERE / "templates").glob("*.html"))}
_CODE = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.S)
_NAMED = re.compile(r"\{% block (?:kind|here) %\}.*?\{% endblock %\}")  # classes and names of pages: nobody reads them
_TAG = re.compile(r"<!doctype[^>]*>|<[^>]*>", re.S)


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_word_that_is_asked_for_is_there(name: str, content: Content) -> None:
    for asked, more in re.findall(r"""\bt\(\s*["']([a-z_.]+)["'](\s*~)?""", TEMPLATES[name]):
        if more:  # the beginning of a family, as in "severity." ~ one
            assert any(word.startswith(f"desk.{asked}") for word in content.desk), asked
        else:
            assert f"desk.{asked}" in content.desk, asked


@pytest.mark.parametrize("name", TEMPLATES)
def test_no_word_stands_in_a_template(name: str) -> None:
    bare = _TAG.sub(" ", _CODE.sub(" ", _NAMED.sub(" ", TEMPLATES[name])))
    assert re.findall(r"[^\W\d_]{2,}", bare) == []


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_form_that_changes_something_carries_its_word(name: str) -> None:
    for form in re.findall(r'<form[^>]*method="post".*?</form>', TEMPLATES[name], re.S):
        assert "parts.word(visit)" in form or 'name="csrf"' in form


@pytest.mark.slow
def test_no_word_is_left_over(content: Content) -> None:
    """A word that no template or route asks for is not translated for nothing."""
    code = "\n".join(TEMPLATES.values()) + "\n".join(p.read_text("utf-8") for p in HERE.rglob("*.py"))
    families = {"kinds", "roles", "severity", "channel", "state", "trouble", "outcomes", "events", "reasons", "facts"}
    families |= {"asks", "choices"}  # of knowledge/intake.yml: tests/desk/test_intake.py compares them
    for word in content.desk:
        _, page, name = word.split(".", 2)
        parts = [name, *(name[: i + 1] for i, c in enumerate(name) if c == "_")]
        asked = (
            page in families
            or any(re.search(rf"""["'](?:{page}\.)?{re.escape(part)}["']""", code) for part in parts)
            or f'"{name}' in code
            or word.startswith("desk.broadcasts.why_")  # by the code of a reason: broadcast_page.py
            or f'_{name.rpartition("_")[2]}"' in code
        )
        assert asked, word


@pytest.mark.parametrize(("language", "direction"), [("en", "ltr"), ("ne", "ltr"), ("ar", "rtl")])
async def test_pages_are_in_the_users_language(desk: Desk, content: Content, language: str, direction: str) -> None:
    person = await desk.person("supervisor")
    answer = await person.post("/settings", language=language, zone="Asia/Dubai")
    assert answer.status_code == 303
    page = await person.get("/")
    assert f'<html lang="{language}" dir="{direction}">' in page.text
    assert content.desk_word(language, "queue.waiting_empty", {}) in page.text
    assert page.headers["content-language"] == language


async def test_before_the_sign_in_the_browser_says_which(desk: Desk) -> None:
    browser = desk.browser()
    page = await browser.get("/desk/sign-in", headers={"Accept-Language": "fr, ne-NP;q=0.8, en;q=0.5"})
    assert '<html lang="ne"' in page.text
    assert '<html lang="ar" dir="rtl">' in (await browser.get("/desk/sign-in?language=ar")).text
    assert '<html lang="en"' in (await browser.get("/desk/sign-in?language=xx")).text
