use std::collections::{BTreeMap, BTreeSet};

use shared::{
    api::MAX_WAITING_DELIVERIES,
    ids::{CommentId, ConversationId, DeliveryId, HighlightId, UserId},
    rules::Said,
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::access;

/// A comment. Its id alone names nothing: whoever writes it makes it up.
type Key = (ConversationId, HighlightId, CommentId);

/// Has webhooks told of new comments, in the transaction that stores them. An update that is known says nothing again.
///
/// # Errors
/// The database's.
pub(crate) async fn record(conn: &mut PgConnection, said: &BTreeMap<Key, Said>) -> sqlx::Result<()> {
    let new = || said.iter().filter(|(_, said)| said.new && !said.deleted && !said.hidden);
    let conversations: BTreeSet<Uuid> = new().map(|((conversation, ..), _)| conversation.uuid()).collect();
    if conversations.is_empty() {
        return Ok(());
    }
    let webhooks = listening(conn, &conversations.into_iter().collect::<Vec<_>>()).await?;
    let mut rows = Vec::new();
    for ((conversation, highlight, comment), said) in new() {
        let told = webhooks.get(conversation).into_iter().flatten();
        rows.extend(told.map(|webhook| (*webhook, *conversation, *highlight, *comment, said)));
    }
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        with new as (
            select *, row_number() over (partition by webhook_id order by id) as place
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[])
                as new (id, webhook_id, conversation_id, highlight_id, comment_id, by_user, body)
        ), there as (
            -- Nobody takes it away until this is committed; otherwise notices would fail with it.
            select id from webhooks where id = any($2) order by id for key share
        ), held as (
            select h.webhook_id,
                   (select count(*) from webhook_deliveries d where d.webhook_id = h.webhook_id and d.state = 'waiting')
            from (select distinct webhook_id from new) h
        ), crowded as (
            update webhooks h
            set missed = missed + beyond.count
            from (
                select new.webhook_id, count(*)
                from new
                join held using (webhook_id)
                where held.count + new.place > $8
                group by new.webhook_id
            ) beyond
            where h.id = beyond.webhook_id
        )
        insert into webhook_deliveries (id, webhook_id, conversation_id, highlight_id, comment_id, by_user, body)
        select new.id, new.webhook_id, new.conversation_id, new.highlight_id, new.comment_id, by.id, new.body
        from new
        join there on there.id = new.webhook_id
        join held using (webhook_id)
        join users by on by.id = new.by_user
        where held.count + new.place <= $8
        on conflict on constraint webhook_deliveries_once do nothing
        "#,
        &rows.iter().map(|_| DeliveryId::new().uuid()).collect::<Vec<_>>(),
        &rows.iter().map(|(webhook, ..)| *webhook).collect::<Vec<_>>(),
        &rows.iter().map(|(_, conversation, ..)| conversation.uuid()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, _, highlight, ..)| highlight.uuid()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, _, _, comment, _)| comment.uuid()).collect::<Vec<_>>(),
        &rows.iter().map(|(.., said)| said.author.uuid()).collect::<Vec<_>>(),
        &rows.iter().map(|(.., said)| said.body.as_str()).collect::<Vec<_>>() as _,
        i64::from(MAX_WAITING_DELIVERIES),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The webhooks that hear of a conversation, and whose owners may read it now: of any other nothing is to be written that
/// they could find among their deliveries.
async fn listening(
    conn: &mut PgConnection,
    conversations: &[Uuid],
) -> sqlx::Result<BTreeMap<ConversationId, Vec<Uuid>>> {
    let heard = sqlx::query!(
        r#"
        with said as (
            select c.id, w.activity_id, coalesce(a.class_id, case when c.share = 'class' then c.class_id end) as class_id
            from conversations c
            left join activity_copies w on w.conversation_id = c.id
            left join activities a on a.id = w.activity_id
            where c.id = any($1)
        ), heard as (
            select said.id as conversation_id, h.id, h.user_id, h.state
            from said
            join webhooks h on h.conversation_id = said.id
            union
            select said.id, h.id, h.user_id, h.state
            from said
            join webhooks h on h.activity_id = said.activity_id
            union
            select said.id, h.id, h.user_id, h.state
            from said
            join activity_reveals r on r.conversation_id = said.id
            join webhooks h on h.activity_id = r.activity_id
            union
            select said.id, h.id, h.user_id, h.state
            from said
            join webhooks h on h.class_id = said.class_id
        )
        select heard.conversation_id as "conversation!", heard.id as "webhook!", heard.user_id as "owner!"
        from heard
        join users u on u.id = heard.user_id
        where heard.state = 'active' and u.banned_at is null
        "#,
        conversations
    )
    .fetch_all(&mut *conn)
    .await?;
    if heard.is_empty() {
        return Ok(BTreeMap::new());
    }
    let place = |owner, conversation| (UserId::from_uuid(owner), ConversationId::from_uuid(conversation));
    let asked: BTreeSet<_> = heard.iter().map(|row| place(row.owner, row.conversation)).collect();
    let may_read = access::of_all(conn, &asked.into_iter().collect::<Vec<_>>()).await?;
    let mut webhooks = BTreeMap::<ConversationId, Vec<Uuid>>::new();
    for row in heard.into_iter().filter(|row| may_read.contains_key(&place(row.owner, row.conversation))) {
        webhooks.entry(ConversationId::from_uuid(row.conversation)).or_default().push(row.webhook);
    }
    Ok(webhooks)
}

/// What waits says what the comment says now, and nothing of a deleted one.
///
/// # Errors
/// The database's.
pub(crate) async fn correct(conn: &mut PgConnection, known: &[(&Key, &Said)]) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update webhook_deliveries d
        set comment_deleted = said.deleted, body = said.body
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bool[], $5::text[])
            as said (conversation_id, highlight_id, comment_id, deleted, body)
        where d.conversation_id = said.conversation_id
            and d.highlight_id = said.highlight_id
            and d.comment_id = said.comment_id
            and d.state = 'waiting'
        "#,
        &known.iter().map(|((conversation, ..), _)| conversation.uuid()).collect::<Vec<_>>(),
        &known.iter().map(|((_, highlight, _), _)| highlight.uuid()).collect::<Vec<_>>(),
        &known.iter().map(|((.., comment), _)| comment.uuid()).collect::<Vec<_>>(),
        &known.iter().map(|(_, said)| said.deleted).collect::<Vec<_>>(),
        &known.iter().map(|(_, said)| said.body.as_str()).collect::<Vec<_>>() as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The same for threads that go with their highlight.
///
/// # Errors
/// The database's.
pub(crate) async fn hide(
    conn: &mut PgConnection,
    hidden: &BTreeMap<(ConversationId, HighlightId), bool>,
) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        update webhook_deliveries d
        set highlight_deleted = highlight.deleted
        from unnest($1::uuid[], $2::uuid[], $3::bool[]) as highlight (conversation_id, id, deleted)
        where d.conversation_id = highlight.conversation_id and d.highlight_id = highlight.id and d.state = 'waiting'
        "#,
        &hidden.keys().map(|(conversation, _)| conversation.uuid()).collect::<Vec<_>>(),
        &hidden.keys().map(|(_, highlight)| highlight.uuid()).collect::<Vec<_>>(),
        &hidden.values().copied().collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
