//! What is selected in the text, by mouse, touch or keyboard: `selectionchange` tells, once the pointer is up.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use leptos::{ev, prelude::*};
use shared::selector::Target;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, Range};

use super::{dom, places, pointing, session};
use crate::annotate::desk::{Desk, Toast};

/// The space between the selection and the toolbar, in CSS pixels.
const DISTANCE: f64 = 8.0;

/// Listens from now on.
pub fn listen(desk: Desk) {
    let pressed = Rc::new(Cell::new(false));
    // A tool was pressed: telephones take the selection away before its click comes, which is for what was selected.
    let using = Rc::new(Cell::new(false));
    let waiting = Rc::new(Cell::new(false));
    let page: web_sys::EventTarget = document().into();

    let schedule = {
        let (pressed, using, waiting) = (pressed.clone(), using.clone(), waiting.clone());
        move || {
            if waiting.replace(true) {
                return;
            }
            let (pressed, using, waiting) = (pressed.clone(), using.clone(), waiting.clone());
            request_animation_frame(move || {
                waiting.set(false);
                // Also when the button is up: until then the browser goes on selecting where the pointer rests.
                if let Some(point) = BESIDE.get() {
                    extend_to(point);
                }
                if !pressed.get() && !using.get() {
                    BESIDE.set(None);
                    read(desk);
                }
            });
        }
    };
    let changed = schedule.clone();
    dom::on(&page, ev::Custom::<web_sys::Event>::new("selectionchange"), move |_| changed());
    let (down, uses) = (pressed.clone(), using.clone());
    dom::on(&page, ev::pointerdown, move |event| {
        let in_text = !in_tools(&event);
        uses.set(is_in(&event, ".toolbar"));
        down.set(in_text && event.button() == 0);
        if !uses.get() {
            text_alone(in_text);
        }
        if in_text {
            // The mouse goes on from here: keys do not lead back to where they were.
            RETURN_TO.set(None);
            by_mouse(true);
        }
    });
    let drags = pressed.clone();
    dom::on(&page, ev::mousemove, move |event| {
        if drags.get() {
            let beside = point_beside(&event);
            BESIDE.set(beside);
            if let Some(point) = beside {
                event.prevent_default();
                extend_to(point);
            }
        }
    });
    let released = schedule.clone();
    let up = pressed.clone();
    dom::on(&page, ev::pointerup, move |_| {
        up.set(false);
        released();
    });
    let (used, clicked) = (using.clone(), schedule.clone());
    dom::on(&page, ev::click, move |event| {
        if !in_tools(&event) {
            pointing::press(desk, &event);
        }
        if used.replace(false) {
            clicked();
        }
    });
    dom::on(&page, ev::pointercancel, move |_| {
        pressed.set(false);
        using.set(false);
        schedule();
    });
    Effect::new(move |_| {
        if desk.selection.with(Option::is_some) {
            text_alone(true);
        }
    });
    Effect::new(move |_| {
        let active = desk.active.get();
        if let Some(session) = session() {
            session.painter.borrow_mut().set_active(active, &session.texts);
        }
    });
}

/// Whether an event happens in the tools and not in the text.
fn in_tools(event: &web_sys::MouseEvent) -> bool {
    is_in(event, ".toolbar, .panel, dialog, .bar, .toast")
}

fn is_in(event: &web_sys::MouseEvent, which: &str) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|element| element.closest(which).is_ok_and(|found| found.is_some()))
}

/// Where a drag goes on whose pointer is over what stands beside the text: in the line at its height. What stands beside
/// the text follows it in the page, so that the browser would take all of the text from there to its end, or to its start.
fn point_beside(event: &web_sys::MouseEvent) -> Option<(f64, f64)> {
    let over = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    if over.matches(".reading *, .reading, .workspace, body, html").unwrap_or(true) {
        return None;
    }
    let readings = dom::all(".reading");
    let reading = readings.first()?;
    // Words of what lies over the text are selected as ever.
    let anchor = window().get_selection().ok()??.anchor_node();
    if !reading.contains(anchor.as_ref()) {
        return None;
    }
    let reading = reading.get_bounding_client_rect();
    let bar = dom::all(".bar").first().map_or(0.0, |bar| bar.get_bounding_client_rect().bottom());
    let x = f64::from(event.client_x()).min(reading.right() - 1.0).max(reading.left() + 1.0);
    let y = f64::from(event.client_y()).min(places::free_height() - 1.0).max(bar + 1.0);
    Some((x, y))
}

fn extend_to((x, y): (f64, f64)) {
    if let (Some((node, offset)), Ok(Some(selection))) = (pointing::caret_at(x, y), window().get_selection()) {
        // The selection has an anchor, and the point is in the page.
        let _ = selection.extend_with_offset(&node, offset);
    }
}

/// Whether the person came into the text by mouse: a message has the focus then too, but no ring.
pub fn by_mouse(is: bool) {
    if let Some(root) = document().document_element() {
        let _ = root.toggle_attribute_with_force("data-by-mouse", is);
    }
}

/// What is selected from the text on is text: what stands between and around it takes no part (as the style says). From
/// elsewhere all can be.
fn text_alone(is: bool) {
    if let Some(root) = document().document_element() {
        let _ = root.toggle_attribute_with_force("data-text-alone", is);
    }
}

