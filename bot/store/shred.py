"""The last traces of erased keys in the embedded database's own files: freed rows, and the log of changes.

Law: only the table `keys` is rewritten, since whatever else an erased person left on the disk is meaningless without
her key. Other databases need their own: `docs/reliability.md` says which statements.
"""

from __future__ import annotations

import psycopg

PATIENCE = "2s"  # for the lock on `keys`; who works is not held up longer, and the next look tries again


def shred(url_admin: str) -> bool:
    """Rewrite `keys` and drop the log before it; False when somebody held the table. Blocks, about a tenth of a second.

    `wal_recycle = off` in the embedded server's settings: a used log file is deleted, never kept for writing anew.
    """
    with psycopg.connect(url_admin, autocommit=True) as admin:
        admin.execute(f"SET lock_timeout = '{PATIENCE}'")
        try:
            admin.execute("VACUUM (FULL) keys")
        except psycopg.errors.LockNotAvailable:
            return False
        admin.execute("SELECT pg_switch_wal()")
        admin.execute("CHECKPOINT")
        admin.execute("CHECKPOINT")  # the first one ends in the file that it leaves; after the second none is older
    return True
