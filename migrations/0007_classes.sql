-- Classes that people make, join and leave: a code and links to join by, groups, and a roster of those who never signed
-- in yet. Rosters name people by e-mail address; a line waits in `roster_entries` until somebody signs in who has proved
-- that the address is theirs (`server::classes::take_up`), and so nothing is given to whoever merely claims it.

-- Whoever makes classes without teaching one yet; admins and instructors may anyway (`server::access`).
alter table users add column may_create_classes boolean not null default false;

-- An archived class is read-only: it is joined by nobody, and what is shared with it is read and not changed.
alter table classes
    add column archived_at timestamptz,
    add column join_code text
        constraint classes_join_code_unique unique
        constraint classes_join_code_form check (join_code ~ '^[2-9BCDFGHJKMNPQRSTVWXYZ]{8}$');

create table class_groups (
    id uuid primary key,
    class_id uuid not null references classes on delete cascade,
    name text not null constraint class_groups_name_length check (char_length(name) between 1 and 100),
    created_at timestamptz not null default now(),
    -- What members refer to, so that nobody is in a group of another class.
    constraint class_groups_of_class unique (class_id, id)
);
-- Two spellings of one name are one group.
create unique index class_groups_name_unique on class_groups (class_id, lower(name));

alter table memberships
    add column group_id uuid,
    add constraint memberships_group foreign key (class_id, group_id) references class_groups (class_id, id)
        on delete set null (group_id);
create index memberships_group on memberships (class_id, group_id) where group_id is not null;

create table roster_entries (
    id uuid primary key,
    class_id uuid not null references classes on delete cascade,
    email text not null
        constraint roster_entries_email_length check (char_length(email) between 3 and 254)
        constraint roster_entries_email_lower check (email = lower(email)),
    name text not null constraint roster_entries_name_length check (char_length(name) between 1 and 200),
    role text not null constraint roster_entries_role check (role in ('student', 'tutor', 'instructor')),
    group_id uuid,
    created_at timestamptz not null default now(),
    constraint roster_entries_email_unique unique (class_id, email),
    constraint roster_entries_group foreign key (class_id, group_id) references class_groups (class_id, id)
        on delete set null (group_id)
);
create index roster_entries_email on roster_entries (email);

-- The link holds 32 random bytes, the row their SHA-256. It is good until it expires, is used up or revoked.
create table class_invitations (
    id uuid primary key,
    class_id uuid not null references classes on delete cascade,
    token_hash bytea not null
        constraint class_invitations_token_hash_unique unique
        constraint class_invitations_token_hash_length check (octet_length(token_hash) = 32),
    role text not null constraint class_invitations_role check (role in ('student', 'tutor', 'instructor')),
    created_by uuid references users on delete set null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    max_uses integer not null constraint class_invitations_max_uses check (max_uses between 1 and 2000),
    uses integer not null default 0 constraint class_invitations_uses check (uses between 0 and max_uses),
    revoked_at timestamptz
);
create index class_invitations_class on class_invitations (class_id, id desc) where revoked_at is null;

-- Archiving changes what everybody in the class may do with all that is shared with it. One word for the whole class:
-- a word for each conversation would be thousands.
create function tell_class_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('access_changed', 'class ' || new.id);
    return null;
end
$$;

create trigger classes_tell
    after update of archived_at on classes
    for each row execute function tell_class_changed();
