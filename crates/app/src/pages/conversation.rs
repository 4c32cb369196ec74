use leptos::prelude::*;
use shared::{
    access::Access,
    api::{Conversation, CopyOf, Message, Person},
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
    let Conversation { id, title, rights, author_id, activity, messages } = conversation;
    let Visitor { me, unread } = visitor;
    let opened = Opened { conversation: id, title: title.clone(), rights, author: author_id, me, unread, people };
    let meta = counted(messages.len() as i64, "message");
    let closed = rights.access == Access::Closed;
    let activity = activity.map(|activity| view! { <OfActivity activity=activity closed=closed /> });
    let articles =
        (1..).zip(messages).map(|(number, message)| view! { <MessageArticle number=number message=message /> });
    view! {
        <a class="skip-link" href="#text">"Skip to the text"</a>
        <Workspace opened=opened>
            <section class="reading" id="text" aria-label="Conversation">
                {activity}
                <h1 class="reading-title" dir="auto">{title}</h1>
                <p class="reading-meta">{meta}</p>
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
fn MessageArticle(number: usize, message: Message) -> impl IntoView {
    let rendered = text::render(&message.markdown);
    let speaker = message.title.unwrap_or_else(|| message.role.label().to_owned());
    let label = format!("{speaker}, message {number}");
    let place = if message.role == MessageRole::Source { String::new() } else { format!("message {number}") };
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
            <div class="message-text" data-canonical data-runs=text::encode_runs(&rendered.runs) inner_html=rendered.html></div>
        </article>
    }
    .into_any()
}
