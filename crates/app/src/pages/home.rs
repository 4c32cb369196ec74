use leptos::{nonce::use_nonce, prelude::*};
use shared::{
    api::{ConversationSummary, Share, Shelf},
    ids::ConversationId,
};

use super::Bar;
use crate::{offline::WorkLeft, parts::Visitor};

const SCRIPT: &str = include_str!("home.js");

/// One list of the page.
#[derive(Debug, Clone)]
pub struct ShelfOfPage {
    /// Which.
    pub of: Shelf,
    /// A page of it.
    pub conversations: Vec<ConversationSummary>,
    /// After which it goes on, if it does.
    pub more: Option<ConversationId>,
    /// Whether it is not its first page.
    pub is_later: bool,
}

/// The conversations that somebody may see: all lists, or one of them alone.
#[component]
pub fn HomePage(
    /// Who is signed in.
    visitor: Visitor,
    /// The lists, in order.
    shelves: Vec<ShelfOfPage>,
    /// The one that is shown alone.
    alone: Option<Shelf>,
) -> impl IntoView {
    let is_new = alone.is_none() && shelves.iter().all(|shelf| shelf.conversations.is_empty());
    let lists = match is_new {
        true => view! { <Welcome /> }.into_any(),
        false => shelves.into_iter().map(|shelf| view! { <List shelf=shelf /> }).collect_view().into_any(),
    };
    let user = visitor.me.id;
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <header class="page-head">
                <h1 class="page-title">"Conversations"</h1>
                <a class="button primary" href="/import">"Import"</a>
            </header>
            <Lists alone=alone />
            <p class="hint home-status" role="status" data-home-status></p>
            {lists}
            <WorkLeft user=user />
            <RenameForm />
            <script nonce=use_nonce() inner_html=SCRIPT></script>
        </main>
    }
    .into_any()
}

/// The way to each list.
#[component]
fn Lists(alone: Option<Shelf>) -> impl IntoView {
    let current = |is_here: bool| is_here.then_some("page");
    let links = Shelf::ALL.map(|shelf| {
        view! { <a href=format!("/?list={}", shelf.as_str()) aria-current=current(alone == Some(shelf))>{shelf.in_words()}</a> }
    });
    view! {
        <nav class="page-nav" aria-label="Lists">
            <a href="/" aria-current=current(alone.is_none())>"Overview"</a>
            {links}
        </nav>
    }
    .into_any()
}

#[component]
fn Welcome() -> impl IntoView {
    view! {
        <div class="empty">
            <strong>"No conversations yet."</strong>
            <p>"Bring one in: paste it, or choose an export of ChatGPT or Claude."</p>
            <p>"What a class or somebody else shares with you is listed here too."</p>
        </div>
    }
    .into_any()
}

#[component]
fn List(shelf: ShelfOfPage) -> impl IntoView {
    let ShelfOfPage { of, conversations, more, is_later } = shelf;
    let title = format!("{}-title", of.as_str());
    let empty = conversations.is_empty().then(|| view! { <div class="empty"><p>{nothing(of, is_later)}</p></div> });
    let lines = conversations.into_iter().map(|conversation| view! { <Line conversation=conversation /> });
    let lines = lines.collect_view();
    let first = is_later.then(|| view! { <a class="button" href=format!("/?list={}", of.as_str())>"Newest"</a> });
    let more = more.map(|after| {
        let (href, label) = (format!("/?list={}&after={after}", of.as_str()), format!("More: {}", of.in_words()));
        view! { <a class="button" href=href aria-label=label data-more>"More"</a> }
    });
    view! {
        <section class="class-section shelf" data-shelf=of.as_str() aria-labelledby=title.clone()>
            <h2 id=title.clone()>{of.in_words()}</h2>
            {empty}
            <ul class="conversation-list" role="list">{lines}</ul>
            <div class="pages">{more} {first}</div>
        </section>
    }
    .into_any()
}

/// What an empty list says.
fn nothing(of: Shelf, is_later: bool) -> &'static str {
    match of {
        _ if is_later => "Nothing older.",
        Shelf::Recent => "What you open is listed here, the latest first.",
        Shelf::Mine => "Nothing of your own yet: import a conversation, and it is listed here.",
        Shelf::Shared => "Nothing yet: what a class or somebody else shares with you is listed here.",
    }
}

#[component]
fn Line(conversation: ConversationSummary) -> impl IntoView {
    let ConversationSummary { id, title, owner, mine, access, share, messages, highlights, created_at } = conversation;
    let owner = if mine { "You".to_owned() } else { owner };
    let shared = (share == Share::Class).then(|| view! { <span class="badge">"Shared with the class"</span> });
    let rename = access.may_edit().then(|| {
        let label = format!("Rename {title}");
        view! { <button class="text-button" type="button" data-rename hidden aria-label=label>"Rename"</button> }
    });
    let day = created_at.get(..10).unwrap_or_default().to_owned();
    view! {
        <li data-conversation=id.to_string()>
            <a class="conversation-link" href=format!("/c/{id}")>
                <span class="conversation-title" dir="auto">{title}</span>
                <span class="conversation-meta">
                    <bdi>{owner}</bdi> " · " {counted(messages, "message")} " · " {counted(highlights.into(), "highlight")} " · "
                    <time datetime=day.clone()>{day.clone()}</time>
                </span>
                {shared}
            </a>
            {rename}
        </li>
    }
    .into_any()
}

/// What the script puts into a line.
#[component]
fn RenameForm() -> impl IntoView {
    view! {
        <template id="rename">
            <form class="rename-form" aria-label="Rename">
                <input class="field" name="title" aria-label="Title" required maxlength="200" autocomplete="off" dir="auto" />
                <button class="button primary" type="submit">"Save"</button>
                <button class="button quiet" type="button" data-cancel>"Cancel"</button>
                <div class="alert" role="alert" hidden></div>
            </form>
        </template>
    }
    .into_any()
}

/// `1 message`, `2 messages`.
pub(super) fn counted(count: i64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
