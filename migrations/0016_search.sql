-- What is searched: a projection of titles, messages and documents, made by the server (`server::search`) and made anew from
-- them at any time. It holds no truth, and nobody who writes waits for it.
--
-- `words` are made by the server and not by Postgres: folded words, their stems (`~`), and marks to filter by (`#in:`,
-- `#by:`, `#tag:`). So words are cut the same way when they are stored, looked for and shown, in every script.
create table search_entries (
    conversation_id uuid not null references conversations on delete cascade,
    kind text not null
        constraint search_entries_kind check (kind in ('title', 'message', 'highlight', 'comment', 'tag', 'notes', 'response')),
    -- Which of that kind in the conversation.
    key text not null constraint search_entries_key_length check (char_length(key) between 1 and 100),
    -- As the document names them: no user where it is anonymous.
    author uuid,
    message_id uuid,
    highlight_id uuid,
    comment_id uuid,
    body text not null constraint search_entries_body_length check (char_length(body) <= 20000),
    words tsvector not null,
    -- Of all the others: what has the same is not written again.
    hash bytea not null,
    primary key (conversation_id, kind, key)
);
create index search_entries_words on search_entries using gin (words);

-- How far the projection is: made by this version, from this generation and number of the document.
create table search_state (
    conversation_id uuid primary key references conversations on delete cascade,
    version smallint not null,
    epoch bigint not null,
    seq bigint not null
);

-- Conversations whose title or messages changed. A counter and no flag: what changes while it is read is not forgotten.
create sequence search_changes;
create table search_queue (
    conversation_id uuid primary key references conversations on delete cascade,
    change bigint not null default nextval('search_changes')
);
create index search_queue_change on search_queue (change);

create function search_messages_changed() returns trigger language plpgsql as $$
begin
    -- In one order, so that two of these never wait for one another.
    insert into search_queue (conversation_id)
    select distinct conversation_id from changed order by conversation_id
    on conflict (conversation_id) do update set change = nextval('search_changes');
    return null;
end
$$;

create trigger messages_searched_insert
    after insert on messages referencing new table as changed
    for each statement execute function search_messages_changed();

create function search_message_changed() returns trigger language plpgsql as $$
begin
    insert into search_queue (conversation_id) values (new.conversation_id)
    on conflict (conversation_id) do update set change = nextval('search_changes');
    return null;
end
$$;

-- Not with every word of a reply that is being written.
create trigger messages_searched_update
    after update of text, state on messages
    for each row when (new.state not in ('waiting', 'streaming'))
    execute function search_message_changed();

create function search_conversation_changed() returns trigger language plpgsql as $$
begin
    insert into search_queue (conversation_id) values (new.id)
    on conflict (conversation_id) do update set change = nextval('search_changes');
    return null;
end
$$;

create trigger conversations_searched
    after insert or update of title, alias_scope on conversations
    for each row execute function search_conversation_changed();

insert into search_queue (conversation_id) select id from conversations order by id;

-- Conversations that may be for somebody. It finds; `server::access` decides.
create function conversations_in_sight(person uuid) returns setof uuid language sql stable as $$
    select c.id from conversations c where c.owner_id = person
    union
    select c.id
    from memberships m
    join conversations c on c.class_id = m.class_id and c.share = 'class'
    where m.user_id = person
    union
    select w.conversation_id
    from memberships m
    join activities a on a.class_id = m.class_id
    join activity_copies w on w.activity_id = a.id
    where m.user_id = person
        and (m.role <> 'student' or w.user_id = person
            or (w.user_id is null and (w.group_id is null or w.group_id = m.group_id)))
    union
    select w.conversation_id from activity_copies w where w.user_id = person
    union
    select s.conversation_id from conversation_shares s where s.user_id = person
    union
    select l.conversation_id
    from conversation_link_uses u
    join conversation_links l on l.id = u.link_id
    where u.user_id = person and l.revoked_at is null and l.expires_at > now()
$$;
