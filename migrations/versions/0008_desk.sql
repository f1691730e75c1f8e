ALTER TABLE users ADD COLUMN totp_last BIGINT;

ALTER TABLE cases ADD COLUMN care TEXT;

ALTER TABLE cases ADD CONSTRAINT ck_cases_care CHECK (care IN ('child', 'self_harm'));

UPDATE cases SET care = CASE kind WHEN 'child' THEN 'child' ELSE 'self_harm' END WHERE kind IN ('child', 'express_self_harm');

CREATE TABLE desk_sessions (
    id UUID NOT NULL,
    user_id UUID NOT NULL,
    token BYTEA NOT NULL,
    stage TEXT NOT NULL,
    totp_enc BYTEA,
    began_at TIMESTAMP WITH TIME ZONE NOT NULL,
    seen_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_desk_sessions PRIMARY KEY (id),
    CONSTRAINT ck_desk_sessions_stage CHECK (stage IN ('code', 'full')),
    CONSTRAINT fk_desk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT uq_desk_sessions_token UNIQUE (token)
);

CREATE INDEX ix_desk_sessions_user_id ON desk_sessions (user_id);

CREATE TABLE sign_in_tries (
    key BYTEA NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    count INTEGER NOT NULL,
    CONSTRAINT pk_sign_in_tries PRIMARY KEY (key)
);

CREATE TABLE case_shares (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    organisation_id UUID,
    user_id UUID,
    consented_at TIMESTAMP WITH TIME ZONE NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE,
    ends_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    CONSTRAINT pk_case_shares PRIMARY KEY (id),
    CONSTRAINT ck_case_shares_one_receiver CHECK ((organisation_id IS NULL) <> (user_id IS NULL)),
    CONSTRAINT fk_case_shares_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_case_shares_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id) ON DELETE CASCADE,
    CONSTRAINT fk_case_shares_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE INDEX ix_case_shares_case_id ON case_shares (case_id);

CREATE INDEX ix_case_shares_subject_id ON case_shares (subject_id);

CREATE TABLE tasks (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    text_enc BYTEA NOT NULL,
    due_at TIMESTAMP WITH TIME ZONE NOT NULL,
    assigned_to UUID,
    made_by UUID,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    done_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_tasks PRIMARY KEY (id),
    CONSTRAINT fk_tasks_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_tasks_assigned_to FOREIGN KEY(assigned_to) REFERENCES users (id),
    CONSTRAINT fk_tasks_made_by FOREIGN KEY(made_by) REFERENCES users (id)
);

CREATE INDEX ix_tasks_case_id ON tasks (case_id);

CREATE INDEX ix_tasks_open ON tasks (due_at) WHERE done_at IS NULL;

CREATE INDEX ix_tasks_subject_id ON tasks (subject_id);

CREATE INDEX ix_conversations_owner_user_id ON conversations (owner_user_id) WHERE owner_user_id IS NOT NULL;

CREATE INDEX ix_cases_conversation_id ON cases (conversation_id);

CREATE INDEX ix_cases_assigned_to ON cases (assigned_to) WHERE assigned_to IS NOT NULL;
