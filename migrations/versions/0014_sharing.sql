CREATE TABLE case_transfers (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    conversation_id UUID,
    from_organisation_id UUID NOT NULL,
    to_organisation_id UUID NOT NULL,
    state TEXT NOT NULL,
    parts TEXT DEFAULT '' NOT NULL,
    summary_enc BYTEA NOT NULL,
    held_back_enc BYTEA,
    how TEXT NOT NULL,
    consented_at TIMESTAMP WITH TIME ZONE,
    made_by UUID NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    expires_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    answer_enc BYTEA,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_case_transfers PRIMARY KEY (id),
    CONSTRAINT ck_case_transfers_state CHECK (state IN ('asked', 'offered', 'accepted', 'declined', 'refused', 'withdrawn', 'expired', 'recalled')),
    CONSTRAINT fk_case_transfers_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_case_transfers_conversation_id FOREIGN KEY(conversation_id) REFERENCES conversations (id) ON DELETE SET NULL,
    CONSTRAINT fk_case_transfers_from_organisation_id FOREIGN KEY(from_organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_case_transfers_to_organisation_id FOREIGN KEY(to_organisation_id) REFERENCES organisations (id),
    CONSTRAINT fk_case_transfers_made_by FOREIGN KEY(made_by) REFERENCES users (id),
    CONSTRAINT fk_case_transfers_decided_by FOREIGN KEY(decided_by) REFERENCES users (id)
);

CREATE INDEX ix_case_transfers_case_id ON case_transfers (case_id);

CREATE INDEX ix_case_transfers_from ON case_transfers (from_organisation_id, made_at);

CREATE INDEX ix_case_transfers_subject_id ON case_transfers (subject_id);

CREATE INDEX ix_case_transfers_to ON case_transfers (to_organisation_id, state);

CREATE UNIQUE INDEX uq_case_transfers_pending ON case_transfers (case_id) WHERE state IN ('asked', 'offered');

CREATE TABLE glass_openings (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    user_id UUID NOT NULL,
    reason TEXT NOT NULL,
    words_enc BYTEA NOT NULL,
    opened_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ends_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_at TIMESTAMP WITH TIME ZONE,
    reviewed_at TIMESTAMP WITH TIME ZONE,
    reviewed_by UUID,
    verdict TEXT,
    CONSTRAINT pk_glass_openings PRIMARY KEY (id),
    CONSTRAINT ck_glass_openings_verdict CHECK (verdict IN ('right', 'talked', 'wrong')),
    CONSTRAINT fk_glass_openings_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_glass_openings_user_id FOREIGN KEY(user_id) REFERENCES users (id),
    CONSTRAINT fk_glass_openings_reviewed_by FOREIGN KEY(reviewed_by) REFERENCES users (id)
);

CREATE INDEX ix_glass_openings_case_id ON glass_openings (case_id);

CREATE INDEX ix_glass_openings_subject_id ON glass_openings (subject_id);

CREATE INDEX ix_glass_openings_unreviewed ON glass_openings (opened_at) WHERE reviewed_at IS NULL;

CREATE INDEX ix_glass_openings_user_id ON glass_openings (user_id, ends_at);

CREATE TABLE case_links (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    other_case_id UUID NOT NULL,
    reason TEXT NOT NULL,
    made_by UUID NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ended_by UUID,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_case_links PRIMARY KEY (id),
    CONSTRAINT fk_case_links_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_case_links_other_case_id FOREIGN KEY(other_case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_case_links_made_by FOREIGN KEY(made_by) REFERENCES users (id),
    CONSTRAINT fk_case_links_ended_by FOREIGN KEY(ended_by) REFERENCES users (id)
);

CREATE INDEX ix_case_links_case_id ON case_links (case_id);

CREATE INDEX ix_case_links_other_case_id ON case_links (other_case_id);

CREATE INDEX ix_case_links_subject_id ON case_links (subject_id);

CREATE TABLE merge_asks (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    case_id UUID NOT NULL,
    other_case_id UUID NOT NULL,
    reasons JSONB DEFAULT '[]'::jsonb NOT NULL,
    state TEXT NOT NULL,
    made_by UUID NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    decided_by UUID,
    decided_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_merge_asks PRIMARY KEY (id),
    CONSTRAINT ck_merge_asks_state CHECK (state IN ('asked', 'agreed', 'declined', 'withdrawn')),
    CONSTRAINT fk_merge_asks_case_id FOREIGN KEY(case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_merge_asks_other_case_id FOREIGN KEY(other_case_id) REFERENCES cases (id) ON DELETE CASCADE,
    CONSTRAINT fk_merge_asks_made_by FOREIGN KEY(made_by) REFERENCES users (id),
    CONSTRAINT fk_merge_asks_decided_by FOREIGN KEY(decided_by) REFERENCES users (id)
);

CREATE INDEX ix_merge_asks_case_id ON merge_asks (case_id);

CREATE INDEX ix_merge_asks_other_case_id ON merge_asks (other_case_id);

CREATE INDEX ix_merge_asks_subject_id ON merge_asks (subject_id);

CREATE TABLE merges (
    id UUID NOT NULL,
    subject_id UUID NOT NULL,
    gone_id UUID NOT NULL,
    how TEXT NOT NULL,
    made_by UUID,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    rows JSONB NOT NULL,
    before_enc BYTEA NOT NULL,
    undone_by UUID,
    undone_at TIMESTAMP WITH TIME ZONE,
    reason TEXT,
    CONSTRAINT pk_merges PRIMARY KEY (id),
    CONSTRAINT ck_merges_how CHECK (how IN ('code', 'two_people')),
    CONSTRAINT fk_merges_made_by FOREIGN KEY(made_by) REFERENCES users (id),
    CONSTRAINT fk_merges_undone_by FOREIGN KEY(undone_by) REFERENCES users (id)
);

CREATE INDEX ix_merges_subject_id ON merges (subject_id);
