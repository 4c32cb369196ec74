-- People see their sessions and end them one by one. So a session has an id that may be shown (its hash names the row and
-- stays here), and says on what it was begun.
--
-- Only adds: a server of the version before goes on beside this one. Its sessions get their ids here and have no user
-- agent.
alter table sessions
    add column id uuid not null default gen_random_uuid() constraint sessions_id_unique unique,
    add column user_agent text constraint sessions_user_agent_length check (char_length(user_agent) <= 400);

-- Whether anybody has ever signed in as a user, and whose an address is, is asked at a first sign-in.
create index identities_user on identities (user_id);
create index users_email_lower on users (lower(email));
