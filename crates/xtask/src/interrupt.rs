//! Ctrl-C and SIGTERM: what we started is stopped and tidied up before we end; a second one ends us at once.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, Result};
use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};

static REQUESTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From here on a signal sets a flag instead of killing us.
pub fn watch() -> Result<()> {
    let requested = REQUESTED.get_or_init(Arc::default);
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        // In this order: the first signal finds the flag unset and sets it, the second finds it set.
        flag::register_conditional_shutdown(signal, 130, requested.clone()).context("signals")?;
        flag::register(signal, requested.clone()).context("signals")?;
    }
    Ok(())
}

/// Whether somebody wants us to end.
pub fn requested() -> bool {
    REQUESTED.get().is_some_and(|requested| requested.load(Ordering::Relaxed))
}
