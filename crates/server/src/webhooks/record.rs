use std::collections::{BTreeMap, BTreeSet};

use shared::{
    api::MAX_WAITING_DELIVERIES,
    ids::{CommentId, ConversationId, DeliveryId, HighlightId, UserId},
    rules::Said,
};
use sqlx::{Acquire, PgConnection, Postgres, Transaction};
use uuid::Uuid;

use crate::access;

/// What a statement may take here.
const PATIENCE: &str = "2s";

/// A comment. Its id alone names nothing: whoever writes it makes it up.
type Key = (ConversationId, HighlightId, CommentId);

/// Of one conversation's new comments in one transaction so many are told; the others are counted.
const MAX_AT_ONCE: i64 = 300;

/// Comments that webhooks are to be told of.
struct New<'a> {
    told: Vec<(&'a Key, &'a Said)>,
    /// All that are new in each conversation.
    counts: BTreeMap<ConversationId, i64>,
}

impl<'a> New<'a> {
    fn of(said: &'a BTreeMap<Key, Said>) -> Self {
        let (mut told, mut counts) = (Vec::new(), BTreeMap::new());
        for (key, said) in said.iter().filter(|(_, said)| said.new && !said.deleted && !said.hidden) {
            let count: &mut i64 = counts.entry(key.0).or_default();
            *count += 1;
            if *count <= MAX_AT_ONCE {
                told.push((key, said));
            }
        }
        Self { told, counts }
    }

    fn conversations(&self) -> Vec<Uuid> {
        self.counts.keys().map(|conversation| conversation.uuid()).collect()
    }

    /// Those of them that are not told at once, or all.
    fn missed(&self, heard: &[Heard], all: bool) -> BTreeMap<Uuid, i64> {
        let mut missed = BTreeMap::new();
        for (conversation, webhook) in heard {
            let count = self.counts.get(conversation).copied().unwrap_or_default();
            let count = if all { count } else { (count - MAX_AT_ONCE).max(0) };
            if count > 0 {
                *missed.entry(*webhook).or_default() += count;
            }
        }
        missed
    }
}

/// A conversation, and a webhook that hears of it.
type Heard = (ConversationId, Uuid);

/// Has webhooks told, in the transaction that stores the comments and after the notices of them. What fails here is logged
/// and takes nothing with it: only a connection that is lost is the caller's.
///
/// # Errors
/// The connection's.
pub(crate) async fn record(conn: &mut PgConnection, said: &BTreeMap<Key, Said>) -> sqlx::Result<()> {
    let new = New::of(said);
    if new.told.is_empty() {
        return Ok(());
    }
    // Whoever comments waits for this.
    sqlx::query!("select set_config('statement_timeout', $1, true)", PATIENCE).fetch_one(&mut *conn).await?;
    let mut point = conn.begin().await?;
    let heard = listening(&mut point, &new.conversations()).await;
    let heard = kept(point, heard, "it is not known which webhooks hear of comments").await?.unwrap_or_default();
    if heard.is_empty() {
        return Ok(());
    }
    let mut point = conn.begin().await?;
    let crowded = insert(&mut point, &new.told, &heard).await;
    let missed = match kept(point, crowded, "no webhook is told of comments that are stored").await? {
        Some(crowded) => crowded.into_iter().fold(new.missed(&heard, false), |mut missed, (webhook, count)| {
            *missed.entry(webhook).or_default() += count;
            missed
        }),
        None => new.missed(&heard, true),
    };
    if missed.is_empty() {
        return Ok(());
    }
    let mut point = conn.begin().await?;
    let counted = count(&mut point, &missed).await;
    kept(point, counted, "comments that webhooks are not told of are not counted").await.map(|_| ())
}

/// Ends a savepoint: what was done stays, or is as if it had never begun, and logged.
async fn kept<T>(point: Transaction<'_, Postgres>, done: sqlx::Result<T>, fault: &str) -> sqlx::Result<Option<T>> {
    match done {
        Ok(done) => {
            point.commit().await?;
            Ok(Some(done))
        }
        Err(error) => {
            tracing::error!(%error, "{fault}");
            point.rollback().await?;
            Ok(None)
        }
    }
}

