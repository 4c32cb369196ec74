//! A bundle into the database, whole or not at all.

use std::collections::{BTreeSet, HashSet};

use shared::{
    api::{Annotated, Share},
    document::whole::{NewIds, Whole},
    ids::{ConversationId, MessageId, UserId},
    sync::MAX_DOCUMENT,
};
use sqlx::{PgConnection, PgPool};

use super::read::{Bundle, Stored};
use crate::{authors, conversations, error::Error};

impl Bundle {
    /// What its document holds, to be told before it is stored.
    pub fn annotated(&self, whole: &Whole) -> Annotated {
        let (highlights, comments) = whole.count();
        Annotated { highlights, comments, people: self.everybody(whole).len() }
    }

    /// Those who wrote in it, and those whom they mention.
    fn everybody(&self, whole: &Whole) -> BTreeSet<UserId> {
        whole.people().into_iter().chain(self.messages.iter().filter_map(|stored| stored.message.author)).collect()
    }
}

/// Stores a bundle with what its document says, under ids of ours. Answers what the person should know.
///
/// # Errors
/// The database's, or annotations that are larger, written anew, than a document may be.
pub async fn store(
    db: &PgPool,
    owner: UserId,
    (bundle, mut whole): (Bundle, Whole),
    share: Share,
    anonymous: bool,
) -> Result<(ConversationId, Vec<String>), Error> {
    let there: HashSet<MessageId> = bundle.messages.iter().map(|stored| stored.message.id).collect();
    let lost = whole.lose(|message| there.contains(&message));
    let notes = notes(&bundle, &whole, lost);
    let everybody = bundle.everybody(&whole);
    let highlights = i32::try_from(whole.count().0).unwrap_or(i32::MAX);
    let people = everybody.clone();
    let anew = tokio::task::spawn_blocking(move || {
        let mut ids = NewIds::default();
        // All in their order, those too who only said a message.
        for person in people {
            ids.user(person);
        }
        (whole.under(&mut ids).write(), ids)
    });
    let (document, mut ids) = anew.await.map_err(|error| Error::Internal(error.into()))?;
    let document = document.map_err(|error| bundle.flaw(error))?;
    if document.len() > MAX_DOCUMENT {
        return Err(bundle.flaw(format_args!("it would have more than {MAX_DOCUMENT} bytes here")).into());
    }
    let mut tx = db.begin().await?;
    let id = conversations::begin(&mut tx, owner, &bundle.title, share).await?;
    if anonymous {
        // The alias is for what the owner will write: in the document there is nothing of theirs.
        authors::hide(&mut tx, id, owner).await?;
    }
    for (position, stored) in (0..).zip(&bundle.messages) {
        insert(&mut tx, (id, position), stored, &mut ids).await?;
    }
    if let Some(leaf) = bundle.leaf {
        conversations::show(&mut tx, id, ids.message(leaf)).await?;
    }
    let named = bundle.people.iter().filter(|(person, _)| everybody.contains(person));
    let (people, names): (Vec<_>, Vec<_>) =
        named.map(|(person, name)| (ids.user(*person).uuid(), name.clone())).unzip();
    sqlx::query!(
        "insert into imported_people (conversation_id, id, name)
         select $1, person.id, person.name
         from unnest($2::uuid[], $3::text[]) as person (id, name)",
        id.uuid(),
        &people,
        &names
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "insert into annotation_document_state (conversation_id, crdt_state, seq, highlight_count, last_editor)
         values ($1, $2, 0, $3, $4)",
        id.uuid(),
        document,
        highlights,
        owner.uuid()
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok((id, notes))
}

async fn insert(
    conn: &mut PgConnection,
    (conversation, position): (ConversationId, i32),
    Stored { message, created_at }: &Stored,
    ids: &mut NewIds,
) -> Result<(), Error> {
    let (usage, reason) = (message.usage, message.reason.as_ref());
    sqlx::query!(
        "insert into messages (id, conversation_id, position, parent_id, role, title, markdown, text, renderer, state,
                               imported_author, model, input_tokens, output_tokens, reason_code, reason, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        ids.message(message.id).uuid(),
        conversation.uuid(),
        position,
        message.parent.map(|parent| ids.message(parent).uuid()),
        message.role.as_str(),
        message.title,
        message.markdown,
        message.text,
        message.renderer,
        message.state.as_str(),
        message.author.map(|author| ids.user(author).uuid()),
        message.model,
        usage.map(|usage| usage.input_tokens),
        usage.map(|usage| usage.output_tokens),
        reason.map(|reason| &*reason.code),
        reason.and_then(|reason| reason.detail.as_deref()),
        created_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An honest report.
fn notes(bundle: &Bundle, whole: &Whole, lost: usize) -> Vec<String> {
    let counted = |count: usize, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let Annotated { highlights, comments, people } = bundle.annotated(whole);
    let mut notes = vec![format!(
        "Brought in with {} and {}, by {}. They are called “(imported)” here: the file says that they wrote this, and \
         nobody's account.",
        counted(highlights, "highlight", "highlights"),
        counted(comments, "comment", "comments"),
        counted(people, "person", "people"),
    )];
    if lost > 0 {
        let passages = counted(lost, "passage is", "passages are");
        notes.push(format!("{passages} in messages that the file does not hold: you find them among the lost ones."));
    }
    if bundle.rendered_anew > 0 {
        let texts = counted(bundle.rendered_anew, "message reads", "messages read");
        notes.push(format!("{texts} otherwise here than in the file: what is marked in them was found by its words."));
    }
    notes
}
