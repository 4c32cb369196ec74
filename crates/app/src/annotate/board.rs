//! The evidence by tag: a column a tag, in which highlights are put in order and from which they go to other tags.
//!
//! A highlight stands in the column of each of its tags, by the number that it carries with the tag; without a tag it stands
//! in a column of its own, from which it goes to a tag and to which nothing is moved. Whatever moves it (drag, keys, dialog)
//! ends in [`Board::put`].

mod entry;
mod move_dialog;
mod order;

use std::collections::{HashMap, HashSet};

use leptos::{ev::KeyboardEvent, html, prelude::*};
use shared::{
    document::{Command, Tag},
    ids::{HighlightId, TagId},
};

use self::{entry::EntryItem, move_dialog::MoveDialog, order::Inserted};
use super::{
    browser,
    desk::{Desk, Tab},
    tag_list::for_each_tag,
};

/// What the column of no tag is called in the page.
pub const UNTAGGED: &str = "untagged";

/// What stands in each column, with its number, in order; under no tag what has none.
type Columns = HashMap<Option<TagId>, Vec<(HighlightId, f64)>>;

/// An entry on its way by drag.
#[derive(Debug, Clone, PartialEq)]
pub struct Drag {
    /// Which highlight.
    pub id: HighlightId,
    /// The column it was taken from.
    pub from: Option<TagId>,
    /// The pointer, in CSS pixels of the window.
    pub at: (f64, f64),
    /// Where it would come to stand: a column, and an index among the others in it.
    pub place: Option<(TagId, usize)>,
}

/// What the parts of the board share.
#[derive(Clone, Copy)]
pub struct Board {
    /// The desk.
    pub desk: Desk,
    /// The columns, while the board is in front.
    columns: Memo<Columns>,
    /// The entry on its way.
    pub drag: RwSignal<Option<Drag>>,
    /// The same, without the way.
    dragging: Memo<Option<(HighlightId, Option<TagId>)>>,
    /// The entry that the dialog asks about.
    pub asking: RwSignal<Option<(Option<TagId>, HighlightId)>>,
}

impl Board {
    fn new(desk: Desk) -> Self {
        let drag = RwSignal::new(None::<Drag>);
        Self {
            desk,
            columns: Memo::new(move |before| columns(desk, before)),
            drag,
            dragging: Memo::new(move |_| drag.with(|drag| drag.as_ref().map(|drag| (drag.id, drag.from)))),
            asking: RwSignal::new(None),
        }
    }

    /// A column, tracked.
    fn column(self, tag: Option<TagId>) -> Vec<(HighlightId, f64)> {
        self.columns.with(|columns| columns.get(&tag).cloned().unwrap_or_default())
    }

    /// Where an entry stands in its column, and among how many.
    fn place_of(self, tag: Option<TagId>, id: HighlightId) -> Option<(usize, usize)> {
        self.columns.with_untracked(|columns| {
            let column = columns.get(&tag)?;
            Some((column.iter().position(|(other, _)| *other == id)?, column.len()))
        })
    }

    /// Moves an entry to stand before the one at `index` of the others in the column of `to`. The focus goes with it.
    pub fn put(self, id: HighlightId, from: Option<TagId>, to: TagId, index: usize) {
        // Others may have taken it away while it was on its way.
        let Some((here, _)) = self.place_of(from, id) else {
            self.desk.announcement.set("It is not here any more.".to_owned());
            return;
        };
        if from == Some(to) && index == here {
            return;
        }
        let mut others = untrack(|| self.column(Some(to)));
        others.retain(|(other, _)| *other != id);
        let Inserted { order, pushed } =
            order::insert(&others.iter().map(|(_, order)| *order).collect::<Vec<_>>(), index);
        // Those that make room go first: so the first undo takes the move back, which is what is seen.
        let room =
            pushed.into_iter().map(|(at, order)| Command::Move { highlight: others[at].0, from: None, to, order });
        let the_move = Command::Move { highlight: id, from: from.filter(|from| *from != to), to, order };
        if !room.chain([the_move]).all(|command| self.desk.run(command)) {
            return;
        }
        let name = untrack(|| self.desk.tag(to)).map(|tag| tag.name).unwrap_or_default();
        if let Some((place, count)) = self.place_of(Some(to), id) {
            self.desk.announcement.set(format!("Moved: {name}, {} of {count}.", place + 1));
        }
        browser::move_focus(&format!("#{} .board-quote", entry_id(Some(to), id)), 0);
    }

