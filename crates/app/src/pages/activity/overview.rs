use leptos::prelude::*;
use shared::{
    api::{Activity, CopyWork, Group, LateContent, LateWork, Mode, Overview, OverviewTag, PersonWork, WaitingStudent},
    ids::{ActivityId, UserId},
};

use super::{Head, Part, reveal::Reveal};
use crate::{
    forms::{ApiForm, Then},
    local_times::LocalTime,
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
    let Overview { tags, people, waiting, copies, behind } = overview;
    let late = people.iter().filter(|person| !person.late.is_empty()).cloned().collect::<Vec<_>>();
    let may_reveal = mode != Mode::Together && !activity.archived && !copies.is_empty();
    let reveal = may_reveal.then(
        || view! { <Reveal activity=activity.clone() copies=copies.clone() people=people.clone() groups=groups /> },
    );
    let has_copies = !copies.is_empty();
    let behind = (behind > 0).then(|| {
        view! { <p class="hint">{format!("Changes of the last seconds in {} are not counted yet.", counted(behind as i64, "copy"))}</p> }
    });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page page-wide" id="main">
            <Head activity=activity part=Part::Overview />
            <NotStarted people=people.clone() waiting=waiting.clone() />
            {(mode != Mode::Individual).then(|| view! { <Copies copies=copies /> })}
            {(!late.is_empty()).then(|| view! { <Late activity=id people=late /> })}
            <section class="class-section" aria-labelledby="work-title">
                <div class="section-head">
                    <h2 id="work-title">"Work"</h2>
                    <a class="button" href=format!("/api/v1/activities/{id}/overview.csv") download>"Export CSV"</a>
                </div>
                {behind}
                <Work people=people waiting=waiting tags=tags />
            </section>
            {has_copies.then(|| view! { <TakeAway activity=id /> })}
            {reveal}
        </main>
    }
    .into_any()
}

