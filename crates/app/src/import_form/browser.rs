//! Sending the import form.

use std::cell::{Cell, RefCell};

use leptos::{mount::mount_to, prelude::*, task::spawn_local};
use shared::{
    api::{CreateConversation, IMPORT_PATH, ImportStep, Imported, MAX_UPLOAD_BYTES, Share},
    ids::ConversationId,
};
use wasm_bindgen::JsCast;
use web_sys::{Blob, Element, FormData, HtmlElement, HtmlInputElement, HtmlTextAreaElement};

use super::{
    Fields, ImportForm, Stage, State, Wanted, choices, draft, rich,
    transfer::{Answer, Told, Transfer},
};
use crate::{
    call::{self, CallError, call},
    parts::IMPORT_NOTES,
};

thread_local! {
    /// What is on its way, and can be given up.
    static TRANSFER: RefCell<Option<Transfer>> = const { RefCell::new(None) };
    static IS_GIVEN_UP: Cell<bool> = const { Cell::new(false) };
}

/// What somebody hears who gave an import up.
const GIVEN_UP: &str = "Stopped. What had been brought in by then stays, and is among your conversations: it may be some more than are \
                         counted here. Look there before you go on.";

/// Whether the page has the form.
pub fn is_here() -> bool {
    host().is_some()
}

pub(super) fn host() -> Option<HtmlElement> {
    document().query_selector("[data-import-form]").ok()??.dyn_into().ok()
}

/// Beside the form that stays inert.
pub fn say_it_did_not_come() -> Option<()> {
    let said = || view! { <p class="alert" role="alert">"The form could not be loaded: load the page again."</p> };
    mount_to(host()?, said).forget();
    Some(())
}

/// Puts the living form where the server's picture of it is, with what was filled in there meanwhile; nothing if the page
/// has none.
pub fn mount() -> Option<()> {
    let host = host()?;
    let picture = host.first_element_child()?;
    mount_to(host.clone(), || view! { <ImportForm /> }).forget();
    let form = picture.next_element_sibling()?;
    // Both have the same fields, in the same order.
    let fields = |form: &Element| form.query_selector_all("input, textarea").ok();
    let (before, after) = (fields(&picture)?, fields(&form)?);
    for place in 0..before.length() {
        carry_over(&before.get(place)?, &after.get(place)?);
    }
    picture.remove();
    Some(())
}

fn carry_over(before: &web_sys::Node, after: &web_sys::Node) {
    let has_focus = document().active_element().is_some_and(|active| active.is_same_node(Some(before)));
    if let (Some(before), Some(after)) = (before.dyn_ref(), after.dyn_ref()) {
        let (before, after): (&HtmlInputElement, &HtmlInputElement) = (before, after);
        after.set_checked(before.checked());
        match before.type_().as_str() {
            "file" => after.set_files(before.files().as_ref()),
            "checkbox" => {}
            _ => after.set_value(&before.value()),
        }
    }
    if let (Some(before), Some(after)) = (before.dyn_ref(), after.dyn_ref()) {
        let (before, after): (&HtmlTextAreaElement, &HtmlTextAreaElement) = (before, after);
        after.set_value(&before.value());
        if let (Ok(Some(from)), Ok(Some(to))) = (before.selection_start(), before.selection_end()) {
            // Fails for no text box.
            let _ = after.set_selection_range(from, to);
        }
    }
    if let (true, Some(after)) = (has_focus, after.dyn_ref::<HtmlElement>()) {
        // What cannot have the focus is not there.
        let _ = after.focus();
    }
}

/// Says that the tools work.
pub fn mark_hydrated() {
    if let Some(root) = document().document_element() {
        // Cannot fail: the name is a valid attribute's.
        let _ = root.set_attribute("data-hydrated", "");
    }
}

/// What the person filled in, read now.
enum Draft {
    Text(CreateConversation),
    File { file: Blob, name: String, title: String, share: Share, anonymous: bool },
}

