use leptos::prelude::*;
use shared::{
    access::Grant,
    api::{
        Audience, CreateLink, EndShare, GetLink, LinkPreview, OpenLink, PersonShare, ProtectText, RevokeLink,
        SetAnonymity, ShareLink, ShareWithClass, ShareWithPerson, Sharing, SharingClass, TRASH_DAYS, TrashConversation,
    },
    ids::{ActivityId, ConversationId},
};

use super::{Bar, home::counted};
use crate::{
    forms::{ApiForm, ConfirmDialog, Then, api_of},
    parts::Visitor,
};

/// With whom a conversation is shared; for its owner.
#[component]
pub fn SharePage(
    /// Who is signed in.
    visitor: Visitor,
    /// Which conversation.
    conversation: ConversationId,
    /// What is shown.
    sharing: Sharing,
) -> impl IntoView {
    let Sharing { title, messages, highlights, class, classes, people, links, anonymous, copy_protected, protected_by } =
        sharing;
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <p class="page-crumb"><a href=format!("/c/{conversation}") dir="auto">{title}</a></p>
            <header class="page-head"><h1 class="page-title">"Share"</h1></header>
            <WithClass conversation=conversation class=class classes=classes />
            <WithPeople conversation=conversation people=people />
            <WithLinks conversation=conversation links=links />
            <Anonymity conversation=conversation anonymous=anonymous />
            <Protection conversation=conversation copy_protected=copy_protected protected_by=protected_by />
            <Throw conversation=conversation messages=messages highlights=highlights />
        </main>
    }
    .into_any()
}

#[component]
fn WithClass(conversation: ConversationId, class: Option<SharingClass>, classes: Vec<SharingClass>) -> impl IntoView {
    let api = api_of(&ShareWithClass { conversation, class: None });
    let chosen = class.as_ref().map(|class| class.id);
    // One that is archived meanwhile, or that the owner has left.
    let other = class.filter(|class| classes.iter().all(|own| own.id != class.id));
    let options = classes.into_iter().chain(other).map(move |class| {
        let selected = chosen == Some(class.id);
        view! { <option value=class.id.to_string() selected=selected>{class.name}</option> }
    });
    view! {
        <section class="class-section" aria-labelledby="class-title">
            <h2 id="class-title">"With a class"</h2>
            <p class="hint">"Everybody in the class can read and annotate it; its staff moderate."</p>
            <ApiForm api=api then=Then::Reload label="Share with a class" class="line-form">
                <select class="field" name="class" data-type="optional" aria-label="Class">
                    <option value="" selected=chosen.is_none()>"With no class"</option>
                    {options.collect_view()}
                </select>
                <button class="button" type="submit">"Save"</button>
            </ApiForm>
        </section>
    }
    .into_any()
}

#[component]
fn WithPeople(conversation: ConversationId, people: Vec<PersonShare>) -> impl IntoView {
    let api = api_of(&ShareWithPerson { conversation, email: String::new(), access: Grant::Viewer });
    let lines = people.into_iter().map(|person| view! { <Person conversation=conversation person=person /> });
    let lines = lines.collect_view();
    view! {
        <section class="class-section" aria-labelledby="people-title">
            <h2 id="people-title">"With people"</h2>
            <p class="hint">"They find it among their conversations when they sign in with this address. No message is sent: tell them."</p>
            <ul class="group-list" role="list">{lines}</ul>
            <ApiForm api=api then=Then::Reload label="Share with somebody">
                <div class="field-row">
                    <label class="form-row">
                        <span class="field-label">"E-mail address"</span>
                        <input class="field" type="email" name="email" required maxlength="254" autocomplete="off" />
                    </label>
                    <GrantSelect />
                </div>
                <div class="form-actions">
                    <button class="button" type="submit">"Share"</button>
                </div>
            </ApiForm>
        </section>
    }
    .into_any()
}

