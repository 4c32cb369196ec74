mod article;
mod chat;
mod compare;

use leptos::{nonce::use_nonce, prelude::*};
use shared::{
    access::Access,
    api::{Conversation, CopyOf, FileSummary, Message, ModelList, Person},
};

use super::{
    formulas::{self, Formulas},
    home::counted,
};
use crate::{
    annotate::{Opened, Workspace},
    parts::Visitor,
};
use article::{Around, MessageArticle};
use chat::Chat;

pub use compare::ComparePage;

/// Numbers paragraphs in the margin.
const PARAGRAPHS: &str = include_str!("conversation/paragraphs.js");
/// Colours programs in the text.
const CODE: &str = include_str!("conversation/code.js");

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
    /// What can be sent along of the project of a chat.
    files: Vec<FileSummary>,
) -> impl IntoView {
    let Conversation { id, title, rights, author_id, revision, epoch, anonymity, activity, chat, messages } =
        conversation;
    let Visitor { me, unread } = visitor;
    let project = chat.clone().and_then(|chat| Some((chat.name?, format!("/projects/{}", chat.project))));
    let project = project.map(|(name, address)| view! { <a href=address dir="auto">{name}</a> " · " });
    let mut meta = counted(messages.len() as i64, "message");
    if !rights.may_copy {
        meta.push_str(" · Protected: it cannot be copied or printed here");
    }
    let own_id = me.id.to_string();
    let seen_project = chat.as_ref().filter(|chat| chat.name.is_some()).map(|chat| chat.project);
    let acts = chat.as_ref().zip(models.as_ref()).is_some_and(|(chat, models)| chat::may_act(chat, models));
    let around = Around::new(id, acts, seen_project, &people);
    let has_branches = chat.is_some() || messages.iter().any(|message| !message.siblings.is_empty());
    // Of a chat, and of what has the branches of one, the text is not edited; nor of an activity's copy.
    let edit = (rights.may_rename && rights.may_copy && !has_branches && activity.is_none())
        .then(|| view! { " · " <a href=format!("/c/{id}/edit")>"Edit text"</a> });
    let earlier = (revision > 1).then(|| view! { " · " <a href=format!("/c/{id}/revisions")>"Earlier texts"</a> });
    let history = rights.sees_history.then(|| view! { " · " <a href=format!("/c/{id}/history")>"History"</a> });
    let deleted = rights.moderates.then(|| view! { " · " <a href=format!("/c/{id}/deleted")>"Deleted"</a> });
    let opened = Opened {
        conversation: id,
        title: title.clone(),
        rights,
        author: author_id,
        anonymity,
        me,
        unread,
        people,
        revision,
        epoch,
    };
    let closed = rights.access == Access::Closed;
    let activity = activity.map(|activity| view! { <OfActivity activity=activity closed=closed /> });
    let may_have_code = |message: &Message| ["```", "~~~"].iter().any(|fence| message.markdown.contains(fence));
    let code = (chat.is_some() || messages.iter().any(may_have_code))
        .then(|| view! { <script type="module" nonce=use_nonce() inner_html=CODE></script> });
    let has_formulas = chat.is_some() || messages.iter().any(|message| formulas::may_be_in(&message.markdown));
    let articles = (1..)
        .zip(messages)
        .map(move |(number, message)| view! { <MessageArticle around=around.clone() number=number message=message /> });
    let of_chat = chat.is_some().then(|| (id.to_string(), own_id));
    let (of_chat, user) = of_chat.unzip();
    let chat = chat.zip(models).map(|(chat, models)| view! { <Chat chat=chat models=models files=files /> });
    view! {
        <a class="skip-link" href="#text">"Skip to the text"</a>
        <Workspace opened=opened>
            <section class="reading" id="text" aria-label="Conversation" data-branches=has_branches data-chat=of_chat data-user=user>
                {activity}
                <h1 class="reading-title" dir="auto">{title}</h1>
                <p class="reading-meta">{project} {meta} " · " <a href=format!("/c/{id}/agreement")>"Agreement"</a> {edit} {earlier} {history} {deleted}
                    <button class="text-button" type="button" data-paragraph-numbers aria-pressed="false" hidden>"Paragraph numbers"</button>
                </p>
                <noscript>
                    <p class="remark">"Scripts are off: the text can be read. Highlights, comments and notes need them."</p>
                </noscript>
                {has_formulas.then(|| view! { <Formulas /> })}
                {articles.collect_view()}
                {chat}
                {code}
                <script type="module" nonce=use_nonce() inner_html=PARAGRAPHS></script>
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
    let shown = activity.staff_see_history.then(|| {
        view! { <p class="hint">"The staff of the class see the history of this: how it came to be, step by step."</p> }
    });
    view! {
        <p class="page-crumb"><a href=format!("/activities/{}", activity.id) dir="auto">{activity.title}</a></p>
        {over}
        {shown}
    }
    .into_any()
}