impl Draft {
    /// What would be misunderstood, or fail after minutes of sending.
    fn problem(&self, fields: Fields) -> Option<String> {
        let Self::File { file, name, .. } = self else { return None };
        let has_file =
            fields.file.get_untracked().and_then(|input| input.files()).is_some_and(|files| files.length() > 0);
        if has_file && fields.paste.get_untracked().is_some_and(|paste| !paste.value().trim().is_empty()) {
            return Some("There are both a pasted text and a file: empty the one or take the other back.".to_owned());
        }
        let limit = MAX_UPLOAD_BYTES as f64;
        (file.size() > limit).then(|| {
            format!(
                "{} has {:.0} MiB; at most {} MiB can be imported.",
                name,
                file.size() / 1_048_576.0,
                MAX_UPLOAD_BYTES >> 20
            )
        })
    }
}

fn read(fields: Fields) -> Option<Draft> {
    let title = fields.title.get_untracked()?.value();
    let share = if fields.share.get_untracked()?.checked() { Share::Class } else { Share::None };
    let anonymous = fields.anonymous.get_untracked()?.checked();
    match fields.file.get_untracked()?.files().and_then(|files| files.get(0)) {
        Some(file) => Some(Draft::File { name: file.name(), file: file.into(), title, share, anonymous }),
        None => {
            if let Some(file) = rich::file() {
                return Some(Draft::File { file, name: rich::NAME.to_owned(), title, share, anonymous });
            }
            let text = fields.paste.get_untracked()?.value();
            Some(Draft::Text(CreateConversation {
                title: Some(title).filter(|title| !title.trim().is_empty()),
                text,
                share,
                anonymous,
            }))
        }
    }
}

/// Sends the form, or says why it cannot be.
pub fn send(fields: Fields, state: State, wanted: Wanted) {
    if state.stage.get_untracked() != Stage::Ready {
        return;
    }
    let Some(draft) = read(fields) else { return };
    // What would be kept has been shown: now it is meant.
    let is_shown = state.choices.with_untracked(|choices| choices.len() == 1 && choices[0].problem.is_none());
    let wanted = match wanted {
        Wanted::Whatever if is_shown => Wanted::One(0),
        wanted => wanted,
    };
    if let Some(problem) = draft.problem(fields) {
        state.problem.set(Some(problem));
        return;
    }
    state.stage.set(Stage::Sending);
    state.problem.set(None);
    state.sent.set(matches!(draft, Draft::File { .. }).then_some(0.0));
    IS_GIVEN_UP.set(false);
    let before = state.steps.try_update(std::mem::take).unwrap_or_default();
    let before = before.into_iter().filter(|step| matches!(step, ImportStep::Imported { .. }));
    state.brought.update(|brought| brought.extend(before));
    let asked = wanted.count();
    state.asked.set(asked);
    spawn_local(async move {
        let ended = transmit(draft, wanted, state).await;
        TRANSFER.set(None);
        let is_given_up = IS_GIVEN_UP.get();
        match ended {
            Ok(Some(Imported::Created { id, notes })) => open(id, &notes),
            Ok(Some(Imported::Choose(choices))) => {
                state.choices.set(choices);
                state.stage.set(Stage::Ready);
            }
            Ok(None) => {
                if state.steps.with_untracked(Vec::len) == asked {
                    draft::forget();
                } else {
                    state.problem.set(Some(CallError::Unreachable.to_string()));
                }
                unpick(state);
                state.stage.set(Stage::Ready);
            }
            Err(error) => {
                let problem = if is_given_up { GIVEN_UP.to_owned() } else { error.to_string() };
                state.problem.set(Some(problem));
                // What is listed is of this file still, and some of it may be brought in.
                if !is_given_up && asked == 0 {
                    state.choices.set(Vec::new());
                }
                unpick(state);
                state.stage.set(Stage::Ready);
            }
        }
    });
}

/// What was brought in is chosen no more.
fn unpick(state: State) {
    state.picked.update(|picked| picked.retain(|index| !choices::is_brought(state, *index)));
}

/// Gives up what is on its way.
pub fn cancel() {
    if let Some(transfer) = TRANSFER.take() {
        IS_GIVEN_UP.set(true);
        transfer.cancel();
    }
}

/// Kinds of files that are shown before they are stored.
const SHOWN_FIRST: [&str; 8] = [".grimoire", ".html", ".htm", ".xhtml", ".mhtml", ".mht", ".docx", ".pdf"];

