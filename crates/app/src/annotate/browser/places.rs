//! Puts cards beside their text: read all measures, then write all places, once a frame.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
};

use leptos::{ev, prelude::*};
use shared::ids::HighlightId;
use web_sys::HtmlElement;

use super::{dom, session};
use crate::annotate::{
    desk::Desk,
    margin::{GAP, Slot, layout},
};

/// From this width on, cards stand beside the text (as in the style).
const WIDE: &str = "(min-width: 1000px)";

thread_local! {
    static WAITING: Cell<bool> = const { Cell::new(false) };
    /// The card in hand when cards were placed last.
    static IN_HAND: Cell<Option<HighlightId>> = const { Cell::new(None) };
    /// Where each card stands: one that stays is not written to.
    static PLACED: RefCell<HashMap<HighlightId, f64>> = RefCell::default();
}

/// The card is gone, or stands in no place of ours any more.
pub fn forget(id: HighlightId) {
    PLACED.with_borrow_mut(|placed| placed.remove(&id));
}

/// Lays the cards out before the next frame.
pub fn lay_out(desk: Desk) {
    if WAITING.replace(true) {
        return;
    }
    request_animation_frame(move || {
        WAITING.set(false);
        place(desk);
    });
}

/// Lays out again whenever sizes may have changed.
pub fn listen(desk: Desk) {
    let page: web_sys::EventTarget = window().into();
    dom::on(&page, ev::resize, move |_| text_moved(desk));
    dom::on(&page, ev::load, move |_| text_moved(desk));
    Effect::new(move |_| {
        desk.shown.track();
        desk.active.track();
        desk.tab.track();
        lay_out(desk);
    });
    watch_heights(desk);
}

/// Fonts that arrive late and boxes that grow change the heights of things.
fn watch_heights(desk: Desk) {
    let changed = wasm_bindgen::closure::Closure::<dyn FnMut()>::new(move || text_moved(desk));
    let Ok(observer) = web_sys::ResizeObserver::new(wasm_bindgen::JsCast::unchecked_ref(changed.as_ref())) else {
        return;
    };
    dom::all(".reading").iter().for_each(|element| observer.observe(element));
    changed.forget();
}

/// Lines may stand elsewhere now.
fn text_moved(desk: Desk) {
    if let Some(session) = session() {
        session.painter.borrow_mut().forget_tops();
    }
    lay_out(desk);
}

/// Whether cards stand beside the text; else the panel is a sheet at the foot of the page.
pub fn is_wide() -> bool {
    window().match_media(WIDE).ok().flatten().is_some_and(|query| query.matches())
}

/// How much of the window shows text, from its top, in CSS pixels: all of it, unless a sheet lies over its foot.
pub fn free_height() -> f64 {
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    if is_wide() {
        return height;
    }
    dom::all(".panel[data-sheet]").first().map_or(height, |sheet| sheet.get_bounding_client_rect().top())
}

fn place(desk: Desk) {
    let Some(session) = session() else { return };
    let margins = dom::all("#margin");
    let Some(margin) = margins.first() else { return };
    if desk.tab.get_untracked() != crate::annotate::desk::Tab::Annotations {
        return;
    }
    if !is_wide() {
        // A plain list, in order.
        PLACED.take();
        let _ = margin.remove_attribute("data-layout");
        let _ = HtmlElement::style(margin).remove_property("min-height");
        dom::all("#margin > .card").iter().for_each(|card| drop(HtmlElement::style(card).remove_property("translate")));
        return;
    }
    let order = desk.shown.get_untracked();
    let cards: Vec<HtmlElement> = dom::all("#margin > .card");
    if cards.len() != order.len() {
        // The views have not caught up: they will ask again.
        lay_out(desk);
        return;
    }
    let _ = margin.set_attribute("data-layout", "aligned");
    let top = margin.get_bounding_client_rect().top();
    let mut painter = session.painter.borrow_mut();
    let scrolled = window().scroll_y().unwrap_or_default();
    let mut below = 0.0_f64;
    let slots: Vec<Slot> = order
        .iter()
        .zip(&cards)
        .map(|(id, card)| {
            let anchor = painter.page_top(*id, scrolled).map_or(below, |at| (at - scrolled - top).max(0.0));
            below = below.max(anchor);
            Slot { anchor, height: f64::from(card.offset_height()) }
        })
        .collect();
    let in_hand = desk.active.get_untracked();
    let _ = if IN_HAND.replace(in_hand) == in_hand {
        margin.remove_attribute("data-gliding")
    } else {
        margin.set_attribute("data-gliding", "")
    };
    let active = in_hand.and_then(|active| order.iter().position(|id| *id == active));
    let tops = layout(&slots, active);
    PLACED.with_borrow_mut(|placed| {
        for ((id, card), top) in order.iter().zip(&cards).zip(&tops) {
            if placed.insert(*id, *top) != Some(*top) {
                let _ = HtmlElement::style(card).set_property("translate", &format!("0 {top}px"));
            }
        }
    });
    let _ = margin.set_attribute("data-settled", "");
    let bottom = slots.last().zip(tops.last()).map_or(0.0, |(slot, top)| top + slot.height + GAP);
    let _ = HtmlElement::style(margin).set_property("min-height", &format!("{bottom}px"));
}
