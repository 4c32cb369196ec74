//! How many statements the server sends to the database while it answers.

use std::{cell::Cell, sync::Once};

use tracing::{Event, Level, Subscriber, subscriber};
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    layer::{Context, SubscriberExt},
};

/// The target of what sqlx says of each statement.
const STATEMENTS: &str = "sqlx::query";

thread_local! {
    /// Statements of this thread's servers.
    static SENT: Cell<usize> = const { Cell::new(0) };
}

struct Counter;

impl<S: Subscriber> Layer<S> for Counter {
    fn on_event(&self, _: &Event<'_>, _: Context<'_, S>) {
        SENT.set(SENT.get() + 1);
    }
}

/// What `asking` answers, and how many statements were sent meanwhile. The server runs on the test's own thread, as
/// `tokio::test` has it: what this thread says is the server's.
pub async fn queries<T>(asking: impl Future<Output = T>) -> (T, usize) {
    // For the whole process: with a subscriber of one thread, what others do at that moment decides what it hears.
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let filter = Targets::new().with_target(STATEMENTS, Level::DEBUG);
        subscriber::set_global_default(Registry::default().with(Counter.with_filter(filter))).unwrap();
    });
    let before = SENT.get();
    let answer = asking.await;
    (answer, SENT.get() - before)
}
