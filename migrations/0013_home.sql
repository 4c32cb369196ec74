-- What people who run the server do at their command line, and what a person's own page is made of.
--
-- Only adds: a server of the version before goes on beside this one, and lets in whoever is banned meanwhile until it is
-- stopped.

-- Somebody who is banned is let in by nothing: no session, no token, no way to sign in (`server::sessions`).
alter table users add column banned_at timestamptz;

create function tell_user_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('access_changed', 'user ' || new.id);
    return null;
end
$$;

create trigger users_tell
    after update of banned_at on users
    for each row execute function tell_user_changed();

-- Links that sign in as somebody who cannot sign in otherwise. The link holds 32 random bytes, the row their SHA-256. It
-- is good once, and until it expires; what was used stays, to be read by whoever asks what happened.
create table sign_in_links (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    token_hash bytea not null
        constraint sign_in_links_token_hash_unique unique
        constraint sign_in_links_token_hash_length check (octet_length(token_hash) = 32),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index sign_in_links_user on sign_in_links (user_id);

-- When somebody last opened a conversation: one row for the two.
create table conversation_visits (
    user_id uuid not null references users on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    opened_at timestamptz not null default now(),
    primary key (user_id, conversation_id)
);
create index conversation_visits_latest on conversation_visits (user_id, opened_at desc);
create index conversation_visits_conversation on conversation_visits (conversation_id);
