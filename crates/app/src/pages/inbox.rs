use leptos::prelude::*;
use shared::api::{Inbox, Notice, NoticeKind};

use super::Bar;
use crate::{
    inbox::ReadScript,
    local_times::LocalTime,
    parts::{Avatar, Visitor},
};

/// What mentions somebody, or answers them. Each line leads to its comment.
#[component]
pub fn InboxPage(
    /// Who is signed in.
    visitor: Visitor,
    /// A page of it.
    inbox: Inbox,
    /// Whether it is not the first.
    older: bool,
) -> impl IntoView {
    let Inbox { unread, notices, next } = inbox;
    let newest = notices.first().map(|notice| notice.id).filter(|_| unread > 0);
    let read_all = newest.map(|newest| {
        view! {
            <form method="post" action="/inbox/read" data-read-all>
                <input type="hidden" name="up_to" value=newest.to_string() />
                <button class="button" type="submit">"Mark all as read"</button>
            </form>
        }
    });
    let list = if notices.is_empty() {
        view! {
            <div class="empty">
                <p>{if older { "Nothing older." } else { "Nothing yet." }}</p>
                <p class="hint">"When somebody mentions you with an @ or answers you, it is listed here."</p>
            </div>
        }
        .into_any()
    } else {
        let lines = notices.into_iter().map(|notice| view! { <Line notice=notice /> });
        view! { <ul class="inbox-list" role="list">{lines.collect_view()}</ul> }.into_any()
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <header class="page-head">
                <h1 class="page-title">"Inbox"</h1>
                {read_all}
            </header>
            <p class="alert" role="alert" data-problem hidden>"The server cannot be reached. Nothing was marked; try again in a moment."</p>
            {list}
            <nav class="form-actions" aria-label="Pages">
                {older.then(|| view! { <a class="button" href="/inbox">"Newest"</a> })}
                {next.map(|next| view! { <a class="button" href=format!("/inbox?before={next}")>"Older"</a> })}
            </nav>
            <ReadScript />
        </main>
    }
    .into_any()
}

#[component]
fn Line(notice: Notice) -> impl IntoView {
    let Notice { id, kind, conversation, title, highlight, comment, by, excerpt, created_at, read } = notice;
    let what = if kind == NoticeKind::Mention { " mentioned you" } else { " replied" };
    view! {
        <li>
            <a
                class="notice"
                href=format!("/c/{conversation}#h={highlight}&c={comment}")
                data-notice=id.to_string()
                data-kind=if kind == NoticeKind::Mention { "mention" } else { "reply" }
                data-new=(!read).then_some("")
            >
                <Avatar id=by.id.to_string() name=by.name.clone() />
                <span class="notice-what"><strong dir="auto">{by.name}</strong>{what}</span>
                {(!read).then(|| view! { <span class="badge">"New"</span> })}
                <span class="notice-excerpt" dir="auto">{excerpt}</span>
                <span class="notice-where"><bdi>{title}</bdi>" · "<LocalTime at=created_at /></span>
            </a>
        </li>
    }
    .into_any()
}
