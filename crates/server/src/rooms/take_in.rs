//! Updates that were kept and are taken into their document later, in the name of whoever made them.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use shared::{ids::ConversationId, sync::Frame};
use tokio::time::timeout;

use super::{JoinError, Member, Outgoing, Rooms, Seat};

/// A store that is down keeps nobody waiting for longer.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of an update.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// It is committed.
    Taken,
    /// It breaks a rule; why, for people.
    Refused(String),
    /// It is not known: the room or the store did not answer.
    Unknown,
}

impl Rooms {
    /// Says these updates in a conversation's room as `member`, whose rights are not looked up: they are those under
    /// which the updates are judged. Answers what became of each.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub async fn take_in(
        &self,
        conversation: ConversationId,
        member: &Member,
        updates: Vec<Bytes>,
    ) -> Result<Vec<Fate>, JoinError> {
        let Seat { voice, mut outbox } = loop {
            let connection = self.house.connections.unlisted(member.rights);
            if let Some(seat) = self.sit(conversation, member, connection).await {
                break seat?;
            }
        };
        let count = updates.len();
        let (mut refused, mut acked) = (BTreeMap::new(), 0);
        let say = async {
            for update in updates {
                voice.say_again(update).await;
            }
        };
        let hear = async {
            while acked < count as u64 {
                let Outgoing::Frame(frame) = outbox.next().await else { return };
                match Frame::decode(&frame) {
                    Ok(Frame::Acked(done)) => acked = done.acked,
                    Ok(Frame::Refused(no)) => drop(refused.insert(no.refused, no.why)),
                    _ => {}
                }
            }
        };
        let _ = timeout(PATIENCE, async { tokio::join!(say, hear) }).await;
        let fate = |number: u64| match refused.remove(&number) {
            Some(why) => Fate::Refused(why),
            None if number <= acked => Fate::Taken,
            None => Fate::Unknown,
        };
        Ok((1..).map(fate).take(count).collect())
    }
}
