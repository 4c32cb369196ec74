-- The base: people and their sessions, classes, conversations with their messages, and each conversation's document.
-- Ids are UUIDv7 made by the application, so that rows sort by time. Constraints that a caller can run into are named:
-- the server maps them to answers by that name.

create table users (
    id uuid primary key,
    name text not null constraint users_name_length check (char_length(name) between 1 and 200),
    email text not null constraint users_email_unique unique,
    is_admin boolean not null default false,
    created_at timestamptz not null default now()
);

-- Who somebody is to a provider of identity (the development sign-in is one). Never looked up by e-mail address:
-- addresses change hands.
create table identities (
    provider text not null,
    subject text not null,
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null default now(),
    primary key (provider, subject)
);

-- The cookie holds 32 random bytes, the row their SHA-256: a stolen table opens nothing.
create table sessions (
    token_hash bytea primary key constraint sessions_token_hash_length check (octet_length(token_hash) = 32),
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index sessions_user on sessions (user_id);

create table tokens (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    name text not null constraint tokens_name_length check (char_length(name) between 1 and 100),
    token_hash bytea not null constraint tokens_token_hash_unique unique,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index tokens_user on tokens (user_id);

create table classes (
    id uuid primary key,
    name text not null constraint classes_name_length check (char_length(name) between 1 and 200),
    created_at timestamptz not null default now()
);

create table memberships (
    class_id uuid not null references classes on delete cascade,
    user_id uuid not null references users on delete cascade,
    role text not null constraint memberships_role check (role in ('student', 'tutor', 'instructor')),
    created_at timestamptz not null default now(),
    primary key (class_id, user_id)
);
create index memberships_user on memberships (user_id);

create table conversations (
    id uuid primary key,
    title text not null constraint conversations_title_length check (char_length(title) between 1 and 200),
    owner_id uuid not null references users,
    class_id uuid references classes,
    share text not null default 'none' constraint conversations_share check (share in ('none', 'class')),
    created_at timestamptz not null default now(),
    constraint conversations_share_has_class check (share = 'none' or class_id is not null)
);
create index conversations_owner on conversations (owner_id, id desc);
create index conversations_class on conversations (class_id, id desc) where share = 'class';

-- `text` is the canonical text in which all offsets count, made by the renderer of that version.
create table messages (
    id uuid primary key,
    conversation_id uuid not null references conversations on delete cascade,
    position integer not null,
    role text not null constraint messages_role check (role in ('system', 'user', 'assistant', 'source')),
    title text constraint messages_title_length check (char_length(title) between 1 and 200),
    markdown text not null constraint messages_markdown_size check (octet_length(markdown) <= 1048576),
    text text not null,
    renderer smallint not null,
    constraint messages_position_unique unique (conversation_id, position)
);

-- The compacted state of a document: all updates up to and including `seq`. The rows of the log after it are newer.
-- CRDT bytes are the truth and are never rebuilt from text.
create table annotation_document_state (
    conversation_id uuid primary key references conversations on delete cascade,
    crdt_state bytea not null,
    seq bigint not null constraint annotation_document_state_seq check (seq >= 0),
    epoch bigint not null default 1,
    highlight_count integer not null default 0,
    last_editor uuid references users on delete set null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

-- The log of accepted updates. `seq` is free of gaps within a document: the room's only writer counts it, and the
-- primary key refuses a second writer.
create table annotation_update (
    conversation_id uuid not null references conversations on delete cascade,
    seq bigint not null constraint annotation_update_seq check (seq > 0),
    update bytea not null,
    author uuid references users on delete set null,
    created_at timestamptz not null default now(),
    primary key (conversation_id, seq)
);
