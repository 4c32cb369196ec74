-- The trash: what is in it is there for nobody, as if it were deleted, but for whoever put it there, who can take it out
-- again (`server::trash`). After thirty days it is deleted.
--
-- Only adds: a server of the version before shows what is in the trash until it is stopped, and what it deletes of a project
-- it deletes at once.

alter table conversations add column trashed_at timestamptz;
create index conversations_trashed on conversations (owner_id, trashed_at desc, id desc) where trashed_at is not null;
create index conversations_trash_due on conversations (trashed_at) where trashed_at is not null;

-- Whoever has it open is looked at again (0003).
drop trigger conversations_tell on conversations;
create trigger conversations_tell
    after update of owner_id, class_id, share, trashed_at or delete on conversations
    for each row execute function tell_access_changed('conversation');

-- An activity goes with all its copies.
alter table activities add column trashed_at timestamptz;
create index activities_trashed on activities (trashed_at) where trashed_at is not null;

drop trigger activities_tell on activities;
create trigger activities_tell
    after insert or update of opens_at, closes_at, trashed_at on activities
    for each row execute function tell_activity_changed();

-- A project is in the trash since `deleted_at`. The row stays for ever, for the chats that belonged to it; since
-- `purged_at` its files are gone and it does not come back.
alter table projects add column purged_at timestamptz;
update projects set purged_at = deleted_at where deleted_at is not null;
create index projects_trashed on projects (deleted_at) where deleted_at is not null and purged_at is null;

-- As in 0016, without what is in the trash where that can be told at no cost; `server::access` decides of the rest.
create or replace function conversations_in_sight(person uuid) returns setof uuid language sql stable as $$
    select c.id from conversations c where c.owner_id = person and c.trashed_at is null
    union
    select c.id
    from memberships m
    join conversations c on c.class_id = m.class_id and c.share = 'class' and c.trashed_at is null
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
