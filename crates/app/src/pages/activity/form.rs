use leptos::prelude::*;
use shared::{
    api::{Activity, ActivitySummary, Class, DeleteActivity, MAX_INSTRUCTIONS_BYTES, Mode, TRASH_DAYS, Template},
    ids::ConversationId,
    text,
};

use super::{Head, Part};
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    local_times::LocalTimeField,
    pages::{
        Bar,
        class::{ClassHead, Part as ClassPart},
        home::counted,
    },
    parts::Visitor,
};

/// A form that makes an activity.
#[component]
pub fn NewActivityPage(
    /// Who is signed in.
    visitor: Visitor,
    /// Its class.
    class: Class,
    /// What it can begin with.
    templates: Vec<Template>,
) -> impl IntoView {
    let api = format!("POST /api/v1/classes/{}/activities", class.id);
    let form = if templates.is_empty() {
        view! {
            <div class="empty">
                <p>"An activity begins with a conversation, and you have none yet."</p>
                <p><a class="button primary" href="/import">"Import one"</a></p>
            </div>
        }
        .into_any()
    } else {
        view! {
            <ApiForm api=api then=Then::Go("/activities/{id}".into()) label="New activity">
                <Fields first=First::default() templates=templates />
                <div class="form-actions">
                    <button class="button primary" type="submit">"Create"</button>
                </div>
            </ApiForm>
        }
        .into_any()
    };
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <ClassHead class=class part=ClassPart::Deeper />
            <section class="class-section" aria-labelledby="new-title">
                <h2 id="new-title">"New activity"</h2>
                {form}
            </section>
        </main>
    }
    .into_any()
}

/// What staff can change of an activity.
#[component]
pub fn ActivitySettingsPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What is changed.
    activity: Activity,
    /// What it can begin with instead.
    templates: Vec<Template>,
) -> impl IntoView {
    let id = activity.summary.id;
    let (unused, archived) = (activity.copies == Some(0), activity.archived);
    let first = First::of(&activity, unused);
    let mut templates = templates;
    // One of another's that is not shared any more.
    if let Some(own) = activity.template.clone().filter(|own| templates.iter().all(|other| other.id != own.id)) {
        templates.insert(0, own);
    }
    let form = (!archived).then(|| {
        view! {
            <ApiForm api=format!("PUT /api/v1/activities/{id}") then=Then::Go(format!("/activities/{id}")) label="Settings">
                <Fields first=first templates=templates />
                <div class="form-actions">
                    <button class="button primary" type="submit">"Save"</button>
                </div>
            </ApiForm>
        }
    });
    let to_class = Then::Go(format!("/classes/{}/activities", activity.class));
    let work = match activity.copies.unwrap_or_default() {
        0 => "Nobody has started it.".to_owned(),
        copies => {
            format!(
                "With it go {} and all that people did in it: they find it no more.",
                counted(copies, "conversation")
            )
        }
    };
    let delete = (!archived).then(|| {
        view! {
            <section class="class-section" aria-label="Delete">
                <ApiForm api=api_of(&DeleteActivity { activity: id }) then=to_class confirm="delete" label="Delete">
                    <div class="form-actions">
                        <button class="button danger" type="submit">"Delete the activity"</button>
                    </div>
                </ApiForm>
                <ConfirmDialog
                    id="delete"
                    title="Delete this activity?"
                    text=format!("{work} You can restore it from the trash for {TRASH_DAYS} days. Its template stays.")
                    action="Delete"
                />
            </section>
        }
    });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <Head activity=activity part=Part::Settings />
            {archived.then(|| view! { <p class="remark">"This class is archived: nothing in it is changed."</p> })}
            {form}
            {delete}
        </main>
    }
    .into_any()
}

/// What the fields hold at first.
#[derive(Clone, Default)]
struct First {
    title: String,
    instructions: String,
    template: Option<ConversationId>,
    mode: Option<Mode>,
    anonymous: bool,
    copy_protected: bool,
    staff_see_history: bool,
    opens_at: Option<String>,
    closes_at: Option<String>,
    /// Template, mode and names are what they are.
    fixed: bool,
}

impl First {
    fn of(activity: &Activity, unused: bool) -> Self {
        let ActivitySummary { title, mode, anonymous, opens_at, closes_at, .. } = activity.summary.clone();
        let template = activity.template.as_ref().map(|template| template.id);
        let instructions = activity.instructions.clone();
        Self {
            title,
            instructions,
            template,
            mode: Some(mode),
            anonymous,
            copy_protected: activity.copy_protected,
            staff_see_history: activity.staff_see_history,
            opens_at,
            closes_at,
            fixed: !unused,
        }
    }
}

