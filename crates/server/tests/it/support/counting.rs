//! How many statements the server sends to the database while it answers.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tracing::{Event, Subscriber, subscriber};
use tracing_subscriber::{Layer, Registry, layer::Context, layer::SubscriberExt};

/// The target of what sqlx says of each statement.
const STATEMENTS: &str = "sqlx::query";

struct Counter(Arc<AtomicUsize>);

impl<S: Subscriber> Layer<S> for Counter {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == STATEMENTS {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// What `asking` answers, and how many statements were sent meanwhile. The server runs on the test's own thread, as
/// `tokio::test` has it: what this thread says is the server's.
pub async fn queries<T>(asking: impl Future<Output = T>) -> (T, usize) {
    let count = Arc::<AtomicUsize>::default();
    let guard = subscriber::set_default(Registry::default().with(Counter(count.clone())));
    let answer = asking.await;
    drop(guard);
    (answer, count.load(Ordering::Relaxed))
}
