use leptos::{nonce::use_nonce, prelude::*};
use shared::api::{
    ExcerptPiece, MAX_QUERY_CHARS, Problem, SearchHit, SearchKind, SearchResult, SearchResults, encoded,
};

use super::{Bar, home::counted};
use crate::parts::Visitor;

/// Words of a name: who types more looks for something else.
const MAX_NAME_WORDS: usize = 4;

const SCRIPT: &str = include_str!("search.js");

/// What somebody looked for, and what was found.
#[component]
pub fn SearchPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What was typed.
    query: String,
    /// What came of it; nothing where nothing was typed.
    outcome: Option<Result<SearchResults, Problem>>,
    /// Whether it is not the first page.
    is_later: bool,
) -> impl IntoView {
    let found = match outcome {
        None => view! { <Hints /> }.into_any(),
        Some(Err(problem)) => {
            // The name of the field is for programs.
            let why = problem.detail.strip_prefix("q: ").map(capitalised).unwrap_or(problem.detail);
            view! { <p class="alert" role="alert">{why}</p> <Hints /> }.into_any()
        }
        Some(Ok(results)) => view! { <Results query=query.clone() results=results is_later=is_later /> }.into_any(),
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <header class="page-head"><h1 class="page-title">"Search"</h1></header>
            <search>
                <form class="search-form" action="/search">
                    <input
                        class="field"
                        type="search"
                        name="q"
                        aria-label="Search conversations"
                        maxlength=MAX_QUERY_CHARS
                        dir="auto"
                        autocomplete="off"
                        autofocus=query.is_empty()
                        value=query
                    />
                    <button class="button primary" type="submit">"Search"</button>
                </form>
            </search>
            {found}
        </main>
    }
    .into_any()
}

pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[component]
fn Hints() -> impl IntoView {
    let lines = [
        ("evidence", "the word in all its forms, in everything that you may see"),
        ("\"close reading\"", "these words as they stand"),
        ("anno*", "words that begin so"),
        ("claim -draft", "one without the other"),
        ("tag:question", "highlights with such a tag, and what was said about them"),
        (
            "by:me in:comments",
            "what somebody wrote, and where: titles, messages, highlights, comments, tags, notes, responses",
        ),
    ];
    let lines = lines.map(|(example, meaning)| {
        view! { <dt><a href=format!("/search?q={}", encoded(example))><code>{example}</code></a></dt><dd>{meaning}</dd> }
    });
    view! { <dl class="search-hints" aria-label="How to search">{lines}</dl> }.into_any()
}

#[component]
fn Results(query: String, results: SearchResults, is_later: bool) -> impl IntoView {
    let SearchResults { results, next, is_cut } = results;
    if results.is_empty() {
        let text = if is_later { "Nothing more." } else { "Nothing was found in what you may see." };
        let first = is_later.then(
            || view! { <p><a class="button" href=format!("/search?q={}", encoded(&query))>"From the start"</a></p> },
        );
        let by_people = (!is_later).then(|| by_people(&query));
        return view! { <div class="empty" role="status"><p>{text}</p>{first}{by_people}</div> <Hints /> }.into_any();
    }
    let count = counted(results.len() as i64, "conversation");
    let more = if next.is_some() { " and more" } else { "" };
    let here = if is_later { " on this page" } else { "" };
    let cut = is_cut.then(|| {
        view! { <p class="hint">"Very much holds this: only the newest conversations are looked through. Look for something narrower to find the others."</p> }
    });
    let next = next.map(|next| {
        let href = format!("/search?q={}&after={}", encoded(&query), encoded(&next));
        view! { <a class="button" href=href>"More"</a> }
    });
    let file = |format| format!("/api/v1/search/export?q={}&format={format}", encoded(&query));
    let results = results.into_iter().map(|result| view! { <Found result=result /> }).collect_view();
    view! {
        <p class="hint" role="status">{count}{here}{more}</p>
        {cut}
        {(!is_later).then(|| by_people(&query))}
        <ol class="search-results" role="list">{results}</ol>
        <nav class="form-actions" aria-label="Pages">{next}</nav>
        <section class="form-actions" aria-label="Export">
            <a class="button" href=file("csv") download="">"Export CSV"</a>
            <a class="button" href=file("jsonld") download="">"Export JSON-LD"</a>
            <a class="button" href=format!("/search/exports?q={}", encoded(&query))>"Export PDF"</a>
            <p class="hint">
                "The conversations themselves, in a zip: " <a href=file("markdown") download="">"Markdown"</a> ", "
                <a href=file("html") download="">"HTML"</a> ", " <a href=file("docx") download="">"Word"</a> ", "
                <a href=file("annotations") download="">"EPUB Annotations"</a> ", " <a href=file("bundle") download="">"to import again"</a>
            </p>
            <p class="alert" role="alert" hidden></p>
            <script nonce=use_nonce() inner_html=SCRIPT></script>
        </section>
    }
    .into_any()
}

/// Where words may be somebody's name: the way to what they wrote. Names are not among what is searched.
fn by_people(query: &str) -> impl IntoView {
    let words: Vec<&str> = query.split_whitespace().collect();
    let is_name = words.len() <= MAX_NAME_WORDS
        && query.contains(char::is_alphabetic)
        && !query.contains(['"', ':', '*'])
        && !words.iter().any(|word| word.starts_with('-'));
    is_name.then(|| {
        let by = format!("by:\"{query}\"");
        view! {
            <p><a href=format!("/search?q={}", encoded(&by))>"What people called “"<bdi>{query.to_owned()}</bdi>"” wrote"</a></p>
        }
    })
}

#[component]
fn Found(result: SearchResult) -> impl IntoView {
    let SearchResult { conversation, title, whose, hits, found } = result;
    let others = found.saturating_sub(hits.len() as i64);
    let hits = hits.into_iter().map(|hit| view! { <Hit hit=hit /> }).collect_view();
    view! {
        <li>
            <h2 class="conversation-title"><a href=format!("/c/{conversation}") dir="auto">{title}</a></h2>
            {whose.map(|whose| view! { <p class="conversation-meta">"Copy of "<bdi>{whose}</bdi></p> })}
            <ul role="list">{hits}</ul>
            {(others > 0).then(|| view! { <p class="hint">{others}" more in it"</p> })}
        </li>
    }
    .into_any()
}

#[component]
fn Hit(hit: SearchHit) -> impl IntoView {
    let SearchHit { kind, excerpt, author, link, .. } = hit;
    let by = author.map(|author| view! { " · " <bdi>{author.name}</bdi> });
    let pieces = excerpt.into_iter().map(|ExcerptPiece { text, hit }| match hit {
        true => view! { <mark>{text}</mark> }.into_any(),
        false => text.into_any(),
    });
    view! {
        <li>
            <a class="search-hit" href=link>
                <span class="conversation-meta">{named(kind)}{by}</span>
                <span dir="auto">{pieces.collect_view()}</span>
            </a>
        </li>
    }
    .into_any()
}

fn named(kind: SearchKind) -> &'static str {
    match kind {
        SearchKind::Title => "Title",
        SearchKind::Message => "Message",
        SearchKind::Highlight => "Highlight",
        SearchKind::Comment => "Comment",
        SearchKind::Tag => "Tag",
        SearchKind::Notes => "Notes",
        SearchKind::Response => "Response",
    }
}
