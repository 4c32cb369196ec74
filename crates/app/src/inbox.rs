//! The inbox's link in the bar of each page, and the scripts that keep its count true and mark notices as read.

use leptos::prelude::*;

/// Keeps the count true while a page is open.
#[cfg(feature = "ssr")]
const BELL: &str = include_str!("inbox/bell.js");

/// Marks what is opened as read.
#[cfg(feature = "ssr")]
const READ: &str = include_str!("inbox/read.js");

/// The way to the inbox, with the number of what is not read. The number stands in attributes alone, which the page's script
/// changes.
#[component]
pub fn InboxLink(
    /// How many notices are not read.
    unread: u32,
) -> impl IntoView {
    let label = if unread == 0 { "Inbox".to_owned() } else { format!("Inbox, {unread} unread") };
    let count = (unread > 0).then(|| if unread > 99 { "99+".to_owned() } else { unread.to_string() });
    view! {
        <a class="inbox-link" href="/inbox" title="Inbox" aria-label=label data-unread=count>
            <svg viewBox="0 0 20 20" aria-hidden="true">
                <path d="M10 2.75a5 5 0 0 0-5 5c0 4-1.5 5.5-1.5 5.5h13S15 11.75 15 7.75a5 5 0 0 0-5-5Zm-1.75 13.5a1.9 1.9 0 0 0 3.5 0" />
            </svg>
        </a>
    }
    .into_any()
}

/// In the head of each page of somebody who is signed in.
#[cfg(feature = "ssr")]
#[component]
pub fn BellScript() -> impl IntoView {
    view! { <script type="module" nonce=leptos::nonce::use_nonce() inner_html=BELL></script> }.into_any()
}

/// At the end of the inbox.
#[cfg(feature = "ssr")]
#[component]
pub fn ReadScript() -> impl IntoView {
    view! { <script type="module" nonce=leptos::nonce::use_nonce() inner_html=READ></script> }.into_any()
}
