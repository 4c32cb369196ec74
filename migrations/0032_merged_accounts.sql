-- Two accounts of one person become one (`server::merge`). The one that goes hands over all that it has, and then, one
-- conversation after the other, its id is replaced by that of the one that stays, as with an account that is erased (0029).
--
-- Only adds: to a server of the version before such an account is one that is banned. It is not `erasing_since`, so that
-- that server erases nothing of it.

alter table users
    -- Whose account it is becoming. It is banned from then on.
    add column merged_into uuid references users,
    add constraint users_merged_is_banned
        check (merged_into is null or (merged_into <> id and banned_at is not null and erasing_since is null));
create index users_merged on users (merged_into) where merged_into is not null;

-- What somebody says to their other account, to prove that both are theirs. The row holds its SHA-256: the code has more
-- than 70 random bits. It is good for some minutes, and once.
create table merge_codes (
    user_id uuid primary key references users on delete cascade,
    code_hash bytea not null
        constraint merge_codes_code_hash_unique unique
        constraint merge_codes_code_hash_length check (octet_length(code_hash) = 32),
    made_at timestamptz not null default now()
);
