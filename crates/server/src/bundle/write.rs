//! A conversation into a bundle.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Debug,
};

use serde::Serialize;
use sha2::{Digest, Sha256};
use shared::{
    api::{Reason, Usage},
    document::whole::Whole,
    ids::{MessageId, UserId},
    prose,
};
use time::OffsetDateTime;

use super::{
    ANNOTATIONS, DOCUMENT, FORMAT, MANIFEST, MESSAGES, Manifest, Message, Messages, PEOPLE, Part, Person, VERSION,
};
use crate::{
    access::Reader,
    authors, conversations,
    error::Error,
    export::{SOMEBODY, named},
    revisions,
    services::Services,
    times::rfc3339,
    zipped,
};

/// A bundle about to be written, and the title that it is named by.
pub struct Contents {
    /// The conversation's.
    pub title: String,
    document: Vec<u8>,
    whole: Whole,
    messages: Messages,
    people: Vec<Person>,
    manifest: Manifest,
}

/// Reads what goes into a bundle, all of one text.
///
/// # Errors
/// The database's, or a document that is not of the schema.
pub async fn write(services: &Services, reader: Reader) -> Result<Contents, Error> {
    revisions::of_one_text(&services.db, reader.conversation(), || write_once(services, reader)).await
}

/// The document first: then whatever it refers to is among the messages.
async fn write_once(services: &Services, reader: Reader) -> Result<Contents, Error> {
    let id = reader.conversation();
    let read = services.rooms.whole(id).await.map_err(|error| Error::Internal(error.into()))?;
    let (mut document, whole) = read.ok_or(Error::NotFound)?;
    let mut whole = whole.map_err(|flaw| {
        let why = format!(
            "The annotations cannot be exported so that they could be imported again: {flaw} Choose another format."
        );
        Error::Conflict("outside_schema", why)
    })?;
    let messages = messages(services, reader).await?;
    let people = people(services, reader, &whole, &messages).await?;
    if authors::of(&services.db, reader).await?.anonymity().is_some() {
        // Somebody may be mentioned by their name: who wrote it saw that, and who reads the file may not.
        let names: HashMap<UserId, &str> = people.iter().map(|person| (person.id, &*person.name)).collect();
        let mention = |id| prose::mention(names.get(&id).copied().unwrap_or(SOMEBODY), id);
        whole.reword(|text| named(text, mention).into_owned());
        document = whole.write().map_err(|error| Error::Internal(error.into()))?;
    }
    let manifest = Manifest {
        format: FORMAT.to_owned(),
        version: VERSION,
        generator: concat!("PromptGrimoire ", env!("CARGO_PKG_VERSION")).to_owned(),
        made_at: rfc3339(OffsetDateTime::now_utc()),
        source: format!("{}/c/{id}", services.origin),
        conversation: id,
        parts: Vec::new(),
    };
    Ok(Contents { title: messages.title.clone(), document, whole, messages, people, manifest })
}

async fn messages(services: &Services, reader: Reader) -> Result<Messages, Error> {
    let id = reader.conversation().uuid();
    let head = sqlx::query!("select title, leaf_id from conversations where id = $1", id)
        .fetch_optional(&services.db)
        .await?
        .ok_or(Error::NotFound)?;
    let rows = sqlx::query!(
        r#"select m.id, m.parent_id, m.role, m.title, m.markdown, m.text, m.renderer, m.state, m.model, m.created_at,
                  coalesce(case when c.alias_scope is null then m.author_id else a.alias end, m.imported_author) as "author?",
                  m.input_tokens, m.output_tokens, m.reason_code, m.reason
           from messages m
           join conversations c on c.id = m.conversation_id
           left join author_aliases a on a.scope = c.alias_scope and a.user_id = m.author_id
           where m.conversation_id = $1
           order by m.position"#,
        id
    )
    .fetch_all(&services.db)
    .await?;
    let messages = rows.into_iter().map(|row| Message {
        id: MessageId::from_uuid(row.id),
        parent: row.parent_id.map(MessageId::from_uuid),
        role: conversations::role(&row.role),
        title: row.title,
        markdown: row.markdown,
        text: row.text,
        renderer: row.renderer,
        state: conversations::state(&row.state),
        author: row.author.map(UserId::from_uuid),
        model: row.model,
        usage: row
            .input_tokens
            .zip(row.output_tokens)
            .map(|(input_tokens, output_tokens)| Usage { input_tokens, output_tokens }),
        reason: row.reason_code.map(|code| Reason { code, detail: row.reason }),
        created_at: rfc3339(row.created_at),
    });
    Ok(Messages { title: head.title, leaf: head.leaf_id.map(MessageId::from_uuid), messages: messages.collect() })
}

/// Those whom the document or a message names, and nobody else of the class. A pseudonym is all that a bundle says of
/// somebody who has one, whoever makes it.
async fn people(services: &Services, reader: Reader, whole: &Whole, messages: &Messages) -> Result<Vec<Person>, Error> {
    let mut named: BTreeSet<UserId> = whole.people();
    named.extend(messages.messages.iter().filter_map(|message| message.author));
    let known = conversations::people_of(&services.db, reader).await?;
    let people = known.into_iter().filter(|person| named.contains(&person.id));
    let people: BTreeMap<UserId, String> =
        people.map(|person| (person.id, person.pseudonym.unwrap_or(person.name))).collect();
    Ok(people.into_iter().map(|(id, name)| Person { id, name: authors::without_mark(&name).to_owned() }).collect())
}

impl Contents {
    /// All of it but for the moment.
    pub fn made_of(&self) -> impl Debug {
        (&self.whole, &self.messages, &self.people, &self.manifest.source)
    }

    /// The zip. Blocks.
    ///
    /// # Errors
    /// What cannot be written as JSON or zipped: a fault of ours.
    pub fn zip(mut self) -> Result<Vec<u8>, Error> {
        let parts = [
            (MESSAGES, json(&self.messages)?),
            (PEOPLE, json(&self.people)?),
            (DOCUMENT, self.document),
            (ANNOTATIONS, json(&self.whole)?),
        ];
        self.manifest.parts = parts.iter().map(|(name, bytes)| part(name, bytes)).collect();
        let manifest = json(&self.manifest)?;
        zipped::of([(MANIFEST, manifest)].into_iter().chain(parts))
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec_pretty(value).map_err(|error| Error::Internal(error.into()))
}

fn part(name: &str, bytes: &[u8]) -> Part {
    Part { name: name.to_owned(), bytes: bytes.len() as u64, sha256: sum(bytes) }
}

/// SHA-256, in lower-case hexadecimal.
pub(super) fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
