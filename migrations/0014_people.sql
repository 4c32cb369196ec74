-- Tasks in which people see one another under pseudonyms, and titles that open pages are told of.
--
-- Only adds, but for a key. A server of the version before goes on beside this one; it would copy an anonymous task as if it
-- were not one, so make none before that is stopped.

-- Everybody has one alias in all copies of such a task, and in what is revealed of them: `conversations.alias_scope` is the
-- id of the activity there. Fixed with the first copy.
alter table activities add column anonymous boolean not null default false;

-- Staff who wrote the template stand in every copy under their own id, as they do in the template: they are seen by name
-- anyway. So one id may be an alias in several places.
alter table author_aliases
    drop constraint author_aliases_pkey,
    add primary key (scope, alias);

-- Whoever has a conversation open is told to ask again what it is called (`server::rooms::recheck`).
create function tell_title_changed() returns trigger language plpgsql as $$
begin
    perform pg_notify('access_changed', 'title ' || new.id);
    return null;
end
$$;

create trigger conversations_tell_title
    after update of title on conversations
    for each row when (old.title is distinct from new.title) execute function tell_title_changed();
