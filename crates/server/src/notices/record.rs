use std::collections::{BTreeMap, BTreeSet};

use shared::{
    ids::{CommentId, ConversationId, HighlightId, NoticeId, UserId},
    rules::{Said, Talk},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{access, webhooks};

/// Notices that are kept of one person; when there are more, the oldest go, those that were read first.
pub const MAX_KEPT: i64 = 1_000;

/// How many go at once then, so that it is not done with every comment.
const LET_GO: i64 = 100;

/// A comment, and so the notices of it. Its id alone names nothing: whoever writes it makes it up.
type Key = (ConversationId, HighlightId, CommentId);

/// Who the authors in documents are: users by their own ids, or, where it is anonymous, by their aliases. This is the one
/// place that says so.
struct People {
    aliases: BTreeMap<(ConversationId, UserId), UserId>,
    anonymous: BTreeSet<ConversationId>,
}

impl People {
    async fn of(conn: &mut PgConnection, talks: &[(ConversationId, &Talk)]) -> sqlx::Result<Self> {
        let conversations: BTreeSet<Uuid> = talks.iter().map(|(conversation, _)| conversation.uuid()).collect();
        let said = || talks.iter().flat_map(|(_, talk)| &talk.said);
        let authors: BTreeSet<Uuid> = said()
            .flat_map(|said| said.mentioned.iter().chain(&said.answered).chain([&said.author]))
            .map(|author| author.uuid())
            .collect();
        let rows = sqlx::query!(
            r#"
            select c.id as "id!", a.alias as "alias?", a.user_id
            from conversations c
            left join author_aliases a on a.scope = c.alias_scope and a.alias = any($2)
            where c.id = any($1) and c.alias_scope is not null
            "#,
            &conversations.into_iter().collect::<Vec<_>>(),
            &authors.into_iter().collect::<Vec<_>>(),
        )
        .fetch_all(conn)
        .await?;
        let mut people = Self { aliases: BTreeMap::new(), anonymous: BTreeSet::new() };
        for row in rows {
            let conversation = ConversationId::from_uuid(row.id);
            people.anonymous.insert(conversation);
            if let (Some(alias), Some(user)) = (row.alias, row.user_id) {
                people.aliases.insert((conversation, UserId::from_uuid(alias)), UserId::from_uuid(user));
            }
        }
        Ok(people)
    }

    /// The user who is that author; nobody, where it is anonymous and the id is no alias there.
    fn get(&self, conversation: ConversationId, author: UserId) -> Option<UserId> {
        if self.anonymous.contains(&conversation) {
            self.aliases.get(&(conversation, author)).copied()
        } else {
            Some(author)
        }
    }

    /// The same comment, with users in the place of authors.
    fn in_person(&self, conversation: ConversationId, said: &Said) -> Option<Said> {
        let get = |author: &UserId| self.get(conversation, *author);
        let all = |authors: &[UserId]| authors.iter().filter_map(get).collect();
        let (mentioned, called, answered) = (all(&said.mentioned), all(&said.called), all(&said.answered));
        Some(Said { author: get(&said.author)?, mentioned, called, answered, ..said.clone() })
    }
}

/// Writes down what updates say to people, and to their webhooks, in the transaction that stores them. `talks` are in the
/// order of the updates; one whose updates are known already says nothing, so that nothing comes twice.
///
/// # Errors
/// The database's.
pub async fn record(conn: &mut PgConnection, talks: &[(ConversationId, &Talk)]) -> sqlx::Result<()> {
    let people = People::of(conn, talks).await?;
    let (mut said, mut hidden) = (BTreeMap::<Key, Said>::new(), BTreeMap::new());
    for &(conversation, talk) in talks {
        for later in talk.said.iter().filter_map(|said| people.in_person(conversation, said)) {
            let key = (conversation, later.highlight, later.comment);
            let later = match said.remove(&key) {
                Some(earlier) => after(earlier, &later),
                None => later,
            };
            said.insert(key, later);
        }
        hidden.extend(talk.hidden.iter().map(|(highlight, is)| ((conversation, *highlight), *is)));
    }
    for ((conversation, highlight, _), said) in &mut said {
        said.hidden = hidden.get(&(*conversation, *highlight)).copied().unwrap_or(said.hidden);
    }
    let known: Vec<(&Key, &Said)> = said.iter().filter(|(_, said)| !said.new).collect();
    if !known.is_empty() {
        take_back(conn, &known).await?;
        correct(conn, &known).await?;
    }
    if !hidden.is_empty() {
        hide(conn, &hidden).await?;
    }
    let wanted = wanted(&said);
    if !wanted.is_empty() {
        let people = insert(conn, &said, wanted).await?;
        let_go(conn, &people).await?;
    }
    webhooks::record::record(conn, &said).await
}

/// What a comment says after two changes.
fn after(earlier: Said, later: &Said) -> Said {
    let mut called: Vec<UserId> =
        earlier.called.into_iter().filter(|user| later.deleted || later.mentioned.contains(user)).collect();
    called.extend(later.called.iter().filter(|user| !called.contains(user)).copied().collect::<Vec<_>>());
    Said { called, answered: earlier.answered, new: earlier.new, ..later.clone() }
}

/// Whom each comment is to be told to, and whether because it mentions them, which wins.
fn wanted(said: &BTreeMap<Key, Said>) -> BTreeMap<(Key, UserId), bool> {
    let mut wanted = BTreeMap::new();
    for (key, said) in said {
        let answered = said.answered.iter().map(|user| (*user, false));
        let called = said.called.iter().map(|user| (*user, true));
        let others = answered.chain(called).filter(|(user, _)| *user != said.author);
        wanted.extend(others.map(|(user, why)| ((*key, user), why)));
    }
    wanted
}

/// The columns that name comments.
#[derive(Default)]
struct Keys {
    conversations: Vec<Uuid>,
    highlights: Vec<Uuid>,
    comments: Vec<Uuid>,
}

impl<'a> FromIterator<&'a Key> for Keys {
    fn from_iter<I: IntoIterator<Item = &'a Key>>(keys: I) -> Self {
        let mut columns = Self::default();
        for (conversation, highlight, comment) in keys {
            columns.conversations.push(conversation.uuid());
            columns.highlights.push(highlight.uuid());
            columns.comments.push(comment.uuid());
        }
        columns
    }
}