/// All that was done, as files.
#[component]
fn TakeAway(activity: ActivityId) -> impl IntoView {
    let formats = [
        ("export?format=csv", "Table (CSV)"),
        ("export?format=jsonld", "Web Annotations (JSON-LD)"),
        ("agreement.csv", "Agreement (CSV)"),
        ("export?format=docx", "Word, with comments"),
        ("export?format=html", "Web pages"),
        ("export?format=markdown", "Markdown"),
        ("export?format=annotations", "EPUB Annotations"),
        ("export?format=bundle", "To import again"),
    ];
    let link = |(file, words)| {
        view! { <a class="button" href=format!("/api/v1/activities/{activity}/{file}") download="">{words}</a> }
    };
    view! {
        <section class="class-section" aria-labelledby="take-title">
            <h2 id="take-title">"Export"</h2>
            <p class="hint">"What was marked and said in all copies: the tables, the annotations and the PDF as one file, the others as a zip with a file for each copy."</p>
            <div class="form-actions">
                {formats.map(link).collect_view()}
                <a class="button" href=format!("/activities/{activity}/exports")>"PDF, with notes in the margin"</a>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn NotStarted(people: Vec<PersonWork>, waiting: Vec<WaitingStudent>) -> impl IntoView {
    let students: Vec<PersonWork> = people.into_iter().filter(|person| person.student).collect();
    let all = students.len() + waiting.len();
    let here = students.into_iter().filter(|student| !student.started).map(|student| student.name);
    let idle: Vec<String> =
        here.chain(waiting.into_iter().map(|one| format!("{} · not signed in yet", one.name))).collect();
    let count = format!("{} of {}", idle.len(), counted(all as i64, "student"));
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
    let LateWork { copy, changes, sent_at, holds } = late;
    let holds = holds.map(|holds| view! { <span class="member-email">{contents(holds)}</span> });
    let label = format!("Take in the late work of {name}");
    let said = Then::Say("Taken in: {taken}. {refused}".into());
    view! {
        <li class="group">
            <div class="member-who">
                <a class="member-name" href=format!("/c/{copy}") dir="auto">{name}</a>
                <span class="member-email">{counted(changes, "change")} " · sent " <LocalTime at=sent_at /></span>
                {holds}
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

/// What late work would add.
fn contents(holds: LateContent) -> String {
    let LateContent { highlights, comments, replies, text } = holds;
    let mut parts = Vec::new();
    if highlights > 0 {
        parts.push(counted(highlights.into(), "highlight"));
    }
    if comments > 0 {
        let answers =
            if replies > 0 { format!(" (of them {})", counted(replies.into(), "reply")) } else { String::new() };
        parts.push(counted(comments.into(), "comment") + &answers);
    }
    if text > 0 {
        parts.push(format!("{} in the notes and the response", counted(text.into(), "character")));
    }
    match parts.is_empty() {
        true => "Would add nothing in their name: it changes or deletes what is there.".to_owned(),
        false => format!("Would add {}.", parts.join(", ")),
    }
}

#[component]
fn Work(people: Vec<PersonWork>, waiting: Vec<WaitingStudent>, tags: Vec<OverviewTag>) -> impl IntoView {
    let grouped =
        people.iter().map(|person| &person.group).chain(waiting.iter().map(|one| &one.group)).any(Option::is_some);
    let (columns, tagged) = (tags.len(), !tags.is_empty());
    let heads = tags.into_iter().map(|tag| view! { <th scope="col" class="count" dir="auto">{tag.name}</th> });
    let rows = people.into_iter().map(|person| view! { <Row person=person grouped=grouped /> });
    let waiting = waiting.into_iter().map(|one| view! { <WaitingRow one=one grouped=grouped tags=columns /> });
    view! {
        {tagged.then(|| view! { <p class="hint">"Under each tag: highlights that bear it / comments on such highlights."</p> })}
        <div class="table-place" role="region" aria-label="Work of each person" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Person"</th>
                        {grouped.then(|| view! { <th scope="col">"Group"</th> })}
                        <th scope="col">"Conversation"</th>
                        <th scope="col">"Last active"</th>
                        <th scope="col" class="count">"Highlights"</th>
                        <th scope="col" class="count">"Comments"</th>
                        <th scope="col" class="count">"Replies"</th>
                        {heads.collect_view()}
                    </tr>
                </thead>
                <tbody>{rows.collect_view()} {waiting.collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Row(person: PersonWork, grouped: bool) -> impl IntoView {
    let open = format!("Open the conversation of {}", person.name);
    let copy = match person.copy.filter(|_| person.started) {
        Some(copy) => view! { <a href=format!("/c/{copy}") aria-label=open>"Open"</a> }.into_any(),
        None => "Not started".into_any(),
    };
    let of_tags = person.tagged.into_iter().zip(person.commented);
    let of_tags = of_tags.map(|(marked, said)| view! { <td class="count">{format!("{marked} / {said}")}</td> });
    view! {
        <tr>
            <Who name=person.name email=person.email />
            {grouped.then(|| view! { <td dir="auto">{person.group}</td> })}
            <td>{copy}</td>
            <td class="when">{person.last_active.map(|at| view! { <LocalTime at=at /> })}</td>
            <td class="count">{person.highlights}</td>
            <td class="count">{person.comments}</td>
            <td class="count">{person.replies}</td>
            {of_tags.collect_view()}
        </tr>
    }
    .into_any()
}

/// Who has never signed in has done nothing.
#[component]
fn WaitingRow(one: WaitingStudent, grouped: bool, tags: usize) -> impl IntoView {
    let nothing = (0..3).map(|_| "0").chain((0..tags).map(|_| "0 / 0"));
    let nothing = nothing.map(|none| view! { <td class="count">{none}</td> });
    view! {
        <tr>
            <Who name=one.name email=one.email />
            {grouped.then(|| view! { <td dir="auto">{one.group}</td> })}
            <td>"Not signed in yet"</td>
            <td class="when"></td>
            {nothing.collect_view()}
        </tr>
    }
    .into_any()
}

#[component]
fn Who(name: String, email: String) -> impl IntoView {
    view! {
        <th scope="row">
            <span class="member-name" dir="auto">{name}</span>
            <span class="member-email">{email}</span>
        </th>
    }
    .into_any()
}
