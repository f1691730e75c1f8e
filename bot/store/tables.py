"""Every table by its name, as SQLAlchemy Core metadata, from the rooms `*_tables.py`. `migrations/` creates them; a
test proves that both say the same.

Law: every row that belongs to a person has `subject_id`, the unit that a turn locks; personal columns end in `_enc`. A
table is imported from here, so that the metadata is whole; the closed lists of its columns from its room.
"""

from __future__ import annotations

from bot.store.broadcast_tables import broadcast_recipients, broadcast_texts, broadcasts, subscriptions
from bot.store.case_tables import case_events, case_people, cases, notices, search_tokens
from bot.store.channel_tables import channel_accounts, channel_lanes, contents, media, sms_spent
from bot.store.columns import metadata
from bot.store.content_tables import fact_marks, heard_lines, line_labels, text_proposals
from bot.store.desk_tables import (
    audit,
    audit_seals,
    case_shares,
    desk_sessions,
    organisations,
    sign_in_tries,
    tasks,
    users,
)
from bot.store.directory_tables import (
    directory_entries,
    search_answers,
    search_copies,
    search_requests,
    volunteer_links,
    volunteers,
)
from bot.store.evidence_tables import debriefs, evidence
from bot.store.exception_tables import box_entries, box_hidden, consents, disclosures, requests
from bot.store.flow_tables import flow_counts, flow_hours
from bot.store.intake_tables import intake_drafts, intakes, paper_sheets
from bot.store.message_tables import inbox, messages, outbox, seen
from bot.store.people_tables import address_contacts, addresses, contacts, conversations, keys
from bot.store.records_tables import (
    box_letters,
    certificate_links,
    certificates,
    code_tries,
    code_uses,
    family_codes,
    feedback,
    licences,
    link_codes,
    referrals,
    reminders,
    volunteer_codes,
)
from bot.store.sharing_tables import case_links, case_transfers, glass_openings, merge_asks, merges
from bot.store.staff_tables import (
    absences,
    case_checks,
    digests,
    interpreters,
    pages,
    shift_breaks,
    shift_swaps,
    shifts,
    staff_chats,
    staff_codes,
    staff_notices,
    user_profiles,
)

__all__ = [
    "absences",
    "address_contacts",
    "addresses",
    "audit",
    "audit_seals",
    "box_entries",
    "box_hidden",
    "box_letters",
    "broadcast_recipients",
    "broadcast_texts",
    "broadcasts",
    "case_checks",
    "case_events",
    "case_links",
    "case_people",
    "case_shares",
    "case_transfers",
    "cases",
    "certificate_links",
    "certificates",
    "channel_accounts",
    "channel_lanes",
    "code_tries",
    "code_uses",
    "consents",
    "contacts",
    "contents",
    "conversations",
    "debriefs",
    "desk_sessions",
    "digests",
    "directory_entries",
    "disclosures",
    "evidence",
    "fact_marks",
    "family_codes",
    "feedback",
    "flow_counts",
    "flow_hours",
    "glass_openings",
    "heard_lines",
    "inbox",
    "intake_drafts",
    "intakes",
    "interpreters",
    "keys",
    "licences",
    "line_labels",
    "link_codes",
    "media",
    "merge_asks",
    "merges",
    "messages",
    "metadata",
    "notices",
    "organisations",
    "outbox",
    "pages",
    "paper_sheets",
    "referrals",
    "reminders",
    "requests",
    "search_answers",
    "search_copies",
    "search_requests",
    "search_tokens",
    "seen",
    "shift_breaks",
    "shift_swaps",
    "shifts",
    "sign_in_tries",
    "sms_spent",
    "staff_chats",
    "staff_codes",
    "staff_notices",
    "subscriptions",
    "tasks",
    "text_proposals",
    "user_profiles",
    "users",
    "volunteer_codes",
    "volunteer_links",
    "volunteers",
]
