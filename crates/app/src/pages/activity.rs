//! The pages of activities.

mod agreement;
mod form;
mod list;
mod overview;
mod reveal;

use leptos::{nonce::use_nonce, prelude::*};
use shared::{
    api::{Activity, ActivityState, ActivitySummary, Mode, Revealed, StartActivity, Template},
    text,
};

use super::{
    Bar,
    formulas::{self, Formulas},
};
use crate::{
    forms::{ApiForm, Then, api_of},
    local_times::LocalTime,
    parts::Visitor,
};

pub use agreement::ActivityAgreementPage;
pub use form::{ActivitySettingsPage, NewActivityPage};
pub use list::ActivitiesPage;
pub use overview::OverviewPage;

const OPENING: &str = include_str!("activity/opening.js");

/// Which page of the activity is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Task,
    Overview,
    Agreement,
    Settings,
}

fn state_name(state: ActivityState) -> &'static str {
    match state {
        ActivityState::Waiting => "Not open yet",
        ActivityState::Open => "Open",
        ActivityState::Closed => "Closed",
    }
}

pub(super) fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Together => "Together",
        Mode::Groups => "In groups",
        Mode::Individual => "Individual",
    }
}

/// When it opens and closes, in a line.
#[component]
pub(super) fn Times(summary: ActivitySummary) -> impl IntoView {
    let ActivitySummary { opens_at, closes_at, state, .. } = summary;
    let opens = opens_at.filter(|_| state == ActivityState::Waiting).map(|at| view! { "Opens " <LocalTime at=at /> });
    let between = (opens.is_some() && closes_at.is_some()).then_some(" · ");
    let closes = closes_at.map(|at| {
        let word = if state == ActivityState::Closed { "Closed " } else { "Closes " };
        view! { {word} <LocalTime at=at /> }
    });
    view! { {opens} {between} {closes} }.into_any()
}

/// The head of each page of an activity.
#[component]
fn Head(activity: Activity, part: Part) -> impl IntoView {
    let Activity { summary, class, class_name, staff, archived, .. } = activity;
    let address = format!("/activities/{}", summary.id);
    let here = move |of: Part| (part == of).then_some("page");
    let pages = staff.then(|| {
        view! {
            <nav class="page-nav" aria-label="This activity">
                <a href=address.clone() aria-current=here(Part::Task)>"Task"</a>
                <a href=format!("{address}/overview") aria-current=here(Part::Overview)>"Overview"</a>
                <a href=format!("{address}/agreement") aria-current=here(Part::Agreement)>"Agreement"</a>
                <a href=format!("{address}/settings") aria-current=here(Part::Settings)>"Settings"</a>
            </nav>
        }
    });
    view! {
        <p class="page-crumb"><a href=format!("/classes/{class}/activities") dir="auto">{class_name}</a></p>
        <header class="page-head">
            <h1 class="page-title" dir="auto">{summary.title.clone()}</h1>
            <p class="page-badges">
                <span class="badge">{state_name(summary.state)}</span>
                <span class="badge">{mode_name(summary.mode)}</span>
                {summary.anonymous.then(|| view! { <span class="badge">"Anonymous"</span> })}
                {archived.then(|| view! { <span class="badge">"Archived"</span> })}
            </p>
        </header>
        {pages}
    }
    .into_any()
}

/// An activity: what is to be done, until when, and the way into it.
#[component]
pub fn ActivityPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What is shown.
    activity: Activity,
) -> impl IntoView {
    let Activity { summary, instructions, staff, template, copies, revealed, now, staff_see_history, .. } =
        activity.clone();
    let opening = summary.opens_at.clone();
    let waits = summary.state == ActivityState::Waiting;
    let instructions = match instructions.is_empty() {
        true if waits && !staff => {
            view! { <p class="hint">"What is to be done is shown here when the activity opens."</p> }.into_any()
        }
        true => ().into_any(),
        false => {
            let html = text::render(&instructions).html;
            let has_formulas = formulas::may_be_in(&instructions);
            view! { {has_formulas.then(|| view! { <Formulas /> })} <div class="message-text activity-text" dir="auto" inner_html=html></div> }.into_any()
        }
    };
    let template = template.map(|template| view! { <OfTemplate template=template copies=copies.unwrap_or(0) /> });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <Head activity=activity.clone() part=Part::Task />
            <section class="activity-task" aria-label="Task">
                <p class="hint"><Times summary=summary.clone() /></p>
                {instructions}
                {summary.anonymous.then(|| view! { <p class="hint">{who_sees_names(staff)}</p> })}
                {staff_see_history.then(|| view! { <p class="hint">{who_sees_history(staff)}</p> })}
                <Door activity=activity />
            </section>
            {(!revealed.is_empty()).then(|| view! { <RevealedList revealed=revealed /> })}
            {template}
        </main>
        {waits.then(|| opening.map(|at| view! { <Opening at=at now=now /> }))}
    }
    .into_any()
}

