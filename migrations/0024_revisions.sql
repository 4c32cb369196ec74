-- Texts that are edited (`server::revisions`): what a conversation's text was before is kept, with its document as it was left,
-- and never changes. The present text stands in `messages` and in `annotation_document_state`, as ever.
--
-- Only adds: a server of the version before knows no revisions and edits nothing.

alter table conversations
    -- The number of the present text.
    add column revision integer not null default 1,
    -- Since when, and by whom; null of the first.
    add column revised_at timestamptz,
    add column revised_by uuid references users on delete set null;

create table conversation_revisions (
    conversation_id uuid not null references conversations on delete cascade,
    number integer not null constraint conversation_revisions_number check (number > 0),
    made_at timestamptz not null,
    made_by uuid references users on delete set null,
    replaced_at timestamptz not null default now(),
    replaced_by uuid references users on delete set null,
    -- The document when it was replaced, one update.
    crdt_state bytea not null,
    highlight_count integer not null,
    -- Of the document and the texts: a conversation keeps so many at most.
    bytes bigint not null,
    primary key (conversation_id, number)
);

-- As in `messages`. What was edited is no chat: there are no parents, prompts, runs or files.
create table revision_messages (
    conversation_id uuid not null,
    number integer not null,
    id uuid not null,
    position integer not null,
    role text not null,
    title text,
    markdown text not null,
    text text not null,
    renderer smallint not null,
    state text not null,
    author_id uuid references users on delete set null,
    imported_author uuid,
    model text,
    input_tokens bigint,
    output_tokens bigint,
    reason_code text,
    reason text,
    created_at timestamptz not null,
    primary key (conversation_id, number, id),
    foreign key (conversation_id, number) references conversation_revisions on delete cascade
);

create function refuse_change_of_revision() returns trigger language plpgsql as $$
begin
    raise exception 'a revision never changes' using errcode = 'restrict_violation';
end
$$;

-- All but the people, who are emptied when somebody is deleted.
create trigger conversation_revisions_immutable
    before update of conversation_id, number, made_at, replaced_at, crdt_state, highlight_count, bytes on conversation_revisions
    for each row execute function refuse_change_of_revision();
create trigger revision_messages_immutable
    before update of conversation_id, number, id, position, role, title, markdown, text, renderer, state, imported_author,
        model, input_tokens, output_tokens, reason_code, reason, created_at on revision_messages
    for each row execute function refuse_change_of_revision();
