use leptos::prelude::*;

use super::desk::{Desk, Status};

impl Status {
    /// As `data-state` spells it.
    fn as_str(self) -> &'static str {
        match self {
            Self::Loading | Self::Saving => "saving",
            Self::Saved => "saved",
            Self::Connecting | Self::Offline => "offline",
            Self::ReadOnly => "read-only",
            Self::Error(_) => "error",
        }
    }

    /// In words.
    fn label(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting…",
            Self::Loading => "Loading…",
            Self::Saved => "Saved",
            Self::Saving => "Saving…",
            Self::Offline => "Offline",
            Self::ReadOnly => "Read only",
            Self::Error(why) => why,
        }
    }
}

/// Tells the truth about the work: saved means committed.
#[component]
pub fn SyncStatus(desk: Desk) -> impl IntoView {
    let status = move || desk.status.get();
    view! {
        <div class="sync-status" role="status" aria-label="Sync status" data-state=move || status().as_str()>
            {move || status().label()}
        </div>
    }
    .into_any()
}
