//! Access that changes while somebody is connected.
//!
//! Whoever changes it on this server says so here, when the change is committed. What others change (another server on
//! the same database, an administrator's hand) the tables tell: their triggers notify a channel that is listened to. What
//! nobody changes, because time alone does it, is found by a look at everybody twice a minute; so is whatever was not
//! heard.

use std::{collections::HashSet, time::Duration};

use futures::FutureExt;
use shared::{ids::ConversationId, sync::CloseCode};
use sqlx::postgres::{PgListener, PgNotification};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};

use super::{
    Rooms,
    connections::{Asked, Moment, Whom},
};
use crate::{
    access,
    error::Error,
    sessions::{self, Proof},
    tokens,
};

/// As the triggers of `migrations/0003_access_changes.sql` name it. Titles that are changed are told there too.
const CHANNEL: &str = "access_changed";

/// Notifications that are dealt with in one look.
const AT_ONCE: usize = 256;

/// Before another try to listen, at first and at most.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(30)];

impl Rooms {
    /// The present moment, for [`super::Member::as_of`].
    pub fn now(&self) -> Moment {
        self.house.connections.now()
    }

    /// Closes every connection that came in by this proof with [`CloseCode::SignedOut`]. To be called when its end is
    /// committed.
    pub fn sign_out(&self, proof: &Proof) {
        self.house.connections.sign_out(proof);
    }

    /// Looks up anew what these may do who are connected: closes with [`CloseCode::SignedOut`] where the session or
    /// token is not good any more, with [`CloseCode::Denied`] where no access is left or they are banned, and lets the others go on with
    /// what they have now. To be called when a change is committed.
    ///
    /// # Errors
    /// The database's: then nothing was done.
    pub async fn access_changed(&self, whom: &[Whom]) -> Result<(), Error> {
        let (moment, asked) = self.house.connections.ask(whom);
        if asked.is_empty() {
            return Ok(());
        }
        let db = &self.house.db;
        let good = good(db, &asked).await?;
        let ended = asked.iter().filter(|asked| !good.contains(&asked.proof)).map(|asked| asked.user);
        let ended: Vec<_> = ended.collect::<HashSet<_>>().into_iter().collect();
        let banned = if ended.is_empty() { Vec::new() } else { sessions::banned(db, &ended).await? };
        let places: HashSet<_> = asked.iter().map(|asked| (asked.user, asked.conversation)).collect();
        let rights = access::of_all(db, &places.into_iter().collect::<Vec<_>>()).await?;
        let answers = asked.iter().map(|asked| {
            let answer = match rights.get(&(asked.user, asked.conversation)) {
                // To sign in again would be of no use to them.
                _ if banned.contains(&asked.user) => Err(CloseCode::Denied),
                _ if !good.contains(&asked.proof) => Err(CloseCode::SignedOut),
                None => Err(CloseCode::Denied),
                Some(rights) => Ok(*rights),
            };
            (asked.id, answer)
        });
        self.house.connections.answer(moment, answers);
        Ok(())
    }

    /// Follows what changes outside of this server, for as long as it runs.
    pub async fn follow_access(self) {
        tokio::join!(self.look_at_everybody(), self.listen(), self.watch_the_clock());
    }

    async fn look_at_everybody(&self) {
        let every = self.house.timing.recheck;
        let mut ticks = interval_at(Instant::now() + every, every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.access_changed(&[Whom::Everybody]).await {
                tracing::warn!(%error, "access cannot be looked up");
            }
        }
    }

