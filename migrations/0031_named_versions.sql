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
