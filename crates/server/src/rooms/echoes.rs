use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use shared::sync::MAX_FRAME;

/// Large frames that a connection was sent and may send back. Some stock clients (pycrdt's `Provider`) say again whatever
/// they hear, as an update: the first answer of a large document, or what somebody wrote offline for hours. Closed for
/// it, they could never join.
#[derive(Debug, Clone, Default)]
pub(super) struct Echoes(Arc<AtomicUsize>);

impl Echoes {
    /// A frame goes out. Written anew by another library it may come back a little larger.
    pub(super) fn heard(&self, length: usize) {
        if length > MAX_FRAME / 2 {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether one may still come back.
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    /// Whether a frame beyond the limit may be the echo of one; each has one.
    pub(super) fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1)).is_ok()
    }
}
