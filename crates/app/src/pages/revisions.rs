use leptos::{nonce::use_nonce, prelude::*};
use shared::{
    api::{
        PurgeItem, PurgeItems, Revision, RevisionComment, RevisionHighlight, RevisionMessage, RevisionSummary,
        Revisions,
    },
    ids::ConversationId,
    prose,
    text::{CharOffset, Mark, OffsetMap, with_marks},
};

use super::{
    Bar,
    formulas::{self, Formulas},
    home::counted,
};
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    local_times::LocalTime,
    parts::Visitor,
};

/// The texts that a conversation has had.
#[component]
pub fn RevisionsPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Of which conversation.
    conversation: ConversationId,
    /// What is listed.
    revisions: Revisions,
) -> impl IntoView {
    let back = format!("/c/{conversation}");
    let edit = (revisions.may_edit_text && revisions.hindrance.is_none())
        .then(|| view! { <a class="button" href=format!("/c/{conversation}/edit")>"Edit text"</a> });
    let may_purge = revisions.may_purge;
    let lines = revisions.revisions.into_iter().enumerate().map(move |(at, revision)| {
        let RevisionSummary { number, made_at, by, messages, highlights } = revision;
        let address =
            if at == 0 { format!("/c/{conversation}") } else { format!("/c/{conversation}/revisions/{number}") };
        let what = if at == 0 { format!("Text {number}, as it is now") } else { format!("Text {number}") };
        let by = by.map(|person| view! { " · by " <bdi>{person.name}</bdi> });
        let counts = format!("{} · {} · since ", counted(messages, "message"), counted(highlights, "highlight"));
        let purge = (may_purge && at > 0).then(|| view! { <Purge conversation=conversation number=number /> });
        view! {
            <li class="revision-line">
                <a class="conversation-link" href=address>
                    <span class="conversation-title">{what}</span>
                    <span class="conversation-meta">{counts} <LocalTime at=made_at /> {by}</span>
                </a>
                {purge}
            </li>
        }
    });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <p class="page-crumb"><a href=back dir="auto">{revisions.title}</a></p>
            <header class="page-head">
                <h1 class="page-title">"Earlier texts"</h1>
                {edit}
            </header>
            <p class="hint">"Whenever the text is edited, the one before is kept with what was marked in it."</p>
            <ol class="conversation-list" role="list">{lines.collect_view()}</ol>
        </main>
    }
    .into_any()
}

/// Takes an earlier text away for good.
#[component]
fn Purge(conversation: ConversationId, number: i32) -> impl IntoView {
    let api = api_of(&PurgeItems { id: conversation, items: Vec::new() });
    let item = serde_json::to_string(&PurgeItem::Revision { number }).unwrap_or_default();
    let (dialog, label) = (format!("delete-{number}"), format!("Delete text {number} for ever"));
    let title = format!("{label}?");
    view! {
        <ApiForm api=api then=Then::Reload class="row-form" confirm=dialog.clone()>
            <input type="hidden" name="items" value=item data-type="json list" />
            <button class="button quiet" type="submit" aria-label=label>"Delete for ever"</button>
        </ApiForm>
        <ConfirmDialog
            id=dialog
            title=title
            text="Its words, and where everything was marked in them, are gone then, and nobody can take that back. The present text stays as it is."
            action="Delete for ever"
        />
    }
    .into_any()
}

/// A text that a conversation has had, to be read.
#[component]
pub fn RevisionPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Of which conversation.
    conversation: ConversationId,
    /// What is shown.
    revision: Revision,
) -> impl IntoView {
    let (title, number) = (revision.title.clone(), revision.number);
    let protected = (!revision.may_copy).then_some("");
    let has_formulas = revision.messages.iter().any(|message| formulas::may_be_in(&message.markdown));
    let colours = colours(&revision.highlights);
    let placeless =
        |highlight: &&(usize, RevisionHighlight)| highlight.1.passages.iter().all(|passage| passage.range.is_none());
    let numbered: Vec<(usize, RevisionHighlight)> = (1..).zip(revision.highlights.clone()).collect();
    let lost: Vec<_> = numbered.iter().filter(placeless).cloned().collect();
    let lost = (!lost.is_empty()).then(|| {
        view! {
            <section class="revision-row" aria-labelledby="lost-title">
                <h2 class="section-title" id="lost-title">"Without a place"</h2>
                <Notes notes=lost />
            </section>
        }
    });
    let said = Said::of(&revision, conversation);
    let messages = revision.messages.into_iter().enumerate().map(|(at, message)| {
        let beside: Vec<_> = numbered.iter().filter(|(_, highlight)| begins_in(highlight, &message)).cloned().collect();
        let marks = marks(&numbered, &message);
        view! { <Row at=at message=message marks=marks beside=beside /> }
    });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page page-wide revision" id="main" data-protected=protected>
            <style nonce=use_nonce() inner_html=colours></style>
            <p class="page-crumb"><a href=format!("/c/{conversation}/revisions")>"Earlier texts"</a></p>
            <header class="page-head"><h1 class="page-title" dir="auto">{title}</h1></header>
            <p class="remark" role="note">{said.view(number)}</p>
            {has_formulas.then(|| view! { <Formulas /> })}
            {messages.collect_view()}
            {lost}
        </main>
    }
    .into_any()
}

/// Which text this is, and what became of it.
struct Said {
    conversation: ConversationId,
    latest: i32,
    replaced_at: Option<String>,
    replaced_by: Option<String>,
}

