-- Anonymous conversations: what people write there stands under an alias, an id of its own that leads to nobody, and the
-- others see a pseudonym. And conversations whose text pages do not let everybody copy.
--
-- Who has which alias is known here alone. It is random and not computed: then there is no secret whose loss would name
-- everybody, and the database itself sees to it that no two people of one place are called the same.

alter table conversations
    -- Null where authors are named. Otherwise the place in which everybody has one alias: the conversation's own id, or
    -- one id for several conversations of a task, so that they can be read together.
    add column alias_scope uuid,
    add column copy_protected boolean not null default false;

create table author_aliases (
    alias uuid primary key,
    scope uuid not null,
    -- Null when the account is gone: nobody else shall be called so there.
    user_id uuid references users on delete set null,
    pseudonym text not null,
    -- Whether this person is seen by their name: they saw the others' names when they first came, as staff or as owner of
    -- what belongs to no class. It stays so: who becomes staff later has written under the pseudonym.
    named boolean not null,
    created_at timestamptz not null default now(),
    constraint author_aliases_user_unique unique (scope, user_id),
    constraint author_aliases_pseudonym_unique unique (scope, pseudonym)
);

-- Both are part of what somebody may do (0003).
create trigger conversations_tell_settings
    after update of alias_scope, copy_protected on conversations
    for each row execute function tell_access_changed('conversation');
