-- Classes in the trash (`server::trash::classes`): nobody is in such a class, so that nobody finds their way to what
-- belongs to it. Who was what in it is kept here until it is taken out again, or deleted after thirty days.
--
-- Only adds: to a server of the version before, a class in the trash is one that nobody is in; by a code, a link or the
-- roster people would come into it until that server is stopped.
alter table classes add column trashed_at timestamptz;
create index classes_trashed on classes (trashed_at) where trashed_at is not null;

create table trashed_memberships (like memberships including defaults including constraints);
alter table trashed_memberships
    add primary key (class_id, user_id),
    add foreign key (class_id) references classes on delete cascade,
    add foreign key (user_id) references users on delete cascade,
    add foreign key (class_id, group_id) references class_groups (class_id, id) on delete set null (group_id);
create index trashed_memberships_user on trashed_memberships (user_id);
create index trashed_memberships_group on trashed_memberships (class_id, group_id) where group_id is not null;

-- It was shared with a class that is deleted: who sees names where it is anonymous stays as people there were told.
alter table conversations add column class_gone boolean not null default false;

-- Thousands of conversations go with a class; each asks here whether something refers to it.
create index activities_template on activities (template_id);
create index refused_update_conversation on refused_update (conversation_id);
create index conversation_links_all on conversation_links (conversation_id);

drop trigger classes_tell on classes;
create trigger classes_tell
    after update of archived_at, trashed_at on classes
    for each row execute function tell_class_changed();
