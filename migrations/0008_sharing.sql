-- Conversations shared with people by e-mail address, and by links. An address waits until somebody signs in who has
-- proved that it is theirs (`server::sharing::take_up`); whether anybody has it already, the owner does not learn. What
-- somebody may do by a link ends with the link. Every change tells who has to be looked at again (0003).

-- In this order: more is greater.
create type granted_access as enum ('viewer', 'annotator', 'editor');

create table conversation_shares (
    id uuid primary key,
    conversation_id uuid not null references conversations on delete cascade,
    email text not null
        constraint conversation_shares_email_length check (char_length(email) between 3 and 254)
        constraint conversation_shares_email_lower check (email = lower(email)),
    -- Whose address it is, once that is known.
    user_id uuid references users on delete cascade,
    access granted_access not null,
    created_at timestamptz not null default now(),
    -- Since when the person has read it; before that their name is nobody's business.
    opened_at timestamptz,
    constraint conversation_shares_email_unique unique (conversation_id, email)
);
create index conversation_shares_user on conversation_shares (user_id, conversation_id) where user_id is not null;
create index conversation_shares_waiting on conversation_shares (email) where user_id is null;

-- The link holds 32 random bytes, the row their SHA-256.
create table conversation_links (
    id uuid primary key,
    conversation_id uuid not null references conversations on delete cascade,
    token_hash bytea not null
        constraint conversation_links_token_hash_unique unique
        constraint conversation_links_token_hash_length check (octet_length(token_hash) = 32),
    access granted_access not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz
);
create index conversation_links_conversation on conversation_links (conversation_id, id desc) where revoked_at is null;

-- Who came by which link.
create table conversation_link_uses (
    link_id uuid not null references conversation_links on delete cascade,
    user_id uuid not null references users on delete cascade,
    created_at timestamptz not null default now(),
    primary key (link_id, user_id)
);
create index conversation_link_uses_user on conversation_link_uses (user_id);

create function tell_sharing_changed() returns trigger language plpgsql as $$
declare
    row_of record := coalesce(old, new);
begin
    perform pg_notify('access_changed', 'conversation ' || row_of.conversation_id);
    return null;
end
$$;

create trigger conversation_shares_tell
    after insert or delete or update of access, user_id on conversation_shares
    for each row execute function tell_sharing_changed();

create trigger conversation_links_tell
    after update of access, revoked_at, expires_at or delete on conversation_links
    for each row execute function tell_sharing_changed();

create trigger conversation_link_uses_tell
    after insert or delete on conversation_link_uses
    for each row execute function tell_access_changed('user');
