//! Which cards are in sight, or nearly: one observer for all of them.

use std::{cell::RefCell, collections::HashMap};

use leptos::{html, prelude::*};
use shared::ids::HighlightId;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

use super::places;
use crate::annotate::desk::Desk;

/// Within this distance of the window a card is made, so that a scroll does not come upon empty ones.
const MARGIN: &str = "2500px 0px";

/// The observer, and what it tells of each card.
struct Watch {
    observer: IntersectionObserver,
    cards: HashMap<HighlightId, (Element, RwSignal<bool>)>,
}

thread_local! {
    static WATCH: RefCell<Option<Watch>> = const { RefCell::new(None) };
}

/// Tells `near` whether this card is near the window, from now on.
pub fn watch_nearness(desk: Desk, id: HighlightId, article: NodeRef<html::Article>, near: RwSignal<bool>) {
    let Some(article) = article.get() else { return };
    let article: Element = article.unchecked_into();
    WATCH.with_borrow_mut(|watch| {
        if watch.is_none() {
            *watch = observer(desk).map(|observer| Watch { observer, cards: HashMap::new() });
        }
        match watch {
            Some(watch) => {
                watch.observer.observe(&article);
                watch.cards.insert(id, (article, near));
            }
            // Without an observer all cards are made.
            None => near.set(true),
        }
    });
}

/// The card is gone.
pub fn forget_nearness(id: HighlightId) {
    places::forget(id);
    WATCH.with_borrow_mut(|watch| {
        if let Some(watch) = watch
            && let Some((article, _)) = watch.cards.remove(&id)
        {
            watch.observer.unobserve(&article);
        }
    });
}

fn observer(desk: Desk) -> Option<IntersectionObserver> {
    let tell = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        let entries = entries.iter().filter_map(|entry| entry.dyn_into::<IntersectionObserverEntry>().ok());
        for (id, near) in entries.filter_map(|entry| Some((id_of(&entry.target())?, entry.is_intersecting()))) {
            tell(desk, id, near);
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

fn id_of(article: &Element) -> Option<HighlightId> {
    article.get_attribute("data-highlight-id")?.parse().ok()
}

/// What somebody writes in, or has the focus in, is not taken away.
fn tell(desk: Desk, id: HighlightId, is_near: bool) {
    let known = WATCH.with_borrow(|watch| watch.as_ref()?.cards.get(&id).cloned());
    let Some((article, near)) = known else { return };
    let in_use = || {
        desk.active.get_untracked() == Some(id)
            || article.query_selector("textarea:not(:placeholder-shown), :focus").is_ok_and(|found| found.is_some())
    };
    if near.get_untracked() != is_near && (is_near || !in_use()) {
        near.set(is_near);
    }
}
