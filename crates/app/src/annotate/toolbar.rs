use leptos::{ev::KeyboardEvent, html, prelude::*};
use shared::{
    document::Command,
    ids::{TagGroupId, TagId},
};

use super::{browser, desk::Desk, palette::next_colour, toast::ToastBar};

/// The tags, beside what is selected. It never takes the focus by itself.
#[component]
pub fn Toolbar(desk: Desk) -> impl IntoView {
    let naming = NodeRef::<html::Dialog>::new();
    let shown = move || desk.may_annotate() && desk.selection.with(Option::is_some);
    // A press must not take the selection away before it is used (Firefox would).
    let keep = |event: leptos::ev::PointerEvent| event.prevent_default();
    let buttons = move || {
        let mut group = None;
        let numbered = desk.tags.get().into_iter().enumerate().map(|(place, tag)| {
            let begins = (tag.group != group).then_some(tag.group).flatten();
            group = tag.group;
            (place, begins, tag)
        });
        numbered.collect::<Vec<_>>()
    };
    let group_name = move |id: TagGroupId| {
        desk.groups.with(|groups| groups.iter().find(|group| group.id == id).map(|group| group.name.clone()))
    };
    let key = move |place: usize| desk.shortcuts.with(|settings| settings.tag_key(place));
    let open = RwSignal::new(false);
    let open_naming = move |_| {
        if let Some(dialog) = naming.get_untracked() {
            open.set(true);
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
            <For each=buttons key=|(place, begins, tag)| (*place, *begins, tag.id, tag.name.clone(), tag.colour.clone(), tag.description.clone()) let((place, begins, tag))>
                {begins.map(|group| view! { <span class="toolbar-group" role="separator" aria-orientation="vertical" title=move || group_name(group)></span> })}
                <button class="toolbar-tag" type="button" style:--t=tag.colour title=tag.description on:click=move |_| desk.mark(tag.id)>
                    <span class="dot"></span>
                    <span>{tag.name}</span>
                    {move || key(place).map(|key| view! { <kbd aria-hidden="true">{key}</kbd> })}
                </button>
            </For>
            <button class="toolbar-new" type="button" on:click=open_naming>"New tag"</button>
        </div>
        <NewTag desk=desk dialog=naming open=open />
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
fn NewTag(desk: Desk, dialog: NodeRef<html::Dialog>, open: RwSignal<bool>) -> impl IntoView {
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
        let colour =
            desk.tags.with_untracked(|tags| next_colour(tags.iter().map(|tag| tag.colour.as_str()))).to_owned();
        if desk.run(Command::NewTag { id, name: input.value(), colour }) {
            input.set_value("");
            close();
            desk.mark(id);
        }
    };
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby="new-tag-title" on:close=move |_| open.set(false)>
            <form class="stack" on:submit=on_submit>
                <h2 id="new-tag-title">"New tag"</h2>
                <label class="field-label">"Name" <input class="field" type="text" maxlength="100" required node_ref=name /></label>
                <p class="hint">"It joins the tags of this conversation, for everybody."</p>
                // Behind the dialog a message could be neither pressed nor heard.
                <Show when=move || open.get()>
                    <ToastBar desk=desk />
                </Show>
                <div class="dialog-actions">
                    <button class="button quiet" type="button" on:click=move |_| close()>"Cancel"</button>
                    <button class="button primary" type="submit">"Create and apply"</button>
                </div>
            </form>
        </dialog>
    }
}
