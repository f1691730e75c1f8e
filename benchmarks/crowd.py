"""A database full of other people, made by SQL alone: so that a plan, or a cost, is that of a helpline of some size.

Law: what is said here cannot be opened; the people of a test or a benchmark are made by the service itself and stand
beside them. One transaction, a few seconds for a hundred thousand messages; then the planner counts. The rows fit
together by construction: by a superuser's connection they are not looked up again, reference by reference.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text

from bot.store.database import Connection, Database
from bot.store.keys import Keys, seal, seal_json
from bot.vault.keyring import new_key

MESSAGES = 5  # of each person
SPREAD = 360  # days over which they came, the last one an hour ago

# One line each: who, with the ids of what is theirs. Ids grow with time, as ours do.
_CROWD = """
CREATE TEMP TABLE crowd ON COMMIT DROP AS
SELECT g AS n, at, uuidv7(at - clock_timestamp()) AS subject, uuidv7(at - clock_timestamp()) AS address,
       uuidv7(at - clock_timestamp()) AS conversation,
       CASE WHEN g % :every = 0 THEN uuidv7(at - clock_timestamp()) END AS case_id,
       g > :people - :live AS live, g > :people - :live AND g % :every = 0 AND g % 10 = 0 AS waits
FROM (SELECT g, CAST(:now AS timestamptz) - interval '1 hour' - (:people - g) * (interval '1 day' * :spread / :people)
             AS at FROM generate_series(1, CAST(:people AS int)) AS g) AS line
