//! What the tags' dialog asks of the page and of the server.

use std::{cell::RefCell, str::FromStr};

use leptos::{
    ev::{FocusEvent, PointerEvent},
    prelude::*,
    task::spawn_local,
};
use shared::{
    api::{ConversationSummary, ListConversations, ListTags},
    document::Command,
    ids::{ConversationId, TagId},
    letters,
};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::dom;
use crate::{
    annotate::desk::{Desk, Toast},
    call::call,
};

/// Whatever the pointer does until it is lifted is this element's.
pub fn capture(event: &PointerEvent) {
    if let Some(element) = event.current_target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) {
        // Fails for a pointer that is gone already: then nothing is dragged.
        let _ = element.set_pointer_capture(event.pointer_id());
    }
}

thread_local! {
    static FOCUSED: RefCell<Option<HtmlElement>> = const { RefCell::new(None) };
}

/// Remembers what has the focus.
pub fn note_focus(event: &FocusEvent) {
    FOCUSED.set(event.target().and_then(|target| target.dyn_into().ok()));
}

/// The person leaves it.
pub fn forget_focus() {
    FOCUSED.set(None);
}

/// Gives the focus back to what had it and was put elsewhere in the page, which takes it away.
pub fn hold_focus() {
    request_animation_frame(|| {
        let is_lost =
            document().active_element().is_none_or(|element| element.matches("body, dialog").unwrap_or(false));
        let element = FOCUSED.with_borrow(Clone::clone).filter(|element| is_lost && element.is_connected());
        // One that cannot be focused stays unfocused.
        element.map(|element| element.focus());
    });
}

/// What the row shows, as an attribute of it says, that is nearest to this height of the window, and whether that is in the
/// row's lower half.
pub fn row_beside<Id: FromStr>(rows: &str, attribute: &str, y: f64) -> Option<(Id, bool)> {
    let rows = dom::all(rows).into_iter().filter_map(|row| {
        let id = row.get_attribute(attribute)?.parse().ok()?;
        let place = row.get_bounding_client_rect();
        let away = (place.top() - y).max(y - place.bottom()).max(0.0);
        Some((away, id, y > place.top() + place.height() / 2.0))
    });
    rows.min_by(|one, other| one.0.total_cmp(&other.0)).map(|(_, id, after)| (id, after))
}

/// Asks for the conversations of this person.
pub fn list_conversations(into: RwSignal<Option<Result<Vec<ConversationSummary>, String>>>) {
    spawn_local(async move {
        let reply = call(&ListConversations::default()).await;
        // The dialog may be closed by now.
        into.try_set(Some(reply.map_err(|error| error.to_string())));
    });
}

/// Takes over the tags of another conversation; those whose name is here already are passed over.
pub fn copy_tags(desk: Desk, from: ConversationId) {
    spawn_local(async move {
        let text = match call(&ListTags { id: from }).await {
            Err(error) => error.to_string(),
            Ok(tags) => {
                let all = tags.len();
                let mut copied = 0;
                for tag in tags {
                    let same = |known: &str| letters::lower(known) == letters::lower(&tag.name);
                    if desk.tags.with_untracked(|known| known.iter().any(|known| same(&known.name))) {
                        continue;
                    }
                    let id = TagId::new();
                    if !desk.run(Command::NewTag { id, name: tag.name.clone(), colour: tag.colour.clone() }) {
                        // A refusal speaks by a toast of its own.
                        return;
                    }
                    copied += 1;
                    if !tag.description.is_empty() {
                        let description = Some(tag.description);
                        desk.run(Command::EditTag { id, name: None, colour: None, description, group: None });
                    }
                }
                let tags = if copied == 1 { "1 tag copied".to_owned() } else { format!("{copied} tags copied") };
                format!("{tags}, {} here already.", all - copied)
            }
        };
        desk.toast.set(Some(Toast { text, undo: None }));
    });
}
