use leptos::prelude::*;
use shared::{
    access::Role,
    api::{Class, ClassMember, RemoveMember, SetGroup, SetRole},
    ids::UserId,
};

use super::{ClassHead, Part, RoleSelect};
use crate::parts::Visitor;
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    pages::Bar,
};

/// One person of a class, to be changed by its instructors.
#[component]
pub fn ClassPersonPage(
    /// Who is signed in.
    visitor: Visitor,
    /// The class.
    class: Class,
    /// Who is changed.
    user: UserId,
    /// What they are.
    member: ClassMember,
) -> impl IntoView {
    let id = class.id;
    let back = format!("/classes/{id}");
    let is_me = user == visitor.me.id;
    let groups = class.groups.clone().into_iter().map(|group| {
        let chosen = member.group == Some(group.id);
        view! { <option value=group.id.to_string() selected=chosen>{group.name}</option> }
    });
    let groups = groups.collect_view();
    let no_group = member.group.is_none();
    let name = member.name.clone();
    let role_api = api_of(&SetRole { class: id, user, role: Role::Student });
    let group_api = api_of(&SetGroup { class: id, user, group: None });
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <ClassHead class=class part=Part::Deeper />
            <div class="section-head">
                <h2 dir="auto">{member.name}</h2>
                {member.pronouns.map(|words| view! { <span class="pronouns" dir="auto">{words}</span> })}
                <p class="hint">{member.email}</p>
            </div>
            {is_me.then(|| view! { <p class="remark">"This is you. If you are no instructor any more, you cannot make yourself one again."</p> })}
            <div class="class-doors">
                <section class="sheet class-door" aria-label="Role">
                    <ApiForm api=role_api then=Then::Say("The role is changed, also where they are working now.".into()) label="Role">
                        <RoleSelect chosen=member.role />
                        <div class="form-actions">
                            <button class="button" type="submit">"Change role"</button>
                        </div>
                    </ApiForm>
                </section>
                <section class="sheet class-door" aria-label="Group">
                    <ApiForm api=group_api then=Then::Say("The group is changed.".into()) label="Group">
                        <label class="form-row">
                            <span class="field-label">"Group"</span>
                            <select class="field" name="group" data-type="optional">
                                <option value="" selected=no_group>"No group"</option>
                                {groups}
                            </select>
                        </label>
                        <div class="form-actions">
                            <button class="button" type="submit">"Change group"</button>
                        </div>
                    </ApiForm>
                </section>
            </div>
            <section class="class-leave" aria-label="Remove from the class">
                <ApiForm api=api_of(&RemoveMember { class: id, user }) then=Then::Go(back) confirm="remove">
                    <button class="button danger" type="submit">"Remove from the class"</button>
                </ApiForm>
            </section>
            <ConfirmDialog
                id="remove"
                title=format!("Remove {name}?")
                text="They will not see what is shared with the class any more. What they made stays theirs."
                action="Remove"
            />
        </main>
    }
    .into_any()
}