/// What a form of several parts carries.
enum Content {
    /// With its name.
    File(Blob, String),
    Text(String),
}

impl Content {
    fn is_shown_first(&self) -> bool {
        match self {
            Self::File(_, name) => {
                let ends = name.to_lowercase();
                SHOWN_FIRST.iter().any(|end| ends.ends_with(end))
            }
            Self::Text(_) => false,
        }
    }
}

/// What came of it; nothing if each of several was told of by itself.
async fn transmit(draft: Draft, wanted: Wanted, state: State) -> Result<Option<Imported>, CallError> {
    let (content, title, share, anonymous) = match draft {
        Draft::Text(CreateConversation { text, title, share, anonymous }) if matches!(wanted, Wanted::Look) => {
            (Content::Text(text), title.unwrap_or_default(), share, anonymous)
        }
        Draft::Text(request) => {
            let created = call(&request).await?;
            return Ok(Some(Imported::Created { id: created.id, notes: Vec::new() }));
        }
        Draft::File { file, name, title, share, anonymous } => (Content::File(file, name), title, share, anonymous),
    };
    let form = FormData::new().map_err(|_| CallError::Unreachable)?;
    let share = if share == Share::Class { "class" } else { "none" };
    // What others wrote, and what was read from something else than text, is looked at before it is stored.
    let preview = match wanted {
        Wanted::Whatever => content.is_shown_first(),
        Wanted::Look => true,
        Wanted::One(_) | Wanted::Several(_) => false,
    };
    let chosen = match &wanted {
        Wanted::Whatever | Wanted::Look => Ok(()),
        Wanted::One(index) => form.append_with_str("choice", &index.to_string()),
        Wanted::Several(all) => {
            let all: Vec<String> = all.iter().map(usize::to_string).collect();
            form.append_with_str("choices", &all.join(","))
        }
    };
    // Each of several has a title of its own.
    let titled = if wanted.count() > 0 { Ok(()) } else { form.append_with_str("title", &title) };
    let filled = chosen
        .and(titled)
        .and_then(|()| form.append_with_str("share", share))
        .and_then(|()| form.append_with_str("anonymous", if anonymous { "true" } else { "false" }))
        .and_then(|()| form.append_with_str("preview", if preview { "true" } else { "false" }))
        .and_then(|()| match &content {
            Content::File(file, name) => form.append_with_blob_and_filename("file", file, name),
            Content::Text(text) => form.append_with_str("text", text),
        });
    filled.map_err(|_| CallError::Unreachable)?;
    let transfer = Transfer::to(IMPORT_PATH).ok_or(CallError::Unreachable)?;
    TRANSFER.set(Some(transfer.clone()));
    let is_several = wanted.count() > 0;
    let read = Cell::new(0);
    let told = move |told: Told<'_>| match told {
        Told::Sent(part) => state.sent.set(Some(part)),
        Told::Heard(text) if is_several => take_in(state, text, &read),
        Told::Heard(_) => {}
    };
    let Answer { is_ok, text } = transfer.send(&form, told).await?;
    if is_ok && is_several {
        return Ok(None);
    }
    call::read(is_ok, &text).map(Some)
}

/// Takes in the events that have come since: from the byte that `read` says.
fn take_in(state: State, text: &str, read: &Cell<usize>) {
    while let Some((event, _)) = text.get(read.get()..).and_then(|rest| rest.split_once("\n\n")) {
        read.set(read.get() + event.len() + 2);
        // What is no step keeps the line open, or is of a server that is newer than this page.
        match event.strip_prefix("data: ").and_then(|step| serde_json::from_str(step).ok()) {
            Some(step @ (ImportStep::Imported { .. } | ImportStep::Refused { .. })) => {
                state.steps.update(|steps| steps.push(step));
            }
            Some(ImportStep::Done) | None => {}
        }
    }
}

fn open(id: ConversationId, notes: &[String]) {
    draft::forget();
    if let (false, Ok(Some(storage))) = (notes.is_empty(), window().session_storage()) {
        // A full or forbidden storage costs the remarks only.
        let _ = storage.set_item(IMPORT_NOTES, &notes.join(" "));
    }
    // A failure leaves the form as it is; the conversation is on the home page.
    let _ = window().location().set_href(&format!("/c/{id}"));
}
