//! "While you were away": what of one's own was merged after an absence, what others did meanwhile, and what the server
//! did not take, which is kept until its author discards it.
#![cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "the server renders a page that nobody has left"))]

mod news;

use std::collections::BTreeMap;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::document::Root;

pub use self::news::Report;
#[cfg(feature = "hydrate")]
pub use self::news::{Absence, Settled, Surroundings, shortened};
use self::news::{Deed, News};
use super::{browser, desk::Desk};
use crate::later::part;

/// So many of the things that others did are told one by one.
const MOST: usize = 30;

/// Work that is kept on this device alone: the server did not take it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Aside {
    /// Its place on the disk.
    pub key: String,
    /// When it was put aside, in milliseconds since 1970.
    pub at: f64,
    /// Why, for people.
    pub why: String,
    /// What it is, for people.
    pub what: String,
    /// The words, to be copied.
    pub text: String,
    /// What it was meant to be (an `Intent`, as the journal keeps it), where it may be done again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// What the conversation was called then.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// How far its updates go, by Yjs client: a document that has so much of them has all of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub brings: BTreeMap<u64, u32>,
}

/// Why something is kept aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The server did not take it.
    Refused,
    /// It is in the document, where nobody sees it.
    Unseen,
    /// It was begun, and never sent.
    Begun,
}

impl Aside {
    /// Why it is kept: its key says so.
    pub fn kind(&self) -> Kind {
        match self.key.split('/').nth(1) {
            Some("unseen") => Kind::Unseen,
            Some("begun") => Kind::Begun,
            _ => Kind::Refused,
        }
    }
}

/// How keys of a text that was put aside begin; the copy in which it stood follows.
pub fn text_key(conversation: &str, root: Root) -> String {
    [conversation, "/", name_of(root), "/"].concat()
}

/// A root's name, for people.
pub fn name_of(root: Root) -> &'static str {
    match root {
        Root::Notes => "Shared notes",
        Root::Response => "My response",
    }
}

/// The report and what is kept aside, at the foot of the page until it is dismissed.
#[component]
pub fn Away(desk: Desk) -> impl IntoView {
    let shown = move || {
        let has_news = || desk.report.with(Option::is_some);
        // Then it is said in the place of the text.
        !desk.ended.get() && desk.away_open.get() && (has_news() || desk.aside.with(|aside| !aside.is_empty()))
    };
    let shown = Memo::new(move |_| shown());
    view! {
        <div class="away-place" role="status" aria-label="After an absence">
            {move || shown.get().then(|| part(desk, move |parts| (parts.away)(desk)))}
        </div>
    }
    .into_any()
}

/// What stands there then.
pub fn report(desk: Desk) -> AnyView {
    let lines = move || {
        let lines = desk.report.get().map(|report| report.lines()).unwrap_or_default();
        (!lines.is_empty()).then(|| {
            let lines = lines.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
            view! { <ul class="away-lines">{lines}</ul> }
        })
    };
    let news = move || {
        let Report { news, responses, tags, .. } = desk.report.get().unwrap_or_default();
        let people = news.iter().filter_map(|news| news.who).chain(responses.iter().copied());
        browser::know_people(desk, people.collect());
        let count = news.len() + responses.len() + tags.len();
        (count > 0).then(|| {
            let responses = responses.into_iter().map(|who| {
                let name = move || desk.name_of(who);
                view! { <li><bdi>{name}</bdi> " changed their response"</li> }.into_any()
            });
            let tags = tags.into_iter().map(|line| view! { <li dir="auto">{line}</li> }.into_any());
            let lines = news.into_iter().map(|news| told(desk, news)).chain(responses).chain(tags).take(MOST);
            let more = count.saturating_sub(MOST);
            let more = (more > 0).then(|| view! { <li>{format!("and {more} more")}</li> });
            view! {
                <ul class="away-lines away-news" tabindex="0" aria-label="What happened meanwhile">
                    {lines.collect_view()} {more}
                </ul>
            }
        })
    };
    let aside = move || {
        let items = desk.aside.get();
        (!items.is_empty()).then(|| view! { <KeptAside desk=desk items=items /> })
    };
    let dismiss = move |_| {
        desk.report.set(None);
        desk.away_open.set(false);
    };
    view! {
        <section class="away" aria-labelledby="away-title">
            <div class="away-head">
                <h2 id="away-title">"While you were away"</h2>
                <button class="button quiet" type="button" on:click=dismiss>"Dismiss"</button>
            </div>
            {lines}
            {news}
            {aside}
        </section>
    }
    .into_any()
}

/// Who did what, and where: what is still there is led to.
fn told(desk: Desk, News { highlight, comment, who, deed, quote }: News) -> AnyView {
    let name = move || who.map_or_else(|| "Somebody".to_owned(), |who| desk.name_of(who));
    let quote = format!("“{quote}”");
    let address = comment.map(|comment| format!("&c={comment}")).unwrap_or_default();
    let passage = if deed == Deed::Deleted {
        view! { <span dir="auto">{quote}</span> }.into_any()
    } else {
        view! { <a href=format!("#h={highlight}{address}") dir="auto">{quote}</a> }.into_any()
    };
    view! { <li><bdi>{name}</bdi> " " {deed.words()} " " {passage}</li> }.into_any()
}