    /// Moves an entry along its column, or to the next column, one step; says so where there is no further.
    pub fn step(self, id: HighlightId, from: Option<TagId>, key: &str) -> bool {
        let Some((here, count)) = self.place_of(from, id) else { return false };
        let stay = |text: &str| self.desk.announcement.set(text.to_owned());
        match key {
            "ArrowUp" | "ArrowDown" => match from {
                None => stay("Without a tag it has no place to move along: put it under a tag first."),
                Some(_) if key == "ArrowUp" && here == 0 => stay("It is the first already."),
                Some(_) if key == "ArrowDown" && here + 1 == count => stay("It is the last already."),
                Some(tag) => self.put(id, from, tag, if key == "ArrowUp" { here - 1 } else { here + 1 }),
            },
            "ArrowLeft" | "ArrowRight" => {
                let right = key == "ArrowRight";
                let neighbour = self.desk.tags.with_untracked(|tags| {
                    // The column without a tag is the first, and none to go to.
                    let next = match from {
                        None => right.then_some(0)?,
                        Some(from) => {
                            let at = tags.iter().position(|tag| tag.id == from)?;
                            if right { at + 1 } else { at.checked_sub(1)? }
                        }
                    };
                    tags.get(next).map(|tag| tag.id)
                });
                match neighbour {
                    Some(to) => self.put(id, from, to, here),
                    None => stay("There is no further column."),
                }
            }
            _ => return false,
        }
        true
    }

    /// Shows an entry's passage; the board stays in front, the text is beside it (on a narrow page, above).
    fn show(self, id: HighlightId) {
        browser::show_in_text(self.desk, id);
        self.desk.announcement.set("Shown in the text.".to_owned());
    }
}

/// Reads the columns, unless the board is out of sight: a highlight made while nobody looks costs it nothing.
fn columns(desk: Desk, before: Option<&Columns>) -> Columns {
    if desk.tab.get() != Tab::Board {
        return before.cloned().unwrap_or_default();
    }
    let mut columns = Columns::new();
    let known: HashSet<TagId> = desk.tags.with(|tags| tags.iter().map(|tag| tag.id).collect());
    for card in desk.order.with(|order| order.iter().filter_map(|id| desk.card(*id)).collect::<Vec<_>>()) {
        card.with(|card| {
            let highlight = &card.highlight;
            // A tag may have been deleted while somebody applied it in a train.
            let tags: Vec<_> = highlight.tags.iter().filter(|(tag, _)| known.contains(tag)).collect();
            for (tag, order) in &tags {
                columns.entry(Some(*tag)).or_default().push((highlight.id, *order));
            }
            if tags.is_empty() {
                columns.entry(None).or_default().push((highlight.id, highlight.created_at as f64));
            }
        });
    }
    // The same for everybody, also where two have one number.
    columns.values_mut().for_each(|column| column.sort_unstable_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))));
    columns
}

/// The id of an entry's element: a highlight stands in several columns.
fn entry_id(tag: Option<TagId>, id: HighlightId) -> String {
    format!("b-{}-{id}", column_id(tag))
}

/// How a column is called in the page.
fn column_id(tag: Option<TagId>) -> String {
    tag.map_or(UNTAGGED.to_owned(), |tag| tag.to_string())
}

