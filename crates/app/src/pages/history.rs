mod compared;
mod deeds;
mod who;

use leptos::{nonce::use_nonce, prelude::*};
use shared::{
    api::{History, HistoryComparison, HistoryMoment, HistoryResponse, HistoryStep},
    ids::ConversationId,
    prose,
};

use self::{compared::Compared, deeds::Deeds, who::WhoSees};
use super::{
    Bar,
    revisions::{Notes, colours},
};
use crate::{
    local_times::{LocalDay, LocalTime},
    parts::Visitor,
};

const SCRIPT: &str = include_str!("history.js");

/// A moment, as it is looked at.
#[derive(Debug, Clone)]
pub enum LookedAt {
    /// By itself.
    Alone(HistoryMoment),
    /// Beside the present.
    Compared(HistoryComparison),
}

impl LookedAt {
    fn step(&self) -> &HistoryStep {
        match self {
            Self::Alone(moment) => &moment.step,
            Self::Compared(comparison) => &comparison.step,
        }
    }
}

/// What happened in a conversation's document, and what it said at one moment.
#[component]
pub fn HistoryPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Of which conversation.
    conversation: ConversationId,
    /// The steps that can be chosen.
    history: History,
    /// Before which step they are, where they are not the newest.
    before: Option<i64>,
    /// What is shown, unless nothing ever happened.
    looked_at: Option<LookedAt>,
) -> impl IntoView {
    let History { title, staff, steps, next } = history;
    let number = looked_at.as_ref().map(|looked_at| looked_at.step().number);
    let others = (next.is_some() || before.is_some()).then(|| {
        let history = format!("/c/{conversation}/history");
        let newest = before.map(|_| view! { <a class="button" href=history.clone()>"Newest steps"</a> });
        let older =
            next.map(|next| view! { <a class="button" href=format!("{history}?before={next}")>"Earlier steps"</a> });
        view! { <nav class="form-actions" aria-label="Pages">{newest}{older}</nav> }
    });
    let shown = looked_at.map(|looked_at| match looked_at {
        LookedAt::Alone(moment) => view! { <Moment conversation=conversation moment=moment /> }.into_any(),
        LookedAt::Compared(comparison) => {
            view! { <Compared conversation=conversation comparison=comparison /> }.into_any()
        }
    });
    let own = number.map(|_| view! { <OwnFile conversation=conversation /> });
    let steps = match number {
        Some(number) => {
            let listed = Listed { conversation, before, number };
            view! { <Steps listed=listed steps=steps /> }.into_any()
        }
        None => view! {
            <p class="empty">"Nothing has happened here yet. What is marked, said and written from now on can be looked at here, step by step."</p>
        }
        .into_any(),
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page page-wide history" id="main">
            <p class="page-crumb"><a href=format!("/c/{conversation}") dir="auto">{title}</a></p>
            <header class="page-head"><h1 class="page-title">"History"</h1></header>
            <p class="hint">
                "What was marked, said and written here, step by step. What somebody else took back is not shown in what they said, nor how their response came to be."
            </p>
            {staff.map(|staff| view! { <WhoSees conversation=conversation staff=staff /> })}
            <div class="history-parts">
                <div class="history-steps">{steps} {others} {own}</div>
                {shown}
            </div>
            <script nonce=use_nonce() inner_html=SCRIPT></script>
        </main>
    }
    .into_any()
}

/// What whoever looks at it did themselves, to take away.
#[component]
fn OwnFile(conversation: ConversationId) -> impl IntoView {
    let file = |format: &str| format!("/api/v1/conversations/{conversation}/history/export?format={format}");
    view! {
        <section class="history-own" aria-labelledby="own-title">
            <h2 class="section-title" id="own-title">"What you did, as a file"</h2>
            <p class="hint">
                "Your own steps with what you made and wrote, as evidence of how your work came to be. What others did is only counted."
            </p>
            <p class="history-files">
                <a class="button" href=file("html") download>"To read (HTML)"</a>
                <a class="button" href=file("json") download>"For programs (JSON)"</a>
            </p>
        </section>
    }
    .into_any()
}

/// What is listed, and which of it is looked at.
#[derive(Clone, Copy)]
struct Listed {
    conversation: ConversationId,
    before: Option<i64>,
    number: i64,
}

/// The slider, and the same as a list of days: in UTC, until the script has them as whoever looks does.
#[component]
fn Steps(listed: Listed, steps: Vec<HistoryStep>) -> impl IntoView {
    let number = listed.number;
    // From left to right time goes on.
    let marks: Vec<_> = steps.iter().rev().map(|step| (step.number, step.ended_at.clone(), with_name(step))).collect();
    let at = marks.iter().position(|(mark, ..)| *mark == number).unwrap_or_default();
    let words = marks.get(at).map(|(.., words)| words.clone()).unwrap_or_default();
    let last = marks.len().saturating_sub(1);
    // Within a script element, where nothing else ends it.
    let marks = serde_json::to_string(&marks).unwrap_or_default().replace('<', "\\u003c");
    let mut days: Vec<(String, Vec<HistoryStep>)> = Vec::new();
    for step in steps {
        let day = step.ended_at.get(..10).unwrap_or_default().to_owned();
        match days.last_mut() {
            Some((last, steps)) if *last == day => steps.push(step),
            _ => days.push((day, vec![step])),
        }
    }
    let days = days.into_iter().map(|(day, steps)| {
        let (id, label) = (format!("day-{day}"), format!("day-{day}"));
        let at = steps.first().map(|step| step.ended_at.clone()).unwrap_or_default();
        let lines = steps.into_iter().map(|step| line(listed, step)).collect_view();
        view! {
            <section aria-labelledby=label>
                <h2 class="section-title" id=id><LocalDay at=at /></h2>
                <ol class="history-list" role="list" reversed>{lines}</ol>
            </section>
        }
    });
    view! {
        <div class="history-slider" data-slider hidden>
            <label for="history-at">"Point in time"</label>
            <input
                id="history-at"
                type="range"
                min="0"
                max=last
                step="1"
                value=at
                aria-valuetext=words.clone()
                autocomplete="off"
            />
            <p class="hint" data-at aria-hidden="true">{words}</p>
        </div>
        <script type="application/json" data-marks inner_html=marks></script>
        <nav class="history-days" aria-label="Steps">{days.collect_view()}</nav>
    }
    .into_any()
}

