//! Finds: in what somebody may see, and nothing else. One query finds the conversations that may be for them, and
//! [`access`] decides of each, as everywhere.

use std::collections::{BTreeMap, HashMap};

use shared::{
    access::Rights,
    api::{Person, SearchHit, SearchKind, SearchResult, SearchResults},
    ids::{ConversationId, UserId},
};
use sqlx::PgPool;
use uuid::Uuid;

use super::{
    hit::{Row, hit},
    query::{By, Query},
    words::words,
};
use crate::{access, activities, authors, error::Error};

/// Entries that are ranked: what matches more is looked for in the newest conversations.
pub(super) const MAX_RANKED: i64 = 5_000;

/// People whom a name may mean.
const MAX_CALLED: usize = 200;

/// Rounds in which conversations that turn out not to be for the caller are made up for.
const MAX_ROUNDS: usize = 5;

/// Where a page of results begins: after this one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    best: f32,
    conversation: Uuid,
}

impl Place {
    /// As it is given out.
    fn written(self) -> String {
        format!("{:08x}{}", self.best.to_bits(), self.conversation.simple())
    }

    /// `None` for what we never gave out.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (best, conversation) = text.split_at_checked(8)?;
        let best = f32::from_bits(u32::from_str_radix(best, 16).ok()?);
        let conversation = Uuid::try_parse(conversation).ok()?;
        best.is_finite().then_some(Self { best, conversation })
    }
}

/// How much of each conversation, and which of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// Things of each, the best first.
    pub(super) hits: i64,
    /// Whether only texts that may be taken away are meant.
    pub(super) copied: bool,
}

impl Extent {
    /// What a page of results shows.
    pub(super) const PAGE: Self = Self { hits: 3, copied: false };
}

/// A conversation with what matches in it.
struct Found {
    place: Place,
    title: String,
    /// Whether messages of it stand beside one another in branches.
    branches: bool,
    count: i64,
    /// How many entries of all conversations were ranked.
    matched: i64,
    rows: Vec<Row>,
}

/// A page of results.
///
/// # Errors
/// The database's.
pub(super) async fn find(
    db: &PgPool,
    user: UserId,
    query: &Query,
    mut after: Option<Place>,
    limit: usize,
    extent: Extent,
) -> Result<SearchResults, Error> {
    let mut people = Vec::new();
    for (_, by) in &query.by {
        people.push(called(db, user, by).await?);
    }
    let lexemes = query.lexemes(&people);
    let mut results = Vec::new();
    let (mut is_all, mut is_cut) = (false, false);
    // One more than is shown says whether there are more.
    let asked = limit + 1;
    for _ in 0..MAX_ROUNDS {
        let found = matching(db, user, &lexemes, after, asked, extent.hits).await?;
        is_all = found.len() < asked;
        is_cut |= found.iter().any(|found| found.matched >= MAX_RANKED);
        after = found.last().map(|last| last.place);
        results.extend(shown(db, user, query, found, extent).await?);
        if is_all || results.len() > limit {
            break;
        }
    }
    let more = results.len() > limit;
    results.truncate(limit);
    // Where none of so many was for the caller, the next page goes on behind them.
    let next = if more { results.last().map(|(place, _)| *place) } else { after.filter(|_| !is_all) };
    let next = next.map(Place::written);
    Ok(SearchResults { results: results.into_iter().map(|(_, result)| result).collect(), next, is_cut })
}

/// The authors whom the caller knows by this name, among those of the conversations in sight: users, and aliases by the name
/// under which the caller sees them. So neither what is found nor what is left out tells who hides behind a pseudonym.
async fn called(db: &PgPool, user: UserId, by: &By) -> sqlx::Result<Vec<String>> {
    let By::Called(name) = by else {
        let ids = sqlx::query_scalar!(
            r#"select $1::uuid as "id!" union all select alias from author_aliases where user_id = $1"#,
            user.uuid()
        );
        return Ok(ids.fetch_all(db).await?.iter().map(Uuid::to_string).collect());
    };
    let rows = sqlx::query!(
        r#"with written as (
               select e.author, max(e.conversation_id::text)::uuid as conversation_id
               from search_entries e
               where e.author is not null
                 and e.conversation_id in (select conversations_in_sight($1))
               group by e.author
           )
           select w.author as "id!", w.conversation_id as "conversation!", coalesce(u.name, i.name, '') as "name!",
                  case when not a.named then a.pseudonym end as "pseudonym?",
                  coalesce(a.user_id = $1, false) as "is_self!"
           from written w
           left join author_aliases a on a.alias = w.author
           left join users u on u.id = coalesce(a.user_id, w.author)
           left join imported_people i on i.conversation_id = w.conversation_id and i.id = w.author"#,
        user.uuid()
    )
    .fetch_all(db)
    .await?;
    // An alias belongs to conversations in all of which the caller sees names, or in none.
    let hidden = rows.iter().filter(|row| row.pseudonym.is_some() && has_name(&row.name, name));
    let asked: Vec<_> = hidden.map(|row| (user, ConversationId::from_uuid(row.conversation))).collect();
    let rights = access::of_all(db, &asked).await?;
    let knows = |conversation| {
        let rights = rights.get(&(user, ConversationId::from_uuid(conversation)));
        rights.is_some_and(|rights| rights.sees_names)
    };
    let named = rows.into_iter().filter(|row| match &row.pseudonym {
        Some(pseudonym) => {
            has_name(pseudonym, name) || (has_name(&row.name, name) && (row.is_self || knows(row.conversation)))
        }
        None => has_name(&row.name, name),
    });
    Ok(named.map(|row| row.id.to_string()).take(MAX_CALLED).collect())
}