#[component]
fn Person(conversation: ConversationId, person: PersonShare) -> impl IntoView {
    let PersonShare { id, email, name, access } = person;
    let (first, second) = match name {
        Some(name) => (name, format!("{email} · {}", access.in_words())),
        None => (email.clone(), format!("{} · not opened yet", access.in_words())),
    };
    view! {
        <li class="group">
            <div class="member-who">
                <span class="member-name" dir="auto">{first}</span>
                <span class="member-email">{second}</span>
            </div>
            <ApiForm api=api_of(&EndShare { conversation, share: id }) then=Then::Reload class="row-form">
                <button class="button quiet" type="submit" aria-label=format!("Stop sharing with {email}")>"Remove"</button>
            </ApiForm>
        </li>
    }
    .into_any()
}

#[component]
fn WithLinks(conversation: ConversationId, links: Vec<ShareLink>) -> impl IntoView {
    let api = api_of(&CreateLink { conversation, access: Grant::Viewer, days: 1 });
    let lines = links.into_iter().map(|link| view! { <LinkLine conversation=conversation link=link /> });
    let lines = lines.collect_view();
    let said = "The link is made. It is shown only now: copy it.".to_owned();
    view! {
        <section class="class-section" aria-labelledby="links-title">
            <h2 id="links-title">"By a link"</h2>
            <p class="hint">"Whoever has the link and signs in is let in, until it expires or is revoked."</p>
            <ul class="group-list" role="list">{lines}</ul>
            <ApiForm api=api then=Then::Say(said) label="New link">
                <div class="field-row">
                    <GrantSelect />
                    <label class="form-row">
                        <span class="field-label">"Days until it expires"</span>
                        <input class="field" type="number" name="days" data-type="number" value="14" min="1" max="365" required />
                    </label>
                </div>
                <div class="form-actions">
                    <button class="button" type="submit">"New link"</button>
                </div>
                <p class="shown-once" data-replied hidden><code data-reply="link"></code></p>
            </ApiForm>
        </section>
    }
    .into_any()
}

#[component]
fn LinkLine(conversation: ConversationId, link: ShareLink) -> impl IntoView {
    let ShareLink { id, access, expires_at, uses, good } = link;
    let day = expires_at.get(..10).unwrap_or_default().to_owned();
    let name = format!("Link, {}, until {day}", access.in_words());
    let came = if uses == 1 { "1 person has come by it".to_owned() } else { format!("{uses} people have come by it") };
    view! {
        <li class="group">
            <div class="member-who">
                <span class="member-name">{name.clone()}</span>
                {(!good).then(|| view! { <span class="badge">"Expired"</span> })}
                <span class="member-email">{came}</span>
            </div>
            <ApiForm api=api_of(&RevokeLink { conversation, link: id }) then=Then::Reload class="row-form">
                <button class="button quiet" type="submit" aria-label=format!("Revoke: {name}")>"Revoke"</button>
            </ApiForm>
        </li>
    }
    .into_any()
}

#[component]
fn Anonymity(conversation: ConversationId, anonymous: bool) -> impl IntoView {
    view! {
        <Setting
            api=api_of(&SetAnonymity { conversation, anonymous })
            title="Names"
            hint="In an anonymous conversation people see one another under pseudonyms of two words. Staff of the class see names, and are seen by theirs; where it is shared with no class, you do. This can be changed until somebody has written here, and not after."
            name="anonymous"
            label="Anonymous: people see pseudonyms"
            checked=anonymous
        />
    }
    .into_any()
}

#[component]
fn Protection(conversation: ConversationId, copy_protected: bool, protected_by: Option<ActivityId>) -> impl IntoView {
    if let Some(activity) = protected_by {
        return view! {
            <section class="class-section" aria-labelledby="copying-title">
                <h2 id="copying-title">"Copying"</h2>
                <p class="hint">
                    "This was revealed of an activity whose text is protected against copying, and so is this. "
                    <a href=format!("/activities/{activity}/settings")>"Change it there"</a>
                </p>
            </section>
        }
        .into_any();
    }
    view! {
        <Setting
            api=api_of(&ProtectText { conversation, copy_protected })
            title="Copying"
            hint="On a protected text copying, dragging, printing and exporting are switched off, but for you and staff of the class. It reminds people; it does not stop them: whoever can read a text can take it away in another way."
            name="copy_protected"
            label="Protect the text against copying"
            checked=copy_protected
        />
    }
    .into_any()
}

