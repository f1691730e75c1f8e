"""What every benchmark writes: its section of docs/performance.md, and on which machine.

Law: a figure stands with the day, the load and the command that made it; absolute figures are of that machine.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bot.settings import ROOT
from bot.store import embedded

PERFORMANCE = ROOT / "docs" / "performance.md"


@contextmanager
def scratch(name: str) -> Iterator[Path]:
    """A data folder of its own with the models that `make run` keeps, so that nothing is trained; gone at the end, with
    its database."""
    folder, models = Path(tempfile.mkdtemp(prefix=f"saathi-{name}-")), ROOT / "var" / "nlu"
    folder.chmod(0o711)  # the server is another user when this is root
    models.mkdir(parents=True, exist_ok=True)
    (folder / "nlu").symlink_to(models, target_is_directory=True)
    try:
        yield folder
    finally:
        embedded.remove(folder)
        shutil.rmtree(folder)


def machine() -> str:
    """The day, the cores and how busy they are with other things."""
    day = f"{datetime.now(UTC):%-d %B %Y}"
    return f"{day}, {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f} with the benchmark)"


def ratio(value: float, floor: float) -> str:
    """Two decimals."""
    return f"{value / floor:.2f}" if floor else "-"


def write_section(heading: str, text: str, file: Path = PERFORMANCE) -> None:
    """Put a section (`## Name`, one line) in the place of the one of that name, or at the end."""
    told = file.read_text("utf-8")
    section = f"{heading.strip()}\n\n{text.strip()}\n"
    pattern = re.compile(rf"^{re.escape(heading.strip())}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if pattern.search(told):
        new = pattern.sub(lambda _: section + "\n", told, count=1)
    else:
        new = told.rstrip() + "\n\n" + section
    file.write_text(new.rstrip() + "\n", "utf-8")
