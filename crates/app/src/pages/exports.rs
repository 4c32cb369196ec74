use leptos::{nonce::use_nonce, prelude::*};
use shared::{
    api::{EXPORT_HOURS, Export, ExportState, Exports, encoded},
    ids::{ActivityId, ConversationId, MessageId},
};

use super::Bar;
use crate::{
    forms::{ApiForm, Then},
    local_times::LocalTime,
    parts::Visitor,
};

const SCRIPT: &str = include_str!("exports.js");

/// What the files are of.
#[derive(Debug, Clone)]
pub enum ExportsOf {
    /// A conversation, on the branch that was looked at.
    Conversation(ConversationId, Option<MessageId>),
    /// All copies of an activity.
    Activity(ActivityId),
    /// What is found of this; of nothing where it is empty.
    Search(String),
}

impl ExportsOf {
    /// Where it is in the API.
    fn api(&self) -> String {
        match self {
            Self::Conversation(id, _) => format!("/api/v1/conversations/{id}"),
            Self::Activity(id) => format!("/api/v1/activities/{id}"),
            Self::Search(_) => "/api/v1/search".to_owned(),
        }
    }

    /// The page that shows it.
    fn page(&self) -> String {
        match self {
            Self::Conversation(id, Some(branch)) => format!("/c/{id}?branch={branch}"),
            Self::Conversation(id, None) => format!("/c/{id}"),
            Self::Activity(id) => format!("/activities/{id}/overview"),
            Self::Search(query) if query.is_empty() => "/search".to_owned(),
            Self::Search(query) => format!("/search?q={}", encoded(query)),
        }
    }

    /// The fields that say more of it than its address.
    fn fields(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Conversation(_, branch) => branch.map(|branch| ("branch", branch.to_string())),
            Self::Activity(_) => None,
            Self::Search(query) => Some(("q", query.clone())),
        }
    }

    /// What there will be.
    fn words(&self) -> &'static str {
        match self {
            Self::Conversation(..) => {
                "Pages to print or to hand in: the text, and in its margin what was marked and said. "
            }
            Self::Activity(_) => {
                "All copies as one file to print, each from a new page on: the text, and in its margin what was marked and said; at the end, how far people agree. "
            }
            Self::Search(_) => {
                "The conversations that are found as one file to print, each from a new page on: the text, and in its margin what was marked and said. "
            }
        }
    }

    /// What there is in its place where nothing is printed, and its name.
    fn instead(&self) -> (String, &'static str) {
        let api = self.api();
        match self {
            Self::Conversation(..) => (format!("{api}/export?format=html"), "Web page, to read anywhere"),
            Self::Activity(_) => (format!("{api}/export?format=html"), "Web pages"),
            Self::Search(query) => (format!("{api}/export?q={}&format=html", encoded(query)), "Web pages"),
        }
    }

    /// Whether there is something to make a file of.
    fn is_something(&self) -> bool {
        !matches!(self, Self::Search(query) if query.is_empty())
    }
}

/// Files that take a while to make.
#[component]
pub fn ExportsPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Of what.
    of: ExportsOf,
    /// What they had made of it.
    exports: Exports,
) -> impl IntoView {
    let Exports { title, exports, prints } = exports;
    let is_under_way = exports.iter().any(|export| !is_over(export));
    let (back, (web_page, called)) = (of.page(), of.instead());
    let ask = of.is_something().then(|| match prints {
        true => view! { <Ask of=of.clone() waits=is_under_way /> }.into_any(),
        false => view! {
            <p>"This server prints no PDF. Take the web page and print that in your browser, or ask the people who run the server to set "<code>"CHROMIUM_PATH"</code>"."</p>
            <p><a class="button" href=web_page download="">{called}</a></p>
        }
        .into_any(),
    });
    let query = match &of {
        ExportsOf::Search(query) if !query.is_empty() => Some(view! { <p>"Of “"<bdi>{query.clone()}</bdi>"”"</p> }),
        _ => None,
    };
    let shown: Vec<Export> = exports.into_iter().filter(|export| export.state != ExportState::Cancelled).collect();
    let (api, words) = (of.api(), of.words());
    let lines = shown.into_iter().map(|export| view! { <Line api=api.clone() export=export /> });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <p class="page-crumb"><a href=back dir="auto">{title}</a></p>
            <header class="page-head"><h1 class="page-title">"PDF"</h1></header>
            <p class="hint">
                {words} "Comments bear their ids. "
                {format!("It is made on the server, also when you leave this page, and kept for {EXPORT_HOURS} hours.")}
            </p>
            {query}
            {ask}
            <ul class="export-list" role="list" aria-label="Your files">{lines.collect_view()}</ul>
            <script nonce=use_nonce() inner_html=SCRIPT></script>
        </main>
    }
    .into_any()
}

fn is_over(export: &Export) -> bool {
    !matches!(export.state, ExportState::Queued | ExportState::Running)
}

#[component]
fn Ask(of: ExportsOf, waits: bool) -> impl IntoView {
    view! {
        <ApiForm api=format!("POST {}/exports", of.api()) then=Then::Reload label="Make a PDF">
            <input type="hidden" name="format" value="pdf" />
            {of.fields().map(|(name, value)| view! { <input type="hidden" name=name value=value /> })}
            <div class="form-actions">
                <button class="button primary" type="submit" disabled=waits>"Make a PDF"</button>
            </div>
        </ApiForm>
    }
    .into_any()
}

#[component]
fn Line(api: String, export: Export) -> impl IntoView {
    let path = format!("{api}/exports/{}", export.id);
    let over = is_over(&export);
    let Export { id, state, progress, ahead, name, size, link, reason, created_at, .. } = export;
    let label = name.clone().unwrap_or_else(|| "PDF".to_owned());
    let what = match (state, link) {
        (ExportState::Done, Some(link)) => view! {
            <a class="button primary" href=link download="" dir="auto">{format!("Download {label}")}</a>
            <span class="hint">{size.map(bytes)}</span>
        }
        .into_any(),
        (ExportState::Failed, _) => view! { <p class="alert" role="alert">{reason}</p> }.into_any(),
        _ => view! {
            <label for=format!("export-{id}") data-export-words>{words(state, ahead)}</label>
            <progress id=format!("export-{id}") max="100" value=progress.to_string()></progress>
        }
        .into_any(),
    };
    let action = if over { "Remove" } else { "Cancel" };
    view! {
        <li class="export-line" data-export=(!over).then(|| path.clone())>
            <p class="hint"><LocalTime at=created_at /></p>
            <div class="export-what" role=(!over).then_some("status")>{what}</div>
            <ApiForm api=format!("DELETE {path}") then=Then::Reload label=format!("{action} {label}") class="export-end">
                <button class="button" type="submit">{action}</button>
            </ApiForm>
        </li>
    }
    .into_any()
}

fn words(state: ExportState, ahead: u32) -> String {
    match (state, ahead) {
        (ExportState::Running, _) => "Being made".to_owned(),
        (_, 0) => "Next in the queue".to_owned(),
        (_, 1) => "Waits for one other file".to_owned(),
        (_, ahead) => format!("Waits for {ahead} other files"),
    }
}

fn bytes(size: i64) -> String {
    match size {
        ..1_048_576 => format!("{} KB", (size / 1024).max(1)),
        _ => format!("{:.1} MB", size as f64 / 1_048_576.0),
    }
}
