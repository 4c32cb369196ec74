-- A template that is a chat has branches; its copies have one of them. Which one is kept with the seed, when the first copy is
-- made: the chat may go on in the template, and copies have the same messages.

-- The last message of the branch. Null: the template has no branches, or copies were made before with all of its messages.
alter table activities add column seed_leaf uuid;
