use shared::{
    document::{self, Roots},
    ids::{ConversationId, MessageId, UserId},
};
use yrs::{Doc, Transact};

use super::{Mark, Material};
use crate::{access, conversations, error::Error, services::Services};

/// What is marked in a conversation, for whoever may read it; of a chat on the branch through a message, or on the one that is
/// shown.
pub(super) async fn read(
    services: &Services,
    caller: UserId,
    id: ConversationId,
    branch: Option<MessageId>,
) -> Result<Material, Error> {
    let reader = access::reader(&services.db, caller, id).await?;
    // The document first: then whatever it refers to is among the messages.
    let marked = |doc: &Doc| {
        let (roots, txn) = (Roots::of(doc), doc.transact());
        (document::highlights(&roots, &txn), document::tags(&roots, &txn))
    };
    let read = services.rooms.read(id, marked).await.map_err(|error| Error::Internal(error.into()))?;
    let (highlights, tags) = read.ok_or(Error::NotFound)?.what;
    let conversation = conversations::read(&services.db, reader, branch).await?;
    let people = conversations::people_of(&services.db, reader).await?;
    let began_with = super::began_with(services, id).await?;
    let own = highlights.into_iter().filter(|highlight| !began_with.contains(&highlight.id)).collect();
    Ok(Material {
        title: conversation.title,
        may_copy: reader.rights().may_copy,
        messages: conversation.messages.into_iter().map(|message| (message.id, message.text)).collect(),
        tags: tags.into_iter().map(|tag| (tag.id, tag.name)).collect(),
        marks: Mark::all(id, own),
        people: people.into_iter().map(|person| (person.id, person)).collect(),
    })
}
