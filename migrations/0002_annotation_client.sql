-- Who writes under a Yjs client id, kept when the log's rows are compacted. Without it somebody could, under another's
-- client id, use up the numbers of that person's next edits, which would then pass for known and be lost.
--
-- A client id is below 2^53. An author who is no user any more stays: nobody else may go on under the id.
create table annotation_client (
    conversation_id uuid not null references conversations on delete cascade,
    client bigint not null,
    author uuid not null,
    primary key (conversation_id, client)
);
