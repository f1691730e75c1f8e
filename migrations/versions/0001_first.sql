-- The first schema (docs/decisions.md, bot/store/tables.py). Frozen: later changes are later revisions.

CREATE TABLE addresses (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    lookup BYTEA NOT NULL,
    address_enc BYTEA NOT NULL,
    country_hint TEXT,
    kind TEXT DEFAULT 'person' NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_addresses PRIMARY KEY (id),
    CONSTRAINT ck_addresses_kind CHECK (kind IN ('person', 'staff', 'volunteer', 'simulator')),
    CONSTRAINT uq_addresses_channel_account_lookup UNIQUE (channel, account, lookup)
);

CREATE INDEX ix_addresses_lookup ON addresses (lookup);

CREATE TABLE audit (
    id UUID NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    actor TEXT NOT NULL,
    user_id UUID,
    action TEXT NOT NULL,
    object_kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    reason TEXT,
    CONSTRAINT pk_audit PRIMARY KEY (id, received_at)
)
 PARTITION BY RANGE (received_at);

CREATE TABLE audit_seals (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    sealed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    until TIMESTAMP WITH TIME ZONE NOT NULL,
    rows INTEGER NOT NULL,
    mac BYTEA NOT NULL,
    CONSTRAINT pk_audit_seals PRIMARY KEY (id)
);

CREATE TABLE channel_accounts (
    channel TEXT NOT NULL,
    account TEXT NOT NULL,
    next_send_at TIMESTAMP WITH TIME ZONE,
    per_second INTEGER DEFAULT 10 NOT NULL,
    CONSTRAINT pk_channel_accounts PRIMARY KEY (channel, account)
);

CREATE TABLE contacts (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    language TEXT,
    language_guess TEXT,
    country TEXT,
    timezone TEXT,
    profile_enc BYTEA,
    simulated BOOLEAN DEFAULT false NOT NULL,
    consent_store_at TIMESTAMP WITH TIME ZONE,
    consent_contact_at TIMESTAMP WITH TIME ZONE,
    consent_refused_at TIMESTAMP WITH TIME ZONE,
    opted_out_at TIMESTAMP WITH TIME ZONE,
    safe_from SMALLINT,
    safe_until SMALLINT,
    discreet BOOLEAN DEFAULT true NOT NULL,
    last_seen_on DATE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_contacts PRIMARY KEY (id),
    CONSTRAINT ck_contacts_own_subject CHECK (subject_id = id)
);

CREATE TABLE keys (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    subject_id UUID,
    wrapped BYTEA NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_keys PRIMARY KEY (id),
    CONSTRAINT ck_keys_kind CHECK (kind IN ('lookup', 'system', 'audit', 'subject')),
    CONSTRAINT uq_keys_subject_id UNIQUE (subject_id)
);

CREATE UNIQUE INDEX uq_keys_single ON keys (kind) WHERE kind <> 'subject';

CREATE TABLE messages (
    id UUID NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    subject_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    case_id UUID,
    direction TEXT NOT NULL,
    author TEXT NOT NULL,
    user_id UUID,
    inbox_id BIGINT,
    outbox_id UUID,
    body_enc BYTEA NOT NULL,
    retention TEXT NOT NULL,
    CONSTRAINT pk_messages PRIMARY KEY (id, received_at)
)
 PARTITION BY RANGE (received_at);

CREATE INDEX ix_messages_conversation_id ON messages (conversation_id, received_at);

CREATE INDEX ix_messages_retention ON messages (retention, received_at);

CREATE TABLE organisations (
    id UUID NOT NULL,
    name TEXT NOT NULL,
    settings JSONB DEFAULT '{}'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_organisations PRIMARY KEY (id),
    CONSTRAINT uq_organisations_name UNIQUE (name)
);