/// A mention that is not there any more was none. (What is deleted is only hidden.)
async fn take_back(conn: &mut PgConnection, known: &[(&Key, &Said)]) -> sqlx::Result<()> {
    let there = || known.iter().filter(|(_, said)| !said.deleted);
    let keys: Keys = there().map(|(key, _)| *key).collect();
    let kept = || there().flat_map(|(key, said)| said.mentioned.iter().map(move |user| (*key, *user)));
    let kept_keys: Keys = kept().map(|(key, _)| key).collect();
    let kept_users: Vec<Uuid> = kept().map(|(_, user)| user.uuid()).collect();
    sqlx::query!(
        r#"
        delete from notices n
        using unnest($1::uuid[], $2::uuid[], $3::uuid[]) as said (conversation_id, highlight_id, comment_id)
        where n.conversation_id = said.conversation_id
            and n.highlight_id = said.highlight_id
            and n.comment_id = said.comment_id
            and n.kind = 'mention'
            and (n.conversation_id, n.highlight_id, n.comment_id, n.user_id) not in (
                select * from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[])
            )
        "#,
        &keys.conversations,
        &keys.highlights,
        &keys.comments,
        &kept_keys.conversations,
        &kept_keys.highlights,
        &kept_keys.comments,
        &kept_users,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notices of a comment show its words as they are, and nothing of a deleted one.
async fn correct(conn: &mut PgConnection, known: &[(&Key, &Said)]) -> sqlx::Result<()> {
    let keys: Keys = known.iter().map(|(key, _)| *key).collect();
    let deleted: Vec<bool> = known.iter().map(|(_, said)| said.deleted).collect();
    let excerpts: Vec<&str> = known.iter().map(|(_, said)| said.excerpt.as_str()).collect();
    sqlx::query!(
        r#"
        update notices n
        set comment_deleted = said.deleted, excerpt = said.excerpt
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bool[], $5::text[])
            as said (conversation_id, highlight_id, comment_id, deleted, excerpt)
        where n.conversation_id = said.conversation_id
            and n.highlight_id = said.highlight_id
            and n.comment_id = said.comment_id
        "#,
        &keys.conversations,
        &keys.highlights,
        &keys.comments,
        &deleted,
        &excerpts as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn hide(conn: &mut PgConnection, hidden: &BTreeMap<(ConversationId, HighlightId), bool>) -> sqlx::Result<()> {
    let conversations: Vec<Uuid> = hidden.keys().map(|(conversation, _)| conversation.uuid()).collect();
    let highlights: Vec<Uuid> = hidden.keys().map(|(_, highlight)| highlight.uuid()).collect();
    let are: Vec<bool> = hidden.values().copied().collect();
    sqlx::query!(
        r#"
        update notices n
        set highlight_deleted = highlight.deleted
        from unnest($1::uuid[], $2::uuid[], $3::bool[]) as highlight (conversation_id, id, deleted)
        where n.conversation_id = highlight.conversation_id and n.highlight_id = highlight.id
        "#,
        &conversations,
        &highlights,
        &are,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Tells those who may see the conversation now; anybody else, also nobody at all, may be named and hears nothing.
/// Answers who was told.
async fn insert(
    conn: &mut PgConnection,
    said: &BTreeMap<Key, Said>,
    wanted: BTreeMap<(Key, UserId), bool>,
) -> sqlx::Result<Vec<Uuid>> {
    let asked: BTreeSet<(UserId, ConversationId)> = wanted.keys().map(|((at, ..), user)| (*user, *at)).collect();
    let asked: Vec<_> = asked.into_iter().collect();
    let may_see = access::of_all(&mut *conn, &asked).await?;
    let told: Vec<_> = wanted.into_iter().filter(|((key, user), _)| may_see.contains_key(&(*user, key.0))).collect();
    let of = |key: &Key| said.get(key);
    let keys: Keys = told.iter().map(|((key, _), _)| key).collect();
    let ids: Vec<Uuid> = told.iter().map(|_| NoticeId::new().uuid()).collect();
    let users: Vec<Uuid> = told.iter().map(|((_, user), _)| user.uuid()).collect();
    let kinds: Vec<&str> = told.iter().map(|(_, mentions)| if *mentions { "mention" } else { "reply" }).collect();
    let authors: Vec<Uuid> = told.iter().filter_map(|((key, _), _)| of(key)).map(|said| said.author.uuid()).collect();
    let excerpts: Vec<&str> =
        told.iter().filter_map(|((key, _), _)| of(key)).map(|said| said.excerpt.as_str()).collect();
    let deleted: Vec<bool> = told.iter().filter_map(|((key, _), _)| of(key)).map(|said| said.deleted).collect();
    let hidden: Vec<bool> = told.iter().filter_map(|((key, _), _)| of(key)).map(|said| said.hidden).collect();
    sqlx::query!(
        r#"
        insert into notices (id, user_id, conversation_id, highlight_id, comment_id, kind, by_user, excerpt,
            comment_deleted, highlight_deleted)
        select new.id, new.user_id, new.conversation_id, new.highlight_id, new.comment_id, new.kind, by.id, new.excerpt,
            new.comment_deleted, new.highlight_deleted
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[], $8::text[],
                $9::bool[], $10::bool[])
            as new (id, user_id, conversation_id, highlight_id, comment_id, kind, by_user, excerpt, comment_deleted,
                highlight_deleted)
        join users by on by.id = new.by_user
        on conflict on constraint notices_once do update
        set id = excluded.id, kind = excluded.kind, created_at = now(), read_at = null
        where notices.kind = 'reply' and excluded.kind = 'mention'
        "#,
        &ids,
        &users,
        &keys.conversations,
        &keys.highlights,
        &keys.comments,
        &kinds as _,
        &authors,
        &excerpts as _,
        &deleted,
        &hidden,
    )
    .execute(conn)
    .await?;
    Ok(users)
}

/// Nobody's inbox grows without end. Whether it is full is seen without counting it.
async fn let_go(conn: &mut PgConnection, people: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        r#"
        with full_of as (
            select user_id
            from (select distinct user_id from unnest($1::uuid[]) as told (user_id)) as told
            where (select count(*) from (select from notices n where n.user_id = told.user_id limit $2::bigint + 1) as held) > $2::bigint
        )
        delete from notices
        using (
            select id, row_number() over (partition by user_id order by read_at is null desc, id desc) as place
            from notices
            where user_id in (select user_id from full_of)
        ) as placed
        where notices.id = placed.id and placed.place > $2::bigint - $3::bigint
        "#,
        people,
        MAX_KEPT,
        LET_GO,
    )
    .execute(conn)
    .await?;
    Ok(())
}
