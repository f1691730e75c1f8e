"""Files of people as one file of a backup.

Law: they are sealed before they come here; what is unpacked stays inside its folder.
"""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from bot.store.manifest import BackupError


def pack(media: Path, target: Path) -> None:
    """Files are written once under names of their own, and sealed: no lock is needed, and compressing gains nothing.
    One that an operator moved and linked is packed as the file that it is: links are never unpacked."""
    with tarfile.open(target, "w", dereference=True) as packed:
        for path in sorted(media.rglob("*")) if media.is_dir() else []:
            if path.is_file():
                try:
                    packed.add(path, arcname=path.relative_to(media).as_posix(), recursive=False)
                except FileNotFoundError:
                    continue  # erased while we read


def unpack(source: Path, media: Path) -> None:
    """File by file: what Debian 12 has as Python 3.11 cannot be told to take plain files inside the folder only. All
    names are looked at before anything is written. Raises BackupError."""
    media.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tarfile.open(source) as packed:
        members = packed.getmembers()
        for member in members:
            if not member.isfile() or not (media / member.name).resolve().is_relative_to(media.resolve()):
                raise BackupError(f"{source} holds what no backup of ours holds: {member.name!r}")
        for member in members:
            target, content = media / member.name, packed.extractfile(member)
            assert content is not None, "a plain file"
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with content, target.open("wb") as written:
                shutil.copyfileobj(content, written)
            target.chmod(0o600)