/// Loads the page anew when it opens: with what is to be done, and the way into it.
#[component]
fn Opening(at: String, now: String) -> impl IntoView {
    view! { <script nonce=use_nonce() data-opens=at data-now=now inner_html=OPENING></script> }.into_any()
}

/// What an anonymous activity means for whoever looks at it.
fn who_sees_names(staff: bool) -> &'static str {
    match staff {
        true => {
            "This is anonymous: students see one another under pseudonyms. You and the other staff see names, and are seen by yours."
        }
        false => {
            "This is anonymous: the others see a pseudonym of two words in your place. The staff of the class see your name."
        }
    }
}

/// What it means for whoever looks at it that staff see the history.
fn who_sees_history(staff: bool) -> &'static str {
    match staff {
        true => "You and the other staff see the history of the copies: how each came to be, step by step.",
        false => {
            "The staff of the class see the history of your work here: how it came to be, step by step, and not only what is there now."
        }
    }
}

/// Starts it, goes on with it, or says why neither.
#[component]
fn Door(activity: Activity) -> impl IntoView {
    let Activity { summary, archived, hindrance, .. } = activity;
    if let Some(copy) = summary.copy {
        let word = if summary.state == ActivityState::Open && !archived { "Continue" } else { "Read" };
        let over = (summary.state == ActivityState::Closed).then(|| {
            view! { <p class="remark">"This activity has closed. What was made in it can be read."</p> }
        });
        return view! {
            {over}
            <div class="form-actions"><a class="button primary" href=format!("/c/{copy}")>{word}</a></div>
        }
        .into_any();
    }
    let why = match (archived, summary.state, hindrance) {
        (true, ..) => "This class is archived: nothing is started in it.".to_owned(),
        (_, ActivityState::Closed, _) => "This activity has closed, and you have not started it.".to_owned(),
        (_, ActivityState::Waiting, _) => return ().into_any(),
        (_, _, Some(why)) => why,
        _ => {
            return view! {
                <ApiForm api=api_of(&StartActivity { activity: summary.id }) then=Then::Go("/c/{id}".into())>
                    <div class="form-actions">
                        <button class="button primary" type="submit">"Start"</button>
                    </div>
                </ApiForm>
            }
            .into_any();
        }
    };
    view! { <p class="remark">{why}</p> }.into_any()
}

/// Where the copies are seen together.
#[component]
fn RevealedList(revealed: Vec<Revealed>) -> impl IntoView {
    let lines = revealed.into_iter().map(|one| {
        view! {
            <li>
                <a href=format!("/c/{}", one.id) dir="auto">{one.title}</a> <span class="hint">" · " <LocalTime at=one.at /></span>
            </li>
        }
    });
    view! {
        <section class="class-section" aria-labelledby="revealed-title">
            <h2 id="revealed-title">"Seen together"</h2>
            <ul class="name-list" role="list" aria-labelledby="revealed-title">{lines.collect_view()}</ul>
        </section>
    }
    .into_any()
}

/// What it begins with; for staff.
#[component]
fn OfTemplate(template: Template, copies: i64) -> impl IntoView {
    let what = match copies {
        0 => {
            "Nobody has started yet. The first copy takes the template as it is then; later changes of it are in no copy."
        }
        _ => "It was taken as it was when the first copy was started; later changes of it are in no copy.",
    };
    view! {
        <section class="class-section" aria-labelledby="template-title">
            <h2 id="template-title">"Template"</h2>
            <p>
                <a href=format!("/c/{}", template.id) dir="auto">{template.title}</a> " by " <bdi>{template.owner}</bdi>
            </p>
            <p class="hint">{what}</p>
        </section>
    }
    .into_any()
}