impl Said {
    fn of(revision: &Revision, conversation: ConversationId) -> Self {
        let (replaced_at, replaced_by) = (revision.replaced_at.clone(), revision.replaced_by.clone());
        Self { conversation, latest: revision.latest, replaced_at, replaced_by: replaced_by.map(|person| person.name) }
    }

    fn view(self, number: i32) -> AnyView {
        let Self { conversation, latest, replaced_at, replaced_by } = self;
        let now = view! { <a href=format!("/c/{conversation}")>"Read the text as it is now"</a> };
        match replaced_at {
            None => view! { "This is the text as it is now, to be read only. " {now} "." }.into_any(),
            Some(at) => {
                let by = replaced_by.map(|name| view! { ", when " <bdi>{name}</bdi> " edited it" });
                view! {
                    <strong>"An earlier text."</strong>
                    {format!(" Number {number} of {latest}: it was the text until ")}
                    <LocalTime at=at /> {by} ". Nothing in it can be changed any more, and what was deleted since is left out. " {now} "."
                }
                .into_any()
            }
        }
    }
}

#[component]
fn Row(
    at: usize,
    message: RevisionMessage,
    marks: Vec<Mark>,
    beside: Vec<(usize, RevisionHighlight)>,
) -> impl IntoView {
    let speaker = message.title.as_deref().unwrap_or(message.role.label()).to_owned();
    let html = with_marks(&message.markdown, &message.text, &marks).html;
    let label = format!("Message {}, {speaker}", at + 1);
    view! {
        <section class="revision-row">
            <article class="message" data-role=message.role.as_str() aria-label=label>
                <header class="message-head">
                    <h2 class="message-speaker" dir="auto">{speaker}</h2>
                    <span class="message-number">{at + 1}</span>
                </header>
                <div class="message-text" inner_html=html></div>
            </article>
            {(!beside.is_empty()).then(|| view! { <Notes notes=beside /> })}
        </section>
    }
    .into_any()
}

/// Highlights with their numbers and threads.
#[component]
pub(super) fn Notes(notes: Vec<(usize, RevisionHighlight)>) -> impl IntoView {
    let note = |(number, highlight): (usize, RevisionHighlight)| {
        let has_place = highlight.passages.iter().any(|passage| passage.range.is_some());
        let back = match has_place {
            true => view! { <a href=format!("#h{number}")>{number}</a> }.into_any(),
            false => number.into_any(),
        };
        let tags: Vec<String> = highlight.tags.iter().map(|tag| tag.name.clone()).collect();
        let quote: Vec<String> = highlight.passages.iter().map(|passage| passage.exact.clone()).collect();
        let when = highlight.created_at.map(|at| view! { " · " <LocalTime at=at /> });
        let comments: Vec<_> = highlight.comments.into_iter().map(comment).collect();
        view! {
            <li id=format!("n{number}") class=format!("revision-note tinted rt{number}")>
                <p class="revision-meta">
                    {back} " " <span class="revision-tag" dir="auto">{tags.join(", ")}</span> " " <bdi>{highlight.name}</bdi>
                    {when} {highlight.resolved.then_some(" · resolved")}
                </p>
                <blockquote dir="auto">{quote.join("\n")}</blockquote>
                {(!comments.is_empty()).then(|| view! { <ul role="list">{comments}</ul> })}
            </li>
        }
    };
    view! { <ol class="revision-notes" role="list" aria-label="Highlights">{notes.into_iter().map(note).collect_view()}</ol> }
        .into_any()
}

fn comment(comment: RevisionComment) -> AnyView {
    let when = comment.created_at.map(|at| view! { " · " <LocalTime at=at /> });
    view! {
        <li data-answer=comment.parent.map(|_| "")>
            <p class="revision-meta"><bdi>{comment.name}</bdi> {when}</p>
            <div class="comment-body" dir="auto" inner_html=prose::html(&comment.body)></div>
        </li>
    }
    .into_any()
}

/// The colour of each highlight: that of its first tag. What is no colour is none.
pub(super) fn colours(highlights: &[RevisionHighlight]) -> String {
    let is_colour = |colour: &&str| {
        colour
            .strip_prefix('#')
            .is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
    };
    let rule = |(number, highlight): (usize, &RevisionHighlight)| {
        let colour = highlight.tags.iter().map(|tag| tag.colour.as_str()).find(is_colour)?;
        Some(format!(".rt{number}{{--t:{colour}}}\n"))
    };
    (1..).zip(highlights).filter_map(rule).collect()
}

fn begins_in(highlight: &RevisionHighlight, message: &RevisionMessage) -> bool {
    let first = highlight.passages.iter().find(|passage| passage.range.is_some());
    first.is_some_and(|passage| passage.message == message.id)
}

fn marks(numbered: &[(usize, RevisionHighlight)], message: &RevisionMessage) -> Vec<Mark> {
    let map = OffsetMap::new(&message.text);
    let byte = |at: CharOffset| map.char_to_byte(at).map(|byte| byte.0 as usize);
    let mut marks = Vec::new();
    for (number, highlight) in numbered {
        let placed: Vec<_> = highlight.passages.iter().filter(|passage| passage.range.is_some()).collect();
        for (at, passage) in placed.iter().enumerate().filter(|(_, passage)| passage.message == message.id) {
            let range = passage.range.and_then(|(start, end)| Some(byte(start)?..byte(end)?));
            marks.extend(range.map(|bytes| Mark {
                number: *number,
                bytes,
                class: format!("tinted rt{number}"),
                begins: at == 0,
                ends: at + 1 == placed.len(),
            }));
        }
    }
    marks
}
