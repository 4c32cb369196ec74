//! What was said at the edge of the page goes by itself, when there was time to read it.

use std::{cell::Cell, time::Duration};

use leptos::prelude::*;

use super::{dom, session};
use crate::annotate::desk::{Desk, Toast};

/// So long everything stands there, in milliseconds, and so much longer for each byte that is to be read.
const LEAST: u64 = 5_000;
const A_BYTE: u64 = 50;
/// What has a way back stands there for so long at least.
const UNDO: u64 = 20_000;

thread_local! {
    /// Rises with all that is said, and when that goes: whoever waits for something older waits for nothing.
    static SAID: Cell<u32> = const { Cell::new(0) };
}

/// Watches from now on.
pub fn listen(desk: Desk) {
    Effect::new(move |_| {
        SAID.set(SAID.get().wrapping_add(1));
        // Where unsent work is not kept, it is asked for something to be done.
        if let Some(life) = desk.toast.with(|toast| toast.as_ref().map(life)).filter(|_| !is_leaky()) {
            wait(desk, SAID.get(), life);
        }
    });
}

fn is_leaky() -> bool {
    session().is_some_and(|session| session.journal.is_leaky())
}

fn life(toast: &Toast) -> Duration {
    let least = if toast.undo.is_some() { UNDO } else { 0 };
    Duration::from_millis((LEAST + A_BYTE * toast.text.len() as u64).max(least))
}

/// What is pointed at, or has the focus, stands there as long again.
fn wait(desk: Desk, said: u32, life: Duration) {
    let go = move || {
        if SAID.get() != said {
            return;
        }
        if dom::all(".toast:is(:hover, :focus-within)").is_empty() {
            desk.toast.set(None);
        } else {
            wait(desk, said, life);
        }
    };
    set_timeout(go, life);
}