fn line(Listed { conversation, before, number }: Listed, step: HistoryStep) -> AnyView {
    let current = (step.number == number).then_some("step");
    let before = before.map(|before| format!("&before={before}")).unwrap_or_default();
    let address = format!("/c/{conversation}/history?at={}{before}", step.number);
    let words = who_and_what(&step);
    let name = step.name.map(|name| view! { <strong dir="auto">{name.name}</strong> });
    view! {
        <li>
            <a class="history-step" href=address aria-current=current>
                <span class="history-when"><LocalTime at=step.ended_at /></span>
                {name}
                <span dir="auto">{words}</span>
            </a>
        </li>
    }
    .into_any()
}

/// The same after what the moment is called.
fn with_name(step: &HistoryStep) -> String {
    let words = who_and_what(step);
    step.name.as_ref().map_or_else(|| words.clone(), |name| format!("“{}” · {words}", name.name))
}

/// Who did something, and what, in words.
fn who_and_what(step: &HistoryStep) -> String {
    let names: Vec<&str> = step.by.iter().map(|person| person.name.as_str()).collect();
    let what = step.changes.in_words();
    match (&names[..], what.is_empty(), step.is_base) {
        ([], true, true) => "As it was before".to_owned(),
        ([], false, _) => what,
        ([], true, false) => "Nothing that can be seen".to_owned(),
        (names, true, _) => names.join(" and "),
        (names, false, _) => format!("{}: {what}", names.join(" and ")),
    }
}

/// What the document said.
#[component]
fn Moment(conversation: ConversationId, moment: HistoryMoment) -> impl IntoView {
    let HistoryMoment { step, may_copy, may_write, highlights, notes, responses, .. } = moment;
    let colours = colours(&highlights);
    let numbered: Vec<_> = (1..).zip(highlights).collect();
    let highlights = match numbered.is_empty() {
        true => view! { <p class="hint">"Nothing was marked."</p> }.into_any(),
        false => view! { <Notes notes=numbered /> }.into_any(),
    };
    let notes = (!notes.trim().is_empty()).then(|| {
        view! {
            <section aria-labelledby="notes-title">
                <h3 class="section-title" id="notes-title">"Notes"</h3>
                <div class="comment-body" dir="auto" inner_html=prose::html(&notes)></div>
            </section>
        }
    });
    let responses = responses.into_iter().map(|HistoryResponse { name, text, .. }| {
        view! {
            <section>
                <h3 class="section-title">"Response of " <bdi>{name}</bdi></h3>
                <div class="comment-body" dir="auto" inner_html=prose::html(&text)></div>
            </section>
        }
    });
    view! {
        <article class="history-moment revision" aria-labelledby="moment-title" data-protected=(!may_copy).then_some("")>
            <style nonce=use_nonce() inner_html=colours></style>
            <h2 class="section-title" id="moment-title" tabindex="-1">"As it was: " <LocalTime at=step.ended_at.clone() /></h2>
            <p class="hint" dir="auto">{with_name(&step)}</p>
            <p><a class="button" href=format!("/c/{conversation}/history?at={}&compare", step.number)>"Compare with now"</a></p>
            <Deeds conversation=conversation step=step may_write=may_write />
            <h3 class="section-title">"Highlights"</h3>
            {highlights}
            {notes}
            {responses.collect_view()}
        </article>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use shared::{
        api::Person,
        document::{Changes, Count, Letters},
        ids::UserId,
    };

    use super::*;

    #[test]
    fn a_step_is_told_in_words() {
        let step = |by: &[&str], is_base, changes| {
            let person = |name: &&str| Person { id: UserId::new(), name: (*name).to_owned(), pseudonym: None };
            let (began_at, ended_at) = (String::new(), String::new());
            let by = by.iter().map(person).collect();
            who_and_what(&HistoryStep { number: 1, began_at, ended_at, is_base, by, changes, name: None })
        };
        let highlights = Count { added: 3, changed: 1, deleted: 0 };
        let notes = Letters { added: 12, removed: 4 };
        let changes = Changes { highlights, notes, ..Changes::default() };
        assert_eq!(step(&["Ann"], false, changes), "Ann: 3 highlights added, 1 highlight changed, notes +12 −4");
        assert_eq!(step(&["Ann", "Ben"], false, Changes::default()), "Ann and Ben");
        assert_eq!(step(&[], true, Changes::default()), "As it was before");
        assert_eq!(step(&[], false, changes), "3 highlights added, 1 highlight changed, notes +12 −4");
    }
}
