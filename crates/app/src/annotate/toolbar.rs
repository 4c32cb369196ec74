use leptos::{ev::KeyboardEvent, html, prelude::*};
use shared::{
    document::{Command, Tag},
    ids::{TagGroupId, TagId},
};

use super::{browser, desk::Desk, palette::next_colour, tag_list::for_each_tag, toast::ToastBar};

/// The tags, beside what is selected. It never takes the focus by itself.
#[component]
pub fn Toolbar(desk: Desk) -> impl IntoView {
    let naming = NodeRef::<html::Dialog>::new();
    let shown = move || desk.may_annotate() && desk.selection.with(Option::is_some);
    // A press must not take the selection away before it is used (Firefox would).
    let keep = |event: leptos::ev::PointerEvent| event.prevent_default();
    let button = move |tag: Tag| {
        let id = tag.id;
        let place = Memo::new(move |_| desk.tags.with(|tags| tags.iter().position(|tag| tag.id == id)));
        let key = move || desk.shortcuts.with(|settings| settings.tag_key(place.get()?));
        let description = move || desk.tag(id).map(|tag| tag.description);
        // A group is parted from what stands before it.
        let begins = Memo::new(move |_| {
            desk.tags.with(|tags| {
                let at = place.get()?;
                let group = tags.get(at)?.group;
                let before = at.checked_sub(1).and_then(|at| tags.get(at)?.group);
                group.filter(|_| group != before)
            })
        });
        view! {
            {move || begins.get().map(|group| {
                view! { <span class="toolbar-group" role="separator" aria-orientation="vertical" title=move || group_name(desk, group)></span> }
            })}
            <button class="toolbar-tag" type="button" style:--t=tag.colour title=description on:click=move |_| desk.mark(id)>
                <span class="dot"></span>
                <span>{tag.name}</span>
                {move || key().map(|key| view! { <kbd aria-hidden="true">{key}</kbd> })}
            </button>
        }
        .into_any()
    };
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
            {for_each_tag(desk, button)}
            <button class="toolbar-new" type="button" on:click=open_naming>"New tag"</button>
        </div>
        <NewTag desk=desk dialog=naming open=open />
    }
    .into_any()
}

fn group_name(desk: Desk, id: TagGroupId) -> Option<String> {
    desk.groups.with(|groups| groups.iter().find(|group| group.id == id).map(|group| group.name.clone()))
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
