"""The content as if no language were in translation: what will be heard and shown once they are there."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from bot.content import Content, load
from bot.settings import ROOT
from tests.fakes import once

MARK = "in_translation:"


@cache
def whole() -> Content:
    """Every folder of `locales/` is a language for people. Made once."""
    if not any(MARK in path.read_text("utf-8") for path in (ROOT / "locales").glob("*/language.yml")):
        return once.written()  # they are all there
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for path in ROOT.iterdir():
            if path.is_dir() and path.name in ("flows", "knowledge", "handlers", "nlu_data"):
                (root / path.name).symlink_to(path)
        (root / "locales").mkdir()
        for path in (ROOT / "locales").iterdir():
            if not path.is_dir():
                (root / "locales" / path.name).symlink_to(path)
                continue
            own = root / "locales" / path.name
            own.mkdir()
            for part in path.iterdir():
                if part.name != "language.yml":
                    (own / part.name).symlink_to(part)
            lines = (path / "language.yml").read_text("utf-8").splitlines(keepends=True)
            (own / "language.yml").write_text("".join(x for x in lines if not x.startswith(MARK)), "utf-8")
        return load(root)
