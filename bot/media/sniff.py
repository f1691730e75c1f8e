"""What a file is, by its first bytes; never by its name, its extension or what the sender says.

Law: pure. What is not known is `application/octet-stream`: kept, and only ever handed out as a file to save. Nothing
that a browser would run (HTML, SVG, scripts) has a type of its own here.
"""

from __future__ import annotations

UNKNOWN = "application/octet-stream"
_START: tuple[tuple[bytes, str], ...] = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
    (b"\x1aE\xdf\xa3", "video/webm"),
)
_BRANDS = {
    b"M4A ": "audio/mp4",
    b"M4B ": "audio/mp4",
    b"3gp": "video/3gpp",
    b"3g2": "video/3gpp2",
    b"qt  ": "video/quicktime",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
# What may be shown or played at the desk; everything else is saved as a file.
SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
PLAYED = frozenset(
    {
        "audio/ogg",
        "audio/amr",
        "audio/mpeg",
        "audio/aac",
        "audio/mp4",
        "audio/wav",
        "video/mp4",
        "video/webm",
        "video/3gpp",
    }
)


def sniff(data: bytes) -> str:
    """The MIME type of a file's bytes."""
    for start, kind in _START:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF":
        return _RIFF.get(data[8:12], UNKNOWN)
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return next((kind for start, kind in _BRANDS.items() if brand.startswith(start)), "video/mp4")
    return UNKNOWN
