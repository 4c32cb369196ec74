//! Addresses of single highlights and comments: `/c/{conversation}#h={highlight}` and `#h={highlight}&c={comment}`; of what has a
//! tag: `#tag={tag}`; and of words in the notes and in responses ([`Sought`]).

use std::cell::Cell;

use leptos::{ev, prelude::*};
use shared::{
    document::Root,
    ids::{CommentId, HighlightId, TagId},
};

use super::{company, dom};
use crate::annotate::{
    desk::{Desk, Tab, Toast},
    filter::Filter,
    sought::Sought,
};

/// What an address names.
enum Named {
    Highlight(HighlightId, Option<CommentId>),
    Tag(TagId),
    Words(Sought),
}

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
    let text = |name| {
        let decoded = js_sys::decode_uri_component(value(name).unwrap_or_default());
        decoded.map(String::from).unwrap_or_default()
    };
    let tab = match value("tab") {
        Some("notes") => Tab::Notes,
        Some("response") => Tab::Response,
        _ if value("tag").is_some() => return Some(Named::Tag(value("tag")?.parse().ok()?)),
        _ => return Some(Named::Highlight(value("h")?.parse().ok()?, value("c").and_then(|id| id.parse().ok()))),
    };
    let author = value("by").and_then(|id| id.parse().ok());
    Some(Named::Words(Sought { tab, author, words: text("words"), before: text("before") }))
}

/// Whether it was there.
fn follow(desk: Desk, named: Named, say_if_missing: bool) -> bool {
    let is_there = match &named {
        Named::Highlight(highlight, _) => desk.card(*highlight).is_some(),
        Named::Tag(tag) => desk.tag(*tag).is_some(),
        Named::Words(sought) => sought.within(&text_of(desk, sought)).is_some(),
    };
    if !is_there && say_if_missing {
        let text = "What this link leads to is not here any more.".to_owned();
        desk.toast.set(Some(Toast { text, undo: None }));
    }
    match named {
        Named::Highlight(highlight, comment) if is_there => show(desk, highlight, comment),
        Named::Tag(tag) if is_there => {
            bring_up(desk, Tab::Annotations);
            desk.set_filter(|filter| *filter = Filter { tags: vec![tag], ..Filter::default() });
        }
        Named::Words(sought) if is_there || say_if_missing => {
            company::stop(desk);
            bring_up(desk, sought.tab);
            desk.sought.set(is_there.then_some(sought));
        }
        _ => {}
    }
    is_there
}

/// The text in which the words are.
fn text_of(desk: Desk, sought: &Sought) -> String {
    match sought.author.filter(|author| *author != desk.place.author) {
        _ if sought.tab == Tab::Notes => super::text_of(Root::Notes),
        None => super::text_of(Root::Response),
        Some(author) => {
            let of_author = |(id, text)| (id == author).then_some(text);
            super::responses(desk).into_iter().find_map(of_author).unwrap_or_default()
        }
    }
}

fn bring_up(desk: Desk, tab: Tab) {
    desk.tab.set(tab);
    desk.sheet.update(|sheet| *sheet = sheet.map(|_| true));
}

fn show(desk: Desk, highlight: HighlightId, comment: Option<CommentId>) {
    bring_up(desk, Tab::Annotations);
    super::show_in_text(desk, highlight);
    if let Some(comment) = comment {
        // Its card has to open first.
        request_animation_frame(move || dom::move_focus(&format!("#c-{comment}"), 0));
    }
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
