-- What happened in a document (`server::history`): the updates that a snapshot takes out of the log are kept here, one row for what
-- somebody did without a pause. A row that is a base holds all of the document as it was then; with it, and at each new generation
-- of the document, a row of such rows begins.
--
-- Only adds. A server of the version before writes none, and deletes what its snapshots compact: then a row is missing, and
-- the next server begins with a base anew (`seq` says how far the rows reach).

create table history_steps (
    conversation_id uuid not null references conversations on delete cascade,
    -- Rises with time; numbers between are missing where steps were made one.
    number bigint not null constraint history_steps_number check (number > 0),
    -- The generation of the document.
    epoch bigint not null,
    -- The number in the log of the last update that is in it.
    seq bigint not null,
    is_base boolean not null,
    began_at timestamptz not null,
    ended_at timestamptz not null constraint history_steps_ended_at check (ended_at >= began_at),
    -- Yjs, v1. Of a base everything, otherwise what came since the step before.
    update bytea not null,
    -- What changed, counted (`shared::document::Changes`).
    changes jsonb not null,
    primary key (conversation_id, number)
);

-- Who wrote what is in a step; nobody where their accounts are gone.
create table history_authors (
    conversation_id uuid not null,
    number bigint not null,
    user_id uuid not null references users on delete cascade,
    primary key (conversation_id, number, user_id),
    foreign key (conversation_id, number) references history_steps on delete cascade
);

create index history_authors_user on history_authors (user_id);
