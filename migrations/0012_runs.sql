-- Replies of models: a run writes one of them. The message, the reply's place and the run are stored together before the
-- model is asked, so that nothing that somebody said is lost to whatever happens then (`server::runs`).

-- Messages form a tree: what was edited and sent again, and another reply to the same, stand beside each other below one
-- parent. A conversation that was never continued here has no parents and no `leaf_id`: its messages stand in the order of
-- their positions. `position` counts all messages of a conversation, whatever their branch.
alter table messages
    add column parent_id uuid,
    add column state text not null default 'complete'
        constraint messages_state check (state in ('complete', 'waiting', 'streaming', 'stopped', 'interrupted', 'failed')),
    -- Who said it, or had it said.
    add column author_id uuid references users on delete set null,
    add column model text constraint messages_model_length check (char_length(model) between 1 and 200),
    add column prompt_id uuid references prompt_versions,
    add column input_tokens bigint,
    add column output_tokens bigint,
    -- Why it is not complete, or why the model ended early: for programs and for people.
    add column reason_code text constraint messages_reason_code_length check (char_length(reason_code) <= 100),
    add column reason text constraint messages_reason_length check (char_length(reason) <= 1000),
    add column created_at timestamptz not null default now(),
    add constraint messages_parent foreign key (conversation_id, parent_id)
        references messages (conversation_id, id) on delete cascade;
create index messages_parent on messages (conversation_id, parent_id) where parent_id is not null;

-- The end of the branch that was last written in. No reference: a circle of tables cannot be filled one after the other.
alter table conversations add column leaf_id uuid;

create table runs (
    id uuid primary key,
    conversation_id uuid not null references conversations on delete cascade,
    -- The reply.
    message_id uuid not null,
    -- On whose quota.
    user_id uuid not null references users on delete cascade,
    model text not null constraint runs_model_length check (char_length(model) between 1 and 200),
    state text not null constraint runs_state check (state in ('waiting', 'running', 'over')),
    -- The same request again is answered with the same run; the hash says whether it is the same.
    idempotency_key text not null constraint runs_idempotency_key_length check (char_length(idempotency_key) between 1 and 100),
    request_hash bytea not null constraint runs_request_hash_length check (octet_length(request_hash) = 32),
    created_at timestamptz not null default now(),
    -- While it runs, its server renews this every second: a run whose server is gone is found by it.
    alive_at timestamptz not null default now(),
    -- Asked of whichever server runs it.
    stop_asked boolean not null default false,
    constraint runs_idempotency_key_unique unique (user_id, idempotency_key),
    constraint runs_message_unique unique (conversation_id, message_id),
    constraint runs_message foreign key (conversation_id, message_id)
        references messages (conversation_id, id) on delete cascade
);
-- One reply at a time is written in a conversation; the others wait in line.
create unique index runs_one_running on runs (conversation_id) where state = 'running';
create index runs_waiting on runs (conversation_id, id) where state = 'waiting';
create index runs_open on runs (user_id) where state <> 'over';

-- What was used, for quotas. No reference to the conversation or the run: deleting a chat gives no tokens back.
create table model_usage (
    run_id uuid primary key,
    user_id uuid not null references users on delete cascade,
    class_id uuid references classes on delete set null,
    model text not null,
    input_tokens bigint not null constraint model_usage_input check (input_tokens >= 0),
    output_tokens bigint not null constraint model_usage_output check (output_tokens >= 0),
    -- The model's server did not say: counted from the length of the texts.
    estimated boolean not null,
    used_at timestamptz not null default now()
);
create index model_usage_user on model_usage (user_id, used_at);
create index model_usage_class on model_usage (class_id, used_at) where class_id is not null;

-- What a class allows. Without a row, all models and the quota of people without a class.
create table class_models (
    class_id uuid primary key references classes on delete cascade,
    -- Null: all that the server has.
    models text[] constraint class_models_models check (cardinality(models) <= 50),
    -- Tokens in a period, null: no limit of the class's own.
    tokens_a_person bigint constraint class_models_tokens_a_person check (tokens_a_person >= 0),
    tokens_a_class bigint constraint class_models_tokens_a_class check (tokens_a_class >= 0),
    period text not null default 'week' constraint class_models_period check (period in ('day', 'week'))
);
