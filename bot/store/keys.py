"""The `keys` table: one look-up key for ever, one key for what belongs to nobody yet, one data key per subject.

Law: keys leave this room only unwrapped in memory, for the length of a transaction; erasing a person is deleting a row.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store.database import Database
from bot.store.tables import keys
from bot.vault.fields import open_, open_json, seal, seal_json
from bot.vault.keyring import Keyring, new_key
from bot.vault.lookup import code_form, lookup

__all__ = ["Keys", "open_", "open_json", "seal", "seal_json"]


class Keys:
    """The unwrapped single keys and the keyring that unwraps subjects' keys."""

    def __init__(self, keyring: Keyring, *, lookup_key: bytes, system_key: bytes, audit_key: bytes) -> None:
        self.keyring = keyring
        self.system_key = system_key
        self.audit_key = audit_key
        self._lookup_key = lookup_key

    @classmethod
    async def load(cls, database: Database, keyring: Keyring) -> Keys:
        """Read the single keys, making them at the first start; several processes may do this at once.

        Raises WrappedByAnother when this database was made with a secret that the keyring has not, Unopenable when
        one of the keys was changed.
        """
        async with database.begin() as connection:
            for kind in ("lookup", "system", "audit"):
                await connection.execute(
                    pg_insert(keys)
                    .values(id=uuid4(), kind=kind, wrapped=keyring.wrap(new_key()))
                    .on_conflict_do_nothing(index_elements=["kind"], index_where=keys.c.kind != "subject")
                )
            rows = (
                await connection.execute(select(keys.c.kind, keys.c.wrapped).where(keys.c.subject_id.is_(None)))
            ).all()
            # Inside the transaction: a secret that does not open what is there leaves nothing of its own behind.
            single = {row.kind: keyring.unwrap(row.wrapped) for row in rows}
        return cls(keyring, lookup_key=single["lookup"], system_key=single["system"], audit_key=single["audit"])

    def address(self, channel: str, address: str) -> bytes:
        """Keyed hash of an address: the same for the same address, useless without the key."""
        return lookup(self._lookup_key, "address", channel, address)

    def event(self, provider: str, account: str, event_id: str) -> bytes:
        """Keyed hash of a provider's event id."""
        return lookup(self._lookup_key, "event", provider, account, event_id)

    def code(self, kind: str, digits: str) -> bytes:
        """Keyed hash of a code; `kind` is its table, so that the same digits of two kinds differ."""
        return lookup(self._lookup_key, "code", kind, code_form(digits))

    def secret(self, kind: str, value: str) -> bytes:
        """Keyed hash of a value as it stands: the token of a session, a login that was tried."""
        return lookup(self._lookup_key, "secret", kind, value)

    def word(self, space: str, value: str) -> bytes:
        """Keyed hash of a word that a case is found by; half the length is enough to tell words apart."""
        return lookup(self._lookup_key, "word", space, value)[:16]


async def key_of(connection: AsyncConnection, secrets: Keys, subject_id: UUID) -> bytes | None:
    """A person's key; None when there is nobody, or nobody any more. ValueError when it was spoilt."""
    wrapped = (await connection.execute(select(keys.c.wrapped).where(keys.c.subject_id == subject_id))).scalar()
    return None if wrapped is None else secrets.keyring.unwrap(wrapped)
