use leptos::{html, prelude::*};

use super::{Board, entry};
use crate::annotate::browser;

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
    let act = move |act: &dyn Fn(super::TagId, super::HighlightId)| {
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
    let here = move |tag| board.asking.get().is_some_and(|(from, _)| from == tag);
    view! {
        <dialog class="dialog move-dialog" node_ref=dialog aria-labelledby="move-title" on:close=move |_| board.asking.set(None)>
            <h2 id="move-title">"Move to …"</h2>
            <blockquote class="move-quote" dir="auto">{words}</blockquote>
            <div class="move-steps">
                <button class="button" type="button" on:click=move |_| step("ArrowUp")>"Up"</button>
                <button class="button" type="button" on:click=move |_| step("ArrowDown")>"Down"</button>
            </div>
            <div class="move-columns">
                <For each=move || desk.tags.get() key=|tag| (tag.id, tag.name.clone(), tag.colour.clone()) let:tag>
                    <button
                        class="menu-item"
                        type="button"
                        style:--t=tag.colour
                        disabled=move || here(tag.id)
                        on:click=move |_| act(&|from, id| board.put(id, from, tag.id, usize::MAX))
                    >
                        <span class="dot"></span>
                        <span class="move-name" dir="auto">{tag.name}</span>
                        <Show when=move || here(tag.id)><span class="hint">"It is here"</span></Show>
                    </button>
                </For>
            </div>
            <div class="dialog-actions">
                <button class="button quiet" type="button" on:click=move |_| close()>"Cancel"</button>
            </div>
        </dialog>
    }
    .into_any()
}
