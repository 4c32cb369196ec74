-- Files that take a while to make (a PDF, which a browser prints): asked for, made one after the other, kept for a day.
--
-- No foreign keys: a row outlives its conversation and its maker until the bytes of its file are gone, which lie in the
-- store of files under the row's id.

create table export_jobs (
    id uuid primary key,
    conversation_id uuid not null,
    branch_id uuid,
    user_id uuid not null,
    format text not null constraint export_jobs_format check (format in ('pdf')),
    state text not null default 'queued'
        constraint export_jobs_state check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
    -- In hundredths.
    progress smallint not null default 0 constraint export_jobs_progress check (progress between 0 and 100),
    -- How often it was begun: a server that ends leaves it to the next one, but not for ever.
    attempts smallint not null default 0,
    -- What the file is called, and its bytes, once it is there.
    name text constraint export_jobs_name_length check (char_length(name) between 1 and 200),
    size bigint,
    -- Why it failed, for its maker.
    reason text,
    created_at timestamptz not null default now(),
    -- When whoever makes it last said so.
    alive_at timestamptz,
    ended_at timestamptz
);
-- One at a time for each person.
create unique index export_jobs_under_way on export_jobs (user_id) where state in ('queued', 'running');
create index export_jobs_queue on export_jobs (id) where state in ('queued', 'running');
create index export_jobs_of_person on export_jobs (user_id, conversation_id, id desc);
