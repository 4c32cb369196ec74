use leptos::{html, prelude::*};
use shared::{
    document::{Command, Tag},
    ids::{TagGroupId, TagId},
};

use super::{Bench, highlights, row::row_button};
use crate::annotate::{browser, desk::Toast, palette::PALETTE};

/// What is chosen in the select of groups when a new one is wanted.
const NEW: &str = "new";

/// What is being written of a tag. Nothing writes into it but the person.
#[derive(Clone, Copy)]
struct Draft {
    /// The tag as it was when the form opened.
    was: StoredValue<Tag>,
    name: NodeRef<html::Input>,
    description: NodeRef<html::Textarea>,
    colour: RwSignal<String>,
    /// An id, [`NEW`], or nothing.
    group: RwSignal<String>,
    new_group: NodeRef<html::Input>,
}

impl Draft {
    fn of(tag: Tag) -> Self {
        Self {
            name: NodeRef::new(),
            description: NodeRef::new(),
            colour: RwSignal::new(tag.colour.clone()),
            group: RwSignal::new(tag.group.map(|group| group.to_string()).unwrap_or_default()),
            new_group: NodeRef::new(),
            was: StoredValue::new(tag),
        }
    }

    /// Saves what was changed here; what others changed meanwhile stays theirs. Whether it was done.
    fn save(self, bench: Bench) -> bool {
        let (was, desk) = (self.was.get_value(), bench.desk);
        if untrack(|| desk.tag(was.id)).is_none() {
            return true;
        }
        let (Some(name), Some(description)) = (self.name.get_untracked(), self.description.get_untracked()) else {
            return false;
        };
        let chosen = self.group.get_untracked();
        let group = if chosen == NEW {
            let id = TagGroupId::new();
            let name = self.new_group.get_untracked().map(|input| input.value()).unwrap_or_default();
            if !desk.run(Command::NewGroup { id, name }) {
                return false;
            }
            Some(id)
        } else {
            chosen.parse().ok()
        };
        let name = written(name.value().trim().to_owned(), &was.name);
        let colour = written(self.colour.get_untracked(), &was.colour);
        let description = written(description.value().trim().to_owned(), &was.description);
        let group = written(group, &was.group);
        if name.is_none() && colour.is_none() && description.is_none() && group.is_none() {
            return true;
        }
        desk.run(Command::EditTag { id: was.id, name, colour, description, group })
    }
}

/// What was written, if it is another than it was.
fn written<T: PartialEq>(written: T, was: &T) -> Option<T> {
    (written != *was).then_some(written)
}

/// All that can be done with one tag.
#[component]
pub fn EditTag(bench: Bench, tag: Tag) -> impl IntoView {
    let id = tag.id;
    let draft = Draft::of(tag.clone());
    browser::move_focus("#tag-name", 0);
    let close = move || {
        bench.open.set(None);
        browser::move_focus(&row_button(id, "[data-edit]"), 0);
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.save(bench) {
            bench.desk.announcement.set("Tag saved.".to_owned());
            close();
        }
    };
    view! {
        <div class="tags-edit">
            <form on:submit=on_submit>
                <label class="field-label" for="tag-name">"Name"</label>
                <input class="field" id="tag-name" type="text" maxlength="100" required autocomplete="off" node_ref=draft.name prop:value=tag.name />
                <label class="field-label" for="tag-description">"Description"</label>
                <textarea class="field" id="tag-description" rows="2" maxlength="1000" node_ref=draft.description prop:value=tag.description></textarea>
                <Colours colour=draft.colour />
                <Groups bench=bench draft=draft />
                <div class="dialog-actions">
                    <button class="button quiet" type="button" on:click=move |_| close()>"Cancel"</button>
                    <button class="button primary" type="submit">"Save"</button>
                </div>
            </form>
            <MergeTag bench=bench id=id />
            <Rest bench=bench id=id />
        </div>
    }
    .into_any()
}

#[component]
fn Colours(colour: RwSignal<String>) -> impl IntoView {
    let swatches = PALETTE.map(|(name, value)| {
        view! {
            <input
                type="radio"
                name="tag-colour"
                class="swatch"
                style:--t=value
                title=name
                aria-label=name
                prop:checked=move || colour.with(|colour| colour.eq_ignore_ascii_case(value))
                on:change=move |_| colour.set(value.to_owned())
            />
        }
    });
    view! {
        <fieldset>
            <legend class="field-label">"Colour"</legend>
            <div class="swatches">
                {swatches}
                <label class="swatch-free">
                    <input type="color" prop:value=move || colour.get() on:input=move |event| colour.set(event_target_value(&event)) />
                    "Another colour"
                </label>
            </div>
        </fieldset>
    }
    .into_any()
}

