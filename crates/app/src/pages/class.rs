//! The pages of one class.

mod groups;
mod invitations;
mod manage;
mod models;
mod people;
mod person;
mod roster;

use leptos::prelude::*;
use shared::{
    access::Role,
    api::{Class, ClassMember, Group, WhenErased},
};

pub use manage::ClassManagePage;
pub use people::ClassPage;
pub use person::ClassPersonPage;
pub use roster::RosterPage;

/// As people read it.
pub(super) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Student => "Student",
        Role::Tutor => "Tutor",
        Role::Instructor => "Instructor",
    }
}

/// What becomes of what somebody wrote in a class when their account is erased, in a sentence.
pub(super) fn rule_of(when_erased: WhenErased) -> &'static str {
    match when_erased {
        WhenErased::Keep => {
            "If you ever erase your account, what you wrote in this class stays, without your name: by a “Former member”."
        }
        WhenErased::Erase => {
            "If you ever erase your account, what you wrote in this class is erased too, but for tags, what you asked a model in chats of others, and what an activity begins with."
        }
    }
}

/// The name of somebody's group.
fn group_name(member: &ClassMember, groups: &[Group]) -> Option<String> {
    let group = member.group?;
    groups.iter().find(|one| one.id == group).map(|one| one.name.clone())
}

/// Which page of the class is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    People,
    Activities,
    Manage,
    Deeper,
}

/// The head of each page of a class: where one is, its name, what one is in it, and its pages.
#[component]
pub(super) fn ClassHead(class: Class, part: Part) -> impl IntoView {
    let address = format!("/classes/{}", class.id);
    let manage = format!("{address}/manage");
    let here = move |of: Part| (part == of).then_some("page");
    let activities = format!("{address}/activities");
    let manage = class.role.is_staff().then(|| {
        view! { <a href=manage aria-current=here(Part::Manage)>"Invite and manage"</a> }
    });
    let pages = view! {
        <nav class="page-nav" aria-label="This class">
            <a href=address aria-current=here(Part::People)>"People"</a>
            <a href=activities aria-current=here(Part::Activities)>"Activities"</a>
            {manage}
        </nav>
    };
    let own = if class.belongs { role_name(class.role) } else { "Administrator" };
    view! {
        <p class="page-crumb"><a href="/classes">"Classes"</a></p>
        <header class="page-head">
            <h1 class="page-title" dir="auto">{class.name}</h1>
            <p class="page-badges">
                <span class="badge">{own}</span>
                {class.archived.then(|| view! { <span class="badge">"Archived"</span> })}
            </p>
        </header>
        {class.archived.then(|| view! {
            <p class="remark">
                "This class is archived. What is shared with it can be read; nothing in it is changed, and nobody joins."
            </p>
        })}
        {pages}
    }
    .into_any()
}

/// The choices of a role.
#[component]
fn RoleSelect(
    /// What is chosen at first.
    chosen: Role,
) -> impl IntoView {
    let options = Role::ALL.map(|role| {
        view! { <option value=role.as_str() selected=role == chosen>{role_name(role)}</option> }
    });
    view! {
        <label class="form-row">
            <span class="field-label">"Role"</span>
            <select class="field" name="role">{options}</select>
        </label>
    }
    .into_any()
}
