use std::collections::{HashMap, HashSet};

use shared::{
    api::Person,
    document::{self, Highlight, Roots},
    ids::{ActivityId, ConversationId, MessageId, TagId, UserId},
};
use sqlx::PgPool;
use uuid::Uuid;
use yrs::{Doc, Transact};

use super::{Mark, Material, of_seed};
use crate::{access, activities, error::Error, services::Services};

/// Copies that are read for one answer.
const MAX_COPIES: usize = 2_000;

/// Bytes of their documents.
const MAX_BYTES: i64 = 512 << 20;

/// Bytes of documents that are in memory at a time, but for one that has more.
const BYTES_AT_ONCE: i64 = 32 << 20;

/// A copy that is to be read.
struct Copy {
    id: ConversationId,
    /// Whose it is, where it is somebody's own.
    person: Option<UserId>,
    bytes: i64,
}

/// What is marked in all copies of an activity, for staff of its class. Who has come into the class as an administrator of the
/// site sees nobody's work.
pub(crate) async fn read(services: &Services, caller: UserId, id: ActivityId) -> Result<Material, Error> {
    let db = &services.db;
    let supervisor = access::supervisor(&mut *db.acquire().await?, caller, id).await?;
    if !supervisor.participant().belongs() {
        return Err(Error::Forbidden(
            "What people marked is shown to those who teach in this class, and to nobody else.",
        ));
    }
    let (title, seed) = activity(db, id).await?;
    let copies = copies(db, id).await?;
    let began_with = of_seed(services, seed).await?;
    let aliases = activities::aliases(db, id).await?;
    let mut tags = Vocabulary::of(activities::seed_tags(db, id).await?);
    let mut marks = Vec::new();
    for together in portions(&copies) {
        let ids: Vec<ConversationId> = together.iter().map(|copy| copy.id).collect();
        let mut read = services.rooms.read_all(&ids, marked).await?;
        for copy in together {
            let unreadable = || Error::Internal(anyhow::anyhow!("the document of copy {} cannot be read", copy.id));
            let (highlights, added) = read.remove(&copy.id).ok_or_else(unreadable)?;
            tags.add(added);
            let mark = |mut highlight: Highlight| {
                highlight.tags.iter_mut().for_each(|(tag, _)| *tag = tags.one_of(*tag));
                let author = aliases.get(&highlight.author).copied().unwrap_or(highlight.author);
                Mark { author, conversation: copy.id, highlight }
            };
            let of_copy = highlights.into_iter().filter(|highlight| !began_with.contains(&highlight.id)).map(mark);
            marks.extend(of_copy.filter(|mark| copy.person.is_none_or(|person| mark.author == person)));
        }
    }
    Ok(Material {
        title,
        may_copy: true,
        messages: messages(db, &copies).await?,
        people: people(db, &marks).await?,
        tags: tags.all,
        marks,
    })
}

/// The tags of all copies. Those that people made in their own, and called alike, are one.
struct Vocabulary {
    all: Vec<(TagId, String)>,
    /// What each tag counts as.
    ones: HashMap<TagId, TagId>,
    /// The first of each name.
    named: HashMap<String, TagId>,
}

impl Vocabulary {
    /// What all begin with: each is itself, whatever it is called.
    fn of(seed: Vec<(TagId, String)>) -> Self {
        let mut tags = Self { all: Vec::new(), ones: HashMap::new(), named: HashMap::new() };
        for (id, name) in seed {
            tags.named.entry(spelled(&name)).or_insert(id);
            tags.ones.insert(id, id);
            tags.all.push((id, name));
        }
        tags
    }

    fn add(&mut self, tags: Vec<(TagId, String)>) {
        for (id, name) in tags {
            if self.ones.contains_key(&id) {
                continue;
            }
            let one = *self.named.entry(spelled(&name)).or_insert(id);
            self.ones.insert(id, one);
            if one == id {
                self.all.push((id, name));
            }
        }
    }

    fn one_of(&self, tag: TagId) -> TagId {
        self.ones.get(&tag).copied().unwrap_or(tag)
    }
}

