use leptos::{ev::KeyboardEvent, prelude::*};
use shared::ids::{HighlightId, TagId};

use super::{Board, entry_id};
use crate::annotate::desk::Card;

/// The words of an entry: the first passage, and whether there are more.
pub fn quote(card: &Card) -> Option<String> {
    let targets = &card.highlight.targets;
    let more = if targets.len() > 1 { " […]" } else { "" };
    Some(format!("{}{more}", targets.first()?.exact))
}

/// A highlight in the column of one of its tags.
#[component]
pub fn EntryItem(
    board: Board,
    /// Of which column; none: of those without a tag.
    tag: Option<TagId>,
    id: HighlightId,
    /// The entry that a dragged one would push down.
    dropping: Memo<Option<Option<HighlightId>>>,
) -> impl IntoView {
    let desk = board.desk;
    let in_hand = RwSignal::from(desk.in_hand(id));
    let card = RwSignal::from(desk.card(id)?);
    let words = Memo::new(move |_| card.with(quote).unwrap_or_default());
    let author = move || desk.name_of(card.with(|card| card.highlight.author));
    let comments =
        move || match card.with(|card| card.highlight.comments.iter().filter(|comment| !comment.deleted).count()) {
            0 => None,
            1 => Some("1 comment".to_owned()),
            count => Some(format!("{count} comments")),
        };
    let resolved = move || card.with(|card| card.highlight.resolved.is_some());
    let dragged = move || board.dragging.get() == Some((id, tag));
    let on_key = move |event: KeyboardEvent| {
        if event.alt_key() && !event.ctrl_key() && !event.meta_key() && desk.may_annotate() {
            // Alt and an arrow to the side would leave the page.
            if board.step(id, tag, &event.key()) {
                event.prevent_default();
            }
        }
    };
    let view = view! {
        <li
            class="board-entry"
            id=entry_id(tag, id)
            data-entry=id.to_string()
            data-active=move || in_hand.get().then_some("")
            data-resolved=move || resolved().then_some("")
            data-dragged=move || dragged().then_some("")
            data-drop=move || (dropping.get() == Some(Some(id))).then_some("")
            on:keydown=on_key
        >
            <button
                class="board-quote"
                type="button"
                dir="auto"
                aria-keyshortcuts=move || desk.may_annotate().then_some("Alt+ArrowUp Alt+ArrowDown Alt+ArrowLeft Alt+ArrowRight")
                on:click=move |_| board.show(id)
            >
                {move || words.get()}
            </button>
            <p class="board-meta">
                <span class="board-author">{author}</span>
                {move || comments().map(|count| view! { <span class="board-comments">{count}</span> })}
                {move || resolved().then(|| view! { <span class="badge">"Resolved"</span> })}
            </p>
            <Show when=move || desk.may_annotate()>
                <span class="board-tools">
                    <button
                        class="icon-button board-move"
                        type="button"
                        aria-label="Move to …"
                        title="Move to …"
                        aria-haspopup="dialog"
                        on:click=move |_| board.asking.set(Some((tag, id)))
                    >
                        <svg viewBox="0 0 20 20" aria-hidden="true">
                            <path d="M10 3v14M3 10h14M7.5 5.5 10 3l2.5 2.5M7.5 14.5 10 17l2.5-2.5M5.5 7.5 3 10l2.5 2.5M14.5 7.5 17 10l-2.5 2.5" />
                        </svg>
                    </button>
                    // Fingers drag by this; elsewhere they scroll.
                    <span class="board-grip" aria-hidden="true">
                        <svg viewBox="0 0 20 20">
                            <path d="M7.5 5v.01M12.5 5v.01M7.5 10v.01M12.5 10v.01M7.5 15v.01M12.5 15v.01" />
                        </svg>
                    </span>
                </span>
            </Show>
        </li>
    };
    Some(view.into_any())
}
