use leptos::{html, prelude::*};
use shared::{
    document::Tag,
    ids::{HighlightId, TagId},
};

use super::{Board, entry};
use crate::annotate::{browser, tag_list::for_each_tag};

/// Every move without drag and without a key to remember: up, down, or to the end of another column.
#[component]
pub fn MoveDialog(board: Board) -> impl IntoView {
    let desk = board.desk;
    let dialog = NodeRef::<html::Dialog>::new();
    let close = move || {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    Effect::new(move |_| {
        if board.asking.with(Option::is_some)
            && let Some(dialog) = dialog.get_untracked()
        {
            browser::show_modal(&dialog);
        }
    });
    // The dialog gives the focus back to the button first; then the entry takes it along.
    let act = move |act: &dyn Fn(Option<TagId>, HighlightId)| {
        let asked = board.asking.get_untracked();
        close();
        if let Some((from, id)) = asked {
            act(from, id);
        }
    };
    let step = move |key: &'static str| {
        act(&|from, id| {
            board.step(id, from, key);
        });
    };
    let words = move || {
        let id = board.asking.get().map(|(_, id)| id)?;
        entry::quote(&desk.card(id)?.get())
    };
    let here = move |tag: TagId| board.asking.get().is_some_and(|(from, _)| from == Some(tag));
    let column = move |tag: Tag| {
        let to = tag.id;
        view! {
            <button
                class="menu-item"
                type="button"
                style:--t=tag.colour
                disabled=move || here(to)
                on:click=move |_| act(&|from, id| board.put(id, from, to, usize::MAX))
            >
                <span class="dot"></span>
                <span class="move-name" dir="auto">{tag.name}</span>
                <span class="hint" hidden=move || !here(to)>"It is here"</span>
            </button>
        }
        .into_any()
    };
    view! {
        <dialog class="dialog move-dialog" node_ref=dialog aria-labelledby="move-title" on:close=move |_| board.asking.set(None)>
            <h2 id="move-title">"Move to …"</h2>
            <blockquote class="move-quote" dir="auto">{words}</blockquote>
            <div class="move-steps" hidden=move || board.asking.get().is_some_and(|(from, _)| from.is_none())>
                <button class="button" type="button" on:click=move |_| step("ArrowUp")>"Up"</button>
                <button class="button" type="button" on:click=move |_| step("ArrowDown")>"Down"</button>
            </div>
            <div class="move-columns">
                {for_each_tag(desk, column)}
            </div>
            <div class="dialog-actions">
                <button class="button quiet" type="button" on:click=move |_| close()>"Cancel"</button>
            </div>
        </dialog>
    }
    .into_any()
}
