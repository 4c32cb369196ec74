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
            Self::SignedOut | Self::Error(_) => "error",
        }
    }

    /// In words.
    fn label(self, unsent: usize, elsewhere: bool, keeps: bool) -> String {
        let changes = match unsent {
            0 => "unsent changes in another tab".to_owned(),
            1 => "1 unsent change".to_owned(),
            _ => format!("{unsent} unsent changes"),
        };
        let where_alone = match (keeps, unsent) {
            (true, _) => "",
            // Should that tab be gone, nobody else has them.
            (false, 0) => ": keep this page open, too",
            (false, _) => ", only in this page: keep it open",
        };
        let all_sent = unsent == 0 && !elsewhere;
        match self {
            Self::Connecting => "Connecting…".to_owned(),
            Self::Loading => "Loading…".to_owned(),
            Self::Saved if keeps => "Saved".to_owned(),
            Self::Saved => "Saved · no offline copy".to_owned(),
            Self::Saving => "Saving…".to_owned(),
            Self::Offline if all_sent => "Offline".to_owned(),
            Self::Offline => format!("Offline · {changes}{where_alone}"),
            Self::ReadOnly => "Read only".to_owned(),
            Self::SignedOut if all_sent => "Signed out".to_owned(),
            Self::SignedOut => format!("Signed out · {changes}{where_alone}"),
            Self::Error(why) => why.to_owned(),
        }
    }
}

/// Tells the truth about the work: saved means committed.
#[component]
pub fn SyncStatus(desk: Desk) -> impl IntoView {
    let status = move || desk.status.get();
    let hint = move || {
        (!desk.keeps.get()).then_some("This browser keeps nothing on this device: stay online until it says Saved.")
    };
    // More than a word or two.
    let has_detail = move || match status() {
        Status::SignedOut | Status::Error(_) => true,
        status => status == Status::Offline && (desk.unsent.get() > 0 || desk.elsewhere.get()),
    };
    let sign_in = move || {
        let next = format!("/sign-in?next=/c/{}", desk.place.conversation);
        let label = move || if desk.unsent.get() == 0 { "Sign in" } else { "Sign in to send" };
        // A page that holds the only copy stays open meanwhile.
        let target = move || (!desk.keeps.get()).then_some("_blank");
        (status() == Status::SignedOut).then(|| view! { <a class="button" href=next target=target>{label}</a> })
    };
    view! {
        <div
            class="sync-status"
            role="status"
            aria-label="Sync status"
            data-state=move || status().as_str()
            data-detail=move || has_detail().then_some("")
            title=hint
        >
            {move || status().label(desk.unsent.get(), desk.elsewhere.get(), desk.keeps.get())}
        </div>
        {sign_in}
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_network_it_says_how_much_is_not_sent_and_whether_it_is_kept() {
        assert_eq!(Status::Offline.label(0, false, true), "Offline");
        assert_eq!(Status::Offline.label(1, false, true), "Offline · 1 unsent change");
        assert_eq!(
            Status::Offline.label(2, false, false),
            "Offline · 2 unsent changes, only in this page: keep it open"
        );
        assert_eq!(Status::SignedOut.label(2, false, true), "Signed out · 2 unsent changes");
        assert_eq!(
            Status::SignedOut.label(1, false, false),
            "Signed out · 1 unsent change, only in this page: keep it open"
        );
        assert_eq!(Status::Offline.label(0, true, true), "Offline · unsent changes in another tab");
        assert_eq!(Status::Offline.label(2, true, true), "Offline · 2 unsent changes");
        assert_eq!(
            Status::Offline.label(0, true, false),
            "Offline · unsent changes in another tab: keep this page open, too"
        );
        assert_eq!(Status::Saved.label(0, false, true), "Saved");
        assert_eq!(Status::Saved.label(0, false, false), "Saved · no offline copy");
    }
}
