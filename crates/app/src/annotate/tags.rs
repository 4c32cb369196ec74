//! The dialog in which the vocabulary is looked after.

mod copy;
mod edit;
mod groups;
mod order;
mod row;

use std::collections::HashMap;

use leptos::prelude::*;
use shared::{
    document::{Command, Tag},
    ids::{TagGroupId, TagId},
    rules::{self, Change},
};

use self::{copy::CopyTags, edit::Written, groups::Group, row::place};
use super::{
    browser,
    desk::{Desk, Dialog},
    modal::Modal,
    palette::next_colour,
};
use crate::later::part;

#[cfg(feature = "hydrate")]
pub use self::order::arranged;

/// What the parts of the dialog share.
#[derive(Clone, Copy)]
struct Bench {
    desk: Desk,
    /// How many highlights carry each tag.
    counts: Memo<HashMap<TagId, usize>>,
    /// The tag that is being changed, and the group in which it stays as long: what is being written would go with its
    /// row, if somebody else put it into another.
    open: RwSignal<Option<(TagId, Option<TagGroupId>)>>,
    /// What is half written of tags whose rows are closed, or of the open one.
    kept: RwSignal<HashMap<TagId, Written>>,
    /// What a pointer drags.
    drag: RwSignal<Option<Drag<TagId>>>,
    /// The group that a pointer drags.
    carried: RwSignal<Option<Drag<TagGroupId>>>,
}

thread_local! {
    /// What is half written of tags: longer than the dialog is open. A page has one conversation.
    static KEPT: ArcRwSignal<HashMap<TagId, Written>> = ArcRwSignal::new(HashMap::new());
}

/// A tag, or a group of them, on its way.
#[derive(Clone, Copy)]
struct Drag<Id> {
    moved: Id,
    /// Beside which other it would be dropped, and whether after it.
    beside: Option<(Id, bool)>,
}

impl Bench {
    fn count(self, tag: TagId) -> usize {
        self.counts.with(|counts| counts.get(&tag).copied().unwrap_or_default())
    }

    /// Why this person may not do a thing, tracked.
    fn refusal(self, change: Change) -> Option<rules::Refusal> {
        self.desk.rights.track();
        rules::allow(&self.desk.sender(), change).err()
    }

    fn is_open(self, tag: TagId) -> bool {
        self.open.with(|open| open.is_some_and(|(open, _)| open == tag))
    }

    /// The group in whose list a tag stands, tracked.
    fn group_of(self, tag: &Tag) -> Option<TagGroupId> {
        let held = self.open.get().filter(|(open, _)| *open == tag.id).map(|(_, group)| group);
        let is_there = |group: &Option<TagGroupId>| {
            group.is_none_or(|group| self.desk.groups.with(|groups| groups.iter().any(|known| known.id == group)))
        };
        held.filter(is_there).unwrap_or(tag.group)
    }

    fn may_moderate(self) -> bool {
        self.refusal(Change::LockTag).is_none()
    }

    /// The other tags of a group, in order, with their places.
    fn others(self, group: Option<TagGroupId>, tag: TagId) -> Vec<(TagId, f64)> {
        self.desk.tags.with(|tags| {
            let of_group = tags.iter().filter(|other| other.group == group && other.id != tag);
            of_group.map(|other| (other.id, other.order)).collect()
        })
    }

    /// Puts a tag beside another, into its group too.
    fn drop_beside(self, tag: &Tag, (other, after): (TagId, bool)) {
        let Some(beside) = self.desk.tag(other).filter(|_| other != tag.id) else { return };
        if beside.group != tag.group {
            let (name, colour, description) = (None, None, None);
            let group = Some(beside.group);
            if !self.desk.run(Command::EditTag { id: tag.id, name, colour, description, group }) {
                return;
            }
        }
        let others = self.others(beside.group, tag.id);
        let at = others.iter().position(|(id, _)| *id == other).unwrap_or_default();
        place(self, tag, &others, at + usize::from(after));
    }
}

/// “1 highlight”, “3 highlights”.
fn highlights(count: usize) -> String {
    if count == 1 { "1 highlight".to_owned() } else { format!("{count} highlights") }
}

/// All tags, and what can be done with them.
#[component]
pub fn TagsDialog(desk: Desk) -> impl IntoView {
    view! {
        <Modal desk=desk which=Dialog::Tags title="Tags">
            {part(desk, move |parts| (parts.tags)(desk))}
        </Modal>
    }
    .into_any()
}

/// Opens the dialog.
#[component]
pub fn ManageTags(desk: Desk) -> impl IntoView {
    view! { <button class="button" type="button" aria-haspopup="dialog" on:click=move |_| desk.dialog.set(Some(Dialog::Tags))>"Manage tags"</button> }
}

/// What stands in the dialog.
pub fn vocabulary(desk: Desk) -> AnyView {
    let kept = KEPT.with(|kept| RwSignal::from(kept.clone()));
    let counts = Memo::new(move |_| {
        let mut counts = HashMap::new();
        for card in desk.order.get().into_iter().filter_map(|id| desk.card(id)) {
            card.with(|card| {
                for (tag, _) in &card.highlight.tags {
                    *counts.entry(*tag).or_default() += 1;
                }
            });
        }
        counts
    });
    let bench = Bench {
        desk,
        counts,
        open: RwSignal::new(None),
        kept,
        drag: RwSignal::new(None),
        carried: RwSignal::new(None),
    };
    let groups = move || {
        let named = desk.groups.get().into_iter().map(|group| Some(group.id));
        std::iter::once(None).chain(named).collect::<Vec<_>>()
    };
    // Rows that others move take the focus with them, and lose it on their way.
    Effect::new(move |_| {
        desk.tags.track();
        desk.groups.track();
        browser::hold_focus();
    });
    view! {
        <div on:focusin=|event| browser::note_focus(&event) on:pointerdown=|_| browser::forget_focus()>
        <p class="dialog-lead">"The tags of this conversation, for everybody in it. The first ten have keys."</p>
        <For each=groups key=|group| *group let:group>
            <Group bench=bench group=group />
        </For>
        {move || desk.may_annotate().then(|| view! { <div class="tags-foot"><AddTag desk=desk /><CopyTags desk=desk /></div> })}
        </div>
    }
    .into_any()
}

#[component]
fn AddTag(desk: Desk) -> impl IntoView {
    let name = NodeRef::<leptos::html::Input>::new();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(input) = name.get_untracked() else { return };
        let colour = desk.tags.with_untracked(|tags| next_colour(tags.iter().map(|tag| tag.colour.as_str())));
        let (id, written) = (TagId::new(), input.value());
        if desk.run(Command::NewTag { id, name: written.clone(), colour: colour.to_owned() }) {
            input.set_value("");
            desk.announcement.set(format!("Tag {} added.", written.trim()));
            browser::focus_on("#add-tag");
        }
    };
    view! {
        <form class="tags-line" on:submit=on_submit>
            <label class="field-label" for="add-tag">"Add a tag"</label>
            <input class="field" id="add-tag" type="text" maxlength="100" required autocomplete="off" node_ref=name />
            <button class="button" type="submit">"Add"</button>
        </form>
    }
}
