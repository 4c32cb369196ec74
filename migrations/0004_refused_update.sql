-- Updates of stock Yjs clients that broke a rule. Such a client does not know what a refusal is and keeps what it wrote
-- in its own document alone; so that the work is not lost with it, its person finds it here for 30 days.
create table refused_update (
    id uuid primary key,
    conversation_id uuid not null references conversations on delete cascade,
    user_id uuid not null references users on delete cascade,
    update bytea not null,
    code text not null,
    refused_at timestamptz not null default now()
);
create index refused_update_user on refused_update (user_id, id desc);
