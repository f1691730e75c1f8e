-- Made from bot/store/staff_tables.py; a test proves that both say the same.
CREATE TABLE user_profiles (
    user_id UUID NOT NULL,
    languages JSONB DEFAULT '[]'::jsonb NOT NULL,
    countries JSONB DEFAULT '[]'::jsonb NOT NULL,
    skills JSONB DEFAULT '[]'::jsonb NOT NULL,
    gender TEXT,
    timezone TEXT,
    phone_enc BYTEA,
    email_enc BYTEA,
    CONSTRAINT pk_user_profiles PRIMARY KEY (user_id),
    CONSTRAINT fk_user_profiles_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE TABLE shifts (
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    role TEXT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    override TEXT,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_shifts PRIMARY KEY (id),
    CONSTRAINT ck_shifts_role CHECK (role IN ('duty', 'on_call')),
    CONSTRAINT ck_shifts_in_order CHECK (ends_at > starts_at),
    CONSTRAINT fk_shifts_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_shifts_ends_at ON shifts (ends_at);
CREATE INDEX ix_shifts_user_id ON shifts (user_id, starts_at);
CREATE TABLE shift_breaks (
    id UUID NOT NULL,
    shift_id UUID NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_shift_breaks PRIMARY KEY (id),
    CONSTRAINT ck_shift_breaks_in_order CHECK (ends_at > starts_at),
    CONSTRAINT fk_shift_breaks_shift_id FOREIGN KEY(shift_id) REFERENCES shifts (id) ON DELETE CASCADE
);
CREATE INDEX ix_shift_breaks_shift_id ON shift_breaks (shift_id);
CREATE TABLE shift_swaps (
    id UUID NOT NULL,
    shift_id UUID NOT NULL,
    from_user_id UUID NOT NULL,
    to_user_id UUID,
    reason TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_shift_swaps PRIMARY KEY (id),
    CONSTRAINT ck_shift_swaps_state CHECK (state IN ('offered', 'accepted', 'withdrawn')),
    CONSTRAINT ck_shift_swaps_reason CHECK (reason IN ('swap', 'sick')),
    CONSTRAINT fk_shift_swaps_shift_id FOREIGN KEY(shift_id) REFERENCES shifts (id) ON DELETE CASCADE,
    CONSTRAINT fk_shift_swaps_from_user_id FOREIGN KEY(from_user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_shift_swaps_to_user_id FOREIGN KEY(to_user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX ix_shift_swaps_open ON shift_swaps (shift_id) WHERE state = 'offered';
CREATE TABLE absences (
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    kind TEXT NOT NULL,
    starts_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_absences PRIMARY KEY (id),
    CONSTRAINT ck_absences_kind CHECK (kind IN ('sick', 'leave')),
    CONSTRAINT ck_absences_in_order CHECK (ends_at > starts_at),
    CONSTRAINT fk_absences_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_absences_user_id ON absences (user_id, ends_at);
CREATE TABLE pages (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    notice_id UUID NOT NULL,
    step TEXT NOT NULL,
    receiver TEXT NOT NULL,
    user_id UUID,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    attempts SMALLINT DEFAULT 0 NOT NULL,
    lease_until TIMESTAMP WITH TIME ZONE,
    fence BIGINT DEFAULT 0 NOT NULL,
    provider_id TEXT,
    queued_at TIMESTAMP WITH TIME ZONE NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    acknowledged_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_pages PRIMARY KEY (id),
    CONSTRAINT ck_pages_step CHECK (step IN ('duty', 'backup', 'supervisor', 'partner', 'nobody')),
    CONSTRAINT ck_pages_channel CHECK (channel IN ('voice', 'email', 'telegram')),
    CONSTRAINT ck_pages_state CHECK (state IN ('queued', 'sending', 'sent', 'failed')),
    CONSTRAINT uq_pages_notice_id_step_receiver_channel UNIQUE (notice_id, step, receiver, channel),
    CONSTRAINT fk_pages_notice_id FOREIGN KEY(notice_id) REFERENCES notices (id) ON DELETE CASCADE,
    CONSTRAINT fk_pages_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_pages_subject_id ON pages (subject_id);
CREATE INDEX ix_pages_unsent ON pages (queued_at) WHERE state IN ('queued', 'sending');
CREATE TABLE staff_notices (
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    audience TEXT NOT NULL,
    codes JSONB DEFAULT '{}'::jsonb NOT NULL,
    raised_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE,
    seen_by UUID,
    CONSTRAINT pk_staff_notices PRIMARY KEY (id),
    CONSTRAINT uq_staff_notices_kind_key UNIQUE (kind, key),
    CONSTRAINT fk_staff_notices_seen_by FOREIGN KEY(seen_by) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_staff_notices_unseen ON staff_notices (raised_at) WHERE seen_at IS NULL;
CREATE TABLE interpreters (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    user_id UUID NOT NULL,
    language TEXT NOT NULL,
    declaration TEXT NOT NULL,
    declared_to UUID NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_interpreters PRIMARY KEY (id),
    CONSTRAINT fk_interpreters_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE,
    CONSTRAINT fk_interpreters_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT fk_interpreters_declared_to FOREIGN KEY(declared_to) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_interpreters_conversation_id ON interpreters (conversation_id);
CREATE INDEX ix_interpreters_subject_id ON interpreters (subject_id);
CREATE INDEX ix_interpreters_user_id ON interpreters (user_id);
CREATE TABLE case_checks (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    what TEXT NOT NULL,
    user_id UUID NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_case_checks PRIMARY KEY (id),
    CONSTRAINT ck_case_checks_what CHECK (what IN ('safe', 'close')),
    CONSTRAINT fk_case_checks_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_case_checks_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);
CREATE INDEX ix_case_checks_case_id ON case_checks (case_id);
CREATE INDEX ix_case_checks_subject_id ON case_checks (subject_id);
CREATE TABLE staff_chats (
    address_id UUID NOT NULL,
    user_id UUID,
    kind TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_staff_chats PRIMARY KEY (address_id),
    CONSTRAINT ck_staff_chats_kind CHECK (kind IN ('private', 'group')),
    CONSTRAINT fk_staff_chats_address_id FOREIGN KEY(address_id) REFERENCES addresses (id) ON DELETE CASCADE,
    CONSTRAINT fk_staff_chats_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);
CREATE INDEX ix_staff_chats_user_id ON staff_chats (user_id);
CREATE TABLE staff_codes (
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    lookup BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    tries INTEGER DEFAULT 0 NOT NULL,
    CONSTRAINT pk_staff_codes PRIMARY KEY (id),
    CONSTRAINT fk_staff_codes_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT uq_staff_codes_lookup UNIQUE (lookup)
);
ALTER TABLE conversations ADD COLUMN reply_due_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE conversations ADD COLUMN late_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE conversations ADD COLUMN told_late_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE conversations ADD COLUMN earlier_user_id UUID CONSTRAINT fk_conversations_earlier_user_id REFERENCES users (id) ON DELETE SET NULL;
CREATE INDEX ix_conversations_reply_due_at ON conversations (reply_due_at) WHERE reply_due_at IS NOT NULL;
ALTER TABLE notices ADD COLUMN due_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE notices ADD COLUMN lowered_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE notices ADD COLUMN red_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE notices ADD COLUMN called SMALLINT NOT NULL DEFAULT 0;
ALTER TABLE notices ADD COLUMN called_at TIMESTAMP WITH TIME ZONE;
ALTER TABLE notices ADD COLUMN offered_to UUID CONSTRAINT fk_notices_offered_to REFERENCES users (id) ON DELETE SET NULL;
ALTER TABLE notices ADD COLUMN offer JSONB NOT NULL DEFAULT '[]'::jsonb;
