"""The environment of Rasa on this machine: Python 3.10 and the locked packages in `.venv-rasa`, apart from ours.

Law: built whole or not at all, from names, versions and hashes; whoever has no Python 3.10 is told so in one sentence.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from bot.settings import ROOT, CannotStart

VERSION = (3, 10)  # what Rasa 3.6 runs on
LOCK = ROOT / "deploy" / "rasa" / "requirements.lock"
PLACE = ROOT / ".venv-rasa"
ABSENT = """\
Rasa 3.6 needs Python 3.10, and none was found: neither `python3.10` nor a folder ~/.pyenv/versions/3.10* has one that
runs. Install it (`pyenv install 3.10`, or your system's package), or set SAATHI_RASA_PYTHON to one.
Nothing else needs it: without Rasa the embedded classifier answers."""

Say = Callable[[str], None]


class RasaError(CannotStart):
    """Rasa cannot be built, trained or started; the text says why and what to do."""


def find_python(chosen: str = "", home: Path | None = None) -> Path:
    """A Python 3.10 that runs; `chosen` = SAATHI_RASA_PYTHON, and then no other. Raises RasaError without one."""
    if chosen:
        if (found := _runs(chosen)) is None:
            raise RasaError(f"SAATHI_RASA_PYTHON: {chosen} is no Python 3.10 that runs")
        return found
    versions = ((home or Path.home()) / ".pyenv" / "versions").glob("3.10*")
    for candidate in ("python3.10", *(str(path / "bin" / "python3.10") for path in sorted(versions))):
        if (found := _runs(candidate)) is not None:
            return found
    raise RasaError(ABSENT)


def _runs(candidate: str) -> Path | None:
    """Its real path, if it is what it says: a shim of pyenv may have the name and no Python behind it."""
    path = shutil.which(candidate)
    if path is None:
        return None
    code = "import sys; print(sys.version_info[:2] == (3, 10) and sys.executable or '')"
    try:
        done = subprocess.run([path, "-c", code], capture_output=True, text=True, timeout=20, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(done.stdout.strip()) if done.returncode == 0 and done.stdout.strip() else None


def installed(place: Path = PLACE) -> Path | None:
    """The Python of an environment that fits the lock, or None."""
    python, ready = place / "bin" / "python", place / ".ready"
    fits = python.exists() and ready.exists() and ready.read_text() == lock_digest()
    return python if fits else None


def lock_digest() -> str:
    """SHA-256 of the lock."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def install(chosen: str = "", place: Path = PLACE, say: Say = print) -> Path:
    """The Python of the environment, built now if it is not there or the lock has changed. Raises RasaError."""
    if (python := installed(place)) is not None:
        return python
    base = find_python(chosen)
    say(f"Setting up {place.name} with {base}: Rasa and some 160 packages, 3 GB, two to five minutes ...")
    _run([str(base), "-m", "venv", "--clear", str(place)], say)
    python = place / "bin" / "python"
    flags = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--require-hashes"]
    _run([str(python), "-m", "pip", "install", *flags, "-r", str(LOCK)], say)
    (place / ".ready").write_text(lock_digest())
    say(f"{place.name} is there.")
    return python


def _run(command: list[str], say: Say) -> None:
    """One line of progress for every 20 packages; what went wrong is the end of what it said."""
    # no module of ours may be found by another Python
    environment = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}}
    with subprocess.Popen(  # noqa: S603
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        last = _watched(process.stdout, say)
    if process.returncode:
        raise RasaError("the environment of Rasa could not be built:\n" + "\n".join(last))


def _watched(lines: Iterable[str], say: Say) -> list[str]:
    last: list[str] = []
    collected = 0
    for line in lines:
        last = [*last[-14:], line.rstrip()]
        if line.startswith("Collecting "):
            collected += 1
            if collected % 20 == 0:
                say(f"  {collected} packages fetched ...")
        elif line.startswith("Installing collected"):
            say(f"  {collected} packages fetched; unpacking ...")
    return last


def main() -> int:
    """`python -m bot.nlu.rasa_place`: the path of a Python 3.10, code 3 without one."""
    try:
        print(find_python(os.environ.get("SAATHI_RASA_PYTHON", "")))
    except RasaError as error:
        print(error, file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main())