"""
_SEALED = "decode(repeat(md5(n::text), 9), 'hex')"  # 144 bytes, as a sealed line of a few words
_ROWS = (
    "CREATE UNIQUE INDEX ON crowd (n)",
    "ANALYZE crowd",
    "INSERT INTO keys (id, kind, subject_id, wrapped) SELECT subject, 'subject', subject, :wrapped FROM crowd",
    """INSERT INTO contacts (id, subject_id, language, country, consent_store_at, consent_contact_at,
           consent_refused_at, refused_done_at, last_seen_on, created_at)
       SELECT subject, subject, (ARRAY['ne','hi','ar'])[1 + n % 3], (ARRAY['SA','KW','QA'])[1 + n % 3],
           CASE WHEN n % 10 <> 3 THEN at END, CASE WHEN n % 2 = 0 THEN at END, CASE WHEN n % 10 = 3 THEN at END,
           CASE WHEN n % 10 = 3 AND n % 4000 <> 13 THEN at END, at::date, at FROM crowd""",
    f"""INSERT INTO addresses (id, subject_id, channel, account, lookup, address_enc, country_hint)
       SELECT address, subject, (ARRAY['sms','telegram','whatsapp'])[1 + n % 3], '7001',
           decode(md5('address' || n), 'hex'), {_SEALED}, 'NP' FROM crowd""",
    f"""INSERT INTO conversations (id, subject_id, address_id, active_contact_id, owner, session_enc, last_inbound_at,
           reply_due_at, created_at)
       SELECT conversation, subject, address, subject,
           CASE WHEN waits THEN 'waiting' WHEN live AND n % 10 = 1 THEN 'human' ELSE 'bot' END,
           CASE WHEN n % 10 <> 3 THEN {_SEALED} END,
           at, CASE WHEN waits OR live AND n % 10 = 1 THEN :now + interval '9 days' END, at FROM crowd""",
    """INSERT INTO address_contacts (address_id, contact_id, subject_id)
       SELECT address, subject, subject FROM crowd""",
    f"""INSERT INTO cases (id, subject_id, reference, organisation_id, conversation_id, kind, severity, stage, country,
           facts_enc, cleared_at, opened_at, answer_due_at, answered_at, closed_at, outcome)
       SELECT case_id, subject, (2000000 + n)::text, (SELECT id FROM organisations ORDER BY id LIMIT 1), conversation,
           (ARRAY['report_unpaid_wages','report_passport_withheld','report_missing','report_violence'])[1 + n % 4],
           (ARRAY['medium','high','low'])[1 + n % 3], 'new', (ARRAY['SA','KW','QA'])[1 + n % 3], {_SEALED},
           CASE WHEN n % 10 = 3 THEN at END, at,
           at + interval '4 hours', CASE WHEN NOT live THEN at + interval '1 hour' END,
           CASE WHEN NOT live THEN at + interval '9 days' END, CASE WHEN NOT live THEN 'solved' END
       FROM crowd WHERE case_id IS NOT NULL""",
    """INSERT INTO case_people (case_id, contact_id, subject_id, role)
       SELECT case_id, subject, subject, 'reporter' FROM crowd WHERE case_id IS NOT NULL""",
    """INSERT INTO case_events (id, subject_id, case_id, kind, actor, happened_at)
       SELECT uuidv7(at - clock_timestamp()), subject, case_id, kind, 'bot', at
       FROM crowd, unnest(ARRAY['opened', 'closed']) AS kind WHERE case_id IS NOT NULL""",
    """INSERT INTO notices (id, subject_id, conversation_id, case_id, audience, kind, severity, raised_at, taken_at,
           called)
       SELECT uuidv7(at - clock_timestamp()), subject, conversation, case_id, 'queue', 'report_missing', 'high', at,
           CASE WHEN NOT waits THEN at END, 9 FROM crowd WHERE n % 2 = 0""",
    """INSERT INTO search_tokens (case_id, field, token, subject_id)
       SELECT case_id, 'name', decode(md5(n % 5000 || word), 'hex'), subject
       FROM crowd, unnest(ARRAY['a', 'b', 'c', 'd']) AS word WHERE case_id IS NOT NULL""",
    f"""INSERT INTO outbox (id, subject_id, conversation_id, case_id, kind, origin, owner_epoch, reply_enc, state,
           queued_at, not_before, sent_at, provider_id)
       SELECT uuidv7(at - clock_timestamp()), subject, conversation, case_id, 'reply', 'bot', 0, {_SEALED}, 'delivered',
           at, at, at, 'SM' || n || part FROM crowd, unnest(ARRAY['a', 'b']) AS part""",
    f"""INSERT INTO messages (id, received_at, subject_id, conversation_id, case_id, direction, author, body_enc,
           retention)
       SELECT uuidv7(at - clock_timestamp()), at + interval '1 minute' * turn, subject, conversation, case_id,
           (ARRAY['in','out'])[1 + turn % 2], (ARRAY['person','bot'])[1 + turn % 2], {_SEALED}, 'person'
       FROM crowd, generate_series(1, {MESSAGES}) AS turn""",
    f"""INSERT INTO inbox (subject_id, conversation_id, kind, payload_enc, received_at, ready_at, state, done_at)
       SELECT subject, conversation, 'inbound', {_SEALED}, :now - interval '1 hour', :now - interval '1 hour', 'done',
           :now - interval '1 hour' FROM crowd WHERE n % 2 = 0""",
    """INSERT INTO seen (provider, account, event)
       SELECT 'twilio', '7001', decode(md5('event' || n || turn), 'hex') FROM crowd, generate_series(1, 3) AS turn""",
    """INSERT INTO reminders (id, subject_id, conversation_id, flow, due_at, state, made_at)
       SELECT uuidv7(at - clock_timestamp()), subject, conversation, 'follow_up', :now + interval '1 minute' * n,
           CASE WHEN n % 8 = 0 THEN 'done' ELSE 'waiting' END, at FROM crowd WHERE n % 2 = 0""",
    f"""INSERT INTO family_codes (id, subject_id, kind, lookup, digits_enc, made_at, expires_at)
       SELECT uuidv7(at - clock_timestamp()), subject, 'real', decode(md5('code' || n), 'hex'), {_SEALED}, at,
           at + interval '90 days' FROM crowd WHERE n % 2 = 0""",
    f"""INSERT INTO media (id, subject_id, conversation_id, message_id, kind, ref_enc, state, next_at, received_at)
       SELECT uuidv7(at - clock_timestamp()), subject, conversation, uuidv7(at - clock_timestamp()), 'image', {_SEALED},
           'stored', at, at FROM crowd WHERE n % 2 = 0""",
    """INSERT INTO audit (id, received_at, actor, action, object_kind, object_id)
       SELECT uuidv7(at - clock_timestamp()), at, 'staff', 'case.seen', 'case', coalesce(case_id, subject)::text
       FROM crowd""",
    """INSERT INTO audit_seals (sealed_at, until, rows, mac) VALUES (:now, :now, 1, '\\x00')""",
)  # fmt: skip
_MAY_TRUST = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"
COUNTED = (
    "keys", "contacts", "addresses", "conversations", "address_contacts", "cases", "case_people", "case_events",
    "notices", "search_tokens", "outbox", "messages", "inbox", "seen", "reminders", "family_codes", "media", "audit",
    "audit_seals",
)  # fmt: skip


async def fill(
    owner: Database, secrets: Keys, people: int, now: datetime, *, case_of_each: int = 1, open_cases: int | None = None
) -> None:
    """So many people more, every `case_of_each`-th with a case; a fiftieth of the cases are open, or so many, and of
    these one in ten waits. `owner`: connections of the role that owns the tables, or of a superuser, which takes a
    third of the time.

    All have one key. Of the last ones, whose cases are open, number and facts can be read: lists show them.
    """
    key = new_key()
    wrapped = secrets.keyring.wrap(key)
    given: dict[str, Any] = {
        "people": people, "now": now, "spread": SPREAD, "every": case_of_each, "wrapped": wrapped,
        "live": people // 50 if open_cases is None else open_cases * case_of_each,
    }  # fmt: skip
    async with owner.begin() as connection:
        if (await connection.exec_driver_sql(_MAY_TRUST)).scalar_one():
            await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for statement in (_CROWD, *_ROWS):
            words = text(statement)
            await connection.execute(words, {name: given[name] for name in words._bindparams})
        await _seal_open_ones(connection, key)
    async with owner.engine.connect() as analyst:
        await analyst.execution_options(isolation_level="AUTOCOMMIT")
        for table in COUNTED:  # as autovacuum does in the hours that a real table takes to grow
            await analyst.execute(text(f"VACUUM (ANALYZE) {table}"))


async def _seal_open_ones(connection: Connection, key: bytes) -> None:
    rows = (await connection.execute(text("SELECT n, address, case_id FROM crowd WHERE live"))).all()
    phones = [
        {"i": r.address, "v": seal(key, f"+97798{r.n:08}".encode(), where=f"addresses.address_enc.{r.address}")}
        for r in rows
    ]
    facts = [
        {"i": r.case_id, "v": seal_json(key, {"country": "KW"}, where=f"cases.facts_enc.{r.case_id}")}
        for r in rows
        if r.case_id
    ]
    await connection.execute(text("UPDATE addresses SET address_enc = :v WHERE id = :i"), phones)
    await connection.execute(text("UPDATE cases SET facts_enc = :v WHERE id = :i"), facts)
