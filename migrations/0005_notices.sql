-- Comments that mention somebody or answer them: the lines of people's inboxes. A notice is made in the transaction that
-- stores the update with the comment (`server::notices::record`), whatever client wrote it.
--
-- Ids of highlights and comments are made by whoever writes them, so that one alone says nothing: only the conversation
-- with them names a comment. What is deleted is hidden and not removed: taken back, it is as it was, read or not.
create table notices (
    id uuid primary key,
    user_id uuid not null references users on delete cascade,
    conversation_id uuid not null references conversations on delete cascade,
    highlight_id uuid not null,
    comment_id uuid not null,
    kind text not null constraint notices_kind check (kind in ('mention', 'reply')),
    by_user uuid not null references users on delete cascade,
    excerpt text not null,
    comment_deleted boolean not null default false,
    highlight_deleted boolean not null default false,
    created_at timestamptz not null default now(),
    read_at timestamptz,
    constraint notices_once unique (conversation_id, highlight_id, comment_id, user_id)
);
create index notices_user on notices (user_id, id desc);
create index notices_unread on notices (user_id) where read_at is null;
create index notices_by on notices (by_user);