    /// Looks at everybody when an activity opens or closes: time alone does that, and those who work on it learn of it at
    /// once.
    async fn watch_the_clock(&self) {
        let [_, longest] = PAUSES;
        loop {
            let next = match until_next_turn(&self.house.db).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::warn!(%error, "it is not known when activities open and close");
                    sleep(longest).await;
                    continue;
                }
            };
            let turn = async {
                match next {
                    Some(wait) => sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = turn => {
                    if let Err(error) = self.access_changed(&[Whom::Everybody]).await {
                        tracing::warn!(%error, "access cannot be looked up");
                        sleep(longest).await;
                    }
                }
                () = self.house.times_changed.notified() => {}
            }
        }
    }

    async fn listen(&self) {
        let [mut pause, longest] = PAUSES;
        loop {
            let began = Instant::now();
            let Err(error) = self.hear().await;
            if began.elapsed() > longest {
                [pause, _] = PAUSES;
            }
            tracing::warn!(%error, ?pause, "changes of access are not heard at once, but found twice a minute");
            sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// Listens until that fails.
    async fn hear(&self) -> Result<std::convert::Infallible, Error> {
        let mut listener = PgListener::connect_with(&self.house.db).await?;
        listener.listen(CHANNEL).await?;
        // Nobody heard what was said before.
        self.house.times_changed.notify_one();
        let mut whom = vec![Whom::Everybody];
        loop {
            if !whom.is_empty() {
                self.access_changed(&whom).await?;
            }
            // Nothing is heard when the connection was lost and made anew; something may have been said meanwhile.
            let of = |heard: Option<PgNotification>| {
                if heard.as_ref().is_none_or(|heard| heard.payload().starts_with("activity ")) {
                    self.house.times_changed.notify_one();
                }
                match heard.as_ref().and_then(|heard| titled(heard.payload())) {
                    Some(conversation) => {
                        self.house.connections.remind(conversation);
                        None
                    }
                    None => Some(heard.map_or(Whom::Everybody, |heard| named(heard.payload()))),
                }
            };
            whom = of(listener.try_recv().await?).into_iter().collect();
            // What else has come already: a whole class may have been removed at once.
            while whom.len() < AT_ONCE
                && let Some(heard) = listener.try_recv().now_or_never()
            {
                whom.extend(of(heard?));
            }
        }
    }
}

/// How long until an activity opens or closes.
async fn until_next_turn(db: &sqlx::PgPool) -> sqlx::Result<Option<Duration>> {
    let seconds = sqlx::query_scalar!(
        r#"select extract(epoch from least(
               (select min(opens_at) from activities where opens_at > now()),
               (select min(closes_at) from activities where closes_at > now())) - now())::float8"#
    )
    .fetch_one(db)
    .await?;
    // Years are as good as never, and more than a timer can hold.
    Ok(seconds.map(|seconds| Duration::from_secs_f64(seconds.clamp(0.0, 1e6))))
}

/// Whom a notification is about.
fn named(payload: &str) -> Whom {
    let named = match payload.split_once(' ') {
        Some(("user", id)) => id.parse().ok().map(Whom::User),
        Some(("conversation", id)) => id.parse().ok().map(Whom::Conversation),
        _ => None,
    };
    named.unwrap_or(Whom::Everybody)
}

/// Which conversation has another title, if that is what a notification says.
fn titled(payload: &str) -> Option<ConversationId> {
    payload.strip_prefix("title ")?.parse().ok()
}

/// Which of their proofs are still good.
async fn good(db: &sqlx::PgPool, asked: &[Asked]) -> Result<HashSet<Proof>, Error> {
    let (mut hashes, mut ids) = (HashSet::new(), HashSet::new());
    for asked in asked {
        match &asked.proof {
            Proof::Session(hash) => drop(hashes.insert(hash.clone())),
            Proof::Token(id, _) => drop(ids.insert(*id)),
        }
    }
    let mut good = HashSet::new();
    if !hashes.is_empty() {
        let hashes = sessions::still_good(db, &hashes.into_iter().collect::<Vec<_>>()).await?;
        good.extend(hashes.into_iter().map(Proof::Session));
    }
    if !ids.is_empty() {
        good.extend(tokens::still_good(db, &ids.into_iter().collect::<Vec<_>>()).await?);
    }
    Ok(good)
}

#[cfg(test)]
mod tests {
    use shared::ids::UserId;

    use super::*;

    #[test]
    fn a_notification_names_whom_it_is_about() {
        let (user, conversation) = (UserId::new(), ConversationId::new());
        assert_eq!(named(&format!("user {user}")), Whom::User(user));
        assert_eq!(named(&format!("conversation {conversation}")), Whom::Conversation(conversation));
        assert_eq!(titled(&format!("title {conversation}")), Some(conversation));
        assert_eq!(titled(&format!("conversation {conversation}")), None);
        for other in ["", "user", "user x", "class 1", "activity 1"] {
            assert_eq!(named(other), Whom::Everybody, "{other:?}");
        }
    }
}