/// Whether each of these words begins a word of the name.
fn has_name(name: &str, asked: &[String]) -> bool {
    let words = words(name);
    asked.iter().all(|asked| words.iter().any(|word| word.folded.starts_with(asked.as_str())))
}

/// The conversations in sight in which something matches, with the best things of each.
async fn matching(
    db: &PgPool,
    user: UserId,
    lexemes: &str,
    after: Option<Place>,
    limit: usize,
    hits: i64,
) -> Result<Vec<Found>, Error> {
    let rows = sqlx::query!(
        r#"with matching as materialized (
               select e.conversation_id, e.kind, e.key,
                      (ts_rank(e.words, $2::text::tsquery, 1)
                          * case e.kind when 'title' then 4 when 'message' then 1 else 2 end)::real as rank
               from search_entries e
               where e.words @@ $2::text::tsquery
                 and e.conversation_id in (select conversations_in_sight($1))
               order by e.conversation_id desc
               limit $3
           ), page as (
               select conversation_id, max(rank) as best, count(*) as found
               from matching
               group by conversation_id
               having $4::real is null or (max(rank), conversation_id) < ($4, $5::uuid)
               order by max(rank) desc, conversation_id desc
               limit $6
           )
           select p.conversation_id as "id!", p.best as "best!", p.found as "found!", c.title,
                  (select count(*) from matching) as "matched!",
                  c.leaf_id is not null as "branches!",
                  e.kind, e.key, e.author, e.message_id, e.highlight_id, e.comment_id, e.body
           from page p
           join conversations c on c.id = p.conversation_id
           cross join lateral (
               select m.kind, m.key, m.rank
               from matching m
               where m.conversation_id = p.conversation_id
               order by m.rank desc, m.kind, m.key
               limit $7) h
           join search_entries e on e.conversation_id = p.conversation_id and e.kind = h.kind and e.key = h.key
           order by p.best desc, p.conversation_id desc, h.rank desc, h.kind, h.key"#,
        user.uuid(),
        lexemes,
        MAX_RANKED,
        after.map(|place| place.best),
        after.map(|place| place.conversation),
        limit as i64,
        hits
    )
    .fetch_all(db)
    .await?;
    let mut all = Vec::<Found>::new();
    for row in rows {
        let place = Place { best: row.best, conversation: row.id };
        let hit = Row {
            kind: kind(&row.kind)?,
            key: row.key,
            author: row.author,
            message: row.message_id,
            highlight: row.highlight_id,
            comment: row.comment_id,
            body: row.body,
        };
        if let Some(last) = all.last_mut().filter(|last| last.place.conversation == row.id) {
            last.rows.push(hit);
            continue;
        }
        let (title, branches, count, matched) = (row.title, row.branches, row.found, row.matched);
        all.push(Found { place, title, branches, count, matched, rows: vec![hit] });
    }
    Ok(all)
}

/// A kind as a column has it, which its check keeps to these.
fn kind(text: &str) -> Result<SearchKind, Error> {
    let kind = SearchKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    kind.ok_or_else(|| Error::Internal(anyhow::anyhow!("there is no kind {text} of what can be found")))
}

/// Those of them that the caller may see, as they may see them.
async fn shown(
    db: &PgPool,
    user: UserId,
    query: &Query,
    found: Vec<Found>,
    extent: Extent,
) -> Result<Vec<(Place, SearchResult)>, Error> {
    let of = |found: &Found| ConversationId::from_uuid(found.place.conversation);
    let asked: Vec<_> = found.iter().map(|found| (user, of(found))).collect();
    let rights = access::of_all(db, &asked).await?;
    let people = people(db, user, &found, &rights).await?;
    let owners = owners(db, user, &found, &rights).await?;
    let seen = found
        .into_iter()
        .filter(|found| rights.get(&(user, of(found))).is_some_and(|rights| !extent.copied || rights.may_copy));
    let (seen, query): (Vec<Found>, Query) = (seen.collect(), query.clone());
    // Whole texts are read for their excerpts.
    let excerpting = tokio::task::spawn_blocking(move || excerpts(&query, seen, &people, &owners));
    excerpting.await.map_err(|error| Error::Internal(error.into()))
}

