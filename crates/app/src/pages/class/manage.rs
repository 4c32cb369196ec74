use leptos::prelude::*;
use shared::{
    api::{
        ChangeClass, Class, ClassChange, ClassModels, Invitation, RotateCode, SwitchOffCode, TRASH_DAYS, TrashClass,
        WhenErased,
    },
    ids::ClassId,
};

use super::{ClassHead, Part, groups::Groups, invitations::Invitations, models::Models, roster::RosterForm};
use crate::parts::Visitor;
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    pages::Bar,
};

/// How people come into a class, its groups, its models, its name: for staff to see, for instructors to change.
#[component]
pub fn ClassManagePage(
    /// Who is signed in.
    visitor: Visitor,
    /// What is shown.
    class: Class,
    /// Its links; for instructors.
    invitations: Option<Vec<Invitation>>,
    /// What it allows and has used of models.
    models: ClassModels,
) -> impl IntoView {
    let may_change = class.role.may_change_class();
    let open = may_change && !class.archived;
    let (id, code, groups) = (class.id, class.code.clone(), class.groups.clone());
    let (name, archived, members) = (class.name.clone(), class.archived, class.members);
    let when_erased = class.when_erased;
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <ClassHead class=class part=Part::Manage />
            <Code class=id code=code open=open />
            {invitations.map(|invitations| view! { <Invitations class=id invitations=invitations open=open /> })}
            {open.then(|| view! { <RosterForm class=id /> })}
            <Groups class=id groups=groups open=open />
            <Models class=id models=models open=open />
            {may_change.then(|| view! { <Settings class=id name=name archived=archived when_erased=when_erased /> <Delete class=id members=members /> })}
        </main>
    }
    .into_any()
}

#[component]
fn Code(class: ClassId, code: Option<String>, open: bool) -> impl IntoView {
    let is_on = code.is_some();
    let what = match code {
        Some(code) => view! { <p class="class-code">{code}</p> }.into_any(),
        None => view! { <p class="hint">"Nobody can join by a code now."</p> }.into_any(),
    };
    let renew = if is_on { "New code" } else { "Switch on" };
    view! {
        <section class="class-section" aria-labelledby="code-title">
            <h2 id="code-title">"Code"</h2>
            <p class="hint">"Whoever types it under Classes joins as a student. Write it on the board; change it when it has got around."</p>
            {what}
            {open.then(|| view! {
                <div class="form-actions">
                    <ApiForm api=api_of(&RotateCode { class }) then=Then::Reload class="row-form">
                        <button class="button" type="submit">{renew}</button>
                    </ApiForm>
                    {is_on.then(|| view! {
                        <ApiForm api=api_of(&SwitchOffCode { class }) then=Then::Reload class="row-form">
                            <button class="button quiet" type="submit">"Switch off"</button>
                        </ApiForm>
                    })}
                </div>
            })}
        </section>
    }
    .into_any()
}

#[component]
fn Settings(class: ClassId, name: String, archived: bool, when_erased: WhenErased) -> impl IntoView {
    let api = api_of(&ChangeClass { class, change: ClassChange::default() });
    let back = view! {
        <ApiForm api=api.clone() then=Then::Reload class="row-form">
            <input type="hidden" name="archived" value="false" data-type="boolean" />
            <button class="button primary" type="submit">"Take the class back"</button>
        </ApiForm>
    };
    if archived {
        return view! {
            <section class="class-section" aria-labelledby="settings-title">
                <h2 id="settings-title">"Settings"</h2>
                {back}
            </section>
        }
        .into_any();
    }
    view! {
        <section class="class-section" aria-labelledby="settings-title">
            <h2 id="settings-title">"Settings"</h2>
            <ApiForm api=api.clone() then=Then::Reload label="Name of the class">
                <label class="form-row">
                    <span class="field-label">"Name of the class"</span>
                    <input class="field" name="name" value=name required maxlength="200" autocomplete="off" />
                </label>
                <div class="form-actions">
                    <button class="button" type="submit">"Rename"</button>
                </div>
            </ApiForm>
            <Erased api=api.clone() when_erased=when_erased />
            <ApiForm api=api then=Then::Reload confirm="archive" label="Archive the class">
                <input type="hidden" name="archived" value="true" data-type="boolean" />
                <div class="form-actions">
                    <button class="button danger" type="submit">"Archive the class"</button>
                </div>
            </ApiForm>
            <ConfirmDialog
                id="archive"
                title="Archive this class?"
                text="Everybody can go on reading what is shared with it. Nobody joins, and nothing in it is changed, until you take it back."
                action="Archive"
            />
        </section>
    }
    .into_any()
}

/// What becomes of what somebody wrote here who erases their account.
#[component]
fn Erased(api: String, when_erased: WhenErased) -> impl IntoView {
    let option = move |rule: WhenErased, words: &'static str| {
        view! { <option value=rule.as_str() selected=rule == when_erased>{words}</option> }
    };
    view! {
        <ApiForm api=api then=Then::Reload label="Erased accounts">
            <div class="form-row">
                <label class="field-label" for="when-erased">"When somebody erases their account, what they wrote here"</label>
                <select class="field" id="when-erased" name="when_erased" aria-describedby="when-erased-hint">
                    {option(WhenErased::Keep, "stays, by a “Former member”")}
                    {option(WhenErased::Erase, "is erased too")}
                </select>
                <p class="hint" id="when-erased-hint">"Members read it on the page of the class, and before they join by a link. Erased are highlights, comments and answers, what they typed into shared notes, their copies of activities, and conversations that they shared. Tags, what they asked a model in chats of others, and what an activity begins with stay."</p>
            </div>
            <div class="form-actions">
                <button class="button" type="submit">"Save"</button>
            </div>
        </ApiForm>
    }
    .into_any()
}

#[component]
fn Delete(class: ClassId, members: i64) -> impl IntoView {
    let who = match members {
        1 => "You are".to_owned(),
        members => format!("{members} people are"),
    };
    view! {
        <section class="class-section" aria-label="Delete">
            <ApiForm api=api_of(&TrashClass { class }) then=Then::Go("/classes".into()) confirm="delete" label="Delete the class">
                <div class="form-actions">
                    <button class="button danger" type="submit">"Delete the class"</button>
                </div>
            </ApiForm>
            <ConfirmDialog
                id="delete"
                title="Delete this class?"
                text=format!(
                    "{who} in it. With it go its activities with all that was written in them, its projects, groups and \
                     roster. What people shared with it stays theirs. Its instructors can restore all of it from the trash \
                     for {TRASH_DAYS} days."
                )
                action="Delete"
            />
        </section>
    }
    .into_any()
}
