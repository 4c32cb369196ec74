-- People stay connected for hours, and what they may do can change meanwhile: by a request to this server, by another
-- server on the same database, by an administrator's hand. So the tables themselves tell: a change that can take access
-- away, or give it, notifies the channel `access_changed` when it is committed, with the kind and id of whom to look at
-- again (`user <id>` or `conversation <id>`). Servers listen (`server::rooms::recheck`). `sessions.last_seen_at` tells
-- nothing, because it is renewed all the time.

create function tell_access_changed() returns trigger language plpgsql as $$
declare
    row_of record := coalesce(old, new);
    id uuid;
begin
    if tg_argv[0] = 'conversation' then
        id := row_of.id;
    else
        id := row_of.user_id;
    end if;
    perform pg_notify('access_changed', tg_argv[0] || ' ' || id);
    return null;
end
$$;

create trigger memberships_tell
    after insert or update or delete on memberships
    for each row execute function tell_access_changed('user');

create trigger conversations_tell
    after update of owner_id, class_id, share or delete on conversations
    for each row execute function tell_access_changed('conversation');

create trigger sessions_tell
    after update of revoked_at, expires_at or delete on sessions
    for each row execute function tell_access_changed('user');

create trigger tokens_tell
    after update of revoked_at or delete on tokens
    for each row execute function tell_access_changed('user');
