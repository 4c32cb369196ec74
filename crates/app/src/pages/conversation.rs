use leptos::prelude::*;
use shared::{
    access::Access,
    api::{Conversation, CopyOf, Message, Person, chat_files_path},
    ids::ConversationId,
    messages::MessageRole,
    text,
};

use super::home::counted;
use crate::{
    annotate::{Opened, Workspace},
    parts::Visitor,
};

/// A conversation: its text, readable at once and without scripts, and the tools around it.
#[component]
pub fn ConversationPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What is read.
    conversation: Conversation,
    /// Everybody whose name may stand on it.
    people: Vec<Person>,
) -> impl IntoView {
    let Conversation { id, title, rights, author_id, anonymity, activity, chat, messages } = conversation;
    let Visitor { me, unread } = visitor;
    let mut meta = counted(messages.len() as i64, "message");
    if !rights.may_copy {
        meta.push_str(" · Protected: it cannot be copied or printed here");
    }
    let opened =
        Opened { conversation: id, title: title.clone(), rights, author: author_id, anonymity, me, unread, people };
    let project = chat.and_then(|chat| Some((chat.name?, format!("/projects/{}", chat.project))));
    let project = project.map(|(name, address)| view! { <a href=address dir="auto">{name}</a> " · " });
    let closed = rights.access == Access::Closed;
    let activity = activity.map(|activity| view! { <OfActivity activity=activity closed=closed /> });
    let articles = (1..)
        .zip(messages)
        .map(move |(number, message)| view! { <MessageArticle conversation=id number=number message=message /> });
    view! {
        <a class="skip-link" href="#text">"Skip to the text"</a>
        <Workspace opened=opened>
            <section class="reading" id="text" aria-label="Conversation">
                {activity}
                <h1 class="reading-title" dir="auto">{title}</h1>
                <p class="reading-meta">{project} {meta}</p>
                {articles.collect_view()}
            </section>
        </Workspace>
    }
    .into_any()
}

/// The way back to what is to be done here.
#[component]
fn OfActivity(activity: CopyOf, closed: bool) -> impl IntoView {
    let over =
        closed.then(|| view! { <p class="hint">"This activity has closed: you can read what was made in it."</p> });
    view! {
        <p class="page-crumb"><a href=format!("/activities/{}", activity.id) dir="auto">{activity.title}</a></p>
        {over}
    }
    .into_any()
}

/// One message. What stands in `[data-canonical]` is the rendered Markdown and nothing else; names and numbers are
/// outside, so that they are in no selection's text.
#[component]
fn MessageArticle(conversation: ConversationId, number: usize, message: Message) -> impl IntoView {
    let rendered = text::render(&message.markdown);
    let speaker = message.title.unwrap_or_else(|| message.role.label().to_owned());
    let label = format!("{speaker}, message {number}");
    let place = if message.role == MessageRole::Source { String::new() } else { format!("message {number}") };
    let has_files = !message.files.is_empty();
    let folder = chat_files_path(conversation);
    let files = message.files.into_iter().map(move |file| match file.deleted {
        true => view! { <li><s dir="auto">{file.name}</s> " (deleted)"</li> }.into_any(),
        false => {
            view! { <li><a href=format!("{folder}/{}", file.id) download dir="auto">{file.name}</a></li> }.into_any()
        }
    });
    view! {
        <article
            class="message"
            data-role=message.role.as_str()
            data-message-id=message.id.to_string()
            tabindex="0"
            aria-label=label
        >
            <header class="message-head">
                <h2 class="message-speaker" dir="auto">{speaker}</h2>
                <span class="message-number">{place}</span>
            </header>
            {has_files.then(|| view! { <ul class="message-files" role="list" aria-label="Files">{files.collect_view()}</ul> })}
            <div class="message-text" data-canonical data-runs=text::encode_runs(&rendered.runs) inner_html=rendered.html></div>
        </article>
    }
    .into_any()
}
