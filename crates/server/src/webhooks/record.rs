use std::collections::{BTreeMap, BTreeSet};

use shared::{
    api::MAX_WAITING_DELIVERIES,
    ids::{CommentId, ConversationId, DeliveryId, HighlightId, UserId},
    rules::Said,
};
use sqlx::{Acquire, PgConnection};
use uuid::Uuid;

use crate::access;

/// What a statement may take here.
const PATIENCE: &str = "2s";

/// A comment. Its id alone names nothing: whoever writes it makes it up.
type Key = (ConversationId, HighlightId, CommentId);

/// Has webhooks told, in the transaction that stores the comments and after the notices of them. What fails here is logged
/// and takes nothing with it: only a connection that is lost is the caller's.
///
/// # Errors
/// The connection's.
pub(crate) async fn record(
    conn: &mut PgConnection,
    said: &BTreeMap<Key, Said>,
    hidden: &BTreeMap<(ConversationId, HighlightId), bool>,
) -> sqlx::Result<()> {
    if said.is_empty() && hidden.is_empty() {
        return Ok(());
    }
    let mut point = conn.begin().await?;
    match write(&mut point, said, hidden).await {
        Ok(()) => point.commit().await,
        Err(error) => {
            tracing::error!(%error, "no webhook is told of comments that are stored");
            point.rollback().await
        }
    }
}

async fn write(
    conn: &mut PgConnection,
    said: &BTreeMap<Key, Said>,
    hidden: &BTreeMap<(ConversationId, HighlightId), bool>,
) -> sqlx::Result<()> {
    // Whoever comments waits for this.
    sqlx::query!("select set_config('statement_timeout', $1, true)", PATIENCE).fetch_one(&mut *conn).await?;
    let known: Vec<(&Key, &Said)> = said.iter().filter(|(_, said)| !said.new).collect();
    if !known.is_empty() {
        correct(conn, &known).await?;
    }
    if !hidden.is_empty() {
        hide(conn, hidden).await?;
    }
    let new: Vec<(&Key, &Said)> = said.iter().filter(|(_, said)| said.new && !said.deleted && !said.hidden).collect();
    if new.is_empty() { Ok(()) } else { insert(conn, &new).await }
}

/// Words as Postgres stores them and everybody can show them: it knows no NUL, and other controls are nobody's words.
fn storable(text: &str) -> String {
    let is_foreign = |letter: char| letter.is_control() && !matches!(letter, '\n' | '\r' | '\t');
    text.replace(is_foreign, "\u{fffd}")
}

/// New comments, each once for each webhook that hears of it.
async fn insert(conn: &mut PgConnection, new: &[(&Key, &Said)]) -> sqlx::Result<()> {
    let conversations: BTreeSet<Uuid> = new.iter().map(|((conversation, ..), _)| conversation.uuid()).collect();
    let heard = listening(conn, &conversations.into_iter().collect::<Vec<_>>()).await?;
    if heard.is_empty() {
        return Ok(());
    }
    let of = |conversation: &ConversationId| heard.iter().filter(|(at, _)| at == conversation).count();
    let rows: usize = new.iter().map(|((conversation, ..), _)| of(conversation)).sum();
    sqlx::query!(
        r#"
        with said as (
            select *
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[]) with ordinality
                as said (conversation_id, highlight_id, comment_id, by_user, body, number)
        ), there as (
            -- Nobody takes it away until this is committed, and whoever is taking it away is not waited for.
            select id from webhooks where id = any($7) and state = 'active' order by id for key share skip locked
        ), new as (
            select heard.webhook_id, said.*,
                   row_number() over (partition by heard.webhook_id order by said.number) as place,
                   row_number() over (order by said.number, heard.webhook_id) as row
            from unnest($6::uuid[], $7::uuid[]) as heard (conversation_id, webhook_id)
            join there on there.id = heard.webhook_id
            join said on said.conversation_id = heard.conversation_id
        ), held as (
            select there.id as webhook_id,
                   (select count(*) from webhook_deliveries d where d.webhook_id = there.id and d.state = 'waiting')
            from there
        ), crowded as (
            update webhooks h
            set missed = missed + beyond.count
            from (
                select new.webhook_id, count(*)
                from new
                join held on held.webhook_id = new.webhook_id
                where held.count + new.place > $9
                group by new.webhook_id
            ) beyond
            where h.id = beyond.webhook_id
        )
        insert into webhook_deliveries (id, webhook_id, conversation_id, highlight_id, comment_id, by_user, body)
        select ($8::uuid[])[new.row], new.webhook_id, new.conversation_id, new.highlight_id, new.comment_id, by.id,
               new.body
        from new
        join held on held.webhook_id = new.webhook_id
        join users by on by.id = new.by_user
        where held.count + new.place <= $9
        on conflict on constraint webhook_deliveries_once do nothing
        "#,
        &new.iter().map(|((conversation, ..), _)| conversation.uuid()).collect::<Vec<_>>(),
        &new.iter().map(|((_, highlight, _), _)| highlight.uuid()).collect::<Vec<_>>(),
        &new.iter().map(|((.., comment), _)| comment.uuid()).collect::<Vec<_>>(),
        &new.iter().map(|(_, said)| said.author.uuid()).collect::<Vec<_>>(),
        &new.iter().map(|(_, said)| storable(&said.body)).collect::<Vec<_>>(),
        &heard.iter().map(|(conversation, _)| conversation.uuid()).collect::<Vec<_>>(),
        &heard.iter().map(|(_, webhook)| *webhook).collect::<Vec<_>>(),
        &std::iter::repeat_with(|| DeliveryId::new().uuid()).take(rows).collect::<Vec<_>>(),
        i64::from(MAX_WAITING_DELIVERIES),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The webhooks that hear of a conversation, and whose owners may read it now: of any other nothing is to be written that
/// they could find among their deliveries.
async fn listening(conn: &mut PgConnection, conversations: &[Uuid]) -> sqlx::Result<Vec<(ConversationId, Uuid)>> {
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
        return Ok(Vec::new());
    }
    let place = |owner, conversation| (UserId::from_uuid(owner), ConversationId::from_uuid(conversation));
    let asked: BTreeSet<_> = heard.iter().map(|row| place(row.owner, row.conversation)).collect();
    let may_read = access::of_all(conn, &asked.into_iter().collect::<Vec<_>>()).await?;
    let told = heard.into_iter().filter(|row| may_read.contains_key(&place(row.owner, row.conversation)));
    Ok(told.map(|row| (ConversationId::from_uuid(row.conversation), row.webhook)).collect())
}

/// What waits says what the comment says now, and nothing of a deleted one.
async fn correct(conn: &mut PgConnection, known: &[(&Key, &Said)]) -> sqlx::Result<()> {
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
        &known.iter().map(|(_, said)| storable(&said.body)).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The same for threads that go with their highlight.
async fn hide(conn: &mut PgConnection, hidden: &BTreeMap<(ConversationId, HighlightId), bool>) -> sqlx::Result<()> {
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
