//! Words in the notes and in responses are brought into sight, and selected.

use leptos::{html, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{
    HtmlDetailsElement, HtmlElement, HtmlTextAreaElement, Node, Range, ScrollIntoViewOptions, ScrollLogicalPosition,
};

use super::texts::text_nodes;
use crate::annotate::{desk::Desk, sought::Sought};

/// Shows words in a box, in place of its preview.
pub fn show_in_box(desk: Desk, area: NodeRef<html::Textarea>, preview: RwSignal<bool>, sought: Sought) {
    // The tab comes to the front first.
    request_animation_frame(move || {
        desk.sought.set(None);
        preview.set(false);
        if let Some(area) = area.get_untracked() {
            select(&area, &sought);
        }
    });
}

fn select(area: &HtmlTextAreaElement, sought: &Sought) -> Option<()> {
    let text = area.value();
    let at = sought.within(&text)?;
    let units = |end: usize| text[..end].encode_utf16().count() as u32;
    // Shown first: a hidden box takes no focus.
    let _ = area.remove_attribute("hidden");
    let _ = area.focus();
    let (start, end) = (units(at.start), units(at.end));
    area.set_selection_range(start, end).ok()?;
    keep_what_is_selected(area, start, end);
    // Not every browser scrolls to what is selected.
    let middle = height_of(area, &text[..at.end])? - area.client_height() / 2;
    area.set_scroll_top(middle.max(0));
    bring_into_sight(area, ScrollLogicalPosition::Nearest);
    Some(())
}

/// The first key, of somebody who only came to read, does not take the place of words that others read too: it takes the
/// selection away.
fn keep_what_is_selected(area: &HtmlTextAreaElement, start: u32, end: u32) {
    let once = Closure::once_into_js({
        let area = area.clone();
        move |event: web_sys::Event| {
            let is_as_it_was = area.selection_start() == Ok(Some(start)) && area.selection_end() == Ok(Some(end));
            if is_as_it_was {
                event.prevent_default();
                let _ = area.set_selection_range(end, end);
            }
        }
    });
    let options = web_sys::AddEventListenerOptions::new();
    options.set_once(true);
    let listener = once.unchecked_ref();
    // A box takes any listener.
    let _ = area.add_event_listener_with_callback_and_add_event_listener_options("beforeinput", listener, &options);
}

/// How high a text stands in a box, in CSS pixels: measured in a copy of it that has no height of its own.
fn height_of(area: &HtmlTextAreaElement, text: &str) -> Option<i32> {
    let copy: HtmlTextAreaElement = area.clone_node().ok()?.dyn_into().ok()?;
    let width = format!("{}px", area.offset_width());
    let style = HtmlElement::style(&copy);
    for (name, value) in
        [("position", "absolute"), ("visibility", "hidden"), ("min-height", "0"), ("height", "0"), ("width", &width)]
    {
        // Valid values of properties that exist.
        let _ = style.set_property(name, value);
    }
    copy.set_value(text);
    area.parent_node()?.append_child(&copy).ok()?;
    let height = copy.scroll_height();
    copy.remove();
    Some(height)
}

/// Shows words in a response that is open; one that is not is opened, and asks again.
pub fn show_in_response(desk: Desk, response: NodeRef<html::Details>, is_open: bool, sought: Sought) {
    let Some(details) = response.get_untracked() else { return };
    if !is_open {
        return details.set_open(true);
    }
    // What it says is rendered first.
    request_animation_frame(move || {
        desk.sought.set(None);
        mark(&details, &sought);
    });
}

fn mark(details: &HtmlDetailsElement, sought: &Sought) -> Option<()> {
    if let Ok(Some(summary)) = details.query_selector("summary") {
        let _ = summary.unchecked_into::<HtmlElement>().focus();
    }
    let Some(range) = details.query_selector(".preview").ok()?.and_then(|body| range_in(&body, sought)) else {
        // Marks stand between the words: the whole is shown.
        bring_into_sight(details, ScrollLogicalPosition::Start);
        return None;
    };
    let selection = window().get_selection().ok()??;
    selection.remove_all_ranges().ok()?;
    selection.add_range(&range).ok()?;
    let around = range.start_container().ok()?.parent_element()?;
    bring_into_sight(&around, ScrollLogicalPosition::Center);
    Some(())
}

/// The words below an element.
fn range_in(body: &web_sys::Element, sought: &Sought) -> Option<Range> {
    let nodes = text_nodes(body);
    let texts: Vec<String> = nodes.iter().map(|node| node.data()).collect();
    let at = sought.within(&texts.concat())?;
    let point = |at: usize, is_end: bool| {
        let mut before = 0;
        let node = texts.iter().position(|text| {
            let is_in = if is_end { at <= before + text.len() } else { at < before + text.len() };
            before += if is_in { 0 } else { text.len() };
            is_in
        })?;
        let node: &Node = nodes[node].unchecked_ref();
        let text = node.text_content()?;
        Some((node.clone(), text[..at - before].encode_utf16().count() as u32))
    };
    let range = Range::new().ok()?;
    let ((first, start), (last, end)) = (point(at.start, false)?, point(at.end, true)?);
    range.set_start(&first, start).ok()?;
    range.set_end(&last, end).ok()?;
    Some(range)
}

fn bring_into_sight(element: &web_sys::Element, place: ScrollLogicalPosition) {
    let options = ScrollIntoViewOptions::new();
    options.set_block(place);
    element.scroll_into_view_with_scroll_into_view_options(&options);
}