/// Alike for names that people would take for the same.
fn spelled(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn marked(doc: &Doc) -> (Vec<Highlight>, Vec<(TagId, String)>) {
    let (roots, txn) = (Roots::of(doc), doc.transact());
    let tags = document::tags(&roots, &txn).into_iter().map(|tag| (tag.id, tag.name));
    (document::highlights(&roots, &txn), tags.collect())
}

async fn activity(db: &PgPool, id: ActivityId) -> Result<(String, Option<Vec<u8>>), Error> {
    let row = sqlx::query!("select title, seed from activities where id = $1", id.uuid());
    let row = row.fetch_optional(db).await?.ok_or(Error::NotFound)?;
    Ok((row.title, row.seed))
}

async fn copies(db: &PgPool, id: ActivityId) -> Result<Vec<Copy>, Error> {
    let rows = sqlx::query!(
        r#"select w.conversation_id, w.user_id,
                  octet_length(s.crdt_state) + coalesce((select sum(octet_length(u.update))::bigint
                                                         from annotation_update u
                                                         where u.conversation_id = w.conversation_id), 0) as "bytes!"
           from activity_copies w
           join conversations c on c.id = w.conversation_id
           join annotation_document_state s on s.conversation_id = w.conversation_id
           where w.activity_id = $1 and c.trashed_at is null
           order by w.conversation_id"#,
        id.uuid()
    )
    .fetch_all(db)
    .await?;
    let copies: Vec<Copy> = rows
        .into_iter()
        .map(|row| Copy {
            id: ConversationId::from_uuid(row.conversation_id),
            person: row.user_id.map(UserId::from_uuid),
            bytes: row.bytes,
        })
        .collect();
    let bytes: i64 = copies.iter().map(|copy| copy.bytes).sum();
    if copies.len() > MAX_COPIES || bytes > MAX_BYTES {
        let why = format!(
            "Agreement is reckoned over at most {MAX_COPIES} copies with {} MiB; here are {} with {}.",
            MAX_BYTES >> 20,
            copies.len(),
            bytes >> 20
        );
        return Err(Error::Conflict("too_much", why));
    }
    Ok(copies)
}

/// As many at a time as fit into the memory that is set aside.
fn portions(copies: &[Copy]) -> Vec<&[Copy]> {
    let (mut portions, mut first, mut bytes) = (Vec::new(), 0, 0);
    for (at, copy) in copies.iter().enumerate() {
        if at > first && bytes + copy.bytes > BYTES_AT_ONCE {
            portions.push(&copies[first..at]);
            (first, bytes) = (at, 0);
        }
        bytes += copy.bytes;
    }
    portions.push(&copies[first..]);
    portions
}

/// Those of any copy: all have the same.
async fn messages(db: &PgPool, copies: &[Copy]) -> Result<Vec<(MessageId, String)>, Error> {
    let Some(copy) = copies.first() else { return Ok(Vec::new()) };
    let rows =
        sqlx::query!("select id, text from messages where conversation_id = $1 order by position", copy.id.uuid());
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.map(|row| (MessageId::from_uuid(row.id), row.text)).collect())
}

/// By their names, as staff see everybody.
async fn people(db: &PgPool, marks: &[Mark]) -> Result<HashMap<UserId, Person>, Error> {
    let authors: HashSet<Uuid> = marks.iter().map(|mark| mark.author.uuid()).collect();
    let authors: Vec<Uuid> = authors.into_iter().collect();
    let rows = sqlx::query!("select id, name from users where id = any($1)", &authors).fetch_all(db).await?;
    let person = |id, name| (id, Person { id, name, pseudonym: None });
    Ok(rows.into_iter().map(|row| person(UserId::from_uuid(row.id), row.name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_documents_are_read_alone_and_small_ones_together() {
        let copy = |bytes| Copy { id: ConversationId::new(), person: None, bytes };
        let of = |sizes: &[i64]| -> Vec<usize> {
            let copies: Vec<Copy> = sizes.iter().map(|size| copy(*size)).collect();
            portions(&copies).into_iter().map(<[Copy]>::len).collect()
        };
        let half = BYTES_AT_ONCE / 2;
        assert_eq!(of(&[1, 2, 3]), [3]);
        assert_eq!(of(&[half, half, half, BYTES_AT_ONCE + 1, 1]), [2, 1, 1, 1]);
        assert_eq!(of(&[]), [0]);
    }
}
