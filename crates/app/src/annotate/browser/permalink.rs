//! Addresses of single highlights and comments: `/c/{conversation}#h={highlight}` and `#h={highlight}&c={comment}`.

use std::cell::Cell;

use leptos::{ev, prelude::*};
use shared::ids::{CommentId, HighlightId};

use super::dom;
use crate::annotate::desk::{Desk, Tab, Toast};

/// What an address names.
type Named = (HighlightId, Option<CommentId>);

thread_local! {
    /// Whether the address that the page was opened with has been followed.
    static FOLLOWED: Cell<bool> = const { Cell::new(false) };
}

/// Follows addresses that are put in while the page is open.
pub fn listen(desk: Desk) {
    let page: web_sys::EventTarget = window().into();
    dom::on(&page, ev::hashchange, move |_| {
        if let Some(named) = named() {
            follow(desk, named, true);
        }
    });
}

/// Follows the address that the page was opened with, as soon as what it names is there. When `all_is_here` and it is
/// not, says so.
pub fn follow_first(desk: Desk, all_is_here: bool) {
    if FOLLOWED.get() {
        return;
    }
    let done = named().is_none_or(|named| follow(desk, named, all_is_here));
    FOLLOWED.set(done || all_is_here);
}

fn named() -> Option<Named> {
    parse(&window().location().hash().ok()?)
}

fn parse(hash: &str) -> Option<Named> {
    let parts = || hash.trim_start_matches('#').split('&').filter_map(|part| part.split_once('='));
    let value = |name: &str| parts().find(|(key, _)| *key == name).map(|(_, value)| value);
    Some((value("h")?.parse().ok()?, value("c").and_then(|id| id.parse().ok())))
}

/// Whether it was there.
fn follow(desk: Desk, (highlight, comment): Named, say_if_missing: bool) -> bool {
    if desk.card(highlight).is_none() {
        if say_if_missing {
            let text = "What this link leads to is not here any more.".to_owned();
            desk.toast.set(Some(Toast { text, undo: None }));
        }
        return false;
    }
    desk.tab.set(Tab::Annotations);
    super::show_in_text(desk, highlight);
    desk.sheet.update(|sheet| *sheet = sheet.map(|_| true));
    if let Some(comment) = comment {
        // Its card has to open first.
        request_animation_frame(move || dom::move_focus(&format!("#c-{comment}"), 0));
    }
    true
}

/// Puts the address of a highlight, or of a comment of its thread, on the clipboard.
pub fn copy_link(desk: Desk, highlight: HighlightId, comment: Option<CommentId>) {
    super::copy(desk, address(highlight, comment), "Link copied.");
}

/// The address of a highlight, or of a comment of its thread.
pub fn address(highlight: HighlightId, comment: Option<CommentId>) -> String {
    let location = window().location();
    let page = location.origin().unwrap_or_default() + &location.pathname().unwrap_or_default();
    let comment = comment.map(|id| format!("&c={id}")).unwrap_or_default();
    format!("{page}#h={highlight}{comment}")
}
