-- Who wrote in a conversation that was brought in with its annotations: names that the file gave, under ids that no account
-- has. They are no users, so that nobody's words are ever put into the mouth of somebody who is, and they are shown as what
-- they are: imported.
create table imported_people (
    conversation_id uuid not null references conversations on delete cascade,
    -- As the document names them.
    id uuid not null,
    name text not null constraint imported_people_name_length check (char_length(name) between 1 and 200),
    primary key (conversation_id, id)
);

-- Which of them said a message, or had it said.
alter table messages add column imported_author uuid;