/// What stands in the place of the text and the tools when access has ended.
pub fn ended(desk: Desk) -> AnyView {
    browser::put_begun_aside(desk);
    // Whatever had the focus is gone.
    browser::move_focus("#ended-title", 0);
    let kept = move || {
        let items = desk.aside.get();
        (!items.is_empty()).then(|| {
            view! {
                <section class="ended-kept" aria-labelledby="ended-kept-title">
                    <h2 id="ended-kept-title">"What you had not sent"</h2>
                    <KeptAside desk=desk items=items />
                </section>
            }
        })
    };
    view! {
        <section class="ended" id="text" aria-labelledby="ended-title">
            <h1 class="reading-title" id="ended-title" tabindex="-1">"Your access has ended"</h1>
            <p>
                "This conversation is not shared with you any more, or it was deleted. It is no longer shown here, and this device keeps no copy of it. If it is still there, so is what you wrote in it before."
            </p>
            <p class="ended-ways">
                <a class="button primary" href="/">"Home"</a>
                <a class="button" href=format!("/c/{}", desk.place.conversation)>"Try again"</a>
            </p>
            {kept}
        </section>
    }
    .into_any()
}

/// What the server did not take, or nobody sees, or was only begun: to be copied, exported, or discarded.
#[component]
fn KeptAside(desk: Desk, items: Vec<Aside>) -> impl IntoView {
    let titles = [
        (Kind::Refused, "change was not taken. It is", "changes were not taken. They are"),
        (
            Kind::Unseen,
            "comment was saved where nobody sees it. It is",
            "comments were saved where nobody sees them. They are",
        ),
        (Kind::Begun, "comment or message that you had begun is", "comments or messages that you had begun are"),
    ];
    let titles = titles.map(|(kind, one, many)| {
        let count = items.iter().filter(|item| item.kind() == kind).count();
        let what = if count == 1 { one } else { many };
        (count > 0).then(|| view! { <p class="away-kept">{format!("{count} {what} kept on this device.")}</p> })
    });
    let title = items.iter().map(|item| item.title.as_str()).find(|title| !title.is_empty());
    let words =
        |item: &Aside| format!("{}\n({} {})\n\n{}\n", item.what, item.why, browser::in_time(item.at), item.text);
    let words = items.iter().map(words).collect::<Vec<_>>().join("\n---\n\n");
    let file = [title.unwrap_or("A conversation"), "\n\n", &words].concat();
    let keys = StoredValue::new(items.iter().map(|item| item.key.clone()).collect::<Vec<_>>());
    let armed = RwSignal::new(false);
    let discard = move |_| {
        if armed.get_untracked() {
            browser::discard(desk, keys.get_value());
        }
        armed.set(true);
    };
    let may = move || desk.may_annotate() && !desk.ended.get();
    let again: Vec<Aside> = items.iter().filter(|item| browser::may_be_tried(item)).cloned().collect();
    let again = (!again.is_empty()).then(|| {
        let again = StoredValue::new(again);
        view! {
            <button class="button" type="button" hidden=move || !may() on:click=move |_| browser::try_again(desk, again.get_value())>
                "Try again"
            </button>
        }
    });
    let rows = items.into_iter().map(|item| {
        let text = item.text.clone();
        let add = browser::root_of(&item).map(|root| {
            let item = StoredValue::new(item.clone());
            let label = match root {
                Root::Notes => "Add to the notes",
                Root::Response => "Add to my response",
            };
            view! {
                <button class="button quiet" type="button" hidden=move || !may() on:click=move |_| item.with_value(|item| browser::add_words(desk, root, item))>
                    {label}
                </button>
            }
        });
        view! {
            <li class="away-item">
                <p class="away-what">{item.what}</p>
                <p class="hint">{item.why}</p>
                {(!item.text.is_empty())
                    .then(|| {
                        view! {
                            <blockquote dir="auto">{item.text}</blockquote>
                            <button class="button quiet" type="button" on:click=move |_| browser::copy(desk, text.clone(), "Copied.")>"Copy"</button>
                            {add}
                        }
                    })}
            </li>
        }
    });
    view! {
        {titles}
        <ul class="away-items" tabindex="0" aria-label="Kept on this device">{rows.collect_view()}</ul>
        <div class="away-actions">
            {again}
            <button class="button" type="button" on:click=move |_| browser::save_text("kept-aside.txt", &file)>"Export"</button>
            <button class="button quiet" type="button" on:click=discard on:blur=move |_| armed.set(false)>
                {move || if armed.get() { "Discard for good?" } else { "Discard" }}
            </button>
        </div>
    }
    .into_any()
}

/// The way back to what is kept aside, in the bar.
#[component]
pub fn AsideButton(desk: Desk) -> impl IntoView {
    let count = move || desk.aside.with(Vec::len);
    let label = move || {
        let is_refused = desk.aside.with(|aside| aside.iter().all(|item| item.kind() == Kind::Refused));
        if is_refused { "Not taken: " } else { "Kept here: " }
    };
    view! {
        <button
            class="button quiet aside-button"
            type="button"
            hidden=move || count() == 0 || desk.ended.get()
            on:click=move |_| desk.away_open.update(|open| *open = !*open)
        >
            <span class="aside-label">{label}</span>
            {count}
        </button>
    }
    .into_any()
}
