//! What filtering and stepping need of the page: the time of the last visit, drafts that must not be lost, and
//! the colours of the text.

use leptos::{ev, prelude::*};
use shared::ids::HighlightId;

use super::{dom, places, session};
use crate::annotate::{
    desk::{Desk, Tab},
    filter,
};

/// Watches from now on. Before anything of the document is shown.
pub fn listen(desk: Desk) {
    visit(desk);
    // What is filtered out is not painted either: the colours left in the text are the answer to what was asked, and
    // only these can be pressed. Weaker colours would say less, and need a second set of layers.
    Effect::new(move |_| {
        let out = if desk.filter.with(filter::Filter::is_clear) {
            Default::default()
        } else {
            let shown: std::collections::HashSet<HighlightId> = desk.shown.get().into_iter().collect();
            desk.order.with(|order| order.iter().filter(|id| !shown.contains(id)).copied().collect())
        };
        if let Some(session) = session() {
            session.painter.borrow_mut().leave_out(out, &session.texts);
        }
    });
}

/// A page that is loaded again goes on with the visit, but not for longer than so many milliseconds.
const VISIT_MS: i64 = 12 * 3600 * 1000;

/// Reads when this person was last here, on this device, and keeps when this visit ends. It is kept at its start as well:
/// a page that is killed has no end. When the visit before this one ended is kept by the tab, for when it is loaded again.
fn visit(desk: Desk) {
    let key = format!("visit:{}:{}", desk.place.user, desk.place.conversation);
    // Without a storage every visit is the first one.
    let Ok(Some(storage)) = window().local_storage() else { return };
    let tab = window().session_storage().ok().flatten();
    // Whole numbers: those with a point bring a table of 10 KB.
    let now = || js_sys::Date::now() as i64;
    let ended = storage.get_item(&key).ok().flatten();
    let kept = tab.as_ref().filter(|_| is_reload()).and_then(|tab| tab.get_item(&key).ok().flatten());
    let goes_on = kept.as_ref().and_then(|kept| {
        let (last, began) = kept.split_once(' ')?;
        Some((last.parse().ok()?, began.parse().ok()?)).filter(|(_, began)| now() - began < VISIT_MS)
    });
    let (last, began) = goes_on.unwrap_or((ended.and_then(|ended| ended.parse().ok()).unwrap_or_default(), now()));
    desk.last_visit.set(last);
    if let Some(tab) = tab {
        // A tab that keeps nothing takes each load for a visit.
        let _ = tab.set_item(&key, &format!("{last} {began}"));
    }
    let user = desk.place.user.to_string();
    let keep = move || {
        // Whoever has signed out leaves no trace of what they read (`offline/sign_out.js`, `offline/here.js`).
        if storage.get_item("here").ok().flatten().is_none_or(|here| here == user) {
            // A storage that is full forgets this visit.
            let _ = storage.set_item(&key, &now().to_string());
        }
    };
    keep();
    let at_end = keep.clone();
    dom::on(&window().into(), ev::pagehide, move |_| at_end());
    dom::on(&document().into(), ev::visibilitychange, move |_| keep());
}

/// Whether this page is one that was here already, loaded again.
fn is_reload() -> bool {
    let navigation = window().performance().map(|performance| performance.get_entries_by_type("navigation").get(0));
    let kind = navigation.and_then(|navigation| js_sys::Reflect::get(&navigation, &"type".into()).ok());
    kind.is_some_and(|kind| kind == "reload")
}

/// The highlights with something half written in their cards.
pub fn half_written() -> Vec<HighlightId> {
    dom::all("[data-highlight-id]:has(textarea:not(:placeholder-shown))")
        .iter()
        .filter_map(|card| card.get_attribute("data-highlight-id")?.parse().ok())
        .collect()
}

/// Takes the next (or previous) highlight of those in sight, or of those of them that are not resolved, in hand, shows its
/// text, and says which it is.
pub fn step_highlight(desk: Desk, forward: bool, unresolved: bool) {
    let mut shown = desk.shown.get_untracked();
    let in_hand = desk.active.get_untracked();
    if unresolved {
        let is_open = |id: &HighlightId| {
            desk.card(*id).is_some_and(|card| card.with_untracked(|card| card.highlight.resolved.is_none()))
        };
        // The one in hand is where one goes on from.
        shown.retain(|id| in_hand == Some(*id) || is_open(id));
        if in_hand.is_some_and(|id| shown == [id] && !is_open(&id)) {
            shown.clear();
        }
    }
    let Some(at) = filter::next(&shown, in_hand, forward) else {
        let which = if unresolved { "There is no unresolved highlight." } else { "There is no highlight." };
        desk.announcement.set(which.to_owned());
        return;
    };
    let id = shown[at];
    desk.tab.set(Tab::Annotations);
    super::show_in_text(desk, id);
    desk.announcement.set(format!("{} of {}: {}", at + 1, shown.len(), untrack(|| desk.label(id))));
    places::come_into_sight(desk, None);
}
