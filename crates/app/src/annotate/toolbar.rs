use leptos::{ev::KeyboardEvent, html, prelude::*};
use shared::{document::Command, ids::TagId};

use super::{browser, desk::Desk};

/// The keys of the first ten tags.
pub const KEYS: [&str; 10] = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];

/// Colours of new tags, in turn: of one family with those that a conversation starts with, and told apart from them.
const COLOURS: [&str; 8] = ["#5b7f00", "#b0447f", "#2b7a78", "#c2541c", "#3f5bd9", "#8a6d3b", "#7b2fa8", "#00796b"];

/// The tags, beside what is selected. It never takes the focus by itself.
#[component]
pub fn Toolbar(desk: Desk) -> impl IntoView {
    let naming = NodeRef::<html::Dialog>::new();
    let shown = move || desk.may_annotate() && desk.selection.with(Option::is_some);
    // A press must not take the selection away before it is used (Firefox would).
    let keep = |event: leptos::ev::PointerEvent| event.prevent_default();
    let buttons = move || {
        desk.tags.get().into_iter().enumerate().map(|(index, tag)| (KEYS.get(index).copied(), tag)).collect::<Vec<_>>()
    };
    let open_naming = move |_| {
        if let Some(dialog) = naming.get_untracked() {
            browser::show_modal(&dialog);
        }
    };
    view! {
        <div
            class="toolbar"
            id="annotate-toolbar"
            role="toolbar"
            aria-label="Annotate selection"
            hidden=move || !shown()
            on:pointerdown=keep
            on:keydown=move |event| on_key(desk, &event)
        >
            <For each=buttons key=|(key, tag)| (*key, tag.id, tag.name.clone(), tag.colour.clone()) let((key, tag))>
                <button class="toolbar-tag" type="button" style:--t=tag.colour title=tag.description on:click=move |_| desk.mark(tag.id)>
                    <span class="dot"></span>
                    <span>{tag.name}</span>
                    {key.map(|key| view! { <kbd aria-hidden="true">{key}</kbd> })}
                </button>
            </For>
            <button class="toolbar-new" type="button" on:click=open_naming>"New tag"</button>
        </div>
        <NewTag desk=desk dialog=naming />
    }
    .into_any()
}

/// Arrows go along the tools, Escape back to the text.
fn on_key(desk: Desk, event: &KeyboardEvent) {
    let step = match event.key().as_str() {
        "ArrowRight" | "ArrowDown" => 1,
        "ArrowLeft" | "ArrowUp" => -1,
        "Escape" => {
            event.prevent_default();
            browser::leave_selection();
            desk.selection.set(None);
            return;
        }
        _ => return,
    };
    event.prevent_default();
    browser::move_focus("#annotate-toolbar button", step);
}

#[component]
fn NewTag(desk: Desk, dialog: NodeRef<html::Dialog>) -> impl IntoView {
    let name = NodeRef::<html::Input>::new();
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(input) = name.get_untracked() else { return };
        let id = TagId::new();
        let colour = COLOURS[desk.tags.with_untracked(Vec::len) % COLOURS.len()].to_owned();
        if desk.run(Command::NewTag { id, name: input.value(), colour }) {
            input.set_value("");
            close();
            desk.mark(id);
        }
    };
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="new-tag-title">
            <form class="stack" on:submit=on_submit>
                <h2 id="new-tag-title">"New tag"</h2>
                <label class="field-label">"Name" <input class="field" type="text" maxlength="100" required node_ref=name /></label>
                <p class="hint">"It joins the tags of this conversation, for everybody."</p>
                <div class="dialog-actions">
                    <button class="button quiet" type="button" on:click=move |_| close()>"Cancel"</button>
                    <button class="button primary" type="submit">"Create and apply"</button>
                </div>
            </form>
        </dialog>
    }
}
