//! Replies of models. A *run* writes one of them.
//!
//! What somebody says, the place of the reply and the run are stored in one transaction before the model is asked
//! (`send`). Then a task of its own owns the stream and all that is stored of it (`write`): it goes on whether anybody
//! reads along or not. Readers (`events`) hang on what it has in memory, or on the database where another server writes it.
//! One reply at a time is written in a conversation; the others wait in line. What a server leaves behind that dies is found
//! by another, or by itself when it comes back (`keep`).

mod attachments;
mod events;
mod history;
mod keep;
mod place;
mod progress;
mod send;
mod stop;
mod store;
mod write;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use shared::{
    api::MessageState,
    ids::{ConversationId, MessageId, RunId},
    sync::RunChanged,
};
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{config, error::Error, model, services::Services};

pub use attachments::{is_read, unread};
pub use events::events;
pub use keep::{keep, take_over};
pub use send::{regenerate, send};
pub use stop::{stop, stop_all, stop_all_of};

use progress::Live;

/// How long replies may take to be stored when the server stops, which has 10 s in all.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// The replies that this server writes. Cheap to clone.
#[derive(Clone)]
pub struct Runs {
    office: Arc<Office>,
}

struct Office {
    model: Option<model::Client>,
    live: Mutex<HashMap<RunId, Arc<Live>>>,
    /// Some run has begun or ended.
    changed: watch::Sender<()>,
    tasks: TaskTracker,
    stopping: CancellationToken,
}

impl Runs {
    /// Nothing is written yet.
    ///
    /// # Errors
    /// The system knows no certificate authorities.
    pub fn new(model: Option<config::Model>) -> anyhow::Result<Self> {
        let model = model.map(model::Client::new).transpose()?;
        let office = Office {
            model,
            live: Mutex::default(),
            changed: watch::Sender::new(()),
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
        };
        Ok(Self { office: Arc::new(office) })
    }

    /// The model's server, if one is configured.
    pub fn model(&self) -> Option<&model::Client> {
        self.office.model.as_ref()
    }

    /// Interrupts all that is written, and returns when what came of it is stored.
    pub async fn shutdown(&self) {
        self.office.stopping.cancel();
        self.office.tasks.close();
        if tokio::time::timeout(LAST_WORDS, self.office.tasks.wait()).await.is_err() {
            tracing::error!(replies = self.live().len(), "not all replies could be stored in time");
        }
    }

    fn live(&self) -> MutexGuard<'_, HashMap<RunId, Arc<Live>>> {
        self.office.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run that this server writes.
    fn find(&self, run: RunId) -> Option<Arc<Live>> {
        self.live().get(&run).cloned()
    }

    fn is_stopping(&self) -> bool {
        self.office.stopping.is_cancelled()
    }
}

/// Begins the reply that is next in line in a conversation, if none is being written there. (In a box, because each reply
/// ends by beginning the next.)
fn advance(services: &Services, conversation: ConversationId) -> BoxFuture<'_, Result<(), Error>> {
    let advancing = async move {
        let runs = &services.runs;
        if runs.is_stopping() {
            return Ok(());
        }
        let Some(claimed) = store::claim(&services.db, conversation).await? else { return Ok(()) };
        let live = Arc::new(Live::new(runs.office.stopping.child_token()));
        runs.live().insert(claimed.run, Arc::clone(&live));
        let (run, message) = (claimed.run, claimed.message);
        runs.office.tasks.spawn(write::run(services.clone(), claimed, live));
        tell(services, conversation, run, message, MessageState::Streaming).await;
        Ok(())
    };
    advancing.boxed()
}

/// Tells those who read along, and those who are in the conversation's room.
async fn tell(services: &Services, conversation: ConversationId, run: RunId, message: MessageId, state: MessageState) {
    services.rooms.run_changed(conversation, RunChanged { run, message, state }).await;
    services.runs.office.changed.send_replace(());
}
