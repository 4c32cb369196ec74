//! Small things asked of the page.

use leptos::{ev::FocusEvent, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlDialogElement, HtmlElement, HtmlTextAreaElement, Node};

/// All elements that match a selector, in order.
pub fn all(selector: &str) -> Vec<HtmlElement> {
    let Ok(list) = document().query_selector_all(selector) else { return Vec::new() };
    (0..list.length()).filter_map(|index| list.item(index)?.dyn_into().ok()).collect()
}

/// Focuses the element of that id.
pub fn focus(id: &str) {
    focus_on(&format!("#{id}"));
}

/// Focuses the first element that matches.
pub fn focus_on(selector: &str) {
    if let Some(element) = all(selector).first() {
        // An element that cannot be focused stays unfocused: nothing to be done about it.
        let _ = element.focus();
    }
}

/// Moves the focus among the elements that match, round and round; with no step it goes to the first, once the views
/// have caught up (a menu that has just been opened).
pub fn move_focus(selector: &str, step: i32) {
    if step == 0 {
        let selector = selector.to_owned();
        request_animation_frame(move || focus_on(&selector));
        return;
    }
    let elements = all(selector);
    let count = elements.len() as i32;
    if count == 0 {
        return;
    }
    let current: Option<Element> = document().active_element();
    let at = elements.iter().position(|element| current.as_ref() == Some(element.unchecked_ref()));
    let next = at.map_or(0, |at| (at as i32 + step).rem_euclid(count));
    let _ = elements[next as usize].focus();
}

/// Scrolls until the first element that matches is in sight.
pub fn bring_into_view(selector: &str) {
    if let Some(element) = all(selector).first() {
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// The same, once the views have caught up.
pub fn reveal(selector: &str) {
    let selector = selector.to_owned();
    request_animation_frame(move || bring_into_view(&selector));
}

/// Whether the focus leaves the element that listens, and all below it.
pub fn leaves(event: &FocusEvent) -> bool {
    let Some(here) = event.current_target().and_then(|target| target.dyn_into::<Node>().ok()) else { return false };
    let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
    // A press on nothing focusable has no related target, and leaves as well.
    to.is_none_or(|to| !here.contains(Some(&to)))
}

/// Opens a dialog over the page. One that is open already stays so.
pub fn show_modal(dialog: &HtmlDialogElement) {
    let _ = dialog.show_modal();
}

/// Makes a box as high as its text.
pub fn fit(area: &HtmlTextAreaElement) {
    let style = web_sys::HtmlElement::style(area);
    // Both are valid values of a property that exists.
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height() + 2));
}

/// Focuses a box, behind its last word.
pub fn focus_at_end(area: &HtmlTextAreaElement) {
    let end = area.value().encode_utf16().count() as u32;
    // The box is in the page, and its end is a place in it.
    let _ = area.focus();
    let _ = area.set_selection_range(end, end);
}

/// How long ago a time was (milliseconds since 1970), in short.
pub fn time_ago(at: i64) -> String {
    let seconds = (js_sys::Date::now() as i64 - at) / 1000;
    match seconds {
        ..60 => "now".to_owned(),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => day(&js_sys::Date::new(&(at as f64).into())),
    }
}

/// A time (in milliseconds since 1970), for people.
pub fn in_time(at: f64) -> String {
    let date = js_sys::Date::new(&at.into());
    let two = |number: u32| format!("{number:02}");
    [day(&date), [two(date.get_hours()), two(date.get_minutes())].join(":")].join(", ")
}

/// As `en-GB` has it. The browser's own way makes a formatter for each, which took a third of the time of a card.
fn day(date: &js_sys::Date) -> String {
    let two = |number: u32| if number < 10 { "0".to_owned() + &number.to_string() } else { number.to_string() };
    [two(date.get_date()), two(date.get_month() + 1), date.get_full_year().to_string()].join("/")
}

/// Whether keys typed now are somebody's text.
pub fn is_typing() -> bool {
    document()
        .active_element()
        .is_some_and(|element| element.matches("input, textarea, select, [contenteditable]").unwrap_or(false))
}

/// Shows what the conversation is called now, wherever its title stands; says whether that is another than before.
pub fn call_page(title: &str) -> bool {
    let mut places = all(".reading-title, .bar-crumbs span");
    places.retain(|place| place.text_content().as_deref() != Some(title));
    for place in &places {
        place.set_text_content(Some(title));
        document().set_title(&[title, " · PromptGrimoire"].concat());
    }
    !places.is_empty()
}

/// Says that the tools work.
pub fn mark_hydrated() {
    if let Some(root) = document().document_element() {
        let _ = root.set_attribute("data-hydrated", "");
    }
}

/// Tells the page's own scripts of something, by an event of this name.
pub fn tell_page(event: &str) {
    if let Ok(event) = web_sys::Event::new(event) {
        let _ = document().dispatch_event(&event);
    }
}

/// Listens for as long as the page is open.
pub fn on<E: leptos::ev::EventDescriptor>(
    target: &web_sys::EventTarget,
    event: E,
    act: impl FnMut(E::EventType) + 'static,
) where
    E::EventType: wasm_bindgen::convert::FromWasmAbi + 'static,
{
    let act = wasm_bindgen::closure::Closure::<dyn FnMut(E::EventType)>::new(act);
    // Fails for nothing but a missing event name.
    let _ = target.add_event_listener_with_callback(&event.name(), act.as_ref().unchecked_ref());
    act.forget();
}
