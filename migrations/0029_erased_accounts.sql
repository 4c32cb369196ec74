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

-- Whether others wrote in a conversation of somebody's who are let in, beside a class.
create function others_write_in(conversation uuid, person uuid) returns boolean language sql stable as $$
    select (exists (select from conversation_shares s where s.conversation_id = c.id and s.user_id <> person)
            or exists (select
                       from conversation_links l
                       join conversation_link_uses u on u.link_id = l.id
                       where l.conversation_id = c.id and l.revoked_at is null and l.expires_at > now() and u.user_id <> person))
        and exists (select
                    from (select t.author from annotation_client t where t.conversation_id = c.id
                          union all
                          select t.author from annotation_update t where t.conversation_id = c.id
                          union all
                          select t.author_id from messages t where t.conversation_id = c.id) as wrote (author)
                    where exists (select from users u where u.id = wrote.author and u.id <> person)
                       or exists (select
                                  from author_aliases a
                                  where a.scope = c.alias_scope and a.alias = wrote.author and a.user_id <> person))
    from conversations c
    where c.id = conversation
$$;

-- Whether a conversation is deleted with somebody's account. It is where it is their own, but for what belongs to a class that
-- keeps it, for what an activity begins with or has revealed, and for those in which others wrote, who have no say.
create function goes_with(conversation uuid, person uuid) returns boolean language sql stable as $$
    select exists (
    select
    from conversations c
    left join activity_copies w on w.conversation_id = c.id
    left join activities a on a.id = w.activity_id
    left join classes k on k.id = coalesce(a.class_id, c.class_id)
    where c.id = conversation and c.owner_id = person
        and not exists (select from activities t where t.template_id = c.id)
        and not exists (select from activity_reveals r where r.conversation_id = c.id)
        and case when w.conversation_id is not null then w.user_id = person and k.when_erased = 'erase'
                 when c.trashed_at is not null then true
                 when c.share = 'none' then not others_write_in(c.id, person)
                 else k.when_erased = 'erase'
            end)
$$;

-- Whether somebody may delete a conversation as staff of the class with which a former member shared it: nobody else is left
-- who could.
create function is_of_staff(conversation uuid, person uuid) returns boolean language sql stable as $$
    select exists (select
                   from conversations c
                   join users o on o.id = c.owner_id and o.is_former
                   join classes k on k.id = c.class_id and k.archived_at is null
                   join memberships m on m.class_id = k.id and m.user_id = person
                   where c.id = conversation and c.share = 'class' and m.role in ('tutor', 'instructor'))
$$;
