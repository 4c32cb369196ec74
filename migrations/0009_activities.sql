-- Activities: tasks in a class. Each begins with a template, a conversation that is copied for everybody, for each group or
-- for each person when they start it.
--
-- What a document of the template held when the first copy was made is kept with the activity and is the seed of every
-- copy, byte for byte: the same tags, highlights and comments under the same ids and the same Yjs clients. So copies can be
-- compared and merged, and what is changed of the template later is in none of them.
create table activities (
    id uuid primary key,
    class_id uuid not null references classes on delete cascade,
    title text not null constraint activities_title_length check (char_length(title) between 1 and 200),
    -- Markdown.
    instructions text not null constraint activities_instructions_size check (octet_length(instructions) <= 65536),
    template_id uuid not null references conversations,
    mode text not null constraint activities_mode check (mode in ('together', 'groups', 'individual')),
    opens_at timestamptz,
    closes_at timestamptz,
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now(),
    -- Since the first copy: the seed, how many highlights it holds, what people did in it, and who wrote under each Yjs
    -- client id in it.
    seed bytea,
    seed_highlights integer not null default 0,
    seed_tally jsonb,
    seed_clients bigint[] not null default '{}',
    seed_authors uuid[] not null default '{}',
    constraint activities_times check (closes_at > opens_at)
);
create index activities_class on activities (class_id, id desc);
create index activities_opens on activities (opens_at) where opens_at is not null;
create index activities_closes on activities (closes_at) where closes_at is not null;

-- The same message stands in a template and in all its copies: targets of highlights name it by its id.
alter table messages
    drop constraint messages_pkey,
    add primary key (conversation_id, id);

-- Which conversations are copies, and whose: a person's, a group's, or, with neither, everybody's. One each, however many
-- start at once.
create table activity_copies (
    conversation_id uuid primary key references conversations on delete cascade,
    activity_id uuid not null constraint activity_copies_activity references activities on delete cascade,
    user_id uuid references users,
    -- A group that has worked on something is not deleted.
    group_id uuid constraint activity_copies_group references class_groups,
    created_at timestamptz not null default now(),
    constraint activity_copies_one_owner check (user_id is null or group_id is null),
    constraint activity_copies_once unique nulls not distinct (activity_id, user_id, group_id)
);
create index activity_copies_user on activity_copies (user_id) where user_id is not null;
create index activity_copies_group on activity_copies (group_id) where group_id is not null;

-- What people did in a copy, counted whenever its log is compacted: up to and including `seq`. Only a projection; newer
-- changes are in the log.
create table copy_tallies (
    conversation_id uuid primary key references activity_copies on delete cascade,
    seq bigint not null,
    tally jsonb not null
);

-- When people last changed a copy; the rows of the log, which say it, go when it is compacted.
create table copy_editors (
    conversation_id uuid not null references activity_copies on delete cascade,
    user_id uuid not null references users on delete cascade,
    edited_at timestamptz not null,
    primary key (conversation_id, user_id)
);

-- Updates that came after an activity had closed, from people who might have made them in time, without a network. Staff
-- see that they are there and take them in.
create table late_work (
    id bigint primary key generated always as identity,
    conversation_id uuid not null references activity_copies on delete cascade,
    user_id uuid not null references users on delete cascade,
    update bytea not null,
    sent_at timestamptz not null default now(),
    taken_in_at timestamptz,
    taken_in_by uuid references users on delete set null
);
-- A client that sends all it has whenever it connects is not counted twice.
create unique index late_work_once on late_work (conversation_id, user_id, sha256(update));

-- Conversations in which copies were merged, for everybody to see.
create table activity_reveals (
    conversation_id uuid primary key references conversations on delete cascade,
    activity_id uuid not null references activities on delete cascade,
    created_at timestamptz not null default now()
);
create index activity_reveals_activity on activity_reveals (activity_id);

-- Opening and closing times decide access. Whoever is connected is looked at again, and when the next one comes is found
-- anew (`server::rooms::recheck`).
create function tell_activity_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('access_changed', 'activity ' || new.id);
    return null;
end
$$;

create trigger activities_tell
    after insert or update of opens_at, closes_at on activities
    for each row execute function tell_activity_changed();
