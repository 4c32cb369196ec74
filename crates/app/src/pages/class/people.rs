use leptos::prelude::*;
use shared::{
    api::{Class, ClassMember, ClassPerson, Group, LeaveClass, MEMBERS_PAGE, MemberPage, RemoveRosterEntry, encoded},
    ids::ClassId,
};

use super::{ClassHead, Part, group_name, role_name, rule_of};
use crate::parts::Visitor;
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    pages::{Bar, classes},
    parts::Avatar,
};

/// A class: who is in it.
#[component]
pub fn ClassPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What is shown.
    class: Class,
    /// A part of its people.
    members: MemberPage,
    /// What was looked for.
    find: String,
    /// Whether that part is the first.
    is_first: bool,
) -> impl IntoView {
    let MemberPage { people, total, next } = members;
    let is_staff = class.role.is_staff();
    let summary = summary(&class);
    let may_change = class.role.may_change_class() && !class.archived;
    let (id, belongs, when_erased) = (class.id, class.belongs, class.when_erased);
    let groups = class.groups.clone();
    let nobody = people.is_empty();
    let me = visitor.me.id;
    let lines = people.into_iter().map(|member| {
        view! { <Line class=id is_me=member.who == ClassPerson::User(me) member=member groups=groups.clone() may_change=may_change /> }
    });
    let lines = lines.collect_view();
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <ClassHead class=class part=Part::People />
            <section aria-labelledby="people-title">
                <div class="section-head">
                    <h2 id="people-title">"People"</h2>
                    <p class="hint">{summary}</p>
                </div>
                {is_staff.then(|| view! { <Find find=find.clone() /> })}
                {if nobody {
                    view! { <p class="empty">"Nobody here is called that."</p> }.into_any()
                } else {
                    view! { <ul class="member-list" role="list">{lines}</ul> }.into_any()
                }}
                <Pages find=find is_first=is_first total=total next=next />
            </section>
            {belongs.then(|| view! { <p class="hint">{rule_of(when_erased)}</p> <Leave class=id /> })}
        </main>
    }
    .into_any()
}

fn summary(class: &Class) -> String {
    let waiting = match class.waiting {
        0 => String::new(),
        count => format!(", and {} not signed in yet", classes::people(count)),
    };
    if class.role.is_staff() {
        format!("{}{waiting}", classes::people(class.members))
    } else {
        format!("You see the staff and your own group, of {}.", classes::people(class.members))
    }
}

#[component]
fn Find(find: String) -> impl IntoView {
    let clear = (!find.is_empty()).then(|| view! { <a class="button quiet" href="?">"Show all"</a> });
    view! {
        <form class="find-row" method="get" role="search">
            <label class="visually-hidden" for="find">"Find people by name or e-mail"</label>
            <input class="field" id="find" name="find" type="search" value=find maxlength="200" placeholder="Name or e-mail" />
            <button class="button" type="submit">"Find"</button>
            {clear}
        </form>
    }
    .into_any()
}

#[component]
fn Line(class: ClassId, member: ClassMember, groups: Vec<Group>, is_me: bool, may_change: bool) -> impl IntoView {
    let group = group_name(&member, &groups);
    let (key, waits) = match member.who {
        ClassPerson::User(user) => (user.to_string(), false),
        ClassPerson::Waiting(entry) => (entry.to_string(), true),
    };
    let (change, remove) = (format!("Change {}", member.name), format!("Remove {}", member.name));
    let action = may_change.then(|| match member.who {
        ClassPerson::User(user) => view! {
            <a class="button quiet" href=format!("/classes/{class}/people/{user}") aria-label=change>
                "Change"
            </a>
        }
        .into_any(),
        ClassPerson::Waiting(entry) => view! {
            <ApiForm api=api_of(&RemoveRosterEntry { class, entry }) then=Then::Reload class="row-form">
                <button class="button quiet" type="submit" aria-label=remove>"Remove"</button>
            </ApiForm>
        }
        .into_any(),
    });
    view! {
        <li class="member">
            <Avatar id=key name=member.name.clone() />
            <div class="member-who">
                <span class="member-name" dir="auto">{member.name}</span>
                {member.pronouns.map(|words| view! { <span class="pronouns" dir="auto">{words}</span> })}
                {is_me.then(|| view! { <span class="badge">"You"</span> })}
                {waits.then(|| view! { <span class="badge">"Not signed in yet"</span> })}
                {member.email.map(|email| view! { <span class="member-email">{email}</span> })}
            </div>
            <span class="member-role">{role_name(member.role)}</span>
            <span class="member-group" dir="auto">{group}</span>
            <div class="member-action">{action}</div>
        </li>
    }
    .into_any()
}

/// Ways to the other people.
#[component]
fn Pages(find: String, is_first: bool, total: i64, next: Option<String>) -> impl IntoView {
    if is_first && next.is_none() {
        return ().into_any();
    }
    let find = encoded(&find);
    let first = (!is_first).then(|| view! { <a class="button" href=format!("?find={find}")>"From the beginning"</a> });
    let next = next.map(|next| {
        let to = format!("?find={find}&after={}", encoded(&next));
        view! { <a class="button" href=to rel="next">{format!("Next {MEMBERS_PAGE}")}</a> }
    });
    let all = (total > 0).then(|| view! { <span class="hint">{format!("{total} in all")}</span> });
    view! { <nav class="pages" aria-label="Pages of people">{first} {all} {next}</nav> }.into_any()
}

#[component]
fn Leave(class: ClassId) -> impl IntoView {
    view! {
        <section class="class-leave" aria-label="Leave the class">
            <ApiForm api=api_of(&LeaveClass { class }) then=Then::Go("/classes".into()) confirm="leave">
                <button class="button danger" type="submit">"Leave the class"</button>
            </ApiForm>
        </section>
        <ConfirmDialog
            id="leave"
            title="Leave this class?"
            text="You will not see what is shared with it any more. What you made is still yours; what you shared with the class stays with it."
            action="Leave"
        />
    }
    .into_any()
}
