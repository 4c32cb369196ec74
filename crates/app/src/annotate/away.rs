//! "While you were away": what of one's own was merged after an absence, what others did meanwhile, and what the server
//! did not take, which is kept until its author discards it.
#![cfg_attr(not(feature = "hydrate"), allow(dead_code, reason = "the server renders a page that nobody has left"))]

use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    document::{Highlight, Root},
    ids::{HighlightId, UserId},
};

use super::{browser, desk::Desk};
use crate::later::part;

/// Work that is kept on this device alone: the server did not take it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
}

/// What happened in an absence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Changes of one's own that were sent and are committed now.
    pub sent: usize,
    /// Highlights that others made.
    pub highlights: usize,
    /// Comments that others wrote.
    pub comments: usize,
    /// Highlights that others deleted.
    pub deleted: usize,
    /// Highlights that stand elsewhere in the text now, and what they stand on.
    pub moved: Vec<(HighlightId, String)>,
    /// Whether others wrote in the shared notes.
    pub notes: bool,
}

impl Report {
    /// A highlight was `old` and is `new`; `me` knows what they did themselves.
    pub fn note(&mut self, old: Option<&Highlight>, new: Option<&Highlight>, me: UserId) {
        let Some(new) = new else { return };
        if let Some(deleted) = &new.deleted {
            let was_there = old.is_some_and(|old| old.deleted.is_none());
            self.deleted += usize::from(was_there && deleted.by != me);
            return;
        }
        self.highlights += usize::from(old.is_none() && new.author != me);
        if old.is_some_and(|old| old.targets != new.targets) {
            let quote: Vec<&str> = new.targets.iter().map(|target| target.exact.as_str()).collect();
            self.moved.push((new.id, quote.join(" ")));
        }
        let known = |id| old.is_some_and(|old| old.comments.iter().any(|comment| comment.id == id));
        let by_others = new.comments.iter().filter(|comment| comment.author != me && !comment.deleted);
        self.comments += by_others.filter(|comment| !known(comment.id)).count();
    }