#[component]
fn Groups(bench: Bench, draft: Draft) -> impl IntoView {
    let desk = bench.desk;
    let group = draft.group;
    let options = move || {
        let groups = desk.groups.get().into_iter().map(|known| {
            let id = known.id.to_string();
            let chosen = id == group.get_untracked();
            view! { <option value=id selected=chosen>{known.name}</option> }
        });
        groups.collect_view()
    };
    let new = move || {
        (group.get() == NEW).then(|| {
            view! {
                <label class="field-label" for="tag-new-group">"Name of the new group"</label>
                <input class="field" id="tag-new-group" type="text" maxlength="100" required autocomplete="off" node_ref=draft.new_group />
            }
        })
    };
    view! {
        <label class="field-label" for="tag-group">"Group"</label>
        <select class="field" id="tag-group" on:change=move |event| group.set(event_target_value(&event))>
            <option value="">"No group"</option>
            {options}
            <option value=NEW>"New group…"</option>
        </select>
        {new}
    }
    .into_any()
}

/// Makes it one with another, after saying what that means.
#[component]
fn MergeTag(bench: Bench, id: TagId) -> impl IntoView {
    let desk = bench.desk;
    let into = RwSignal::new(None::<TagId>);
    let name = move |id| desk.tag(id).map(|tag| tag.name).unwrap_or_default();
    let options = move || {
        let others = desk.tags.get().into_iter().filter(|other| other.id != id);
        others.map(|other| view! { <option value=other.id.to_string() selected=into.get_untracked() == Some(other.id)>{other.name}</option> }).collect_view()
    };
    let merge = move |target: TagId| {
        let (from_name, into_name) = untrack(|| (name(id), name(target)));
        if desk.run(Command::MergeTag { from: id, into: target }) {
            bench.open.set(None);
            let text = format!("{from_name} merged into {into_name}.");
            desk.toast.set(Some(Toast { text, undo: Some(Command::RestoreTag(id)) }));
            browser::move_focus("dialog[open] .toast button", 0);
        }
    };
    let confirm = move || {
        into.get().map(|target| {
            let what = move || match bench.count(id) {
                0 => format!("No highlight carries {}; it goes, and {} stays.", name(id), name(target)),
                count => format!("{} marked {} will be marked {} instead, for everybody.", highlights(count), name(id), name(target)),
            };
            view! {
                <p class="tags-say">{what}</p>
                <button class="button danger" type="button" on:click=move |_| merge(target)>{move || format!("Merge into {}", name(target))}</button>
            }
        })
    };
    view! {
        <div class="tags-merge">
            <label class="field-label" for="tag-merge">"Merge into another tag"</label>
            <select class="field" id="tag-merge" on:change=move |event| into.set(event_target_value(&event).parse().ok())>
                <option value="">"Choose a tag"</option>
                {options}
            </select>
            {confirm}
        </div>
    }
    .into_any()
}

/// Locks and deletes.
#[component]
fn Rest(bench: Bench, id: TagId) -> impl IntoView {
    let desk = bench.desk;
    let locked = move || desk.tag(id).is_some_and(|tag| tag.locked);
    let lock = move || {
        bench.may_moderate().then(|| {
            let press = move |_| {
                let lock = !untrack(locked);
                if desk.run(Command::LockTag(id, lock)) {
                    desk.announcement.set(if lock { "Locked." } else { "Unlocked." }.to_owned());
                }
            };
            view! {
                <button class="button" type="button" on:click=press>{move || if locked() { "Unlock" } else { "Lock" }}</button>
            }
        })
    };
    let used = move || bench.count(id) > 0;
    let delete = move |_| {
        let name = untrack(|| desk.tag(id)).map(|tag| tag.name).unwrap_or_default();
        if untrack(used) {
            browser::focus("tag-merge");
        } else if desk.run(Command::DeleteTag(id)) {
            bench.open.set(None);
            let text = format!("Tag {name} deleted.");
            desk.toast.set(Some(Toast { text, undo: Some(Command::RestoreTag(id)) }));
            browser::move_focus("dialog[open] .toast button", 0);
        }
    };
    let why = move || {
        used().then(|| {
            let carry = if bench.count(id) == 1 { "carries" } else { "carry" };
            format!("{} {carry} this tag, so it cannot be deleted: merge it into another.", highlights(bench.count(id)))
        })
    };
    view! {
        <div class="tags-rest">
            {lock}
            <button class="button danger" type="button" aria-disabled=move || used().to_string() aria-describedby="tag-why" on:click=delete>"Delete"</button>
            <p class="hint" id="tag-why">{why}</p>
        </div>
    }
    .into_any()
}