fn excerpts(
    query: &Query,
    found: Vec<Found>,
    people: &BTreeMap<(Uuid, Uuid), Seen>,
    owners: &HashMap<Uuid, String>,
) -> Vec<(Place, SearchResult)> {
    let mut results = Vec::new();
    for Found { place, title, branches, count, rows, .. } in found {
        let conversation = ConversationId::from_uuid(place.conversation);
        let hits = rows.into_iter().filter_map(|row| {
            let seen = row.author.and_then(|author| people.get(&(place.conversation, author)));
            is_by(query, seen).then(|| hit(query, conversation, branches, row, seen.map(|seen| seen.person.clone())))
        });
        let hits: Vec<SearchHit> = hits.collect();
        if !hits.is_empty() {
            let whose = owners.get(&place.conversation).cloned();
            results.push((place, SearchResult { conversation, title, whose, hits, found: count }));
        }
    }
    results
}

/// An author as the caller sees them.
struct Seen {
    person: Person,
    is_self: bool,
}

/// Whether the caller sees it under the names that they asked for: who hides behind a pseudonym is not found by name.
fn is_by(query: &Query, seen: Option<&Seen>) -> bool {
    query.by.iter().all(|(wanted, by)| {
        let is = seen.is_some_and(|seen| match by {
            By::Me => seen.is_self,
            By::Called(name) => {
                has_name(&seen.person.name, name)
                    || seen.person.pseudonym.as_deref().is_some_and(|pseudonym| has_name(pseudonym, name))
            }
        });
        is == *wanted
    })
}

/// Whose copies of activities are among what was found, but for the caller's own.
async fn owners(
    db: &PgPool,
    user: UserId,
    found: &[Found],
    rights: &HashMap<(UserId, ConversationId), Rights>,
) -> Result<HashMap<Uuid, String>, Error> {
    let conversations: Vec<Uuid> = found.iter().map(|found| found.place.conversation).collect();
    let seen = activities::owners(db, &conversations).await?.into_iter().filter_map(|(id, owner)| {
        let rights = rights.get(&(user, ConversationId::from_uuid(id)))?;
        (owner.user != user).then(|| owner.seen(rights.sees_names)).flatten().map(|name| (id, name))
    });
    Ok(seen.collect())
}

/// The authors of what was found. Where it is anonymous and they have no alias (the index is a moment behind), nobody.
async fn people(
    db: &PgPool,
    user: UserId,
    found: &[Found],
    rights: &HashMap<(UserId, ConversationId), Rights>,
) -> Result<BTreeMap<(Uuid, Uuid), Seen>, Error> {
    let authors = found.iter().flat_map(|found| found.rows.iter().map(|row| (found.place.conversation, row.author)));
    let (conversations, authors): (Vec<Uuid>, Vec<Uuid>) =
        authors.filter_map(|(conversation, author)| Some((conversation, author?))).unzip();
    let rows = sqlx::query!(
        r#"select c.id as "id!", asked.author as "author!", u.id as "user_id?", u.name as "name?", i.name as "imported?",
                  case when not a.named then a.pseudonym end as "pseudonym?"
           from (select distinct * from unnest($1::uuid[], $2::uuid[]) as asked (conversation_id, author)) as asked
           join conversations c on c.id = asked.conversation_id
           left join author_aliases a on a.scope = c.alias_scope and a.alias = asked.author
           left join users u on u.id = case when c.alias_scope is null then asked.author else a.user_id end
           left join imported_people i on i.conversation_id = c.id and i.id = asked.author"#,
        &conversations,
        &authors
    )
    .fetch_all(db)
    .await?;
    let seen = rows.into_iter().filter_map(|row| {
        let rights = rights.get(&(user, ConversationId::from_uuid(row.id)))?;
        let (is_self, author) = (row.user_id == Some(user.uuid()), UserId::from_uuid(row.author));
        let person = match (row.name, row.imported) {
            (Some(name), _) => authors::seen(*rights, is_self, author, name, row.pseudonym),
            (None, Some(name)) => authors::imported(author, &name),
            (None, None) => return None,
        };
        Some(((row.id, row.author), Seen { person, is_self }))
    });
    Ok(seen.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place { best: 0.060_792_7, conversation: Uuid::now_v7() };
        assert_eq!(Place::read(&place.written()), Some(place));
        for wrong in ["", "x", "7f800000", "7f800000018f0000000070008000000000000000", "é2345678"] {
            assert_eq!(Place::read(wrong), None, "{wrong}");
        }
    }
}
