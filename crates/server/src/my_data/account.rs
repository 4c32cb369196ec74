//! What the tables hold of somebody beside conversations. The database writes the JSON: each row is told once, by the query
//! that chooses it. No secret is in it, nor its hash, and nobody else's id: in an anonymous conversation that would be a name.

use serde_json::Value;
use shared::ids::UserId;
use sqlx::PgPool;

/// Who they are, how they come in, where they belong, and what was shared with and told to them.
///
/// # Errors
/// The database's.
pub(super) async fn of(db: &PgPool, user: UserId) -> sqlx::Result<Value> {
    let found = sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'profile', (
                   select jsonb_build_object(
                       'id', u.id, 'name', u.name, 'email', u.email, 'pronouns', u.pronouns, 'time_zone', u.time_zone,
                       'locale', u.locale, 'is_admin', u.is_admin, 'may_create_classes', u.may_create_classes,
                       'created_at', u.created_at)
                   from users u
                   where u.id = $1),
               'ways_to_sign_in', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'provider', i.provider, 'known_there_as', i.subject, 'since', i.created_at)
                       order by i.created_at), '[]')
                   from identities i
                   where i.user_id = $1),
               'links_to_sign_in', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'created_at', l.created_at, 'expires_at', l.expires_at, 'used_at', l.used_at)
                       order by l.id), '[]')
                   from sign_in_links l
                   where l.user_id = $1),
               'sessions', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'browser', s.user_agent, 'began_at', s.created_at, 'last_seen_at', s.last_seen_at,
                       'expires_at', s.expires_at, 'ended_at', s.revoked_at)
                       order by s.created_at), '[]')
                   from sessions s
                   where s.user_id = $1),
               'tokens', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'name', t.name, 'scope', t.scope, 'created_at', t.created_at, 'expires_at', t.expires_at,
                       'last_used_at', t.last_used_at, 'revoked_at', t.revoked_at)
                       order by t.id), '[]')
                   from tokens t
                   where t.user_id = $1),
               'webhooks', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'url', w.url, 'conversation', w.conversation_id, 'activity', w.activity_id, 'class', w.class_id,
                       'state', w.state, 'created_at', w.created_at)
                       order by w.id), '[]')
                   from webhooks w
                   where w.user_id = $1),
               'classes', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'id', c.id, 'name', c.name, 'role', m.role, 'group', g.name, 'since', m.created_at,
                       'in_the_trash', m.trashed)
                       order by m.created_at), '[]')
                   from (select class_id, role, group_id, created_at, false as trashed
                         from memberships
                         where user_id = $1
                         union all
                         select class_id, role, group_id, created_at, true
                         from trashed_memberships
                         where user_id = $1) m
                   join classes c on c.id = m.class_id
                   left join class_groups g on g.id = m.group_id),
               'pseudonyms', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'in', a.scope, 'id_there', a.alias, 'pseudonym', case when not a.named then a.pseudonym end,
                       'since', a.created_at)
                       order by a.created_at), '[]')
                   from author_aliases a
                   where a.user_id = $1),
               'shared_with_you', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', s.conversation_id, 'to', s.email, 'access', s.access, 'since', s.created_at,
                       'opened_at', s.opened_at)
                       order by s.id), '[]')
                   from conversation_shares s
                   where s.user_id = $1),
               'links_that_you_opened', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', l.conversation_id, 'access', l.access, 'opened_at', o.created_at)
                       order by o.created_at), '[]')
                   from conversation_link_uses o
                   join conversation_links l on l.id = o.link_id
                   where o.user_id = $1),
               'conversations_that_you_opened', (
                   select coalesce(jsonb_agg(jsonb_build_object('conversation', v.conversation_id, 'last', v.opened_at)
                       order by v.opened_at), '[]')
                   from conversation_visits v
                   where v.user_id = $1),
               'notices', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'kind', n.kind, 'conversation', n.conversation_id, 'highlight', n.highlight_id,
                       'comment', n.comment_id, 'created_at', n.created_at, 'read_at', n.read_at)
                       order by n.id), '[]')
                   from notices n
                   where n.user_id = $1)
           ) as "all!""#,
        user.uuid()
    );
    found.fetch_one(db).await
}

