//! Mentions in a box: who is offered, where the list stands, and how one is chosen. The box keeps the focus all the time,
//! so that it is the one that is meant.

use std::cell::Cell;

use leptos::{ev::KeyboardEvent, prelude::*};
use shared::{ids::UserId, letters};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{HtmlElement, HtmlTextAreaElement};

use crate::annotate::{
    desk::Desk,
    mentions::{Asking, LIST, Names, asked, option_id},
};

/// Between the box and the list, and the list and the window, in CSS pixels.
const DISTANCE: f64 = 4.0;

thread_local! {
    /// The `@` whose list was sent away: it stays away.
    static DISMISSED: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Places the list again whenever something scrolls below it.
pub fn listen(desk: Desk) {
    let again = Closure::<dyn FnMut()>::new(move || {
        if desk.asking.with_untracked(Option::is_some) {
            place();
        }
    });
    let page: web_sys::EventTarget = window().into();
    for event in ["scroll", "resize"] {
        // Scrolling of what is within the page does not come up to the window, but it goes down from it.
        let _ = page.add_event_listener_with_callback_and_bool(event, again.as_ref().unchecked_ref(), true);
    }
    again.forget();
}

/// People as everybody may call them: what is written is read by all.
fn names(desk: Desk) -> Names {
    let mut names = desk.names.get_untracked();
    names.extend(desk.pseudonyms.get_untracked());
    Names::of(&names)
}

/// A comment as it is stored.
pub fn mentions_to_body(desk: Desk, text: &str) -> String {
    if text.contains('@') { names(desk).to_body(text) } else { text.to_owned() }
}

/// A comment as a box shows it.
pub fn mentions_to_text(desk: Desk, body: &str) -> String {
    if body.contains("](mention:") { names(desk).to_text(body) } else { body.to_owned() }
}

/// The box that has the focus.
fn area() -> Option<HtmlTextAreaElement> {
    document().active_element()?.dyn_into().ok()
}

/// What stands before the caret, if nothing is selected.
fn before_caret(area: &HtmlTextAreaElement) -> Option<String> {
    let (start, end) = (area.selection_start().ok()??, area.selection_end().ok()??);
    let units: Vec<u16> = area.value().encode_utf16().take(start as usize).collect();
    (start == end).then(|| String::from_utf16_lossy(&units))
}

/// Somebody typed: offers people if a name is asked for, and none if not.
pub fn offer_people(desk: Desk, area: &HtmlTextAreaElement) {
    let before = before_caret(area).unwrap_or_default();
    let asked = asked(&before);
    if asked.map(|(at, _)| at) != DISMISSED.get() {
        DISMISSED.set(None);
    }
    let people = match asked {
        Some((_, name)) if DISMISSED.get().is_none() => {
            let found = names(desk).matching(name, desk.place.author, folded);
            // A name that is written out needs nobody's help, and its writer's next key is theirs.
            if found.len() == 1 && found[0].1 == name { Vec::new() } else { found }
        }
        _ => Vec::new(),
    };
    if people.is_empty() {
        return close_people(desk);
    }
    let before = desk.asking.with_untracked(|asking| asking.as_ref().map(|asking| asking.people.len()));
    if before != Some(people.len()) {
        let count = people.len();
        let how_many = if count == 1 { "1 person".to_owned() } else { count.to_string() + " people" };
        desk.announcement.set(how_many + " to mention: arrows choose, Enter takes.");
    }
    desk.asking.set(Some(Asking { people, active: 0 }));
    show(desk, area);
}

/// Letters without their marks, small.
fn folded(text: &str) -> String {
    let apart = String::from(js_sys::JsString::from(text).normalize("NFD"));
    letters::lower(&apart.chars().filter(|letter| !('\u{300}'..='\u{36f}').contains(letter)).collect::<String>())
}

/// Nobody is offered any more.
pub fn close_people(desk: Desk) {
    if desk.asking.with_untracked(Option::is_none) {
        return;
    }
    desk.asking.set(None);
    if let Some(area) = area() {
        // Attributes that may be missing may be removed.
        let _ = area.remove_attribute("aria-controls");
        let _ = area.remove_attribute("aria-activedescendant");
    }
}

/// Says in the box who is in front, and puts the list beside it.
fn show(desk: Desk, area: &HtmlTextAreaElement) {
    let active = desk.asking.with_untracked(|asking| asking.as_ref().map(|asking| asking.people[asking.active].0));
    let Some(active) = active else { return };
    let id = option_id(active);
    let _ = area.set_attribute("aria-controls", LIST);
    let _ = area.set_attribute("aria-activedescendant", &id);
    request_animation_frame(move || {
        place();
        super::dom::bring_into_view(&("#".to_owned() + &id));
    });
}

/// Below the box, or above it where there is no room (a keyboard on the glass takes some), and within the window.
fn place() {
    let Some(area) = area() else { return };
    let list = document().get_element_by_id(LIST).and_then(|list| list.dyn_into::<HtmlElement>().ok());
    let Some(list) = list else { return };
    let (width, height) = (f64::from(list.offset_width()), f64::from(list.offset_height()));
    let page = document().document_element();
    let (page_width, page_height) =
        page.map(|page| (f64::from(page.client_width()), f64::from(page.client_height()))).unwrap_or_default();
    let seen = window().visual_viewport().map_or(page_height, |seen| seen.height() + seen.offset_top());
    let of_box = area.get_bounding_client_rect();
    let left = of_box.left().min(page_width - width - DISTANCE).max(DISTANCE);
    let below = of_box.bottom() + DISTANCE;
    let above = of_box.top() - DISTANCE - height;
    let top = if below + height > seen.min(page_height) && above >= 0.0 { above } else { below };
    let translate = [left.to_string(), "px ".to_owned(), top.to_string(), "px".to_owned()].concat();
    // A valid property of an element that exists.
    let _ = HtmlElement::style(&list).set_property("translate", &translate);
}

/// A key in the box; whether it was for the list.
pub fn mention_key(desk: Desk, event: &KeyboardEvent) -> bool {
    let Some(Asking { people, active }) = desk.asking.get_untracked() else { return false };
    let Some(area) = area() else { return false };
    if event.is_composing() || event.ctrl_key() || event.meta_key() || event.alt_key() {
        return false;
    }
    let count = people.len();
    match event.key().as_str() {
        "ArrowDown" => step(desk, &area, (active + 1) % count),
        "ArrowUp" => step(desk, &area, (active + count - 1) % count),
        "Enter" | "Tab" if !event.shift_key() => mention(desk, people[active].0),
        "Escape" => {
            DISMISSED.set(before_caret(&area).as_deref().and_then(asked).map(|(at, _)| at));
            close_people(desk);
        }
        // The caret goes elsewhere.
        "ArrowLeft" | "ArrowRight" | "Home" | "End" | "PageUp" | "PageDown" => {
            close_people(desk);
            return false;
        }
        _ => return false,
    }
    event.prevent_default();
    event.stop_propagation();
    true
}

fn step(desk: Desk, area: &HtmlTextAreaElement, active: usize) {
    desk.asking.update(|asking| {
        if let Some(asking) = asking {
            asking.active = active;
        }
    });
    show(desk, area);
}

/// Puts somebody's name in the place of what was typed of it.
pub fn mention(desk: Desk, id: UserId) {
    let names = names(desk);
    let (Some(area), Some(name)) = (area(), names.get(id)) else { return };
    let Some(before) = before_caret(&area) else { return };
    let Some((at, _)) = asked(&before) else { return };
    let (start, caret) = (before[..at].encode_utf16().count(), before.encode_utf16().count());
    let goes_on = area.value().encode_utf16().nth(caret).is_some_and(|unit| unit == u16::from(b' '));
    let words = ["@", name, if goes_on { "" } else { " " }].concat();
    // Places in the text.
    let _ = area.set_range_text_with_start_and_end_and_mode(&words, start as u32, caret as u32, "end");
    desk.announcement.set(name.to_owned() + " is mentioned.");
    if let Ok(event) = web_sys::Event::new("input") {
        let _ = area.dispatch_event(&event);
    }
    close_people(desk);
}

/// Others wrote something that may concern this person: the page's script asks for the number at the inbox.
pub fn tell_bell() {
    super::dom::tell_page("promptgrimoire:talk");
}
