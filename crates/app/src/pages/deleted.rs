use leptos::prelude::*;
use shared::{
    api::{Deleted, DeletedComment, DeletedGroup, DeletedHighlight, DeletedTag, MAX_PURGED, PurgeItem, PurgeItems},
    ids::ConversationId,
};

use super::{Bar, home::counted};
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    local_times::LocalTime,
    parts::Visitor,
};

/// What is marked deleted in a conversation, and can be deleted for ever.
#[component]
pub fn DeletedPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Of which conversation.
    conversation: ConversationId,
    /// What is listed.
    deleted: Deleted,
) -> impl IntoView {
    let Deleted { title, is_cut, comments, highlights, tags, groups } = deleted;
    let lines: Vec<Line> = (highlights.into_iter().map(of_highlight))
        .chain(comments.into_iter().map(of_comment))
        .chain(tags.into_iter().map(of_tag))
        .chain(groups.into_iter().map(of_group))
        .collect();
    let cut =
        is_cut.then(|| view! { <p class="hint">{format!("These are {MAX_PURGED} of them; there are more.")}</p> });
    let list = if lines.is_empty() {
        view! { <div class="empty"><p>"Nothing in this conversation is marked deleted."</p></div> }.into_any()
    } else {
        let lines = lines.into_iter().map(|line| view! { <Choice line=line /> }).collect_view();
        let api = api_of(&PurgeItems { id: conversation, items: Vec::new() });
        view! {
            <ApiForm
                api=api
                then=Then::Reload
                confirm="purge"
                needs=("items", "Nothing is ticked. Tick what is to be deleted for ever, then press Delete for ever again.")
                label="What is deleted"
            >
                <label class="deleted-item deleted-all"><input type="checkbox" data-ticks="items" /> "All of it"</label>
                {cut}
                <ul class="deleted-list" role="list">{lines}</ul>
                <div class="dialog-actions"><button class="button danger" type="submit">"Delete for ever"</button></div>
            </ApiForm>
            <ConfirmDialog
                id="purge"
                title="Delete these for ever?"
                text="{items} of them. Nobody can take that back. They are taken out of the earlier texts of this conversation too; copies of it, and files that people took away, keep theirs."
                action="Delete for ever"
                filled=true
            />
        }
        .into_any()
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <p class="page-crumb"><a href=format!("/c/{conversation}") dir="auto">{title}</a></p>
            <header class="page-head"><h1 class="page-title">"Deleted here"</h1></header>
            <p class="hint">
                "What people delete in a conversation is hidden and kept, so that it can be taken back. What must not be kept can be deleted for ever here."
            </p>
            {list}
        </main>
    }
    .into_any()
}

/// Something that can be chosen.
struct Line {
    item: PurgeItem,
    /// What it is.
    kind: &'static str,
    /// Its words.
    words: String,
    /// Whose it was.
    of: String,
    /// RFC 3339.
    at: Option<String>,
}

fn of_highlight(highlight: DeletedHighlight) -> Line {
    let DeletedHighlight { id, quote, name, by, author, by_name, at, comments } = highlight;
    let deleted = if by == author { String::new() } else { format!(" · deleted by {by_name}") };
    let of = format!("{name} · {}{deleted}", counted(comments as i64, "comment"));
    Line { item: PurgeItem::Highlight { id }, kind: "Highlight", words: quote, of, at }
}

fn of_comment(comment: DeletedComment) -> Line {
    let DeletedComment { id, highlight, quote, name, created_at: at, .. } = comment;
    Line { item: PurgeItem::Comment { highlight, id }, kind: "Comment on", words: quote, of: name, at }
}

fn of_tag(DeletedTag { id, name }: DeletedTag) -> Line {
    Line { item: PurgeItem::Tag { id }, kind: "Tag", words: name, of: String::new(), at: None }
}

fn of_group(DeletedGroup { id, name }: DeletedGroup) -> Line {
    Line { item: PurgeItem::Group { id }, kind: "Group of tags", words: name, of: String::new(), at: None }
}

#[component]
fn Choice(line: Line) -> impl IntoView {
    let Line { item, kind, words, of, at } = line;
    let value = serde_json::to_string(&item).unwrap_or_default();
    let separator = (!of.is_empty() && at.is_some()).then_some(" · ");
    let at = at.map(|at| view! { <LocalTime at=at /> });
    view! {
        <li>
            <label class="deleted-item">
                <input type="checkbox" name="items" value=value data-type="json list" />
                <span class="deleted-what">
                    <span>{kind} " “" <bdi>{words}</bdi> "”"</span>
                    <span class="hint"><bdi>{of}</bdi> {separator} {at}</span>
                </span>
            </label>
        </li>
    }
    .into_any()
}