/// What they made or did that is no conversation, and with whom they share.
///
/// # Errors
/// The database's.
pub(super) async fn work(db: &PgPool, user: UserId) -> sqlx::Result<Value> {
    let found = sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'projects', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'id', p.id,
                       -- A class's is called as its people call it, and whoever has left it is none of them.
                       'name', case when p.class_id is null
                                         or exists (select
                                                    from memberships m
                                                    where m.class_id = p.class_id and m.user_id = $1)
                                    then p.name end,
                       'class', p.class_id, 'created_at', p.created_at,
                       'in_the_trash_since', p.deleted_at)
                       order by p.id), '[]')
                   from projects p
                   where p.owner_id = $1),
               'prompts', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'project', v.project_id, 'version', v.version, 'name', v.name, 'content', v.content,
                       'created_at', v.created_at)
                       order by v.id), '[]')
                   from prompt_versions v
                   where v.created_by = $1),
               'activities', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'id', a.id, 'class', a.class_id, 'title', s.title, 'instructions', s.instructions,
                       'mode', a.mode, 'opens_at', s.opens_at, 'closes_at', s.closes_at, 'created_at', a.created_at)
                       order by a.id), '[]')
                   from activities a
                   -- What it says now may be others' words, once somebody teaches there no more.
                   left join activities s on s.id = a.id and s.trashed_at is null
                       and exists (select
                                   from memberships m
                                   where m.class_id = a.class_id
                                     and m.user_id = $1
                                     and m.role in ('tutor', 'instructor'))
                   where a.created_by = $1),
               'activities_that_you_began', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'activity', w.activity_id, 'conversation', w.conversation_id, 'began_at', w.created_at)
                       order by w.created_at), '[]')
                   from activity_copies w
                   where w.user_id = $1),
               'copies_that_you_wrote_in', (
                   select coalesce(jsonb_agg(jsonb_build_object('conversation', e.conversation_id, 'last', e.edited_at)
                       order by e.edited_at), '[]')
                   from copy_editors e
                   where e.user_id = $1),
               'late_work', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', l.conversation_id, 'sent_at', l.sent_at, 'taken_in_at', l.taken_in_at,
                       'yjs_update', translate(encode(l.update, 'base64'), E'\n', ''))
                       order by l.id), '[]')
                   from late_work l
                   where l.user_id = $1),
               'refused_work', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', r.conversation_id, 'code', r.code, 'refused_at', r.refused_at,
                       'yjs_update', translate(encode(r.update, 'base64'), E'\n', ''))
                       order by r.id), '[]')
                   from refused_update r
                   where r.user_id = $1),
               'texts_that_you_edited', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', v.conversation_id, 'text', v.number, 'made_at', v.made_at)
                       order by v.made_at), '[]')
                   from (select r.conversation_id, r.number, r.made_at, r.made_by
                         from conversation_revisions r
                         union all
                         select c.id, c.revision, c.revised_at, c.revised_by
                         from conversations c) as v
                   where v.made_by = $1),
               'what_you_did', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', s.conversation_id, 'step', s.number, 'began_at', s.began_at,
                       'ended_at', s.ended_at, 'changes', s.changes)
                       order by s.conversation_id, s.number), '[]')
                   from history_authors h
                   join history_steps s on s.conversation_id = h.conversation_id and s.number = h.number
                   where h.user_id = $1),
               'moments_you_named', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', s.conversation_id, 'step', s.number, 'name', s.name, 'named_at', s.named_at)
                       order by s.conversation_id, s.number), '[]')
                   from history_steps s
                   where s.named_by = $1),
               'links_into_classes', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'class', i.class_id, 'role', i.role, 'created_at', i.created_at, 'expires_at', i.expires_at,
                       'uses', i.uses, 'revoked_at', i.revoked_at)
                       order by i.id), '[]')
                   from class_invitations i
                   where i.created_by = $1),
               'shared_by_you', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', c.id,
                       'with_class', case when c.share = 'class' then c.class_id end,
                       'with_people', (
                           select coalesce(jsonb_agg(jsonb_build_object(
                               'email', s.email, 'access', s.access, 'since', s.created_at)
                               order by s.id), '[]')
                           from conversation_shares s
                           where s.conversation_id = c.id),
                       'by_links', (
                           select coalesce(jsonb_agg(jsonb_build_object(
                               'access', l.access, 'created_at', l.created_at, 'expires_at', l.expires_at,
                               'revoked_at', l.revoked_at)
                               order by l.id), '[]')
                           from conversation_links l
                           where l.conversation_id = c.id))
                       order by c.id), '[]')
                   from conversations c
                   where c.owner_id = $1
                     and (c.share = 'class'
                          or exists (select from conversation_shares s where s.conversation_id = c.id)
                          or exists (select from conversation_links l where l.conversation_id = c.id))),
               'files_made_for_you', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', j.conversation_id, 'activity', j.activity_id, 'format', j.format, 'state', j.state,
                       'name', case when not j.shows_names then j.name end,
                       'created_at', j.created_at)
                       order by j.id), '[]')
                   from export_jobs j
                   where j.user_id = $1)
           ) as "all!""#,
        user.uuid()
    );
    found.fetch_one(db).await
}

/// What models wrote for them, and the tokens of it.
///
/// # Errors
/// The database's.
pub(super) async fn models(db: &PgPool, user: UserId) -> sqlx::Result<Value> {
    let found = sqlx::query_scalar!(
        r#"select jsonb_build_object(
               'replies', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'conversation', r.conversation_id, 'message', r.message_id, 'model', r.model, 'state', r.state,
                       'asked_at', r.created_at)
                       order by r.id), '[]')
                   from runs r
                   where r.user_id = $1),
               'tokens', (
                   select coalesce(jsonb_agg(jsonb_build_object(
                       'model', u.model, 'class', u.class_id, 'read', u.input_tokens, 'written', u.output_tokens,
                       'estimated', u.estimated, 'at', u.used_at)
                       order by u.used_at), '[]')
                   from model_usage u
                   where u.user_id = $1)
           ) as "all!""#,
        user.uuid()
    );
    found.fetch_one(db).await
}
