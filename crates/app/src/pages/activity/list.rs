use leptos::prelude::*;
use shared::api::{ActivityState, ActivitySummary, Class};

use super::{Times, mode_name, state_name};
use crate::{
    pages::{
        Bar,
        class::{ClassHead, Part},
    },
    parts::Visitor,
};

/// What a class is given to do.
#[component]
pub fn ActivitiesPage(
    /// Who is signed in.
    visitor: Visitor,
    /// The class.
    class: Class,
    /// Newest first.
    activities: Vec<ActivitySummary>,
) -> impl IntoView {
    let new = (class.role.is_staff() && !class.archived).then(|| {
        view! { <a class="button primary" href=format!("/classes/{}/activities/new", class.id)>"New activity"</a> }
    });
    let list = if activities.is_empty() {
        view! { <p class="empty">"There is nothing to do yet."</p> }.into_any()
    } else {
        let takes_part = !class.role.is_staff();
        let lines = activities.into_iter().map(|activity| view! { <Line activity=activity takes_part=takes_part /> });
        view! { <ul class="conversation-list" role="list">{lines.collect_view()}</ul> }.into_any()
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <ClassHead class=class part=Part::Activities />
            <section aria-labelledby="activities-title">
                <div class="section-head">
                    <h2 id="activities-title">"Activities"</h2>
                    {new}
                </div>
                {list}
            </section>
        </main>
    }
    .into_any()
}

#[component]
fn Line(activity: ActivitySummary, takes_part: bool) -> impl IntoView {
    let started = match (activity.copy, activity.state) {
        (Some(_), _) => " · Started",
        (None, ActivityState::Open) if takes_part => " · Not started",
        (None, _) => "",
    };
    view! {
        <li>
            <a class="conversation-link" href=format!("/activities/{}", activity.id)>
                <span class="conversation-title" dir="auto">{activity.title.clone()}</span>
                <span class="conversation-meta">
                    {mode_name(activity.mode)} {started}
                    {activity.closes_at.as_ref().or(activity.opens_at.as_ref()).map(|_| " · ")}
                    <Times summary=activity.clone() />
                </span>
                <span class="badge">{state_name(activity.state)}</span>
            </a>
        </li>
    }
    .into_any()
}
