use leptos::prelude::*;
use shared::{
    api::{Class, Outcome, Problem, RosterLine, RosterReport},
    ids::ClassId,
};

use super::{ClassHead, Part, role_name};
use crate::pages::Bar;
use crate::parts::Visitor;

/// Sends a roster, to be told what it would do. A plain form: a file goes from page to page without scripts.
#[component]
pub(super) fn RosterForm(class: ClassId) -> impl IntoView {
    view! {
        <section class="class-section" aria-labelledby="roster-title">
            <h2 id="roster-title">"Roster"</h2>
            <p class="hint">
                "A list from the university's system or a spreadsheet, CSV or XLSX. Its first line names the columns: "
                <b>"Name"</b> " (or " <b>"First name"</b> " and " <b>"Last name"</b> ") and " <b>"E-mail"</b> ", and where wanted " <b>"Role"</b> " and "
                <b>"Group"</b> ". It adds and changes people and takes nobody away. Who has never signed in is in the class when they do."
            </p>
            <form class="stack" method="post" enctype="multipart/form-data" action=format!("/classes/{class}/roster") aria-label="Roster">
                <input type="hidden" name="dry_run" value="true" />
                <label class="file-drop">
                    <span class="field-label">"Choose a roster"</span>
                    <input class="field" type="file" name="file" required accept=".csv,.tsv,.txt,.xlsx" />
                </label>
                <div class="form-actions">
                    <button class="button" type="submit">"Check the roster"</button>
                    <span class="hint">"Nothing is changed yet."</span>
                </div>
            </form>
        </section>
    }
    .into_any()
}

/// What a roster would do, did, or why not.
#[component]
pub fn RosterPage(
    /// Who is signed in.
    visitor: Visitor,
    /// The class.
    class: Class,
    /// What the API says of it.
    outcome: Result<RosterReport, Problem>,
    /// The roster once more, as it was understood: what is confirmed is what was shown.
    again: Option<String>,
) -> impl IntoView {
    let id = class.id;
    let shown = match outcome {
        Ok(report) => view! { <Report class=id report=report again=again /> }.into_any(),
        Err(problem) => view! { <Faults class=id problem=problem /> }.into_any(),
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <ClassHead class=class part=Part::Deeper />
            {shown}
        </main>
    }
    .into_any()
}

#[component]
fn Faults(class: ClassId, problem: Problem) -> impl IntoView {
    let lines = problem.errors.into_iter().map(|fault| {
        view! {
            <li>
                <strong>{format!("Line {}:", fault.line)}</strong> " " {fault.detail}
            </li>
        }
    });
    let lines = lines.collect_view();
    view! {
        <section class="class-section" aria-labelledby="roster-title">
            <h2 id="roster-title">"This roster cannot be taken"</h2>
            <div class="alert" role="alert">
                <p>{problem.detail}</p>
                <ul class="fault-list">{lines}</ul>
            </div>
            <div class="form-actions">
                <a class="button primary" href=format!("/classes/{class}/manage#roster-title")>"Choose another file"</a>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Report(class: ClassId, report: RosterReport, again: Option<String>) -> impl IntoView {
    let RosterReport { applied, added, changed, unchanged, new_groups, lines } = report;
    let title = if applied { "The roster is imported" } else { "What this roster does" };
    let groups = (!new_groups.is_empty()).then(|| {
        let what = if applied { "New groups: " } else { "Groups that are made: " };
        view! { <p class="hint">{what} {new_groups.join(", ")}</p> }
    });
    let changes = added + changed > 0;
    let actions = if applied || !changes {
        let nothing =
            (!applied).then(|| view! { <p class="hint">"Everybody is in the class already, as the roster says."</p> });
        view! { {nothing} <div class="form-actions"><a class="button primary" href=format!("/classes/{class}")>"To the class"</a></div> }.into_any()
    } else {
        view! { <Confirm class=class count=added + changed again=again.unwrap_or_default() /> }.into_any()
    };
    let rows = lines.into_iter().map(|line| view! { <Row line=line applied=applied /> });
    let rows = rows.collect_view();
    view! {
        <section class="class-section" aria-labelledby="roster-title">
            <h2 id="roster-title">{title}</h2>
            <p class="roster-counts" role="status">
                <span><b>{added}</b> " added"</span>
                <span><b>{changed}</b> " changed"</span>
                <span><b>{unchanged}</b> " as they were"</span>
            </p>
            {groups}
            {actions}
            <div class="table-place" role="region" aria-label="Lines of the roster" tabindex="0">
                <table class="table">
                    <thead>
                        <tr>
                            <th scope="col">"Line"</th>
                            <th scope="col">"Person"</th>
                            <th scope="col">"Role"</th>
                            <th scope="col">"Group"</th>
                            <th scope="col">"What happens"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

#[component]
fn Confirm(class: ClassId, count: usize, again: String) -> impl IntoView {
    let button = if count == 1 { "Import 1 person".to_owned() } else { format!("Import {count} people") };
    view! {
        <form method="post" enctype="multipart/form-data" action=format!("/classes/{class}/roster") aria-label="Import the roster">
            <input type="hidden" name="file" value=again />
            <div class="form-actions">
                <button class="button primary" type="submit">{button}</button>
                <a class="button" href=format!("/classes/{class}/manage#roster-title")>"Choose another file"</a>
            </div>
        </form>
    }
    .into_any()
}

#[component]
fn Row(line: RosterLine, applied: bool) -> impl IntoView {
    let what = match (line.outcome, applied, line.waits) {
        (Outcome::Added, false, _) => "Is added",
        (Outcome::Added, true, Some(true)) => "Added; not signed in yet",
        (Outcome::Added, true, _) => "Added",
        (Outcome::Changed, false, _) => "Is changed",
        (Outcome::Changed, true, _) => "Changed",
        (Outcome::Unchanged, ..) => "As it was",
    };
    let state = match line.outcome {
        Outcome::Added => "added",
        Outcome::Changed => "changed",
        Outcome::Unchanged => "unchanged",
    };
    view! {
        <tr data-outcome=state>
            <td>{line.line}</td>
            <td>
                <span class="member-name" dir="auto">{line.name}</span>
                <span class="member-email">{line.email}</span>
            </td>
            <td>{role_name(line.role)}</td>
            <td dir="auto">{line.group}</td>
            <td>{what}</td>
        </tr>
    }
    .into_any()
}