/// What is selected, if anything is.
pub fn current() -> Option<Range> {
    let selection = window().get_selection().ok()??;
    if selection.range_count() == 0 || selection.is_collapsed() {
        return None;
    }
    selection.get_range_at(0).ok()
}

/// Takes over what is selected now.
pub fn read(desk: Desk) {
    if dom::is_typing() {
        return;
    }
    let Some(range) = current() else {
        if desk.selection.with_untracked(Option::is_some) && !focus_is_in_toolbar() {
            desk.selection.set(None);
        }
        return;
    };
    match targets(&range) {
        Ok(targets) if targets.is_empty() => {
            desk.selection.set(None);
            if is_being_written(&range) {
                let text = "This is still being written: it can be marked when its paragraph is finished.".to_owned();
                desk.toast.set(Some(Toast { text, undo: None }));
            }
        }
        Ok(targets) => {
            let marked = targets.clone();
            desk.selection.set(Some(targets));
            request_animation_frame(move || place_toolbar(&marked));
        }
        Err(why) => {
            desk.selection.set(None);
            desk.toast.set(Some(Toast { text: why, undo: None }));
        }
    }
}

/// Whether a selection begins in the part of a reply that may change yet.
fn is_being_written(range: &Range) -> bool {
    let parent = range.start_container().ok().and_then(|node| node.parent_element());
    parent.is_some_and(|element| element.closest("[data-live]").is_ok_and(|found| found.is_some()))
}

fn focus_is_in_toolbar() -> bool {
    document()
        .active_element()
        .is_some_and(|element| element.closest(".toolbar, dialog").is_ok_and(|found| found.is_some()))
}

/// A target for each message that the range touches.
fn targets(range: &Range) -> Result<Vec<Target>, String> {
    let Some(session) = session() else { return Ok(Vec::new()) };
    let mut targets = Vec::new();
    for message in session.texts.all() {
        if !range.intersects_node(&message.element).unwrap_or(false) {
            continue;
        }
        let Some((start, end)) = message.covered(range) else { continue };
        match Target::describe(message.id, message.text(), message.offsets(), start..end) {
            Ok(target) => targets.push(target),
            // White space alone, as at the end of a triple click: not this message.
            Err(shared::selector::Unselectable::Blank) => {}
            Err(why) => return Err(why.to_string()),
        }
    }
    shared::selector::check_size(&targets).map_err(|why| why.to_string())?;
    Ok(targets)
}

/// Puts the toolbar below the end of what of the selection is text (touch screens show their own above), above it where
/// there is no room, and always inside the window.
fn place_toolbar(targets: &[Target]) {
    let Some(session) = session() else { return };
    let of = |target: Option<&Target>| {
        let target = target?;
        session.texts.get(target.message)?.range(target.start, target.end)
    };
    let Some((first, range)) = of(targets.first()).zip(of(targets.last())) else { return };
    let Some(toolbar) =
        document().get_element_by_id("annotate-toolbar").and_then(|element| element.dyn_into::<HtmlElement>().ok())
    else {
        return;
    };
    let Some(rectangles) = range.get_client_rects() else { return };
    let Some(last) = rectangles.length().checked_sub(1).and_then(|index| rectangles.item(index)) else { return };
    let (width, height) = (f64::from(toolbar.offset_width()), f64::from(toolbar.offset_height()));
    let size =
        |value: Result<wasm_bindgen::JsValue, _>| value.ok().and_then(|value| value.as_f64()).unwrap_or_default();
    let (window_width, window_height) = (size(window().inner_width()), size(window().inner_height()));
    // The letters over a formula reach far beyond it.
    let node = range.end_container().ok().and_then(|node| node.parent_element());
    let formula = node.and_then(|element| element.closest(".math").ok().flatten());
    let end = formula.map_or(last.right(), |formula| formula.get_bounding_client_rect().right());
    let left = (end - width / 2.0).clamp(DISTANCE, (window_width - width - DISTANCE).max(DISTANCE));
    let below = last.bottom() + DISTANCE;
    let top = if below + height > window_height {
        let start = first.get_client_rects().and_then(|rectangles| rectangles.item(0));
        start.map_or(below, |first| first.top() - DISTANCE - height)
    } else {
        below
    };
    let style = HtmlElement::style(&toolbar);
    // A valid property of an element that exists. The style docks the toolbar on small screens and ignores this.
    let _ = style.set_property("translate", &format!("{left}px {}px", top.max(DISTANCE)));
}

thread_local! {
    /// Where a drag that has left the text goes on in it.
    static BESIDE: Cell<Option<(f64, f64)>> = const { Cell::new(None) };
    /// Where keys go when the tools are left.
    static RETURN_TO: RefCell<Option<HtmlElement>> = const { RefCell::new(None) };
}

/// Remembers where to go back to from the toolbar.
pub fn return_to(element: HtmlElement) {
    RETURN_TO.set(Some(element));
}

/// Gives the selection up, and the focus back to the text if the keyboard came from there.
pub fn leave_selection() {
    if let Ok(Some(selection)) = window().get_selection() {
        // Fails for nothing: an empty selection may be emptied.
        let _ = selection.remove_all_ranges();
    }
    if let Some(element) = RETURN_TO.take() {
        let options = web_sys::FocusOptions::new();
        options.set_prevent_scroll(true);
        let _ = element.focus_with_options(&options);
    }
}
