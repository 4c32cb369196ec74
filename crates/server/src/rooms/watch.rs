//! People who read along without a seat, and the word that a reply has changed.

use shared::{ids::ConversationId, sync::RunChanged};

use super::{
    Member, Rooms, Whom,
    connections::{Connection, Ending},
    room::Mail,
};
use crate::error::Error;

/// Somebody who reads a conversation for a while, in the book of those who are connected: it ends when they may not any
/// more. Dropping it takes them out.
pub struct Watch {
    connection: Connection,
}

impl Watch {
    /// Waits until they are signed out or have no access.
    pub async fn ended(&self) {
        let mut standing = self.connection.standing().watch();
        // An error cannot be: the connection holds the other end.
        let _ = standing.wait_for(|standing| matches!(standing, Err(Ending::AtOnce(_)))).await;
    }
}

impl Rooms {
    /// Enters somebody who reads along. Access has been checked by the caller, and is looked up again if any has changed
    /// since.
    ///
    /// # Errors
    /// The database's.
    pub async fn watch(&self, conversation: ConversationId, member: &Member) -> Result<Watch, Error> {
        let (connection, still_holds) = self.house.connections.enter(conversation, member);
        if !still_holds {
            self.access_changed(&[Whom::User(member.user)]).await?;
        }
        Ok(Watch { connection })
    }

    /// Tells the conversation's room, if it is open, that its messages are others now. To be called when that is committed;
    /// what is said in the room after this returns is judged by the messages as they are then.
    pub async fn run_changed(&self, conversation: ConversationId, changed: RunChanged) {
        let door = self.house.registry().door(conversation).cloned();
        if let Some(door) = door {
            // A room that has just ended reads the messages when it is opened.
            let _ = door.mailbox.send(Mail::Run(changed)).await;
        }
    }
}
