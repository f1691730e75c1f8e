"""What a served process does not load before it needs it: memory that each process would hold for nothing.

Law: asked in a process of its own, of the imports that every served process makes.
"""

from __future__ import annotations

import subprocess
import sys

from bot.settings import ROOT

SERVED = ("bot.cli.serve", "bot.jobs", "bot.transports.twilio", "bot.transports.voice", "desk.mount")
# Paper, spreadsheets, pictures, files of people, another channel, migrations, training.
LATER = ("fpdf", "fontTools", "xlsxwriter", "PIL", "httpx", "telegram", "alembic", "sklearn", "scipy")


def test_what_is_seldom_used_is_loaded_when_it_is_used() -> None:
    script = (
        f"import importlib, sys; [importlib.import_module(name) for name in {SERVED!r}];"
        f"print([name for name in {LATER!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "[]"
