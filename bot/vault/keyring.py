"""The keyring: wraps data keys under keys derived from SAATHI_SECRET_KEY.

Law: the secret only wraps; the newest wraps, all unwrap, so that rotation is re-wrapping.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from bot.vault.fields import NONCE, Unopenable

KEY_ID = 4  # bytes in front of a wrapped key: which secret wrapped it
WHERE = b"saathi.keys.wrapped"


class WrappedByAnother(Unopenable):
    """A key that was wrapped under a secret that the keyring has not."""


def new_key() -> bytes:
    """A data key: 32 random bytes."""
    return os.urandom(32)


class Keyring:
    """`secrets`: newest first, texts of at least 32 characters: a shorter one might be guessed by who has the disk."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets or any(len(s) < 32 for s in secrets):
            raise ValueError(
                "SAATHI_SECRET_KEY: each key needs at least 32 characters; 32 random bytes in base64 are right"
            )
        self._keys = {}
        for secret in secrets:
            key = HKDF(hashes.SHA256(), 32, None, b"saathi wrapping key").derive(secret.encode())
            self._keys[hashlib.sha256(b"id" + key).digest()[:KEY_ID]] = AESGCM(key)
        self.newest = next(iter(self._keys))

    def wrap(self, key: bytes) -> bytes:
        """id (4) + nonce (12) + wrapped key and tag (48)."""
        nonce = os.urandom(NONCE)
        return self.newest + nonce + self._keys[self.newest].encrypt(nonce, key, WHERE)

    def unwrap(self, wrapped: bytes) -> bytes:
        """The inverse. Raises WrappedByAnother when no secret of ours did it, Unopenable when it was changed."""
        blob = bytes(wrapped)
        aead = self._keys.get(blob[:KEY_ID])
        if aead is None:
            raise WrappedByAnother("wrapped under a secret that SAATHI_SECRET_KEY does not list")
        try:
            return aead.decrypt(blob[KEY_ID : KEY_ID + NONCE], blob[KEY_ID + NONCE :], WHERE)
        except (InvalidTag, ValueError):  # ValueError: too short to be one
            raise Unopenable("a wrapped key was changed") from None

    def has(self, key_id: bytes) -> bool:
        """Whether the secret is ours that wrapped what begins with this id."""
        return bytes(key_id) in self._keys


def development_secret(data_dir: Path) -> str:
    """The secret of a development machine: `<data_dir>/secret.key`, 0600, made at the first start."""
    data_dir.mkdir(parents=True, exist_ok=True)
    return keep_secret(data_dir / "secret.key")


def kept_secret(data_dir: Path) -> str | None:
    """The same where it was made before, else None: nothing is written. Raises OSError, ValueError."""
    path = data_dir / "secret.key"
    return _read(path) if path.exists() else None


def keep_secret(path: Path) -> str:
    """32 random bytes in base64, kept in a file of ours (0600): made once, whoever of several starters comes first.

    On the disk before it is used: a secret that a power cut takes would take everything under it along.
    """
    if not path.exists():
        temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(os.urandom(32)))
            file.flush()
            os.fsync(file.fileno())
        try:
            with contextlib.suppress(FileExistsError):
                os.link(temporary, path)  # only the first of several wins
        finally:
            temporary.unlink()
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)
    return _read(path)


def _read(path: Path) -> str:
    secret = path.read_text("ascii").strip()
    if not secret:
        raise ValueError(f"{path} is empty: restore it from a backup")
    return secret
