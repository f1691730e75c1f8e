"""Blank sheets: their numbers, their words, the file.

Law: a number names a version, a language and a serial, and no person; who reads it in a picture's address learns that
somebody has such a sheet.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from bot.content import Content
from bot.content.languages import FALLBACK
from bot.documents.blank import Blank, blanks
from bot.store.intake import Sheet
from handlers.references import check_digit

MOST = 50  # sheets of one file
_NUMBER = re.compile(r"([a-z]{2,3}(?:-[a-z]+)?)-([0-9]{1,4})-([0-9]{2,12})")
CONSENT = ("consent", "may_we")  # the flow and the step whose words are read aloud


def number(sheet: Sheet) -> str:
    """`ne-1-0018`: language, version, and the serial with its check digit."""
    serial = str(sheet.serial).zfill(3)
    return f"{sheet.language}-{sheet.version}-{serial}{check_digit(serial)}"


def plain(text: str) -> str:
    """A number as it is printed, however somebody typed it: spaces, dashes, digits of any script."""
    folded = "".join("-" if unicodedata.category(c) == "Pd" else c for c in unicodedata.normalize("NFKC", text))
    digits = (str(unicodedata.digit(c, c)) for c in "".join(folded.split()).casefold())
    return "".join(digits)


def serial_of(text: str) -> int | None:
    """The serial of a number as somebody typed it; None when it is none."""
    found = _NUMBER.fullmatch(plain(text))
    if found is None:
        return None
    serial, check = found[3][:-1], found[3][-1]
    return int(serial) if check_digit(serial) == check else None


def consent(content: Content, language: str) -> tuple[str, str]:
    """What is read aloud, and the language that it is in: English where there is no other."""
    flow, step = CONSENT
    known = language if language in content.languages else FALLBACK
    ask = next(one for one in content.flows.by_name[flow].steps if one.id == step)
    return content.catalogue.text(known, f"{flow}.{step}", getattr(ask, "text", "")), known


def made(content: Content, language: str, sheets: Sequence[Sheet], now: datetime) -> bytes:
    """The pages of these sheets."""
    words = content.page(language, {})
    words = {name.removeprefix("paper_"): text for name, text in words.items() if name.startswith("paper_")}
    blank = Blank(
        language=language,
        direction=content.languages[language].direction,
        words=words | {"consent": consent(content, language)[0]},
    )
    numbers = [number(one) for one in sheets]
    return blanks(blank, [(one, f"{content.site}/desk/new?form={one}") for one in numbers], now)
