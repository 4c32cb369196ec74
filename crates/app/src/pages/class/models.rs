use leptos::prelude::*;
use shared::{
    api::{ClassModels, ClassUsage, MAX_QUOTA_TOKENS, Period, PersonUsage, SetClassModels},
    ids::ClassId,
};

use crate::{
    forms::{ApiForm, Then, api_of},
    local_times::LocalTime,
    pages::home::counted,
};

/// What the models of a class's projects may do, and what they have done: for staff to see, for instructors to set.
#[component]
pub(super) fn Models(class: ClassId, models: ClassModels, open: bool) -> impl IntoView {
    let terms = match (models.available.is_empty(), open) {
        (true, _) => view! {
            <p class="hint">"No model is configured on this server. The people who run it set one with OPENAI_MODEL."</p>
        }
        .into_any(),
        (false, true) => view! { <Terms class=class models=models.clone() /> }.into_any(),
        (false, false) => view! { <Told models=models.clone() /> }.into_any(),
    };
    view! {
        <section class="class-section" aria-labelledby="models-title">
            <h2 id="models-title">"Models"</h2>
            <p class="hint">"Whom people talk with in chats of the class's projects, and how much. A token is about three quarters of a word; what a model reads counts as what it writes."</p>
            {terms}
            <Usage models=models />
        </section>
    }
    .into_any()
}

/// Names that the class allows and the server does not have any more.
fn gone(models: &ClassModels) -> Option<String> {
    let named = models.models.as_deref()?;
    let gone: Vec<_> = named.iter().filter(|name| !models.available.contains(name)).map(String::as_str).collect();
    (!gone.is_empty()).then(|| gone.join(", "))
}

#[component]
fn Terms(class: ClassId, models: ClassModels) -> impl IntoView {
    let gone = gone(&models).map(|names| {
        view! { <p class="hint">"Also allowed, but not on this server any more: " {names} "."</p> }
    });
    let ClassModels { available, models, tokens_a_person, tokens_a_class, period, tokens_a_day, .. } = models;
    let api = api_of(&SetClassModels { class, models: None, tokens_a_person, tokens_a_class, period });
    let every = models.is_none();
    let boxes = available.into_iter().map(|name| {
        let allowed = models.as_ref().is_none_or(|models| models.contains(&name));
        view! {
            <label class="checkbox-row">
                <input type="checkbox" name="models" data-type="list" value=name.clone() checked=allowed autocomplete="off" />
                <span>{name}</span>
            </label>
        }
    });
    let boxes = boxes.collect_view();
    let own =
        tokens_a_day.map(|tokens| format!(" (empty: {} a day, wherever they are used)", counted(tokens, "token")));
    view! {
        <ApiForm api=api then=Then::Reload label="Models">
            <label class="checkbox-row">
                <input type="checkbox" data-disables="class-models" checked=every autocomplete="off" />
                <span>
                    "All models of the server"
                    <span class="hint">"Also those that are added later."</span>
                </span>
            </label>
            <fieldset class="model-choices" id="class-models" disabled=every>
                <legend class="field-label">"Only these"</legend>
                {boxes}
            </fieldset>
            {gone}
            <div class="field-row">
                <Tokens name="tokens_a_person" label="Tokens of each person" hint=own tokens=tokens_a_person />
                <Tokens name="tokens_a_class" label="Tokens of all together" hint=Some(" (empty: no limit)".into()) tokens=tokens_a_class />
                <label class="form-row">
                    <span class="field-label">"There are new ones"</span>
                    <select class="field" name="period" autocomplete="off">
                        <option value="week" selected=period == Period::Week>"each week, on Monday"</option>
                        <option value="day" selected=period == Period::Day>"each day, at midnight UTC"</option>
                    </select>
                </label>
            </div>
            <div class="form-actions">
                <button class="button" type="submit">"Save"</button>
            </div>
        </ApiForm>
    }
    .into_any()
}

#[component]
fn Tokens(name: &'static str, label: &'static str, hint: Option<String>, tokens: Option<i64>) -> impl IntoView {
    view! {
        <label class="form-row">
            <span class="field-label">{label} <span class="hint">{hint}</span></span>
            <input class="field" type="number" name=name data-type="number" value=tokens.map(|tokens| tokens.to_string()) min="0" max=MAX_QUOTA_TOKENS.to_string() autocomplete="off" />
        </label>
    }
    .into_any()
}

/// The same for those who cannot change it.
#[component]
fn Told(models: ClassModels) -> impl IntoView {
    let per = match models.period {
        Period::Day => "a day",
        Period::Week => "a week",
    };
    let allowed = match &models.models {
        None => format!("all of the server: {}", models.available.join(", ")),
        Some(names) => {
            let names: Vec<_> =
                models.available.iter().filter(|name| names.contains(name)).map(String::as_str).collect();
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        }
    };
    let person = match (models.tokens_a_person, models.tokens_a_day) {
        (Some(tokens), _) => format!("{} {per}", counted(tokens, "token")),
        (None, Some(tokens)) => format!("{} a day, wherever they are used", counted(tokens, "token")),
        (None, None) => "no limit".to_owned(),
    };
    let class =
        models.tokens_a_class.map_or("no limit".to_owned(), |tokens| format!("{} {per}", counted(tokens, "token")));
    view! {
        <dl class="model-terms">
            <dt>"Models"</dt>
            <dd>{allowed}</dd>
            <dt>"Each person"</dt>
            <dd>{person}</dd>
            <dt>"All together"</dt>
            <dd>{class}</dd>
        </dl>
    }
    .into_any()
}

#[component]
fn Usage(models: ClassModels) -> impl IntoView {
    let ClassModels { period, tokens_a_class, usage: ClassUsage { tokens, people, most, resets_at }, .. } = models;
    let when = match period {
        Period::Day => "Used today",
        Period::Week => "Used this week",
    };
    let of = tokens_a_class.map(|limit| format!(" of {}", counted(limit, "token"))).unwrap_or_default();
    let by = match people {
        0 => String::new(),
        1 => ", by 1 person".to_owned(),
        people => format!(", by {people} people"),
    };
    let rest = usize::try_from(people).unwrap_or_default().saturating_sub(most.len());
    let rows = most.into_iter().map(|PersonUsage { name, tokens, .. }| {
        view! {
            <li>
                <span class="member-name" dir="auto">{name}</span>
                <span class="hint">{counted(tokens, "token")}</span>
            </li>
        }
    });
    let rows = rows.collect_view();
    view! {
        <h3 class="usage-title" id="usage-title">{when}</h3>
        <p>
            <b>{counted(tokens, "token")}</b>{format!("{of}{by}. There are new ones on ")}<LocalTime at=resets_at />"."
        </p>
        {(people > 0).then(|| view! { <ol class="usage-list" aria-labelledby="usage-title">{rows}</ol> })}
        {(rest > 0).then(|| view! { <p class="hint">{format!("And {rest} more, who used less.")}</p> })}
    }
    .into_any()
}
