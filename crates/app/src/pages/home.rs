use leptos::prelude::*;
use shared::api::{ConversationSummary, Share};

use super::Bar;
use crate::{offline::WorkLeft, parts::Visitor};

/// The conversations that somebody may read.
#[component]
pub fn HomePage(
    /// Who is signed in.
    visitor: Visitor,
    /// Newest first.
    conversations: Vec<ConversationSummary>,
) -> impl IntoView {
    let list = if conversations.is_empty() {
        view! {
            <div class="empty">
                <p>"No conversations yet."</p>
                <p class="hint">"Bring one in: paste it, or choose an export of ChatGPT or Claude."</p>
            </div>
        }
        .into_any()
    } else {
        let lines = conversations.into_iter().map(|conversation| view! { <Line conversation=conversation /> });
        view! { <ul class="conversation-list">{lines.collect_view()}</ul> }.into_any()
    };
    let user = visitor.me.id;
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <header class="page-head">
                <h1 class="page-title">"Conversations"</h1>
                <a class="button primary" href="/import">"Import"</a>
            </header>
            {list}
            <WorkLeft user=user />
        </main>
    }
    .into_any()
}

#[component]
fn Line(conversation: ConversationSummary) -> impl IntoView {
    let owner = if conversation.mine { "You".to_owned() } else { conversation.owner };
    let shared =
        (conversation.share == Share::Class).then(|| view! { <span class="badge">"Shared with the class"</span> });
    let day = conversation.created_at.get(..10).unwrap_or_default().to_owned();
    view! {
        <li>
            <a class="conversation-link" href=format!("/c/{}", conversation.id)>
                <span class="conversation-title" dir="auto">{conversation.title}</span>
                <span class="conversation-meta">
                    {owner} " · " {counted(conversation.messages, "message")} " · "
                    {counted(conversation.highlights.into(), "highlight")} " · " <time datetime=day.clone()>{day.clone()}</time>
                </span>
                {shared}
            </a>
        </li>
    }
    .into_any()
}

/// `1 message`, `2 messages`.
pub(super) fn counted(count: i64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
