"""The file of a trained model: arrays and a JSON, no pickle; who wrote it and whether it is whole.

Law: a file whose digest does not fit its content, or that other code made, is refused; reading runs nothing from it.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import struct
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from bot.settings import CannotStart

FORMAT = 3
LARGE = 1 << 20  # bytes: such an array stays in the file, and only the rows that a text needs are read
# Training and serving must agree on these.
_CODE = ("normalise.py", "ideas.py", "features.py", "classifier.py", "model_file.py")


class ModelError(CannotStart):
    """A model that cannot be served; the text says what to do."""


@cache
def code_version() -> str:
    """A hash of the code that turns text into numbers: a model of other code would answer nonsense quietly."""
    digest = hashlib.sha256()
    for name in _CODE:
        digest.update(Path(__file__).with_name(name).read_bytes())
    return digest.hexdigest()[:16]


def _digest(meta: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> str:
    digest = hashlib.sha256(json.dumps(meta, sort_keys=True, ensure_ascii=True).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])  # not a copy where it lies in one piece
        digest.update(f"{name}:{array.dtype.str}:{array.shape}".encode())
        digest.update(array.view(np.uint8).data)
    return digest.hexdigest()


def write(path: Path, meta: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Writes beside `path`, then puts it there in one step: a reader sees the old file or the whole new one."""
    whole = {**meta, "format": FORMAT, "code": code_version()}
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}  # a row in one place of the file
    header = json.dumps({"digest": _digest(whole, arrays), "meta": whole}, ensure_ascii=True).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with beside.open("wb") as file:
            np.savez(file, header=np.frombuffer(header, np.uint8), **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def read(path: Path) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """(meta, arrays). Raises ModelError: no file, no model, changed content, other format or code."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: _array(raw, file, name) for name in file.files}
        header = json.loads(arrays.pop("header").tobytes())
        digest, meta = str(header["digest"]), dict(header["meta"])
    except FileNotFoundError:
        raise ModelError(f"{path}: no such model; make one with `saathi nlu train`") from None
    except (OSError, ValueError, KeyError, TypeError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: not a model of saathi ({type(error).__name__}); train again") from None
    if _digest(meta, arrays) != digest:
        raise ModelError(f"{path}: the content does not fit its digest; train again")
    for array in arrays.values():
        if isinstance(array.base, mmap.mmap):
            array.base.madvise(mmap.MADV_DONTNEED)  # all of it was read for the digest, and is not needed in memory
    if meta.get("format") != FORMAT or meta.get("code") != code_version():
        raise ModelError(f"{path}: made by another version of the code; train again with `saathi nlu train`")
    return meta, {name: array.view(np.ndarray) for name, array in arrays.items()}  # rows of a memmap cost more


def _array(raw: IO[bytes], file: Any, name: str) -> NDArray[Any]:
    """One array of the file: a small one as it is, a large one as a view of the file (numpy maps none of an archive).

    Where its bytes begin: 30 bytes of the member's own head, its name and its extra field (APPNOTE.TXT 4.3.7), then the
    head of the array."""
    member = file.zip.getinfo(f"{name}.npy")
    if member.file_size < LARGE or member.compress_type != zipfile.ZIP_STORED:
        small: NDArray[Any] = file[name]
        return small
    raw.seek(member.header_offset + 26)
    raw.seek(sum(struct.unpack("<HH", raw.read(4))), os.SEEK_CUR)
    if np.lib.format.read_magic(raw) != (1, 0):
        raise ValueError("an array of another format")
    shape, by_column, dtype = np.lib.format.read_array_header_1_0(raw)
    if dtype.hasobject or by_column:
        raise ValueError("no rows of numbers")
    return np.memmap(raw, dtype, "r", raw.tell(), shape)
