-- A token reads, or does all that its owner may do, and is good until a day that was chosen when it was made. Those that
-- are there go on as they were: they write, and do not expire.
--
-- What is moved by hand (an earlier day, another scope) reaches whoever is connected at once, as a revocation does.

alter table tokens
    add column scope text not null default 'write' constraint tokens_scope check (scope in ('read', 'write')),
    add column expires_at timestamptz;

drop trigger tokens_tell on tokens;
create trigger tokens_tell
    after update of revoked_at, expires_at, scope or delete on tokens
    for each row execute function tell_access_changed('user');
