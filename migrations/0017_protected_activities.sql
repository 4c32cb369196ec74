-- Whether a text may be copied is a setting of the activity and holds for all its copies, those that are there already as
-- well, and for what is revealed of them. Before, each copy took it from the template when it was started: two copies of
-- one activity could differ, and nobody could change either.
alter table activities add column copy_protected boolean not null default false;

update activities a
set copy_protected = true
where exists (select from conversations c where c.id = a.template_id and c.copy_protected)
   or exists (select from activity_copies w
              join conversations c on c.id = w.conversation_id
              where w.activity_id = a.id and c.copy_protected);

update conversations c
set copy_protected = false
from activity_copies w
where w.conversation_id = c.id and c.copy_protected;

-- It is part of what somebody may do (0003), in each of these conversations.
create function tell_activity_protected() returns trigger language plpgsql as $$
begin
    perform pg_notify('access_changed', 'conversation ' || of_it.conversation_id)
    from (select conversation_id from activity_copies where activity_id = new.id
          union all
          select conversation_id from activity_reveals where activity_id = new.id) as of_it;
    return null;
end
$$;

create trigger activities_tell_protection
    after update of copy_protected on activities
    for each row when (old.copy_protected is distinct from new.copy_protected)
    execute function tell_activity_protected();
