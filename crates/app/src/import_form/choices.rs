//! What a file holds: one is brought in and opened by a press, several are chosen and brought in together.

use leptos::prelude::*;
use shared::api::{ImportChoice, ImportStep, MAX_CHOICES};

use super::{Stage, State, Wanted, preview};

/// They are of another file.
pub(super) fn forget(state: State) {
    state.choices.set(Vec::new());
    state.steps.set(Vec::new());
    state.brought.set(Vec::new());
    state.asked.set(0);
    state.picked.update(|picked| picked.clear());
}

/// What was shown of one conversation before it is stored.
pub(super) fn forget_reading(state: State) {
    if state.choices.with_untracked(|choices| choices.iter().any(|choice| choice.reading.is_some())) {
        forget(state);
    }
}

pub(super) fn offered(state: State, send: impl Fn(Wanted) + Copy + Send + Sync + 'static) -> impl IntoView {
    move || {
        let choices = state.choices.get();
        (!choices.is_empty()).then(|| {
            let reading = choices.first().and_then(|choice| choice.reading.clone());
            let is_several = choices.len() > 1;
            let legend = match choices.len() {
                1 if reading.is_some() => "This is what would be kept. Bring it in?".to_owned(),
                1 => "This file holds a conversation and what people added to it. Bring it in?".to_owned(),
                count => format!("This file holds {count} conversations. Open one, or choose several."),
            };
            let action = reading.is_some().then_some("Bring it in: ");
            let good = choices.iter().filter(|choice| choice.problem.is_none()).map(|choice| choice.index).collect();
            let whole = is_several.then(|| together(state, good, send));
            let rows = choices.into_iter().map(move |choice| row(state, choice, is_several, action, send));
            view! {
                <fieldset class="choices">
                    <legend>{legend}</legend>
                    {reading.map(preview::reading)}
                    {whole}
                    {rows.collect_view()}
                </fieldset>
            }
        })
    }
}

/// One of them, and what became of it.
fn row(
    state: State,
    choice: ImportChoice,
    is_several: bool,
    action: Option<&'static str>,
    send: impl Fn(Wanted) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let ImportChoice { index, title, beginning, problem, .. } = choice.clone();
    // What has no title of its own is called by its beginning.
    let beginning = beginning.filter(|beginning| *beginning != title);
    let is_bad = problem.is_some();
    let label = problem.unwrap_or_else(|| holds(&choice));
    let step = Memo::new(move |_| {
        let find = |steps: &Vec<ImportStep>| steps.iter().find(|step| is_of(step, index)).cloned();
        state.brought.with(find).or_else(|| state.steps.with(find))
    });
    let is_busy = move || state.stage.get() != Stage::Ready;
    let pick = is_several.then(|| {
        let name = format!("Choose {title}");
        let is_picked = move || state.picked.with(|picked| picked.contains(&index));
        let toggle = move |_| {
            state.picked.update(|picked| {
                if !picked.remove(&index) {
                    picked.insert(index);
                }
            });
        };
        let is_over = move || is_bad || is_busy() || matches!(step.get(), Some(ImportStep::Imported { .. }));
        view! { <input type="checkbox" aria-label=name prop:checked=is_picked disabled=is_over on:change=toggle /> }
    });
    let words = move || {
        let (title, label) = (title.clone(), label.clone());
        let beginning =
            beginning.clone().map(|words| view! { <span class="choice-beginning" dir="auto">{words}</span> });
        match step.get() {
            Some(ImportStep::Imported { id, notes, .. }) => {
                let notes = ["Brought in.".to_owned()].into_iter().chain(notes).collect::<Vec<_>>().join(" ");
                view! {
                    <a class="choice" href=format!("/c/{id}")>
                        <span class="choice-title" dir="auto">{title}</span>
                        {beginning}
                        <span class="choice-meta">{notes}</span>
                    </a>
                }
                .into_any()
            }
            refused => {
                let label = match refused {
                    Some(ImportStep::Refused { problem, .. }) => ["Not brought in: ", &problem].concat(),
                    _ => label,
                };
                view! {
                    <button class="choice" type="button" disabled=move || is_bad || is_busy() on:click=move |_| send(Wanted::One(index))>
                        <span class="choice-title" dir="auto">{action}{title}</span>
                        {beginning}
                        <span class="choice-meta">{label}</span>
                    </button>
                }
                .into_any()
            }
        }
    };
    view! { <div class="choice-row">{pick}{words}</div> }
}

/// Whether it is here already.
pub(super) fn is_brought(state: State, number: usize) -> bool {
    let is = |step: &ImportStep| matches!(step, ImportStep::Imported { .. }) && is_of(step, number);
    state.brought.with(|steps| steps.iter().any(is)) || state.steps.with(|steps| steps.iter().any(is))
}

fn is_of(step: &ImportStep, number: usize) -> bool {
    match step {
        ImportStep::Imported { index, .. } | ImportStep::Refused { index, .. } => *index == number,
        ImportStep::Done => false,
    }
}

/// What is done with several, of those that can be read, and what came of it.
fn together(state: State, good: Vec<usize>, send: impl Fn(Wanted) + Copy + Send + Sync + 'static) -> impl IntoView {
    let good = StoredValue::new(good);
    let left = move || {
        let done = |index: &usize| is_brought(state, *index);
        good.with_value(|good| good.iter().copied().filter(|index| !done(index)).take(MAX_CHOICES).collect::<Vec<_>>())
    };
    let count = move || state.picked.with(|picked| picked.len());
    let is_all = move || count() > 0 && count() == left().len();
    let toggle = move |_| {
        let all = if is_all() { Vec::new() } else { left() };
        state.picked.set(all.into_iter().collect());
    };
    let all_words =
        move || if left().len() < MAX_CHOICES { "All".to_owned() } else { format!("The first {MAX_CHOICES}") };
    let is_busy = move || state.stage.get() != Stage::Ready;
    let bring = move |_| send(Wanted::Several(state.picked.with_untracked(|picked| picked.iter().copied().collect())));
    let words = move || match count() {
        1 => "Import 1 conversation".to_owned(),
        count => format!("Import {count} conversations"),
    };
    let came = move || {
        let steps = state.steps.get();
        let brought = steps.iter().filter(|step| matches!(step, ImportStep::Imported { .. })).count();
        let parts = [
            (brought, "brought in"),
            (steps.len() - brought, "could not be"),
            (state.asked.get() - steps.len().min(state.asked.get()), "not begun"),
        ];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        (!is_busy() && state.asked.get() > 0 && !parts.is_empty()).then(|| [&*parts.join(", "), "."].concat())
    };
    view! {
        <div class="choice-all">
            <label class="checkbox-row"><input type="checkbox" prop:checked=is_all disabled=is_busy on:change=toggle /> {all_words}</label>
            <button class="button" type="button" disabled=move || is_busy() || count() == 0 on:click=bring>{words}</button>
            <span class="hint" role="status">{came}</span>
        </div>
    }
}

/// What is in it, counted.
fn holds(choice: &ImportChoice) -> String {
    let counted = |count: usize, one: &str, many: &str| match count {
        1 => ["1 ", one].concat(),
        count => [&*count.to_string(), " ", many].concat(),
    };
    let messages = counted(choice.messages, "message", "messages");
    let Some(annotated) = choice.annotated else { return messages };
    [
        messages,
        counted(annotated.highlights, "highlight", "highlights"),
        counted(annotated.comments, "comment", "comments"),
        counted(annotated.people, "person", "people"),
    ]
    .join(", ")
}
