//! A text that is protected against copying: the page does not copy, drag or print it, and says so. It is a nuisance and no
//! lock. What is selected can be marked as ever, and what people write themselves is theirs to copy.

use leptos::prelude::*;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Element, Event, KeyboardEvent, PointerEvent};

use super::dom;
use crate::annotate::desk::{Desk, Toast};

/// What takes a text away.
const WAYS: [&str; 5] = ["copy", "cut", "dragstart", "contextmenu", "keydown"];

/// What people write in.
const BOXES: &str = "input, textarea";

/// Where words of the text stand.
const TEXTS: &str = ".reading, blockquote";

/// Listens from now on.
pub fn listen(desk: Desk) {
    let stop = Closure::<dyn FnMut(Event)>::new(move |event: Event| {
        if !desk.rights.get_untracked().may_copy && takes(&event) {
            event.prevent_default();
            event.stop_propagation();
            say(desk);
        }
    });
    for way in WAYS {
        // Before anything else hears of it. Fails for nothing but a missing event name.
        let _ = document().add_event_listener_with_callback_and_bool(way, stop.as_ref().unchecked_ref(), true);
    }
    stop.forget();
    // It may be protected, or not any more, while the page is open.
    Effect::new(move |_| {
        let may_copy = desk.rights.get().may_copy;
        for main in dom::all(".workspace") {
            // A name and a value that attributes may have.
            let _ = if may_copy {
                main.remove_attribute("data-protected")
            } else {
                main.set_attribute("data-protected", "")
            };
        }
    });
}

/// Whether this would take words of the text away.
fn takes(event: &Event) -> bool {
    let within = |selector| {
        let node = event.target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let element = node.and_then(|node| node.dyn_ref::<Element>().cloned().or_else(|| node.parent_element()));
        element.is_some_and(|element| element.closest(selector).ok().flatten().is_some())
    };
    match event.type_().as_str() {
        "keydown" => {
            let key = event.unchecked_ref::<KeyboardEvent>();
            (key.ctrl_key() || key.meta_key()) && key.key().eq_ignore_ascii_case("p")
        }
        // A long press is how a finger selects.
        "contextmenu" if event.dyn_ref::<PointerEvent>().is_some_and(|press| press.pointer_type() == "touch") => false,
        "contextmenu" => within(TEXTS),
        // Columns and cards of the board are dragged too.
        "dragstart" => within(TEXTS) && !within("[draggable=true]"),
        _ => !within(BOXES),
    }
}

/// Says why something was not done.
pub fn say(desk: Desk) {
    let text =
        "This text is protected: it cannot be copied, printed or exported here. You can still select and mark it.";
    desk.toast.set(Some(Toast { text: text.to_owned(), undo: None }));
}