/// The evidence by tag.
pub fn board(desk: Desk) -> AnyView {
    let board = Board::new(desk);
    let root = NodeRef::<html::Div>::new();
    Effect::new(move |_| browser::watch_drags(board, root));
    let untagged = Memo::new(move |_| board.columns.with(|columns| columns.contains_key(&None)));
    Effect::new(move |was: Option<bool>| {
        let is = untagged.get();
        if is && was == Some(false) {
            browser::keep_at_start(root);
        }
        is
    });
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && board.drag.get_untracked().is_some() {
            event.prevent_default();
            board.drag.set(None);
        }
    };
    view! {
        <p class="hint board-hint" hidden=move || !desk.may_annotate()>
            "Drag to put in order or under another tag" <span class="board-keys">"; by keyboard Alt and an arrow"</span> "."
        </p>
        // Scrolled by keyboard also where no entry can take the focus.
        <div class="board" role="group" aria-label="Columns" tabindex="0" node_ref=root on:keydown=on_key
            data-dragging=move || board.drag.with(Option::is_some).then_some("")>
            {move || untagged.get().then(|| view! { <Column board=board tag=None /> })}
            {for_each_tag(desk, move |tag| view! { <Column board=board tag=Some(tag) /> }.into_any())}
        </div>
        <Ghost board=board />
        <MoveDialog board=board />
    }
    .into_any()
}

#[component]
fn Column(
    board: Board,
    /// None: of the highlights that have none.
    tag: Option<Tag>,
) -> impl IntoView {
    let id = tag.as_ref().map(|tag| tag.id);
    let (name, colour) = tag.map_or(("Untagged".to_owned(), None), |tag| (tag.name, Some(tag.colour)));
    let label = name.clone();
    let entries = Memo::new(move |_| board.column(id).into_iter().map(|(id, _)| id).collect::<Vec<_>>());
    // The entry that the dragged one would push down; nothing where that is the end of the column.
    let dropping = Memo::new(move |_| {
        board.drag.with(|drag| {
            let drag = drag.as_ref()?;
            let (_, index) = drag.place.filter(|(tag, _)| Some(*tag) == id)?;
            Some(entries.with(|entries| entries.iter().filter(|entry| **entry != drag.id).nth(index).copied()))
        })
    });
    let count = move || match entries.with(Vec::len) {
        1 => "1 highlight".to_owned(),
        count => format!("{count} highlights"),
    };
    view! {
        <section class="board-column tinted" style:--t=colour aria-label=label data-column=column_id(id)
            data-dropping=move || dropping.get().is_some().then_some("")>
            <h2 class="board-title">
                <span class="dot"></span>
                <span class="board-name" dir="auto">{name}</span>
                <span class="badge" aria-hidden="true">{move || entries.with(Vec::len)}</span>
                <span class="visually-hidden">{count}</span>
            </h2>
            <ul class="board-list" role="list" data-drop=move || (dropping.get() == Some(None)).then_some("")>
                <For each=move || entries.get() key=|id| *id let:entry>
                    <EntryItem board=board tag=id id=entry dropping=dropping />
                </For>
            </ul>
            {move || entries.with(Vec::is_empty).then(|| view! { <p class="hint board-empty">"Nothing yet."</p> })}
        </section>
    }
    .into_any()
}

/// What is on its way, at the pointer.
#[component]
fn Ghost(board: Board) -> impl IntoView {
    let quote = Memo::new(move |_| {
        let id = board.drag.with(|drag| drag.as_ref().map(|drag| drag.id))?;
        entry::quote(&board.desk.card(id)?.get_untracked())
    });
    let at = move || {
        board.drag.with(|drag| drag.as_ref().map(|drag| format!("{}px {}px", drag.at.0 + 10.0, drag.at.1 + 8.0)))
    };
    move || {
        quote.get().map(
            |quote| view! { <div class="board-ghost" aria-hidden="true" dir="auto" style:translate=at>{quote}</div> },
        )
    }
}