/// Counts what webhooks are not told of. Those that somebody else has in hand are not waited for.
async fn count(conn: &mut PgConnection, missed: &BTreeMap<Uuid, i64>) -> sqlx::Result<()> {
    sqlx::query!(
        "with held as (
             select h.id, missed.count
             from unnest($1::uuid[], $2::bigint[]) as missed (id, count)
             join webhooks h on h.id = missed.id
             order by h.id
             for no key update of h skip locked
         )
         update webhooks h
         set missed = h.missed + held.count, missed_at = now()
         from held
         where h.id = held.id",
        &missed.keys().copied().collect::<Vec<_>>(),
        &missed.values().copied().collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// New comments, each once for each webhook that hears of it. Of those for which too much waits, it answers how many.
async fn insert(conn: &mut PgConnection, new: &[(&Key, &Said)], heard: &[Heard]) -> sqlx::Result<Vec<(Uuid, i64)>> {
    let of = |conversation: &ConversationId| heard.iter().filter(|(at, _)| at == conversation).count();
    let rows: usize = new.iter().map(|((conversation, ..), _)| of(conversation)).sum();
    let crowded = sqlx::query!(
        r#"
        with said as (
            select *
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[]) with ordinality
                as said (conversation_id, highlight_id, comment_id, by_user, number)
        ), there as (
            -- Nobody takes it away until this is committed, and whoever is taking it away is not waited for.
            select id from webhooks where id = any($6) and state = 'active' order by id for key share skip locked
        ), new as (
            select heard.webhook_id, said.*,
                   row_number() over (partition by heard.webhook_id order by said.number) as place,
                   row_number() over (order by said.number, heard.webhook_id) as row
            from unnest($5::uuid[], $6::uuid[]) as heard (conversation_id, webhook_id)
            join there on there.id = heard.webhook_id
            join said on said.conversation_id = heard.conversation_id
        ), held as (
            select there.id as webhook_id,
                   (select count(*) from webhook_deliveries d where d.webhook_id = there.id and d.state = 'waiting')
            from there
        ), written as (
            insert into webhook_deliveries (id, webhook_id, conversation_id, highlight_id, comment_id, by_user)
            select ($7::uuid[])[new.row], new.webhook_id, new.conversation_id, new.highlight_id, new.comment_id, by.id
            from new
            join held on held.webhook_id = new.webhook_id
            join users by on by.id = new.by_user
            where held.count + new.place <= $8
            on conflict on constraint webhook_deliveries_once do nothing
        )
        select new.webhook_id as "webhook!", count(*) as "count!"
        from new
        join held on held.webhook_id = new.webhook_id
        where held.count + new.place > $8
        group by new.webhook_id
        "#,
        &new.iter().map(|((conversation, ..), _)| conversation.uuid()).collect::<Vec<_>>(),
        &new.iter().map(|((_, highlight, _), _)| highlight.uuid()).collect::<Vec<_>>(),
        &new.iter().map(|((.., comment), _)| comment.uuid()).collect::<Vec<_>>(),
        &new.iter().map(|(_, said)| said.author.uuid()).collect::<Vec<_>>(),
        &heard.iter().map(|(conversation, _)| conversation.uuid()).collect::<Vec<_>>(),
        &heard.iter().map(|(_, webhook)| *webhook).collect::<Vec<_>>(),
        &std::iter::repeat_with(|| DeliveryId::new().uuid()).take(rows).collect::<Vec<_>>(),
        i64::from(MAX_WAITING_DELIVERIES),
    )
    .fetch_all(conn)
    .await?;
    Ok(crowded.into_iter().map(|row| (row.webhook, row.count)).collect())
}

/// The webhooks that hear of a conversation, and whose owners may read it now and belong to the class that they listen to:
/// of any other nothing is to be written that they could find among their deliveries.
async fn listening(conn: &mut PgConnection, conversations: &[Uuid]) -> sqlx::Result<Vec<Heard>> {
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
            left join activity_reveals r on r.conversation_id = said.id
            join activities a on a.id in (said.activity_id, r.activity_id) and a.trashed_at is null
            join webhooks h on h.activity_id = a.id
            join memberships m on m.class_id = a.class_id and m.user_id = h.user_id
            union
            select said.id, h.id, h.user_id, h.state
            from said
            join webhooks h on h.class_id = said.class_id
            join memberships m on m.class_id = h.class_id and m.user_id = h.user_id
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
