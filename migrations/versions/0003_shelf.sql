-- The shelf: codes, referrals, reminders, certificates, letters, licences (bot/store/records_tables.py). Frozen.

ALTER TABLE cases ADD COLUMN draft BOOLEAN DEFAULT false NOT NULL;

CREATE TABLE box_letters (
    id UUID NOT NULL,
    lookup BYTEA,
    body_enc BYTEA NOT NULL,
    about_enc BYTEA,
    answer_enc BYTEA,
    received_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT NOT NULL,
    CONSTRAINT pk_box_letters PRIMARY KEY (id),
    CONSTRAINT ck_box_letters_state CHECK (state IN ('new', 'read', 'answered')),
    CONSTRAINT uq_box_letters_lookup UNIQUE (lookup)
);

CREATE TABLE certificates (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    track TEXT NOT NULL,
    lookup BYTEA NOT NULL,
    code_enc BYTEA NOT NULL,
    passed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    score SMALLINT NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_certificates PRIMARY KEY (id),
    CONSTRAINT uq_certificates_lookup UNIQUE (lookup)
);

CREATE INDEX ix_certificates_subject_id ON certificates (subject_id);

CREATE TABLE code_tries (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    tried_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_code_tries PRIMARY KEY (id)
);

CREATE INDEX ix_code_tries_subject_id ON code_tries (subject_id, tried_at);

CREATE INDEX ix_code_tries_tried_at ON code_tries (tried_at);

CREATE TABLE feedback (
    id UUID NOT NULL,
    month DATE NOT NULL,
    kind TEXT NOT NULL,
    safe SMALLINT,
    helped SMALLINT,
    respected SMALLINT,
    CONSTRAINT pk_feedback PRIMARY KEY (id),
    CONSTRAINT ck_feedback_safe CHECK (safe BETWEEN 1 AND 3),
    CONSTRAINT ck_feedback_helped CHECK (helped BETWEEN 1 AND 3),
    CONSTRAINT ck_feedback_respected CHECK (respected BETWEEN 1 AND 3)
);

CREATE INDEX ix_feedback_month ON feedback (month);

CREATE TABLE licences (
    id UUID NOT NULL,
    country TEXT NOT NULL,
    number TEXT NOT NULL,
    number_key TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    status TEXT NOT NULL,
    valid_until DATE,
    source TEXT NOT NULL,
    imported_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_licences PRIMARY KEY (id),
    CONSTRAINT ck_licences_status CHECK (status IN ('licensed', 'suspended', 'cancelled')),
    CONSTRAINT uq_licences_country_number_key UNIQUE (country, number_key)
);

CREATE INDEX ix_licences_country_name_key ON licences (country, name_key text_pattern_ops);

CREATE TABLE link_codes (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    lookup BYTEA NOT NULL,
    digits_enc BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_link_codes PRIMARY KEY (id),
    CONSTRAINT uq_link_codes_lookup UNIQUE (lookup)
);

CREATE INDEX ix_link_codes_expires_at ON link_codes (expires_at);

CREATE INDEX ix_link_codes_subject_id ON link_codes (subject_id);

CREATE TABLE volunteer_codes (
    id UUID NOT NULL,
    lookup BYTEA NOT NULL,
    label_enc BYTEA,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_volunteer_codes PRIMARY KEY (id),
    CONSTRAINT uq_volunteer_codes_lookup UNIQUE (lookup)
);

CREATE TABLE reminders (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    flow TEXT NOT NULL,
    slots_enc BYTEA,
    topic TEXT DEFAULT '' NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    state TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_reminders PRIMARY KEY (id),
    CONSTRAINT ck_reminders_state CHECK (state IN ('waiting', 'done', 'cancelled')),
    CONSTRAINT fk_reminders_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);

CREATE INDEX ix_reminders_conversation_id ON reminders (conversation_id);

CREATE INDEX ix_reminders_subject_id ON reminders (subject_id);

CREATE INDEX ix_reminders_waiting ON reminders (due_at, id) WHERE state = 'waiting';

CREATE TABLE family_codes (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID,
    kind TEXT NOT NULL,
    lookup BYTEA NOT NULL,
    digits_enc BYTEA NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_family_codes PRIMARY KEY (id),
    CONSTRAINT ck_family_codes_kind CHECK (kind IN ('real', 'decoy')),
    CONSTRAINT fk_family_codes_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT uq_family_codes_lookup UNIQUE (lookup)
);

CREATE INDEX ix_family_codes_subject_id ON family_codes (subject_id);

CREATE TABLE referrals (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID,
    organisation_id UUID,
    service TEXT NOT NULL,
    topic TEXT DEFAULT '' NOT NULL,
    receiver TEXT DEFAULT '' NOT NULL,
    state TEXT NOT NULL,
    facts_enc BYTEA,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_at TIMESTAMP WITH TIME ZONE,
    outcome TEXT,
    CONSTRAINT pk_referrals PRIMARY KEY (id),
    CONSTRAINT ck_referrals_state CHECK (state IN ('asked', 'accepted', 'rejected', 'completed', 'withdrawn')),
    CONSTRAINT fk_referrals_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_referrals_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id)
);

CREATE INDEX ix_referrals_asked ON referrals (made_at) WHERE state = 'asked';

CREATE INDEX ix_referrals_case_id ON referrals (case_id);

CREATE INDEX ix_referrals_subject_id ON referrals (subject_id);

CREATE TABLE code_uses (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    code_id UUID NOT NULL,
    used_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_code_uses PRIMARY KEY (id),
    CONSTRAINT fk_code_uses_code_id FOREIGN KEY(code_id) REFERENCES family_codes (id) ON DELETE CASCADE
);

CREATE INDEX ix_code_uses_code_id ON code_uses (code_id);

CREATE INDEX ix_code_uses_subject_id ON code_uses (subject_id, used_at);