    /// In lines, for people; none if nothing happened.
    pub fn lines(&self) -> Vec<String> {
        let count = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            more => Some(format!("{more} {many}")),
        };
        let mut lines = Vec::new();
        lines.extend(count(self.sent, "change of yours was sent and saved.", "changes of yours were sent and saved."));
        let news: Vec<String> = [
            count(self.highlights, "new highlight", "new highlights"),
            count(self.comments, "new comment", "new comments"),
            count(self.deleted, "highlight deleted", "highlights deleted"),
            count(self.moved.len(), "highlight attached elsewhere", "highlights attached elsewhere"),
            self.notes.then(|| "edits in the shared notes".to_owned()),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !news.is_empty() {
            lines.push(format!("Others: {}.", news.join(", ")));
        }
        lines
    }
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
        let has_news = || desk.report.with(|report| report.as_ref().is_some_and(|report| *report != Report::default()));
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
    let moved = move || {
        let moved = desk.report.get().map(|report| report.moved).unwrap_or_default();
        (!moved.is_empty()).then(|| {
            let link = |(id, quote): (HighlightId, String)| {
                view! { <li><a href=format!("#h={id}") dir="auto">{quote}</a></li> }
            };
            let links = moved.into_iter().map(link).collect_view();
            view! { <ul class="away-lines away-moved" aria-label="Attached elsewhere">{links}</ul> }
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
            <h2 id="away-title">"While you were away"</h2>
            {lines}
            {moved}
            {aside}
            <button class="button away-dismiss" type="button" on:click=dismiss>"Dismiss"</button>
        </section>
    }
    .into_any()
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
                "This conversation is not shared with you any more, or it was deleted. It is no longer shown here, and this device keeps no copy of it. What you wrote before is still where it was."
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

/// What the server did not take: to be copied, exported, or discarded.
#[component]
fn KeptAside(desk: Desk, items: Vec<Aside>) -> impl IntoView {
    let count = items.len();
    let title = if count == 1 {
        "1 change was not taken. It is kept on this device.".to_owned()
    } else {
        format!("{count} changes were not taken. They are kept on this device.")
    };
    let file = items.iter().map(|item| format!("{}\n({})\n\n{}\n", item.what, item.why, item.text)).collect::<Vec<_>>();
    let file = file.join("\n---\n\n");
    let keys = StoredValue::new(items.iter().map(|item| item.key.clone()).collect::<Vec<_>>());
    let armed = RwSignal::new(false);
    let discard = move |_| {
        if armed.get_untracked() {
            browser::discard(desk, keys.get_value());
        }
        armed.set(true);
    };
    let rows = items.into_iter().map(|item| {
        let text = item.text.clone();
        view! {
            <li class="away-item">
                <p class="away-what">{item.what}</p>
                <p class="hint">{item.why}</p>
                {(!item.text.is_empty())
                    .then(|| {
                        view! {
                            <blockquote dir="auto">{item.text}</blockquote>
                            <button class="button quiet" type="button" on:click=move |_| browser::copy(desk, text.clone(), "Copied.")>"Copy"</button>
                        }
                    })}
            </li>
        }
    });
    view! {
        <p class="away-kept">{title}</p>
        <ul class="away-items" tabindex="0" aria-label="Kept on this device">{rows.collect_view()}</ul>
        <div class="away-actions">
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
    view! {
        <button
            class="button quiet aside-button"
            type="button"
            hidden=move || count() == 0 || desk.ended.get()
            on:click=move |_| desk.away_open.update(|open| *open = !*open)
        >
            <span class="aside-label">"Not taken: "</span>
            {count}
        </button>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use shared::{
        document::{Comment, Stamp},
        ids::{CommentId, MessageId},
        selector::Target,
        text::CharOffset,
    };

    use super::*;

    fn highlight(author: UserId) -> Highlight {
        Highlight {
            id: HighlightId::new(),
            targets: Vec::new(),
            author,
            created_at: 1,
            tags: Vec::new(),
            resolved: None,
            deleted: None,
            comments: Vec::new(),
        }
    }

    fn comment(author: UserId) -> Comment {
        Comment {
            id: CommentId::new(),
            author,
            created_at: 1,
            edited_at: None,
            parent: None,
            body: "So?".into(),
            deleted: false,
        }
    }

    #[test]
    fn what_others_did_is_counted_and_what_one_did_oneself_is_not() {
        let (me, other) = (UserId::new(), UserId::new());
        let mut report = Report::default();
        report.note(None, Some(&highlight(me)), me);
        assert_eq!(report, Report::default());
        let old = highlight(other);
        report.note(None, Some(&old), me);
        let mut new = old.clone();
        new.comments = vec![comment(other), comment(me)];
        report.note(Some(&old), Some(&new), me);
        report.note(Some(&new), Some(&new), me);
        let gone = Highlight { deleted: Some(Stamp { by: other, at: 2 }), ..new.clone() };
        report.note(Some(&new), Some(&gone), me);
        report.note(Some(&gone), Some(&gone), me);
        assert_eq!(report, Report { highlights: 1, comments: 1, deleted: 1, ..Report::default() });
    }

    #[test]
    fn a_highlight_that_stands_elsewhere_now_is_counted() {
        let me = UserId::new();
        let old = highlight(me);
        let target = Target {
            message: MessageId::new(),
            start: CharOffset(0),
            end: CharOffset(1),
            exact: "x".into(),
            prefix: String::new(),
            suffix: String::new(),
            lost: false,
        };
        let new = Highlight { targets: vec![target], ..old.clone() };
        let mut report = Report::default();
        report.note(Some(&old), Some(&new), me);
        report.note(Some(&new), Some(&new), me);
        assert_eq!(report.lines(), ["Others: 1 highlight attached elsewhere."]);
        assert_eq!(report.moved, [(new.id, "x".to_owned())]);
    }

    #[test]
    fn a_report_says_what_happened_and_nothing_else() {
        assert!(Report::default().lines().is_empty());
        let report = Report { sent: 3, highlights: 1, comments: 2, notes: true, ..Report::default() };
        assert_eq!(
            report.lines(),
            [
                "3 changes of yours were sent and saved.",
                "Others: 1 new highlight, 2 new comments, edits in the shared notes."
            ]
        );
    }
}
