mod article;
mod chat;

use leptos::prelude::*;
use shared::{
    access::Access,
    api::{Conversation, CopyOf, ModelList, Person},
};

use super::home::counted;
use crate::{
    annotate::{Opened, Workspace},
    parts::Visitor,
};
use article::MessageArticle;
use chat::Chat;

/// A conversation: its text, readable at once and without scripts, and the tools around it.
#[component]
pub fn ConversationPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What is read.
    conversation: Conversation,
    /// Everybody whose name may stand on it.
    people: Vec<Person>,
    /// Whom one can talk with, where it is a chat.
    models: Option<ModelList>,
) -> impl IntoView {
    let Conversation { id, title, rights, author_id, anonymity, activity, chat, messages } = conversation;
    let Visitor { me, unread } = visitor;
    let project = chat.clone().and_then(|chat| Some((chat.name?, format!("/projects/{}", chat.project))));
    let project = project.map(|(name, address)| view! { <a href=address dir="auto">{name}</a> " · " });
    let mut meta = counted(messages.len() as i64, "message");
    if !rights.may_copy {
        meta.push_str(" · Protected: it cannot be copied or printed here");
    }
    let opened =
        Opened { conversation: id, title: title.clone(), rights, author: author_id, anonymity, me, unread, people };
    let closed = rights.access == Access::Closed;
    let activity = activity.map(|activity| view! { <OfActivity activity=activity closed=closed /> });
    let articles = (1..)
        .zip(messages)
        .map(move |(number, message)| view! { <MessageArticle conversation=id number=number message=message /> });
    let of_chat = chat.is_some().then(|| id.to_string());
    let chat = chat.zip(models).map(|(chat, models)| view! { <Chat chat=chat models=models /> });
    view! {
        <a class="skip-link" href="#text">"Skip to the text"</a>
        <Workspace opened=opened>
            <section class="reading" id="text" aria-label="Conversation" data-chat=of_chat>
                {activity}
                <h1 class="reading-title" dir="auto">{title}</h1>
                <p class="reading-meta">{project} {meta}</p>
                {articles.collect_view()}
                {chat}
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
