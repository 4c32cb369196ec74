use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use shared::ids::ConversationId;
use tokio::sync::Notify;

/// Documents that have changed since somebody last asked: each once, however often it changes. Cheap to clone.
///
/// It is kept in memory, so it only says what to look at first; what a crash takes with it is to be found by other means.
#[derive(Clone, Default)]
pub struct Changed {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    waiting: Mutex<HashSet<ConversationId>>,
    told: Notify,
}

impl Changed {
    /// Something in these was committed.
    pub(super) fn note(&self, conversations: impl IntoIterator<Item = ConversationId>) {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner).extend(conversations);
        self.inner.told.notify_one();
    }

    /// Those that have changed since the last call.
    pub fn take(&self) -> HashSet<ConversationId> {
        std::mem::take(&mut *self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something has changed, unless something has since the last call.
    pub async fn wait(&self) {
        self.inner.told.notified().await;
    }
}
