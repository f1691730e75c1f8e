CREATE TABLE requests (
    id UUID NOT NULL,
    organisation_id UUID NOT NULL,
    asker TEXT NOT NULL,
    wants TEXT NOT NULL,
    form TEXT NOT NULL,
    basis TEXT NOT NULL,
    who_enc BYTEA NOT NULL,
    words_enc BYTEA NOT NULL,
    basis_enc BYTEA,
    received_on DATE NOT NULL,
    due_on DATE,
    recorded_by UUID,
    recorded_at TIMESTAMP WITH TIME ZONE NOT NULL,
    outcome TEXT,
    answer_enc BYTEA,
    answered_by UUID,
    answered_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_requests PRIMARY KEY (id),
    CONSTRAINT ck_requests_asker CHECK (asker IN ('police', 'embassy', 'ministry', 'employer', 'donor', 'press', 'family_lawyer', 'other')),
    CONSTRAINT ck_requests_wants CHECK (wants IN ('one_case', 'figures', 'bulk')),
    CONSTRAINT ck_requests_form CHECK (form IN ('letter', 'email', 'phone', 'visit', 'other')),
    CONSTRAINT ck_requests_basis CHECK (basis IN ('none', 'letter', 'law', 'order')),
    CONSTRAINT ck_requests_outcome CHECK (outcome IN ('refused', 'figures_given', 'released', 'taken_back')),
    CONSTRAINT ck_requests_answered CHECK ((outcome IS NULL) = (answered_at IS NULL)),
    CONSTRAINT ck_requests_never_in_bulk CHECK (outcome IS DISTINCT FROM 'released' OR wants = 'one_case'),
    CONSTRAINT ck_requests_figures_only CHECK (outcome IS DISTINCT FROM 'figures_given' OR wants = 'figures'),
    CONSTRAINT fk_requests_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_requests_recorded_by FOREIGN KEY(recorded_by) REFERENCES users (id),
    CONSTRAINT fk_requests_answered_by FOREIGN KEY(answered_by) REFERENCES users (id)
);

CREATE INDEX ix_requests_received_on ON requests (organisation_id, received_on);

CREATE TABLE disclosures (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    kind TEXT NOT NULL,
    request_id UUID,
    reason TEXT,
    state TEXT NOT NULL,
    whom_enc BYTEA,
    words_enc BYTEA,
    proposed_by UUID,
    proposed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    consent_how TEXT,
    consent_on DATE,
    made_by UUID,
    made_at TIMESTAMP WITH TIME ZONE,
    made_enc BYTEA,
    told_by UUID,
    told_at TIMESTAMP WITH TIME ZONE,
    told_how TEXT,
    told_enc BYTEA,
    CONSTRAINT pk_disclosures PRIMARY KEY (id),
    CONSTRAINT ck_disclosures_state CHECK (state IN ('asked', 'proposed', 'agreed', 'refused', 'made')),
    CONSTRAINT ck_disclosures_kind CHECK (kind IN ('emergency', 'request')),
    CONSTRAINT ck_disclosures_asked_for CHECK ((kind = 'request') = (request_id IS NOT NULL)),
    CONSTRAINT ck_disclosures_two CHECK (kind = 'request' OR decided_by IS DISTINCT FROM proposed_by OR decided_by IS NULL),
    CONSTRAINT ck_disclosures_agreed CHECK (kind = 'request' OR state <> 'made' OR decided_by IS NOT NULL),
    CONSTRAINT fk_disclosures_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_disclosures_request_id FOREIGN KEY(request_id) REFERENCES requests (id) ON DELETE CASCADE,
    CONSTRAINT fk_disclosures_proposed_by FOREIGN KEY(proposed_by) REFERENCES users (id),
    CONSTRAINT fk_disclosures_decided_by FOREIGN KEY(decided_by) REFERENCES users (id),
    CONSTRAINT fk_disclosures_made_by FOREIGN KEY(made_by) REFERENCES users (id),
    CONSTRAINT fk_disclosures_told_by FOREIGN KEY(told_by) REFERENCES users (id)
);

CREATE INDEX ix_disclosures_case_id ON disclosures (case_id);

CREATE INDEX ix_disclosures_proposed ON disclosures (expires_at) WHERE state = 'proposed';

CREATE INDEX ix_disclosures_request_id ON disclosures (request_id);

CREATE INDEX ix_disclosures_subject_id ON disclosures (subject_id);

CREATE TABLE consents (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    purpose TEXT NOT NULL,
    how TEXT NOT NULL,
    said_on DATE NOT NULL,
    recorded_by UUID,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    revoked_at TIMESTAMP WITH TIME ZONE,
    revoked_how TEXT,
    revoked_by UUID,
    CONSTRAINT pk_consents PRIMARY KEY (id),
    CONSTRAINT ck_consents_purpose CHECK (purpose IN ('research', 'advocacy', 'media')),
    CONSTRAINT ck_consents_how CHECK (how IN ('self', 'call', 'visit', 'message', 'paper')),
    CONSTRAINT ck_consents_revoked_how CHECK (revoked_how IN ('self', 'call', 'visit', 'message', 'paper')),
    CONSTRAINT fk_consents_recorded_by FOREIGN KEY(recorded_by) REFERENCES users (id),
    CONSTRAINT fk_consents_revoked_by FOREIGN KEY(revoked_by) REFERENCES users (id)
);

CREATE INDEX ix_consents_subject_id ON consents (subject_id);

CREATE TABLE box_hidden (
    letter_id UUID NOT NULL,
    user_id UUID NOT NULL,
    CONSTRAINT pk_box_hidden PRIMARY KEY (letter_id, user_id),
    CONSTRAINT fk_box_hidden_letter_id FOREIGN KEY(letter_id) REFERENCES box_letters (id) ON DELETE CASCADE,
    CONSTRAINT fk_box_hidden_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE CASCADE
);

CREATE TABLE box_entries (
    id UUID NOT NULL,
    letter_id UUID NOT NULL,
    user_id UUID,
    kind TEXT NOT NULL,
    state TEXT,
    text_enc BYTEA,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_box_entries PRIMARY KEY (id),
    CONSTRAINT ck_box_entries_kind CHECK (kind IN ('read', 'note', 'state', 'answer', 'hidden')),
    CONSTRAINT fk_box_entries_letter_id FOREIGN KEY(letter_id) REFERENCES box_letters (id) ON DELETE CASCADE,
    CONSTRAINT fk_box_entries_user_id FOREIGN KEY(user_id) REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX ix_box_entries_letter_id ON box_entries (letter_id);

ALTER TABLE tasks ADD COLUMN disclosure_id UUID CONSTRAINT fk_tasks_disclosure_id REFERENCES disclosures (id) ON DELETE CASCADE;

ALTER TABLE box_letters DROP CONSTRAINT ck_box_letters_state;

ALTER TABLE box_letters ADD CONSTRAINT ck_box_letters_state CHECK (state IN ('new', 'read', 'looked_into', 'answered', 'closed'));
