-- Things that are taken out of a conversation for good (`server::purge`) are taken out of what is kept of its earlier texts
-- too. Only a transaction that says so may do that.

create or replace function refuse_change_of_revision() returns trigger language plpgsql as $$
begin
    if current_setting('promptgrimoire.purge', true) = 'on' then
        return new;
    end if;
    raise exception 'a revision never changes' using errcode = 'restrict_violation';
end
$$;
