//! Which cards are in sight, or nearly, and so are made. Beside the text that follows from where they are placed; in a
//! list, and in the drawer, which scroll by themselves, one observer tells it.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, HashSet},
};

use leptos::{html, prelude::*};
use shared::ids::HighlightId;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlElement, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use super::places;
use crate::annotate::desk::Desk;

/// In a list, within this distance of what is in sight a card is made, so that a scroll does not come upon empty ones.
const MARGIN: &str = "2500px 0px";

/// So many cards outside the window are made in one frame, and as many taken away: a scroll must not stumble over them.
const AT_ONCE: usize = 3;

/// A card of the page, and whether it is near.
#[derive(Clone)]
struct Watched {
    article: HtmlElement,
    near: RwSignal<bool>,
}

thread_local! {
    static CARDS: RefCell<HashMap<HighlightId, Watched>> = RefCell::default();
    /// Those of them that are near.
    static NEAR: RefCell<HashSet<HighlightId>> = RefCell::default();
    /// The observer of the list, once there is a card.
    static OBSERVER: RefCell<Option<IntersectionObserver>> = const { RefCell::new(None) };
    static OBSERVES: Cell<bool> = const { Cell::new(false) };
    static PRINTS: Cell<bool> = const { Cell::new(false) };
}

/// Tells `near` whether this card is near the window, from now on.
pub fn watch_nearness(desk: Desk, id: HighlightId, article: NodeRef<html::Article>, near: RwSignal<bool>) {
    let Some(article) = article.get() else { return };
    let article: HtmlElement = article.unchecked_into();
    OBSERVER.with_borrow_mut(|observer| {
        if observer.is_none() {
            *observer = new_observer(desk);
        }
        if let Some(observer) = observer.as_ref().filter(|_| OBSERVES.get() || is_in_drawer(&article)) {
            observer.observe(&article);
        }
    });
    CARDS.with_borrow_mut(|cards| cards.insert(id, Watched { article, near }));
    places::lay_out(desk);
}

/// The card is gone.
pub fn forget_nearness(id: HighlightId) {
    places::forget(id);
    NEAR.with_borrow_mut(|near| near.remove(&id));
    if let Some(card) = CARDS.with_borrow_mut(|cards| cards.remove(&id)) {
        OBSERVER.with_borrow(|observer| observer.iter().for_each(|observer| observer.unobserve(&card.article)));
    }
}

/// Whether the cards are a list, which has to be observed.
pub fn observe(is_list: bool) {
    if OBSERVES.replace(is_list) == is_list {
        return;
    }
    OBSERVER.with_borrow(|observer| {
        let Some(observer) = observer else { return };
        if is_list {
            CARDS.with_borrow(|cards| cards.values().for_each(|card| observer.observe(&card.article)));
        } else {
            observer.disconnect();
            let of_drawer = |card: &&Watched| is_in_drawer(&card.article);
            CARDS
                .with_borrow(|cards| cards.values().filter(of_drawer).for_each(|card| observer.observe(&card.article)));
        }
    });
}

fn is_in_drawer(article: &web_sys::Element) -> bool {
    article.closest(".drawer").is_ok_and(|drawer| drawer.is_some())
}

/// The element of a card.
pub fn element(id: HighlightId) -> Option<HtmlElement> {
    CARDS.with_borrow(|cards| cards.get(&id).map(|card| card.article.clone()))
}

/// The cards that are near, or all of them.
pub fn made(all: bool) -> HashMap<HighlightId, HtmlElement> {
    CARDS.with_borrow(|cards| {
        let article = |id: &HighlightId| Some((*id, cards.get(id)?.article.clone()));
        if all {
            cards.keys().filter_map(article).collect()
        } else {
            NEAR.with_borrow(|near| near.iter().filter_map(article).collect())
        }
    })
}

/// These are near, and no others beside the text but those in use; those in sight at once, the others a few in each frame.
/// Says whether there are more.
pub fn only(desk: Desk, ids: &[HighlightId], in_sight: &[HighlightId]) -> bool {
    if PRINTS.get() {
        return false;
    }
    let far: Vec<HighlightId> = NEAR.with_borrow(|near| {
        let wanted: HashSet<&HighlightId> = ids.iter().collect();
        let beside =
            |id: &&HighlightId| !wanted.contains(id) && !desk.placeless.with_untracked(|lost| lost.contains_key(id));
        near.iter().filter(beside).copied().collect()
    });
    let gone = far.into_iter().filter(|id| tell(desk, *id, false)).take(AT_ONCE).count();
    for id in in_sight {
        tell(desk, *id, true);
    }
    let made = ids.iter().filter(|id| tell(desk, **id, true)).take(AT_ONCE).count();
    gone == AT_ONCE || made == AT_ONCE
}

/// Before printing all cards are made; afterwards those that are far go again.
pub fn print(prints: bool) {
    PRINTS.set(prints);
    if prints {
        let all: Vec<(HighlightId, RwSignal<bool>)> =
            CARDS.with_borrow(|cards| cards.iter().map(|(id, card)| (*id, card.near)).collect());
        for (id, near) in all {
            NEAR.with_borrow_mut(|near| near.insert(id));
            near.set(true);
        }
        return;
    }
    // An observer tells of each anew when it begins.
    let is_list = OBSERVES.get();
    observe(!is_list);
    observe(is_list);
    if let Some(session) = super::session() {
        places::lay_out(session.desk);
    }
}

fn new_observer(desk: Desk) -> Option<IntersectionObserver> {
    let tell = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let entries = entries.iter().filter_map(|entry| entry.dyn_into::<IntersectionObserverEntry>().ok());
        let id_of = |entry: &IntersectionObserverEntry| entry.target().get_attribute("data-highlight-id")?.parse().ok();
        for entry in entries {
            let is_ours = !PRINTS.get() && (OBSERVES.get() || is_in_drawer(&entry.target()));
            if let Some(id) = id_of(&entry).filter(|_| is_ours) {
                tell(desk, id, entry.is_intersecting());
            }
        }
    });
    let options = IntersectionObserverInit::new();
    options.set_root_margin(MARGIN);
    // Where the cards scroll by themselves (a sheet); not in every browser yet, and not in the bindings.
    let _ = js_sys::Reflect::set(&options, &"scrollMargin".into(), &MARGIN.into());
    let observer = IntersectionObserver::new_with_options(tell.as_ref().unchecked_ref(), &options).ok()?;
    tell.forget();
    Some(observer)
}

/// Whether it was another thing before. What somebody writes in, or has the focus in, is not taken away.
fn tell(desk: Desk, id: HighlightId, is_near: bool) -> bool {
    let known = CARDS.with_borrow(|cards| cards.get(&id).cloned());
    let Some(Watched { article, near }) = known else { return false };
    let in_use = || {
        desk.active.get_untracked() == Some(id)
            || article.query_selector("textarea:not(:placeholder-shown), :focus").is_ok_and(|found| found.is_some())
    };
    let changes = near.get_untracked() != is_near && (is_near || !in_use());
    if changes {
        NEAR.with_borrow_mut(|all| if is_near { all.insert(id) } else { all.remove(&id) });
        near.set(is_near);
    }
    changes
}
