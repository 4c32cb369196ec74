-- A moment of a document's history may have a name, so that it is found again: it stays by itself then, and nothing that
-- comes later becomes part of it (`rooms::history`).
--
-- Only adds. A server of the version before makes none, and leaves those that there are; it may let a step that has a name
-- grow, where one person goes on without a pause.

alter table history_steps
    add column name text constraint history_steps_name check (char_length(name) between 1 and 100),
    -- Who gave it; nobody where the account is gone.
    add column named_by uuid references users on delete set null,
    add column named_at timestamptz,
    add constraint history_steps_named_at check ((name is null) = (named_at is null));

create index history_steps_named_by on history_steps (named_by) where named_by is not null;

-- Staff of a class see the history of a copy of an activity where the activity says so to those who work in it, or where
-- whoever's copy it is lets them.
alter table activities add column staff_see_history boolean not null default false;
alter table activity_copies add column staff_see_history boolean not null default false;

-- It is part of what somebody may do (0003).
create trigger activities_tell_history
    after update of staff_see_history on activities
    for each row when (old.staff_see_history is distinct from new.staff_see_history)
    execute function tell_activity_protected();

create trigger activity_copies_tell_history
    after update of staff_see_history on activity_copies
    for each row when (old.staff_see_history is distinct from new.staff_see_history)
    execute function tell_sharing_changed();
