use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;

/// Microseconds of the system's monotonic clock. Node's `process.hrtime` reads the same clock, so that a witness in
/// another process can say how long something took.
pub fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    // Neither is negative: the clock starts with the machine.
    now.tv_sec as u64 * 1_000_000 + now.tv_nsec as u64 / 1_000
}

/// When that will be. Times that have passed are now.
pub fn instant(at: u64) -> Instant {
    Instant::now() + Duration::from_micros(at.saturating_sub(now()))
}
