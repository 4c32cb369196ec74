use leptos::prelude::*;
use shared::{
    document::{Command, Tag},
    ids::{TagGroupId, TagId},
};

use super::{Bench, highlights, row::row_button};
use crate::annotate::{
    browser,
    desk::{Desk, Toast},
    palette::PALETTE,
    tag_list::for_each_tag,
};

/// What is chosen in the select of groups when a new one is wanted.
const NEW: &str = "new";

/// What is being written of a tag. It is kept while another row is open, or the dialog is closed, until it is saved or
/// cancelled.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The tag as it was when the form opened.
    was: Tag,
    name: String,
    description: String,
    colour: String,
    /// An id, [`NEW`], or nothing.
    group: String,
    new_group: String,
}

impl Written {
    fn of(tag: Tag) -> Self {
        Self {
            name: tag.name.clone(),
            description: tag.description.clone(),
            colour: tag.colour.clone(),
            group: tag.group.map(|group| group.to_string()).unwrap_or_default(),
            new_group: String::new(),
            was: tag,
        }
    }
}

/// The same, in the form. Nothing writes into it but the person.
#[derive(Clone, Copy)]
struct Draft {
    bench: Bench,
    now: RwSignal<Written>,
}

impl Draft {
    fn of(bench: Bench, tag: Tag) -> Self {
        let kept = bench.kept.with_untracked(|kept| kept.get(&tag.id).cloned());
        Self { bench, now: RwSignal::new(kept.unwrap_or_else(|| Written::of(tag))) }
    }

    fn change(self, change: impl FnOnce(&mut Written)) {
        self.now.update(change);
        let now = self.now.get_untracked();
        let (id, is_same) = (now.was.id, now == Written::of(now.was.clone()));
        self.bench.kept.update(|kept| drop(if is_same { kept.remove(&id) } else { kept.insert(id, now) }));
    }

    fn forget(self) {
        let id = self.now.with_untracked(|now| now.was.id);
        self.bench.kept.update(|kept| drop(kept.remove(&id)));
    }

    /// The group that is chosen, tracked: an id, [`NEW`], or nothing, also where the group that was chosen has gone.
    fn group(self) -> String {
        let chosen = self.now.with(|now| now.group.clone());
        let is_there = |group: &String| {
            group == NEW
                || self.bench.desk.groups.with(|groups| groups.iter().any(|known| known.id.to_string() == *group))
        };
        Some(chosen).filter(is_there).unwrap_or_default()
    }

    /// Saves what was changed here; what others changed meanwhile stays theirs. Whether it was done.
    fn save(self) -> bool {
        let (now, desk) = (self.now.get_untracked(), self.bench.desk);
        let was = now.was;
        if untrack(|| desk.tag(was.id)).is_none() {
            return true;
        }
        let chosen = untrack(|| self.group());
        let group = if chosen == NEW {
            let id = TagGroupId::new();
            if !desk.run(Command::NewGroup { id, name: now.new_group }) {
                return false;
            }
            Some(id)
        } else {
            chosen.parse().ok()
        };
        let name = written(now.name.trim().to_owned(), &was.name);
        let colour = written(now.colour, &was.colour);
        let description = written(now.description.trim().to_owned(), &was.description);
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
    let draft = Draft::of(bench, tag);
    let now = draft.now.get_untracked();
    browser::move_focus("#tag-name", 0);
    let close = move || {
        draft.forget();
        bench.open.set(None);
        browser::move_focus(&row_button(id, "[data-edit]"), 0);
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if draft.save() {
            bench.desk.announcement.set("Tag saved.".to_owned());
            close();
        }
    };
    view! {
        <div class="tags-edit">
            <form on:submit=on_submit>
                <label class="field-label" for="tag-name">"Name"</label>
                <input class="field" id="tag-name" type="text" maxlength="100" required autocomplete="off" prop:value=now.name
                    on:input=move |event| draft.change(|now| now.name = event_target_value(&event)) />
                <label class="field-label" for="tag-description">"Description"</label>
                <textarea class="field" id="tag-description" rows="2" maxlength="1000" prop:value=now.description
                    on:input=move |event| draft.change(|now| now.description = event_target_value(&event))></textarea>
                <Colours draft=draft />
                <Groups desk=bench.desk draft=draft />
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
fn Colours(draft: Draft) -> impl IntoView {
    let is = move |value: &str| draft.now.with(|now| now.colour.eq_ignore_ascii_case(value));
    let set = move |value: String| draft.change(|now| now.colour = value);
    let swatches = PALETTE.map(|(name, value)| {
        view! {
            <input
                type="radio"
                name="tag-colour"
                class="swatch"
                style:--t=value
                title=name
                aria-label=name
                prop:checked=move || is(value)
                on:change=move |_| set(value.to_owned())
            />
        }
    });
    view! {
        <fieldset>
            <legend class="field-label">"Colour"</legend>
            <div class="swatches">
                {swatches}
                <label class="swatch-free">
                    <input type="color" prop:value=move || draft.now.with(|now| now.colour.clone()) on:input=move |event| set(event_target_value(&event)) />
                    "Another colour"
                </label>
            </div>
        </fieldset>
    }
    .into_any()
}

#[component]
fn Groups(desk: Desk, draft: Draft) -> impl IntoView {
    let chosen = Memo::new(move |_| draft.group());
    let option = move |id: String, name: String| {
        let value = id.clone();
        view! { <option value=value prop:selected=move || chosen.with(|chosen| *chosen == id)>{name}</option> }
    };
    let groups =
        move || desk.groups.get().into_iter().map(|group| (group.id.to_string(), group.name)).collect::<Vec<_>>();
    let new = move || {
        chosen.with(|chosen| chosen == NEW).then(|| {
            let name = draft.now.with_untracked(|now| now.new_group.clone());
            view! {
                <label class="field-label" for="tag-new-group">"Name of the new group"</label>
                <input class="field" id="tag-new-group" type="text" maxlength="100" required autocomplete="off" prop:value=name
                    on:input=move |event| draft.change(|now| now.new_group = event_target_value(&event)) />
            }
        })
    };
    view! {
        <label class="field-label" for="tag-group">"Group"</label>
        <select class="field" id="tag-group" on:change=move |event| draft.change(|now| now.group = event_target_value(&event))>
            {option(String::new(), "No group".to_owned())}
            <For each=groups key=Clone::clone let((id, name))>{option(id, name)}</For>
            {option(NEW.to_owned(), "New group…".to_owned())}
        </select>
        {new}
    }
    .into_any()
}

/// Makes it one with another, after saying what that means.
#[component]
fn MergeTag(bench: Bench, id: TagId) -> impl IntoView {
    let desk = bench.desk;
    let chosen = RwSignal::new(None::<TagId>);
    // Others may have deleted or merged it: then the select shows that nothing is chosen, and nothing is.
    let into = Memo::new(move |_| chosen.get().filter(|id| desk.tag(*id).is_some()));
    let name = move |id| desk.tag(id).map(|tag| tag.name).unwrap_or_default();
    let option = move |other: Tag| {
        let own = other.id;
        (own != id)
            .then(|| view! { <option value=own.to_string() prop:selected=move || into.get() == Some(own)>{other.name}</option> })
            .into_any()
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
            <select class="field" id="tag-merge" on:change=move |event| chosen.set(event_target_value(&event).parse().ok())>
                <option value="" prop:selected=move || into.get().is_none()>"Choose a tag"</option>
                {for_each_tag(desk, option)}
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
