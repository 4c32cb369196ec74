-- Accounts that are erased (`server::erase`). At once nobody can sign in to one any more, and it has neither name nor address;
-- then, one conversation after the other, its id is replaced by that of a former member, and at last the row goes.
--
-- Only adds: a server of the version before treats such an account as one that is banned.

alter table users
    -- Since when it is being erased. It is banned from then on too.
    add column erasing_since timestamptz,
    -- Stands for somebody who was erased, in one conversation, activity or project: nobody's account, and nothing leads from
    -- it to another of theirs. It is banned from the beginning of time, so that it has no time of its own either.
    add column is_former boolean not null default false,
    add constraint users_former_is_nobody check (not is_former or (banned_at is not null and erasing_since is null));
create index users_erasing on users (erasing_since) where erasing_since is not null;

-- Which former member somebody becomes where, so that they stay one voice there. Only as long as they are being erased: the
-- rows go with the account.
create table erased_as (
    person uuid not null references users on delete cascade,
    scope uuid not null,
    former uuid not null references users on delete cascade,
    primary key (person, scope)
);

-- What happens to what somebody wrote in a class when their account is erased.
alter table classes
    add column when_erased text not null default 'keep' constraint classes_when_erased check (when_erased in ('keep', 'erase'));

-- Conversations of somebody's that are deleted with their account. Their own, but for what belongs to a class that keeps it, and
-- for what an activity begins with or has revealed.
create function conversations_that_go_with(person uuid) returns setof uuid language sql stable as $$
    select c.id
    from conversations c
    left join activity_copies w on w.conversation_id = c.id
    left join activities a on a.id = w.activity_id
    left join classes k on k.id = coalesce(a.class_id, c.class_id)
    where c.owner_id = person
        and not exists (select from activities t where t.template_id = c.id)
        and not exists (select from activity_reveals r where r.conversation_id = c.id)
        and case when w.conversation_id is not null then w.user_id = person and k.when_erased = 'erase'
                 else c.share = 'none' or c.trashed_at is not null or k.when_erased = 'erase'
            end
$$;
