//! How many statements the server sends to the database while it answers.

use std::{cell::Cell, sync::Once};

use server::serve;
use tracing::{Event, Level, Subscriber, subscriber};
use tracing_subscriber::{
    Layer, Registry,
    filter::Targets,
    layer::{Context, SubscriberExt},
    registry::LookupSpan,
};

/// The target of what sqlx says of each statement.
const STATEMENTS: &str = "sqlx::query";

thread_local! {
    /// Statements of this thread's servers.
    static SENT: Cell<usize> = const { Cell::new(0) };
}

struct Counter;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Counter {
    fn on_event(&self, _: &Event<'_>, context: Context<'_, S>) {
        // What the server does by itself is on this thread too.
        let by_itself = context.lookup_current().is_some_and(|span| span.name() == serve::BACKGROUND);
        SENT.set(SENT.get() + usize::from(!by_itself));
    }
}

/// What `asking` answers, and how many statements were sent meanwhile. The server runs on the test's own thread, as
/// `tokio::test` has it: what this thread says is the server's.
pub async fn queries<T>(asking: impl Future<Output = T>) -> (T, usize) {
    listen();
    let before = SENT.get();
    let answer = asking.await;
    (answer, SENT.get() - before)
}

/// Before there is a server: spans that were made before are in nobody's books.
pub fn listen() {
    // For the whole process: with a subscriber of one thread, what others do at that moment decides what it hears.
    static LISTEN: Once = Once::new();
    LISTEN.call_once(|| {
        let filter = Targets::new().with_target(STATEMENTS, Level::DEBUG).with_target("server::serve", Level::DEBUG);
        subscriber::set_global_default(Registry::default().with(Counter.with_filter(filter))).unwrap();
    });
}
