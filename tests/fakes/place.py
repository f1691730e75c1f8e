"""Where the databases of tests lie: in memory, if this machine has room there, else where temporary files lie.

Law: a copy of the schema is three hundred small files; on a disk that others use too it takes ten times as long.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 2 << 30  # bytes; containers are often given 64 MB only


def new_directory(prefix: str) -> Path:
    """A new directory that the database's user can enter."""
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if roomy else None))
    made.chmod(0o711)
    return made