#[component]
fn Throw(conversation: ConversationId, messages: i64, highlights: i32) -> impl IntoView {
    let holds = format!("{}, {}", counted(messages, "message"), counted(highlights.into(), "highlight"));
    let hint = format!(
        "It goes to the trash with all that is in it ({holds}), and nobody can open it any more. You can restore it for {TRASH_DAYS} days; then it is deleted."
    );
    let question = format!(
        "This takes it from everybody who has it open, with all that is in it ({holds}). You can restore it for {TRASH_DAYS} days."
    );
    view! {
        <section class="class-section" aria-labelledby="trash-title">
            <h2 id="trash-title">"Delete"</h2>
            <p class="hint">{hint}</p>
            <ApiForm
                api=api_of(&TrashConversation { id: conversation })
                then=Then::Go("/trash".into())
                confirm="trash-question"
                label="Delete"
            >
                <div class="form-actions"><button class="button danger" type="submit">"Move to the trash"</button></div>
            </ApiForm>
            <ConfirmDialog id="trash-question" title="Move it to the trash?" text=question action="Move to the trash" />
        </section>
    }
    .into_any()
}

/// Something that holds for everybody, or does not.
#[component]
fn Setting(
    api: String,
    title: &'static str,
    hint: &'static str,
    name: &'static str,
    label: &'static str,
    checked: bool,
) -> impl IntoView {
    let id = format!("{name}-title");
    view! {
        <section class="class-section" aria-labelledby=id.clone()>
            <h2 id=id.clone()>{title}</h2>
            <p class="hint">{hint}</p>
            <ApiForm api=api then=Then::Reload label=title class="line-form">
                <label class="checkbox-row">
                    <input type="checkbox" name=name checked=checked />
                    {label}
                </label>
                <button class="button" type="submit">"Save"</button>
            </ApiForm>
        </section>
    }
    .into_any()
}

/// What somebody may do.
#[component]
fn GrantSelect() -> impl IntoView {
    let options = Grant::ALL.map(|grant| {
        let chosen = grant == Grant::Annotator;
        view! { <option value=grant.as_str() selected=chosen>{grant.in_words()}</option> }
    });
    view! {
        <label class="form-row">
            <span class="field-label">"What they may do"</span>
            <select class="field" name="access">{options.collect_view()}</select>
        </label>
    }
}

/// What a link to a conversation leads to.
#[component]
pub fn LinkPage(
    /// Who is signed in.
    visitor: Visitor,
    /// What the link was asked by.
    link: GetLink,
    /// The conversation.
    preview: LinkPreview,
) -> impl IntoView {
    let LinkPreview { title, owner, access, names_seen_by } = preview;
    let seen = match names_seen_by {
        None => "The people there will see your name.",
        Some(Audience::Staff) => {
            "It is anonymous: the people there will see a pseudonym. The class’s staff will see your name."
        }
        Some(Audience::Owner) => {
            "It is anonymous: the people there will see a pseudonym. Its owner will see your name."
        }
    };
    let what = format!("{owner} shares this conversation with you: whoever has the link {}.", access.in_words());
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <section class="message-page">
                <p class="badge">"Shared with you"</p>
                <h1 class="page-title" dir="auto">{title}</h1>
                <p class="lead" dir="auto">{what}</p>
                <p class="hint">{seen}</p>
                <div class="form-actions">
                    <ApiForm api=api_of(&OpenLink { secret: link.secret }) then=Then::Go("/c/{id}".into())>
                        <button class="button primary" type="submit">"Open"</button>
                    </ApiForm>
                </div>
            </section>
        </main>
    }
    .into_any()
}
