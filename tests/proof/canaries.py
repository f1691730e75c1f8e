"""Looking for what must not be there: a canary in every spelling in which bytes may hide, in every file of a folder.

Law: a search that finds nothing is believed only because it finds what is put there (`test_the_search_finds`).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus


def spellings(canary: str) -> set[bytes]:
    """As it is, UTF-16, URL, hex, base64 at any offset, JSON's escapes."""
    raw = canary.encode()
    coded = {base64.b64encode(raw[n:]).rstrip(b"=")[:-2] for n in range(3)}
    texts = {quote(canary), quote_plus(canary), raw.hex(), canary.encode("unicode_escape").decode()}
    forms = {raw, canary.encode("utf-16-le"), canary.encode("utf-16-be")} | coded | {t.encode() for t in texts}
    return {form for form in forms if len(form) >= 6}


def plain_hashes(value: str) -> set[bytes]:
    """What anybody could compute of a number: the usual hashes without a key, raw and as hex."""
    made: set[bytes] = set()
    for name in ("md5", "sha1", "sha256", "blake2b"):
        for form in (value, value.removeprefix("+")):
            digest = hashlib.new(name, form.encode()).digest()
            made |= {digest, digest.hex().encode()}
    return made


def files(folder: Path, without: Iterable[str] = ()) -> dict[Path, bytes]:
    """Every file below a folder, by path; links, sockets and what vanishes meanwhile are passed over."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.name in set(without) or path.is_symlink() or not path.is_file():
            continue
        try:
            found[path] = path.read_bytes()
        except FileNotFoundError:
            continue
    return found


def hits(contents: Mapping[Path, bytes], wanted: Mapping[str, Iterable[bytes]]) -> list[str]:
    """`name in file` for every form that is found."""
    return [
        f"{name} in {path.name}"
        for path, content in contents.items()
        for name, forms in wanted.items()
        if any(form in content for form in forms)
    ]