CREATE TABLE seen (
    provider TEXT NOT NULL,
    account TEXT NOT NULL,
    event BYTEA NOT NULL,
    CONSTRAINT pk_seen PRIMARY KEY (provider, account, event)
);

CREATE TABLE address_contacts (
    address_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    subject_id UUID NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_address_contacts PRIMARY KEY (address_id, contact_id),
    CONSTRAINT fk_address_contacts_address_id FOREIGN KEY(address_id) REFERENCES addresses (id) ON DELETE CASCADE,
    CONSTRAINT fk_address_contacts_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id) ON DELETE CASCADE
);

CREATE TABLE users (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT,
    totp_enc BYTEA,
    active BOOLEAN DEFAULT true NOT NULL,
    settings JSONB DEFAULT '{}'::jsonb NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT fk_users_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT uq_users_login UNIQUE (login)
);

CREATE TABLE conversations (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    address_id UUID NOT NULL,
    active_contact_id UUID,
    owner TEXT DEFAULT 'bot' NOT NULL,
    owner_epoch INTEGER DEFAULT 0 NOT NULL,
    owner_user_id UUID,
    session_enc BYTEA,
    last_inbound_at TIMESTAMP WITH TIME ZONE,
    agreed_until TIMESTAMP WITH TIME ZONE,
    blocked_at TIMESTAMP WITH TIME ZONE,
    next_send_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_conversations PRIMARY KEY (id),
    CONSTRAINT ck_conversations_owner CHECK (owner IN ('bot', 'waiting', 'human', 'closed')),
    CONSTRAINT uq_conversations_address_id UNIQUE (address_id),
    CONSTRAINT fk_conversations_address_id FOREIGN KEY(address_id) REFERENCES addresses (id) ON DELETE CASCADE,
    CONSTRAINT fk_conversations_active_contact_id FOREIGN KEY(active_contact_id) REFERENCES contacts (id) ON DELETE SET NULL,
    CONSTRAINT fk_conversations_owner_user_id FOREIGN KEY(owner_user_id) REFERENCES users (id)
);

CREATE INDEX ix_conversations_subject_id ON conversations (subject_id);

CREATE TABLE cases (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    reference TEXT NOT NULL,
    organisation_id UUID,
    conversation_id UUID,
    linked_case_id UUID,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    stage TEXT NOT NULL,
    country TEXT,
    assigned_to UUID,
    facts_enc BYTEA,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    answer_due_at TIMESTAMP WITH TIME ZONE,
    answered_at TIMESTAMP WITH TIME ZONE,
    closed_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    legal_hold BOOLEAN DEFAULT false NOT NULL,
    CONSTRAINT pk_cases PRIMARY KEY (id),
    CONSTRAINT ck_cases_severity CHECK (severity IN ('critical', 'high', 'medium', 'low')),
    CONSTRAINT uq_cases_reference UNIQUE (reference),
    CONSTRAINT fk_cases_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_cases_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE SET NULL,
    CONSTRAINT fk_cases_linked_case_id FOREIGN KEY(linked_case_id) REFERENCES cases (id) ON DELETE SET NULL,
    CONSTRAINT fk_cases_assigned_to FOREIGN KEY(assigned_to) REFERENCES users (id)
);

CREATE INDEX ix_cases_open ON cases (severity, opened_at) WHERE closed_at IS NULL;

CREATE INDEX ix_cases_subject_id ON cases (subject_id);

CREATE TABLE inbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    subject_id UUID,
    conversation_id UUID,
    kind TEXT NOT NULL,
    payload_enc BYTEA NOT NULL,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ready_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT DEFAULT 'waiting' NOT NULL,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    error TEXT,
    done_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_inbox PRIMARY KEY (id),
    CONSTRAINT ck_inbox_state CHECK (state IN ('waiting', 'done', 'quarantined')),
    CONSTRAINT fk_inbox_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);

CREATE INDEX ix_inbox_subject_waiting ON inbox (subject_id, id) WHERE state = 'waiting';

