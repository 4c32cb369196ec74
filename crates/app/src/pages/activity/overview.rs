use leptos::prelude::*;
use shared::{
    api::{Activity, CopyWork, Group, LateWork, Mode, Overview, OverviewTag, PersonWork},
    ids::{ActivityId, UserId},
};

use super::{Head, Part, reveal::Reveal};
use crate::{
    forms::{ApiForm, Then},
    local_times::{LocalTime, LocalTimesScript},
    pages::{Bar, home::counted},
    parts::Visitor,
};

/// Who has done what; for staff.
#[component]
pub fn OverviewPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Of which activity.
    activity: Activity,
    /// What is shown.
    overview: Overview,
    /// The groups of the class.
    groups: Vec<Group>,
) -> impl IntoView {
    let (id, mode) = (activity.summary.id, activity.summary.mode);
    let Overview { tags, people, copies, behind } = overview;
    let late = people.iter().filter(|person| !person.late.is_empty()).cloned().collect::<Vec<_>>();
    let may_reveal = mode != Mode::Together && !activity.archived && !copies.is_empty();
    let reveal = may_reveal.then(|| view! { <Reveal activity=id copies=copies.clone() groups=groups /> });
    let behind = (behind > 0).then(|| {
        view! { <p class="hint">{format!("Changes of the last seconds in {} are not counted yet.", counted(behind as i64, "copy").replace("copys", "copies"))}</p> }
    });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page page-wide" id="main">
            <Head activity=activity part=Part::Overview />
            <NotStarted people=people.clone() />
            {(mode != Mode::Individual).then(|| view! { <Copies copies=copies /> })}
            {(!late.is_empty()).then(|| view! { <Late activity=id people=late /> })}
            <section class="class-section" aria-labelledby="work-title">
                <div class="section-head">
                    <h2 id="work-title">"Work"</h2>
                    <a class="button" href=format!("/api/v1/activities/{id}/overview.csv") download="activity.csv">"Export CSV"</a>
                </div>
                {behind}
                <Work people=people tags=tags />
            </section>
            {reveal}
            <LocalTimesScript />
        </main>
    }
    .into_any()
}

#[component]
fn NotStarted(people: Vec<PersonWork>) -> impl IntoView {
    let all = people.len();
    let idle: Vec<String> =
        people.into_iter().filter(|person| person.copy.is_none()).map(|person| person.name).collect();
    let count = format!("{} of {all}", idle.len());
    let names = if idle.is_empty() {
        view! { <p class="hint">"Everybody has started."</p> }.into_any()
    } else {
        let names = idle.into_iter().map(|name| view! { <li class="badge" dir="auto">{name}</li> });
        view! { <ul class="name-list" role="list" aria-label="Not started">{names.collect_view()}</ul> }.into_any()
    };
    view! {
        <section class="class-section" aria-labelledby="idle-title">
            <div class="section-head">
                <h2 id="idle-title">"Not started"</h2>
                <p class="hint">{count}</p>
            </div>
            {names}
        </section>
    }
    .into_any()
}

#[component]
fn Copies(copies: Vec<CopyWork>) -> impl IntoView {
    let lines =
        copies.into_iter().map(|copy| view! { <li><a href=format!("/c/{}", copy.id) dir="auto">{copy.name}</a></li> });
    view! {
        <section class="class-section" aria-labelledby="copies-title">
            <h2 id="copies-title">"Conversations"</h2>
            <ul class="name-list" role="list" aria-labelledby="copies-title">{lines.collect_view()}</ul>
        </section>
    }
    .into_any()
}

#[component]
fn Late(activity: ActivityId, people: Vec<PersonWork>) -> impl IntoView {
    let lines = people.into_iter().flat_map(move |person| {
        let (who, name) = (person.id, person.name);
        person
            .late
            .into_iter()
            .map(move |late| view! { <LateLine activity=activity who=who name=name.clone() late=late /> })
    });
    view! {
        <section class="class-section" aria-labelledby="late-title">
            <h2 id="late-title">"Late work"</h2>
            <p class="hint">
                "Changes that came when the activity had closed. They may have been made in time, without a network. Taken in, they stand in the copy under their author's name."
            </p>
            <ul class="group-list" role="list">{lines.collect_view()}</ul>
        </section>
    }
    .into_any()
}

#[component]
fn LateLine(activity: ActivityId, who: UserId, name: String, late: LateWork) -> impl IntoView {
    let LateWork { copy, changes, sent_at } = late;
    let label = format!("Take in the late work of {name}");
    let said = Then::Say("Taken in: {taken}. {refused}".into());
    view! {
        <li class="group">
            <div class="member-who">
                <a class="member-name" href=format!("/c/{copy}") dir="auto">{name}</a>
                <span class="member-email">{counted(changes, "change")} " · sent " <LocalTime at=sent_at /></span>
            </div>
            <ApiForm api=format!("POST /api/v1/activities/{activity}/late") then=said class="row-form">
                <input type="hidden" name="copy" value=copy.to_string() />
                <input type="hidden" name="person" value=who.to_string() />
                <button class="button" type="submit" aria-label=label>"Take in"</button>
            </ApiForm>
        </li>
    }
    .into_any()
}

#[component]
fn Work(people: Vec<PersonWork>, tags: Vec<OverviewTag>) -> impl IntoView {
    let heads = tags.into_iter().map(|tag| view! { <th scope="col" class="count" dir="auto">{tag.name}</th> });
    let rows = people.into_iter().map(|person| view! { <Row person=person /> });
    view! {
        <div class="table-place" role="region" aria-label="Work of each person" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Person"</th>
                        <th scope="col">"Group"</th>
                        <th scope="col">"Conversation"</th>
                        <th scope="col">"Last active"</th>
                        <th scope="col" class="count">"Highlights"</th>
                        <th scope="col" class="count">"Comments"</th>
                        <th scope="col" class="count">"Replies"</th>
                        {heads.collect_view()}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Row(person: PersonWork) -> impl IntoView {
    let open = format!("Open the conversation of {}", person.name);
    let copy = match person.copy {
        Some(copy) => view! { <a href=format!("/c/{copy}") aria-label=open>"Open"</a> }.into_any(),
        None => "Not started".into_any(),
    };
    let tagged = person.tagged.into_iter().map(|count| view! { <td class="count">{count}</td> });
    view! {
        <tr>
            <th scope="row">
                <span class="member-name" dir="auto">{person.name}</span>
                <span class="member-email">{person.email}</span>
            </th>
            <td dir="auto">{person.group}</td>
            <td>{copy}</td>
            <td>{person.last_active.map(|at| view! { <LocalTime at=at /> })}</td>
            <td class="count">{person.highlights}</td>
            <td class="count">{person.comments}</td>
            <td class="count">{person.replies}</td>
            {tagged.collect_view()}
        </tr>
    }
    .into_any()
}
