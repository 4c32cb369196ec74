-- Addresses that are told of new comments. A delivery is written in the transaction that stores the comment, and sent by
-- whichever server takes it first (`server::webhooks`).
--
-- The secret is kept as it is, since deliveries are signed by it: it proves nothing to us, and opens nothing here.

create table webhooks (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    -- What it hears of: one of the three.
    conversation_id uuid references conversations on delete cascade,
    activity_id uuid references activities on delete cascade,
    class_id uuid references classes on delete cascade,
    url text not null constraint webhooks_url_length check (char_length(url) between 1 and 2000),
    secret bytea not null,
    -- Signs beside the other until then.
    old_secret bytea,
    old_secret_until timestamptz,
    state text not null default 'active' constraint webhooks_state check (state in ('active', 'disabled', 'ended')),
    -- Attempts that failed, since one last did not, and when the first of them did.
    failures integer not null default 0,
    failing_since timestamptz,
    -- Comments that were not told, because too many came or waited or something failed, and when there last was one;
    -- forgotten a week later.
    missed bigint not null default 0,
    missed_at timestamptz,
    -- Until then a server sends one of its deliveries: one at a time.
    busy_until timestamptz,
    -- Until then it is left alone: an attempt failed.
    paused_until timestamptz,
    created_at timestamptz not null default now(),
    constraint webhooks_about check (num_nonnulls(conversation_id, activity_id, class_id) = 1)
);
create index webhooks_user on webhooks (user_id, id desc);
create index webhooks_conversation on webhooks (conversation_id) where conversation_id is not null;
create index webhooks_activity on webhooks (activity_id) where activity_id is not null;
create index webhooks_class on webhooks (class_id) where class_id is not null;

create table webhook_deliveries (
    -- The receiver knows it by this.
    id uuid primary key,
    webhook_id uuid not null references webhooks on delete cascade,
    -- Somebody waits for a test: it is sent at once, and is about no comment.
    is_test boolean not null default false,
    -- The comment; what it says is read when it is sent.
    conversation_id uuid references conversations on delete cascade,
    highlight_id uuid,
    comment_id uuid,
    by_user uuid references users on delete cascade,
    state text not null default 'waiting'
        constraint webhook_deliveries_state check (state in ('waiting', 'delivered', 'failed', 'silent')),
    attempts smallint not null default 0,
    due_at timestamptz not null default now(),
    -- What was answered last, and why that is no success.
    status smallint,
    reason text,
    created_at timestamptz not null default now(),
    attempted_at timestamptz,
    ended_at timestamptz,
    constraint webhook_deliveries_once unique (conversation_id, highlight_id, comment_id, webhook_id)
);
create index webhook_deliveries_listed on webhook_deliveries (webhook_id, id desc);
create index webhook_deliveries_waiting on webhook_deliveries (webhook_id, due_at) where state = 'waiting';
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null;
create index webhook_deliveries_by on webhook_deliveries (by_user);
