-- The directory, volunteers and searches (bot/store/directory_tables.py). Frozen.
CREATE TABLE directory_entries (
    id UUID NOT NULL,
    organisation_id UUID,
    knowledge TEXT,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    country TEXT,
    city TEXT DEFAULT '' NOT NULL,
    languages JSONB DEFAULT '[]'::jsonb NOT NULL,
    takes JSONB DEFAULT '[]'::jsonb NOT NULL,
    who TEXT DEFAULT '' NOT NULL,
    hours TEXT DEFAULT '' NOT NULL,
    contact_enc BYTEA,
    notes_enc BYTEA,
    source TEXT DEFAULT '' NOT NULL,
    checked_on DATE,
    places INTEGER,
    places_at TIMESTAMP WITH TIME ZONE,
    changed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    changed_by UUID,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_directory_entries PRIMARY KEY (id),
    CONSTRAINT fk_directory_entries_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT uq_directory_entries_knowledge UNIQUE (knowledge),
    CONSTRAINT fk_directory_entries_changed_by FOREIGN KEY(changed_by) REFERENCES users (id)
);

CREATE INDEX ix_directory_entries_organisation_id ON directory_entries (organisation_id);

CREATE TABLE volunteers (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    number INTEGER GENERATED ALWAYS AS IDENTITY,
    organisation_id UUID NOT NULL,
    name_enc BYTEA NOT NULL,
    phone_enc BYTEA,
    notes_enc BYTEA,
    country TEXT NOT NULL,
    city TEXT DEFAULT '' NOT NULL,
    languages JSONB DEFAULT '[]'::jsonb NOT NULL,
    skills JSONB DEFAULT '[]'::jsonb NOT NULL,
    state TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_by UUID,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_volunteers PRIMARY KEY (id),
    CONSTRAINT ck_volunteers_state CHECK (state IN ('active', 'paused', 'ended')),
    CONSTRAINT uq_volunteers_number UNIQUE (number),
    CONSTRAINT fk_volunteers_organisation_id FOREIGN KEY(organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_volunteers_made_by FOREIGN KEY(made_by) REFERENCES users (id)
);

CREATE INDEX ix_volunteers_organisation_id ON volunteers (organisation_id);

CREATE INDEX ix_volunteers_subject_id ON volunteers (subject_id);

CREATE TABLE volunteer_links (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    volunteer_id UUID NOT NULL,
    conversation_id UUID NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_volunteer_links PRIMARY KEY (id),
    CONSTRAINT uq_volunteer_links_volunteer_id UNIQUE (volunteer_id),
    CONSTRAINT fk_volunteer_links_volunteer_id FOREIGN KEY(volunteer_id) REFERENCES volunteers (id) ON DELETE CASCADE,
    CONSTRAINT fk_volunteer_links_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE CASCADE
);

CREATE INDEX ix_volunteer_links_conversation_id ON volunteer_links (conversation_id);

CREATE INDEX ix_volunteer_links_subject_id ON volunteer_links (subject_id);

CREATE TABLE search_requests (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    number INTEGER GENERATED ALWAYS AS IDENTITY,
    fields_enc BYTEA NOT NULL,
    state TEXT NOT NULL,
    made_by UUID,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_search_requests PRIMARY KEY (id),
    CONSTRAINT ck_search_requests_state CHECK (state IN ('open', 'ended', 'expired')),
    CONSTRAINT fk_search_requests_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT uq_search_requests_number UNIQUE (number),
    CONSTRAINT fk_search_requests_made_by FOREIGN KEY(made_by) REFERENCES users (id)
);

CREATE INDEX ix_search_requests_case_id ON search_requests (case_id);

CREATE INDEX ix_search_requests_open ON search_requests (ends_at) WHERE state = 'open';

CREATE INDEX ix_search_requests_subject_id ON search_requests (subject_id);

CREATE TABLE search_copies (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    request_id UUID,
    volunteer_id UUID NOT NULL,
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    told_at TIMESTAMP WITH TIME ZONE,
    over_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_search_copies PRIMARY KEY (id),
    CONSTRAINT ck_search_copies_state CHECK (state IN ('planned', 'told', 'over')),
    CONSTRAINT fk_search_copies_request_id FOREIGN KEY(request_id) REFERENCES search_requests (id) ON DELETE SET NULL,
    CONSTRAINT fk_search_copies_volunteer_id FOREIGN KEY(volunteer_id) REFERENCES volunteers (id) ON DELETE CASCADE
);

CREATE INDEX ix_search_copies_request_id ON search_copies (request_id);

CREATE INDEX ix_search_copies_standing ON search_copies (made_at) WHERE state <> 'over';

CREATE INDEX ix_search_copies_subject_id ON search_copies (subject_id);

CREATE INDEX ix_search_copies_volunteer_id ON search_copies (volunteer_id);

CREATE TABLE search_answers (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    copy_id UUID NOT NULL,
    words_enc BYTEA,
    files SMALLINT NOT NULL,
    said_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_search_answers PRIMARY KEY (id),
    CONSTRAINT fk_search_answers_copy_id FOREIGN KEY(copy_id) REFERENCES search_copies (id) ON DELETE CASCADE
);

CREATE INDEX ix_search_answers_copy_id ON search_answers (copy_id);

CREATE INDEX ix_search_answers_subject_id ON search_answers (subject_id);

ALTER TABLE referrals ADD COLUMN entry_id UUID;

ALTER TABLE referrals ADD COLUMN agreed_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE referrals ADD COLUMN sent_at TIMESTAMP WITH TIME ZONE;

ALTER TABLE referrals ADD CONSTRAINT fk_referrals_entry_id FOREIGN KEY(entry_id) REFERENCES directory_entries (id);

ALTER TABLE referrals DROP CONSTRAINT ck_referrals_state;

ALTER TABLE referrals ADD CONSTRAINT ck_referrals_state CHECK (state IN ('offered', 'declined', 'asked', 'sent', 'accepted', 'rejected', 'completed', 'withdrawn'));

CREATE INDEX ix_referrals_to ON referrals (organisation_id) WHERE organisation_id IS NOT NULL;

ALTER TABLE volunteer_codes ADD COLUMN volunteer_id UUID;

ALTER TABLE volunteer_codes ADD CONSTRAINT fk_volunteer_codes_volunteer_id FOREIGN KEY(volunteer_id) REFERENCES volunteers (id) ON DELETE CASCADE;

CREATE INDEX ix_audit_directory ON audit (object_id) WHERE action >= 'directory.' AND action < 'directory/';
