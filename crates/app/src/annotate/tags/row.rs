use leptos::{ev::PointerEvent, prelude::*};
use shared::{
    document::{Command, Tag},
    ids::TagId,
    rules::{Change, Refusal},
};

use super::{Bench, Drag, edit::EditTag, highlights, order::moves};
use crate::annotate::browser;

/// One tag: what it is, and what this person may do with it or why not.
#[component]
pub fn Row(bench: Bench, tag: Tag) -> impl IntoView {
    let id = tag.id;
    let tag =
        Memo::new(move |old: Option<&Tag>| bench.desk.tag(id).or_else(|| old.cloned()).unwrap_or_else(|| tag.clone()));
    let name = move || tag.with(|tag| tag.name.clone());
    let refusal =
        Memo::new(move |_| tag.with(|tag| bench.refusal(Change::ChangeTag { author: tag.author, locked: tag.locked })));
    let facts = move || {
        let mut facts =
            vec![highlights(bench.count(id)), format!("by {}", tag.with(|tag| bench.desk.name_of(tag.author)))];
        facts.extend(tag.with(|tag| tag.locked).then(|| "locked".to_owned()));
        let is_kept = !bench.is_open(id) && bench.kept.with(|kept| kept.contains_key(&id));
        facts.extend(is_kept.then(|| "changes not saved yet".to_owned()));
        // The author stands there already: they, and who moderates, may change it.
        facts
            .extend((refusal.get() == Some(Refusal::NotYours)).then(|| "only they and staff may change it".to_owned()));
        facts.join(" · ")
    };
    let drop = move || match bench.drag.get() {
        Some(Drag { beside: Some((beside, after)), .. }) if beside == id => {
            Some(if after { "after" } else { "before" })
        }
        _ => None,
    };
    let dragged = move || bench.drag.with(|drag| drag.is_some_and(|drag| drag.moved == id)).then_some("");
    view! {
        <li class="tags-row tinted" data-tag=id.to_string() data-drop=drop data-dragged=dragged style:--t=move || tag.with(|tag| tag.colour.clone())>
            {move || refusal.get().is_none().then(|| view! { <Handle bench=bench tag=tag /> })}
            <span class="dot"></span>
            <div class="tags-what">
                <span class="tags-name" dir="auto">{name}</span>
                {move || tag.with(|tag| (!tag.description.is_empty()).then(|| view! { <p dir="auto">{tag.description.clone()}</p> }))}
                <p class="hint">{facts}</p>
            </div>
            {move || refusal.get().is_none().then(|| view! { <Tools bench=bench tag=tag /> })}
            {move || (refusal.get().is_none() && bench.is_open(id)).then(|| view! { <EditTag bench=bench tag=tag.get_untracked() /> })}
        </li>
    }
    .into_any()
}

/// What a pointer takes a tag by.
#[component]
fn Handle(bench: Bench, tag: Memo<Tag>) -> impl IntoView {
    let id = tag.with_untracked(|tag| tag.id);
    let over = move |beside| bench.drag.set(Some(Drag { moved: id, beside }));
    let end = move |is_dropped: bool| {
        let beside = bench.drag.get_untracked().and_then(|drag| drag.beside).filter(|_| is_dropped);
        if let Some(beside) = beside {
            untrack(|| bench.drop_beside(&tag.get(), beside));
        }
        bench.drag.set(None);
    };
    handle(
        move || over(None),
        move |y| {
            if bench.drag.with_untracked(Option::is_some) {
                over(browser::row_beside(".tags-row", "data-tag", y));
            }
        },
        end,
    )
}

/// What a pointer takes a thing by, moves it to a height of the window by, and lets it go (true) or gives it up; keys have
/// the buttons.
pub fn handle(
    begin: impl Fn() + 'static,
    moved: impl Fn(f64) + 'static,
    end: impl Fn(bool) + Copy + 'static,
) -> AnyView {
    let start = move |event: PointerEvent| {
        if event.button() == 0 {
            event.prevent_default();
            browser::capture(&event);
            begin();
        }
    };
    view! {
        <span
            class="tags-handle"
            aria-hidden="true"
            on:pointerdown=start
            on:pointermove=move |event| moved(f64::from(event.client_y()))
            on:pointerup=move |_| end(true)
            on:pointercancel=move |_| end(false)
        ></span>
    }
    .into_any()
}

/// A button that moves a thing among others a step up or down.
pub fn step_button(
    up: bool,
    label: impl Fn() -> String + Send + 'static,
    is_last: impl Fn() -> bool + Send + 'static,
    step: impl Fn() + 'static,
) -> AnyView {
    let path = if up { "m5 12 5-5 5 5" } else { "m5 8 5 5 5-5" };
    view! {
        <button class="icon-button" type="button" aria-label=label aria-disabled=move || is_last().to_string() on:click=move |_| step()>
            <svg viewBox="0 0 20 20" aria-hidden="true"><path d=path /></svg>
        </button>
    }
    .into_any()
}

#[component]
fn Tools(bench: Bench, tag: Memo<Tag>) -> impl IntoView {
    let id = tag.with_untracked(|tag| tag.id);
    let named = move |before: &'static str, after: &'static str| {
        move || tag.with(|tag| format!("{before} {}{after}", tag.name))
    };
    let others = move || bench.others(tag.with(|tag| tag.group), id);
    let at = move || {
        let group = tag.with(|tag| tag.group);
        bench.desk.tags.with(|tags| tags.iter().filter(|tag| tag.group == group).position(|tag| tag.id == id))
    };
    let is_first = move || at() == Some(0);
    let is_last = move || at() == Some(others().len());
    let step = move |up: bool| {
        let (others, at) = untrack(|| (others(), at().unwrap_or_default()));
        let to = if up { at.checked_sub(1) } else { Some(at + 1) };
        if let Some(to) = to.filter(|to| *to <= others.len()) {
            place(bench, &tag.get_untracked(), &others, to);
        }
    };
    let edit = move |_| {
        let open = !untrack(|| bench.is_open(id));
        bench.open.set(open.then(|| (id, tag.with_untracked(|tag| tag.group))));
    };
    view! {
        <div class="tags-tools">
            {step_button(true, named("Move", " up"), is_first, move || step(true))}
            {step_button(false, named("Move", " down"), is_last, move || step(false))}
            <button class="button quiet" type="button" data-edit aria-label=named("Edit", "") aria-expanded=move || bench.is_open(id).to_string() on:click=edit>
                "Edit"
            </button>
        </div>
    }
}

/// A button of a tag's row.
pub fn row_button(id: TagId, button: &str) -> String {
    format!(".tags-row[data-tag=\"{id}\"] {button}")
}

/// Puts a tag at a place among others, and says so.
pub fn place(bench: Bench, tag: &Tag, others: &[(TagId, f64)], to: usize) {
    if moves(others, tag.id, to).into_iter().all(|(id, order)| bench.desk.run(Command::MoveTag(id, order))) {
        let said = format!("{} is now number {} of {}.", tag.name, to.min(others.len()) + 1, others.len() + 1);
        bench.desk.announcement.set(said);
    }
}