CREATE INDEX ix_inbox_waiting ON inbox (id) WHERE state = 'waiting';

CREATE TABLE case_events (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    user_id UUID,
    codes JSONB DEFAULT '{}'::jsonb NOT NULL,
    note_enc BYTEA,
    happened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_events PRIMARY KEY (id),
    CONSTRAINT fk_case_events_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE
);

CREATE INDEX ix_case_events_case_id ON case_events (case_id, happened_at);

CREATE TABLE case_people (
    case_id UUID NOT NULL,
    contact_id UUID NOT NULL,
    subject_id UUID NOT NULL,
    role TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_case_people PRIMARY KEY (case_id, contact_id),
    CONSTRAINT fk_case_people_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_case_people_contact_id FOREIGN KEY(contact_id) REFERENCES contacts (id) ON DELETE CASCADE
);

CREATE TABLE notices (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    case_id UUID,
    audience TEXT NOT NULL,
    kind TEXT NOT NULL,
    severity TEXT NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    taken_at TIMESTAMP WITH TIME ZONE,
    taken_by UUID,
    CONSTRAINT pk_notices PRIMARY KEY (id),
    CONSTRAINT fk_notices_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_notices_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_notices_taken_by FOREIGN KEY(taken_by) REFERENCES users (id)
);

CREATE INDEX ix_notices_conversation_id ON notices (conversation_id);

CREATE INDEX ix_notices_subject_open ON notices (subject_id) WHERE taken_at IS NULL;

CREATE INDEX ix_notices_open ON notices (severity, raised_at) WHERE taken_at IS NULL;

CREATE TABLE outbox (
    id UUID NOT NULL,
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    subject_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    case_id UUID,
    kind TEXT NOT NULL,
    origin TEXT NOT NULL,
    owner_epoch INTEGER NOT NULL,
    reply_enc BYTEA NOT NULL,
    urgent BOOLEAN DEFAULT false NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    parts_done SMALLINT DEFAULT 0 NOT NULL,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    queued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    not_before TIMESTAMP WITH TIME ZONE NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    fence BIGINT DEFAULT 0 NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    provider_id TEXT,
    CONSTRAINT pk_outbox PRIMARY KEY (id),
    CONSTRAINT ck_outbox_kind CHECK (kind IN ('reply', 'ack')),
    CONSTRAINT ck_outbox_origin CHECK (origin IN ('bot', 'human', 'system')),
    CONSTRAINT ck_outbox_state CHECK (state IN ('queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'held', 'withdrawn', 'unknown')),
    CONSTRAINT uq_outbox_seq UNIQUE (seq),
    CONSTRAINT fk_outbox_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_outbox_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE SET NULL
);

CREATE INDEX ix_outbox_due ON outbox (not_before) WHERE state IN ('queued', 'held');

CREATE INDEX ix_outbox_leases ON outbox (lease_until) WHERE state = 'sending';

CREATE INDEX ix_outbox_provider_id ON outbox (provider_id) WHERE provider_id IS NOT NULL;

CREATE INDEX ix_outbox_subject_id ON outbox (subject_id);

CREATE INDEX ix_outbox_unsent ON outbox (conversation_id, seq) WHERE state IN ('queued', 'sending', 'held');

CREATE TABLE search_tokens (
    case_id UUID NOT NULL,
    field TEXT NOT NULL,
    token BYTEA NOT NULL,
    subject_id UUID NOT NULL,
    CONSTRAINT pk_search_tokens PRIMARY KEY (case_id, field, token),
    CONSTRAINT fk_search_tokens_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE
);

CREATE INDEX ix_search_tokens_token ON search_tokens (token);

-- Rows land here when no monthly partition fits; see bot/store/migrate.py.
CREATE TABLE messages_default PARTITION OF messages DEFAULT;

CREATE TABLE audit_default PARTITION OF audit DEFAULT;
