"""All files of a case in one ZIP, with a list of what they are and of their hashes.

Law: the names in it are ours, never a sender's. One file is in memory at a time. What was noted on arrival and what is
here now stand beside each other: a file that changed is said to have changed, one that is not here is named too.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from desk.files import Table, as_csv
from desk.views.evidence import Item

ENDINGS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "audio/ogg": "ogg",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "audio/aac": "aac",
    "audio/mp4": "m4a",
    "audio/wav": "wav",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/3gpp": "3gp",
    "video/3gpp2": "3g2",
    "video/quicktime": "mov",
    "video/x-msvideo": "avi",
}
Read = Callable[[UUID], Awaitable[tuple[str, bytes] | None]]
Say = Callable[[str], str]
HEADS = (
    "file", "kind", "type", "bytes", "sent", "sha_arrival", "sha_now", "unchanged", "scan", "state", "label", "about",
    "proves", "transcript", "by",
)  # fmt: skip


def ending(content_type: str | None) -> str:
    """The ending of a file's name, by what it is; nothing that a system would run."""
    return ENDINGS.get(content_type or "", "bin")


@dataclass
class _Out:
    """Where the archive is written to, and taken away from piece by piece; it cannot go back in it."""

    pieces: list[bytes] = field(default_factory=list)

    def write(self, data: bytes) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def taken(self) -> bytes:
        whole, self.pieces = b"".join(self.pieces), []
        return whole


async def zipped(items: Sequence[Item], read: Read, say: Say) -> AsyncIterator[bytes]:
    """The archive, in pieces: files, `manifest.csv`, `SHA256SUMS`. `say` makes a word of a code."""
    out, rows, sums = _Out(), [], []
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for number, one in enumerate(sorted(items, key=lambda i: i.at), 1):
            found = await read(one.id) if one.here and one.kind != "place" else None
            name = digest = ""
            if found is not None:
                name, digest = f"{number:03}-{one.kind}.{ending(found[0])}", hashlib.sha256(found[1]).hexdigest()
                _put(archive, name, found[1], one)
                sums.append(f"{digest}  {name}\n")
                yield out.taken()
            rows.append(_row(one, name, digest, len(found[1]) if found else one.size, say))
        table = as_csv([Table("manifest", [say("head_" + head) for head in HEADS], rows)])
        _put(archive, "manifest.csv", table)
        sums.append(f"{hashlib.sha256(table).hexdigest()}  manifest.csv\n")
        _put(archive, "SHA256SUMS", "".join(sums).encode())
        yield out.taken()
    yield out.taken()


def _put(archive: zipfile.ZipFile, name: str, data: bytes, one: Item | None = None) -> None:
    entry = zipfile.ZipInfo(name, one.at.timetuple()[:6] if one else (1980, 1, 1, 0, 0, 0))
    entry.external_attr = 0o600 << 16
    archive.writestr(entry, data)


def _row(one: Item, name: str, digest: str, size: int | None, say: Say) -> list[str | int | None]:
    same = "unknown" if not (digest and one.sha256) else "yes" if digest == one.sha256 else "no"
    point = f"{one.place[0]:.6f}, {one.place[1]:.6f}" if one.place else ""
    lost = one.here and one.kind != "place" and not name
    return [
        name or point or None,
        say(f"kind_{one.kind}"),
        one.content_type,
        size,
        one.at.isoformat(timespec="seconds"),
        one.sha256 or None,
        digest or None,
        say("unchanged_" + same) if one.kind != "place" else None,
        say(f"scan_{one.reason}") if one.here and one.reason in ("clean", "unscanned") else None,
        say("state_lost" if lost else f"state_{one.state}"),
        one.label or None,
        say(f"about_{one.about}") if one.about else None,
        one.proves or None,
        one.transcript or None,
        one.by,
    ]
