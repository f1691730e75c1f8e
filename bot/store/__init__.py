"""PostgreSQL: tables, statements, the embedded server, the audit trail.

Law: the only place with SQL (`desk/views/` may read too). Statements are set-based; personal columns are encrypted
here and nowhere else; a column ending in `_enc` holds AES-256-GCM under the subject's key.
"""
