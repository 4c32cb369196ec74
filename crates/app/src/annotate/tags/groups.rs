use leptos::{html, prelude::*};
use shared::{document::Command, ids::TagGroupId, rules::Change};

use super::{
    Bench, Drag,
    order::moves,
    row::{Row, handle, step_button},
};
use crate::annotate::{browser, desk::Toast};

/// A group with its tags; without an id, those that have no group.
#[component]
pub fn Group(bench: Bench, group: Option<TagGroupId>) -> impl IntoView {
    let desk = bench.desk;
    let tags = move || {
        desk.tags
            .with(|tags| tags.iter().filter(|tag| bench.group_of(tag) == group).map(|tag| tag.id).collect::<Vec<_>>())
    };
    let empty = move || {
        (group.is_some() && tags().is_empty()).then(|| view! { <p class="hint">"No tag is in this group."</p> })
    };
    let carried = move || bench.carried.get().is_some_and(|drag| Some(drag.moved) == group).then_some("");
    let drop = move || {
        let (beside, after) = bench.carried.get()?.beside?;
        (Some(beside) == group).then_some(if after { "after" } else { "before" })
    };
    view! {
        <section class="tags-group" data-group=group.map(|group| group.to_string()) data-dragged=carried data-drop=drop>
            {group.map(|group| view! { <GroupHead bench=bench group=group /> })}
            <ul class="tags-list" role="list">
                <For each=tags key=|id| *id let:id>
                    {desk.tag(id).map(|tag| view! { <Row bench=bench tag=tag /> })}
                </For>
            </ul>
            {empty}
        </section>
    }
    .into_any()
}

#[component]
fn GroupHead(bench: Bench, group: TagGroupId) -> impl IntoView {
    let desk = bench.desk;
    let known = Memo::new(move |_| desk.groups.with(|groups| groups.iter().find(|known| known.id == group).cloned()));
    let name = move || known.get().map(|group| group.name).unwrap_or_default();
    let renaming = RwSignal::new(false);
    let may =
        move || known.get().is_some_and(|group| bench.refusal(Change::ChangeGroup { author: group.author }).is_none());
    let delete = move |_| {
        let text = format!("Group {} deleted, its tags are kept.", name());
        if desk.run(Command::DeleteGroup(group)) {
            desk.toast.set(Some(Toast { text, undo: Some(Command::RestoreGroup(group)) }));
            browser::move_focus("dialog[open] .toast button", 0);
        }
    };
    let at = move || desk.groups.with(|groups| groups.iter().position(|known| known.id == group));
    let others = move || {
        desk.groups.with(|groups| {
            let others = groups.iter().filter(|other| other.id != group);
            others.map(|other| (other.id, other.order)).collect::<Vec<_>>()
        })
    };
    let place = move |to: usize| {
        let others = untrack(others);
        let to = to.min(others.len());
        if moves(&others, group, to).into_iter().all(|(id, order)| desk.run(Command::MoveGroup(id, order))) {
            let said = format!("Group {} is now number {} of {}.", untrack(name), to + 1, others.len() + 1);
            desk.announcement.set(said);
        }
    };
    let step = move |up: bool| {
        let (count, at) = untrack(|| (others().len(), at().unwrap_or_default()));
        let to = if up { at.checked_sub(1) } else { Some(at + 1) };
        if let Some(to) = to.filter(|to| *to <= count) {
            place(to);
        }
    };
    let over = move |beside| bench.carried.set(Some(Drag { moved: group, beside }));
    let end = move |is_dropped: bool| {
        let beside = bench.carried.get_untracked().and_then(|drag| drag.beside).filter(|_| is_dropped);
        if let Some((other, after)) = beside.filter(|(other, _)| *other != group) {
            let at = untrack(others).iter().position(|(id, _)| *id == other).unwrap_or_default();
            place(at + usize::from(after));
        }
        bench.carried.set(None);
    };
    let drag = move || {
        handle(
            move || over(None),
            move |y| {
                if bench.carried.with_untracked(Option::is_some) {
                    over(browser::row_beside(".tags-group[data-group]", "data-group", y));
                }
            },
            end,
        )
    };
    let head = move || {
        let actions = may().then(|| {
            view! {
                {step_button(true, move || format!("Move group {} up", name()), move || at() == Some(0), move || step(true))}
                {step_button(false, move || format!("Move group {} down", name()), move || at() == Some(others().len()), move || step(false))}
                <button class="button quiet" type="button" aria-label=move || format!("Rename group {}", name()) on:click=move |_| renaming.set(true)>
                    "Rename"
                </button>
                <button class="button quiet" type="button" aria-label=move || format!("Delete group {}", name()) on:click=delete>"Delete"</button>
            }
        });
        view! {
            <div class="tags-group-head" id=format!("group-{group}")>
                {move || may().then(drag)}
                <h3 dir="auto">{name}</h3>
                {actions}
            </div>
        }
    };
    move || {
        if renaming.get() {
            view! { <RenameGroup bench=bench group=group name=name renaming=renaming /> }.into_any()
        } else {
            head().into_any()
        }
    }
}

#[component]
fn RenameGroup(
    bench: Bench,
    group: TagGroupId,
    name: impl Fn() -> String + Copy + Send + Sync + 'static,
    renaming: RwSignal<bool>,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    browser::move_focus("#group-name", 0);
    let done = move || {
        renaming.set(false);
        browser::move_focus(&format!("#group-{group} button"), 0);
    };
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(written) = input.get_untracked().map(|input| input.value()) else { return };
        let same = written.trim() == untrack(name);
        if same || bench.desk.run(Command::RenameGroup(group, written)) {
            done();
        }
    };
    view! {
        <form class="tags-line" on:submit=on_submit>
            <label class="field-label" for="group-name">"Name of the group"</label>
            <input class="field" id="group-name" type="text" maxlength="100" required autocomplete="off" node_ref=input prop:value=untrack(name) />
            <button class="button primary" type="submit">"Save"</button>
            <button class="button quiet" type="button" on:click=move |_| done()>"Cancel"</button>
        </form>
    }
}
