"""What is sealed opens only with its key, in its place, unchanged; a lost or wrong key says nothing."""

from __future__ import annotations

import hmac
import math
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.vault import keyring as keyring_module
from bot.vault.fields import Unopenable, open_, open_json, seal, seal_json
from bot.vault.keyring import KEY_ID, Keyring, development_secret, keep_secret, new_key
from bot.vault.lookup import lookup

OLD, NEW = "old secret, " * 4, "new secret, " * 4
KEY = bytes(range(32))
WHERE = "messages.body_enc.7"

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)  # RFC 8259, section 6: JSON has neither
    | st.text(st.characters(exclude_categories=())),  # lone surrogates too: providers send them
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.binary(), st.text())
def test_what_is_sealed_opens(plaintext: bytes, where: str) -> None:
    assert open_(KEY, seal(KEY, plaintext, where=where), where=where) == plaintext


@given(json_values)
def test_json_comes_back_as_it_was(value: object) -> None:
    assert open_json(KEY, seal_json(KEY, value, where=WHERE), where=WHERE) == value


@given(st.binary(max_size=40), st.data())
def test_any_changed_bit_or_length_is_noticed(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, plaintext, where=WHERE))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(Unopenable):
        open_(KEY, bytes(sealed), where=WHERE)
    sealed[bit // 8] ^= 1 << bit % 8
    cut = data.draw(st.integers(0, len(sealed) - 1))
    for changed in (sealed[:cut], sealed + b"\0"):
        with pytest.raises(Unopenable):
            open_(KEY, bytes(changed), where=WHERE)


@given(st.text(), st.text())
def test_a_sealed_value_cannot_be_moved(here: str, there: str) -> None:
    sealed = seal(KEY, b"Sita", where=here)
    if here == there:
        assert open_(KEY, sealed, where=there) == b"Sita"
    else:
        with pytest.raises(Unopenable):
            open_(KEY, sealed, where=there)


def test_another_subjects_key_opens_nothing_and_the_error_says_nothing() -> None:
    with pytest.raises(Unopenable) as caught:
        open_(new_key(), seal(KEY, b"Sita of Salmiya", where=WHERE), where=WHERE)
    assert "Sita" not in str(caught.value)
    assert WHERE not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_same_text_looks_different_each_time() -> None:
    sealed = {seal(KEY, b"yes", where=WHERE) for _ in range(1000)}
    assert len(sealed) == 1000
    assert len({blob[1:13] for blob in sealed}) == 1000, "nonces"


def test_the_layout_is_the_one_written_down() -> None:
    """Sealed values outlive programs: version, nonce, ciphertext and tag, readable by any AES-GCM."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    sealed = seal(KEY, b"Sita", where=WHERE)
    assert sealed[:1] == b"\x01"
    assert len(sealed) == 1 + 12 + 4 + 16
    assert AESGCM(KEY).decrypt(sealed[1:13], sealed[13:], WHERE.encode()) == b"Sita"
    by_an_earlier_version = bytes.fromhex("01" + "00" * 12) + AESGCM(KEY).encrypt(bytes(12), b"Gita", WHERE.encode())
    assert open_(KEY, memoryview(by_an_earlier_version), where=WHERE) == b"Gita"  # type: ignore[arg-type]


def test_data_keys_have_256_bits() -> None:
    assert len({new_key() for _ in range(100)}) == 100
    assert {len(new_key()) for _ in range(10)} == {32}
    with pytest.raises(ValueError, match="32 bytes"):
        seal(b"k" * 16, b"Sita", where=WHERE)


def test_rotation_newest_wraps_all_unwrap() -> None:
    before = Keyring((OLD,))
    wrapped = before.wrap(KEY)
    both = Keyring((NEW, OLD))
    assert both.unwrap(wrapped) == KEY
    assert wrapped[:KEY_ID] != both.newest
    again = both.wrap(both.unwrap(wrapped))
    assert again[:KEY_ID] == both.newest
    after = Keyring((NEW,))
    assert after.unwrap(again) == KEY
    for ring, blob in ((after, wrapped), (before, again)):
        with pytest.raises(Unopenable, match="does not list"):
            ring.unwrap(blob)


def test_a_changed_wrapped_key_is_noticed() -> None:
    ring = Keyring((OLD,))
    wrapped = ring.wrap(KEY)
    assert KEY not in wrapped
    for position in range(len(wrapped)):
        changed = bytearray(wrapped)
        changed[position] ^= 1
        with pytest.raises(Unopenable):
            ring.unwrap(bytes(changed))
    for blob in (b"", wrapped[:4], wrapped[:-1], wrapped + b"\0"):
        with pytest.raises(Unopenable):
            ring.unwrap(blob)


@pytest.mark.parametrize("secrets", [(), ("",), ("short",), (NEW, "x" * 31)])
def test_weak_secrets_are_refused_and_not_repeated(secrets: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="SAATHI_SECRET_KEY") as caught:
        Keyring(secrets)
    assert not any(secret and secret in str(caught.value) for secret in secrets)


def test_a_keyring_does_not_show_its_secrets() -> None:
    ring = Keyring((NEW, OLD))
    shown = repr(ring) + str(vars(ring))
    assert "secret" not in shown


@given(st.lists(st.text(max_size=4), max_size=4), st.lists(st.text(max_size=4), max_size=4))
def test_lookups_are_equal_only_for_equal_parts(a: list[str], b: list[str]) -> None:
    assert (lookup(KEY, *a) == lookup(KEY, *b)) == (a == b)


def test_lookups_are_keyed_and_never_change() -> None:
    """The look-up key and this figure are for ever: `seen` and addresses are found by them after years."""
    assert lookup(KEY, "address", "sms", "+96550001234") != lookup(new_key(), "address", "sms", "+96550001234")
    data = b"\0\0\0\x07address\0\0\0\x03sms\0\0\0\x0c+96550001234"
    assert lookup(KEY, "address", "sms", "+96550001234") == hmac.digest(KEY, data, "sha256")
    assert len(lookup(KEY, "\ud83d")) == 32


def test_a_kept_secret_is_made_once(tmp_path: Path) -> None:
    data_dir = tmp_path / "new" / "var"
    with ThreadPoolExecutor(8) as pool:
        secrets = set(pool.map(lambda _: development_secret(data_dir), range(24)))
    assert len(secrets) == 1
    assert Keyring(tuple(secrets)).unwrap(Keyring((development_secret(data_dir),)).wrap(KEY)) == KEY
    assert [path.name for path in data_dir.iterdir()] == ["secret.key"]
    assert stat.S_IMODE((data_dir / "secret.key").stat().st_mode) == 0o600


def test_a_kept_secret_is_closed_again_and_replaced_by_nobody(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    path.write_text("kept from elsewhere, with a line end\n")
    path.chmod(0o644)
    assert keep_secret(path) == "kept from elsewhere, with a line end"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_empty_secret_is_an_error_not_a_key(tmp_path: Path) -> None:
    """A file that a full disk left empty must not become the key of everything."""
    (tmp_path / "secret.key").touch()
    with pytest.raises(ValueError, match=r"secret\.key is empty"):
        keep_secret(tmp_path / "secret.key")


def test_secrets_come_from_the_systems_random_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    real = os.urandom
    monkeypatch.setattr(keyring_module.os, "urandom", lambda n: sizes.append(n) or real(n))
    secret = keep_secret(tmp_path / "secret")
    assert 32 in sizes
    assert len(secret) == math.ceil(32 / 3) * 4