#[component]
fn Fields(first: First, templates: Vec<Template>) -> impl IntoView {
    let First { title, instructions, template, mode, anonymous, copy_protected, opens_at, closes_at, fixed, .. } =
        first;
    let shows = first.staff_see_history;
    let at_once = template.map(|_| " A closing time that is over closes it at once.");
    // The first line break of a text field is not part of its text.
    let instructions = format!("\n{}", text::escape(&instructions));
    let begins = if fixed {
        view! { <Fixed template=template mode=mode anonymous=anonymous templates=templates /> }.into_any()
    } else {
        view! { <Choices template=template mode=mode anonymous=anonymous templates=templates /> }.into_any()
    };
    view! {
        <label class="form-row">
            <span class="field-label">"Title"</span>
            <input class="field" name="title" value=title required maxlength="200" autocomplete="off" />
        </label>
        <label class="form-row">
            <span class="field-label">"Instructions" <span class="hint">" (Markdown)"</span></span>
            <textarea class="field" name="instructions" rows="8" maxlength=MAX_INSTRUCTIONS_BYTES.to_string() inner_html=instructions></textarea>
        </label>
        {begins}
        <label class="checkbox-row">
            <input type="checkbox" name="copy_protected" checked=copy_protected />
            "Protect the text against copying"
        </label>
        <p class="hint">"Students cannot copy, print or export it from the page. This goes at once for all copies, those that are there too, and for what is revealed of them. It is so anyway where the template was protected when it was chosen; then it can be taken off here."</p>
        <label class="checkbox-row">
            <input type="checkbox" name="staff_see_history" checked=shows disabled=fixed && !shows />
            "Staff see the history of the copies"
        </label>
        <p class="hint">"How each copy came to be, step by step, and not only what is there now. Students are told so on the page of the activity and in their copies. Once somebody has started, it can only be switched off; each student can also let you see the history of their own."</p>
        <div class="field-row">
            <LocalTimeField name="opens_at" label="Opens" at=opens_at />
            <LocalTimeField name="closes_at" label="Closes" at=closes_at />
        </div>
        <p class="hint">"In your own time zone. Without a time it is open at once, and never closes." {at_once}</p>
    }
    .into_any()
}

#[component]
fn Choices(
    template: Option<ConversationId>,
    mode: Option<Mode>,
    anonymous: bool,
    templates: Vec<Template>,
) -> impl IntoView {
    let templates = templates.into_iter().map(|one| {
        let name = format!("{} ({})", one.title, one.owner);
        view! { <option value=one.id.to_string() selected=template == Some(one.id)>{name}</option> }
    });
    let modes = Mode::ALL.map(|one| {
        let chosen = one == mode.unwrap_or(Mode::Individual);
        view! { <option value=one.as_str() selected=chosen>{one.in_words()}</option> }
    });
    view! {
        <label class="form-row">
            <span class="field-label">"Template"</span>
            <select class="field" name="template" required>{templates.collect_view()}</select>
        </label>
        <p class="hint">"Each copy begins with this conversation: its messages, tags, highlights, comments and notes. Lock the tags that nobody is to change."</p>
        <label class="form-row">
            <span class="field-label">"Who works together"</span>
            <select class="field" name="mode">{modes.collect_view()}</select>
        </label>
        <label class="checkbox-row">
            <input type="checkbox" name="anonymous" checked=anonymous />
            "Anonymous: students see one another under pseudonyms"
        </label>
        <p class="hint">"Staff see names, and are seen by theirs. This goes for the copies and for what is revealed of them. Nobody but staff may have written in the template, and it stays so once somebody has started."</p>
    }
    .into_any()
}

#[component]
fn Fixed(
    template: Option<ConversationId>,
    mode: Option<Mode>,
    anonymous: bool,
    templates: Vec<Template>,
) -> impl IntoView {
    let title = templates.into_iter().find(|one| Some(one.id) == template).map(|one| one.title).unwrap_or_default();
    let mode = mode.unwrap_or(Mode::Individual);
    let names = if anonymous { "Anonymous. " } else { "" };
    view! {
        <input type="hidden" name="template" value=template.map(|id| id.to_string()) />
        <input type="hidden" name="mode" value=mode.as_str() />
        <input type="hidden" name="anonymous" data-type="boolean" value=anonymous.to_string() />
        <p class="hint">
            "Template: " <bdi>{title}</bdi> ". " {mode.in_words()} ". " {names} "This does not change any more: somebody has started."
        </p>
    }
    .into_any()
}
