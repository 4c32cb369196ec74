use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use shared::{
    access::{Access, Rights},
    api::{Anonymity, Me, Person},
    ids::{ConversationId, UserId},
};

use super::{
    announcements::Announcements,
    away::{AsideButton, Away},
    desk::{Desk, Place},
    mentions::MentionList,
    panel::Panel,
    people::{Following, PeopleHere},
    shortcuts::{ShortcutsButton, ShortcutsDialog},
    status::SyncStatus,
    tags::TagsDialog,
    toast::ToastBar,
    toolbar::Toolbar,
};
use crate::{
    inbox::InboxLink,
    later::{self, part},
    parts::Account,
};

/// What the tools have to know. The server writes it into the page (`data-tools`), where the browser reads it.
#[derive(Clone, Serialize, Deserialize)]
pub struct Opened {
    /// The conversation.
    pub conversation: ConversationId,
    /// Its title.
    pub title: String,
    /// What the person may do.
    pub rights: Rights,
    /// Who they are as an author.
    pub author: UserId,
    /// How they are seen, where it is anonymous.
    pub anonymity: Option<Anonymity>,
    /// Who is signed in.
    pub me: Me,
    /// How many of their notices were not read.
    pub unread: u32,
    /// Everybody whose name may stand on the page.
    pub people: Vec<Person>,
    /// The number of its text.
    pub revision: i32,
    /// The generation of its document.
    pub epoch: i64,
}

impl Opened {
    fn desk(&self) -> Desk {
        let place = Place {
            conversation: self.conversation,
            author: self.author,
            user: self.me.id,
            revision: self.revision,
            epoch: self.epoch,
        };
        Desk::new(place, self.rights, self.me.name.clone(), self.people.clone(), self.anonymity.clone())
    }
}

/// The conversation page, as the server shows it: the bar, the text and the tools, which the browser puts anew around
/// the text. The text stays as the server wrote it.
#[cfg(feature = "ssr")]
#[component]
pub fn Workspace(
    /// What is opened.
    opened: Opened,
    children: Children,
) -> impl IntoView {
    let desk = opened.desk();
    let told = serde_json::to_string(&opened).unwrap_or_default();
    view! {
        <header class="bar">
            <Bar desk=desk title=opened.title me=opened.me unread=opened.unread />
        </header>
        <main class="workspace" data-tools=told data-protected=(!opened.rights.may_copy).then_some("")>
            {children()}
            <Tools desk=desk />
        </main>
    }
    .into_any()
}

/// Puts the living bar and the living tools where the server's pictures of them are; nothing if the page has none.
#[cfg(feature = "hydrate")]
pub fn mount() -> Option<()> {
    use leptos::{mount::mount_to, wasm_bindgen::JsCast};

    use super::desk::Status;
    use crate::later::{self, Later};

    let element = |selector: &str| document().query_selector(selector).ok()??.dyn_into::<web_sys::HtmlElement>().ok();
    let (bar, main) = (element("header.bar")?, element("main[data-tools]")?);
    let opened: Opened = serde_json::from_str(&main.get_attribute("data-tools")?).ok()?;
    bar.set_text_content(None);
    let text = main.first_element_child()?;
    while let Some(picture) = text.next_sibling() {
        main.remove_child(&picture).ok()?;
    }
    let all = mount_to(bar, move || {
        let desk = opened.desk();
        Effect::new(move |_| super::browser::start(desk));
        Effect::new(move |_| {
            let is_ready = matches!(desk.status.get(), Status::Saved | Status::ReadOnly);
            if is_ready && matches!(desk.later.get_untracked(), Later::Absent) {
                later::ahead(desk);
            }
        });
        mount_to(main, move || view! { <Tools desk=desk /> }).forget();
        view! { <Bar desk=desk title=opened.title me=opened.me unread=opened.unread /> }
    });
    all.forget();
    Some(())
}

#[component]
fn Bar(desk: Desk, title: String, me: Me, unread: u32) -> impl IntoView {
    view! {
        <a class="bar-brand" href="/">"PromptGrimoire"</a>
        <nav class="bar-crumbs" aria-label="Breadcrumb">
            <span dir="auto">{title}</span>
        </nav>
        <span class="bar-grow"></span>
        <AsideButton desk=desk />
        <SyncStatus desk=desk />
        <PeopleHere desk=desk />
        {share(desk, "button share")}
        <button
            class="button needs-script"
            type="button"
            title="Take it away as a Markdown file"
            hidden=move || desk.ended.get()
            on:click=move |_| later::act(desk, move |parts| (parts.download)(desk))
        >
            "Export"
        </button>
        {exports(desk)}
        <InboxLink unread=unread />
        // The bar of a narrow page has no room for those before.
        <Account me=me>
            {share(desk, "button share-narrow")}
            {exports_narrow(desk)}
            <ShortcutsButton desk=desk />
        </Account>
    }
    .into_any()
}

/// What the server writes, each a file to take away: where, below the conversation, and what it is called.
const FORMATS: [(&str, &str); 8] = [
    ("/export?format=html", "Web page, to read anywhere"),
    ("/export?format=docx", "Word, with comments (DOCX)"),
    ("/export?format=markdown", "Markdown, with all responses"),
    ("/export?format=csv", "Table (CSV)"),
    ("/agreement.csv", "Agreement (CSV)"),
    ("/export?format=jsonld", "Web Annotations (JSON-LD)"),
    ("/export?format=annotations", "For e-book readers (EPUB Annotations)"),
    ("/export?format=bundle", "Everything, to import again"),
];

fn exports(desk: Desk) -> impl IntoView {
    move || {
        may_take(desk).then(|| {
            view! {
                <details class="bar-menu exports" name="bar-menu">
                    <summary aria-label="Other formats"></summary>
                    <div>{formats(desk)}</div>
                </details>
            }
        })
    }
}

fn exports_narrow(desk: Desk) -> impl IntoView {
    move || may_take(desk).then(|| view! { <div class="exports-narrow">{formats(desk)}</div> })
}

/// Whether the files can be had, tracked.
fn may_take(desk: Desk) -> bool {
    desk.rights.get().may_copy && !desk.ended.get()
}

fn formats(desk: Desk) -> AnyView {
    let link = |(file, words): (&str, &'static str)| {
        let path = ["/api/v1/conversations/", &desk.place.conversation.to_string(), file].concat();
        view! { <a class="button" href=path download="">{words}</a> }
    };
    let page = |name: &str| ["/c/", &desk.place.conversation.to_string(), name].concat();
    let bring_in =
        desk.may_annotate().then(|| view! { <a class="button" href=page("/annotations")>"Bring annotations in"</a> });
    view! {
        <a class="button" href=page("/exports")>"PDF, with notes in the margin"</a>
        {FORMATS.map(link).collect_view()}
        {bring_in}
    }
    .into_any()
}

/// For the owner.
fn share(desk: Desk, class: &'static str) -> impl IntoView {
    move || {
        let is_owner = desk.rights.get().access == Access::Owner && !desk.ended.get();
        is_owner.then(|| view! { <a class=class href=format!("/c/{}/share", desk.place.conversation)>"Share"</a> })
    }
}

/// Whom an `@` may mean, and who is followed.
pub fn floating(desk: Desk) -> AnyView {
    view! {
        <MentionList desk=desk />
        <Following desk=desk />
    }
    .into_any()
}

#[component]
fn Tools(desk: Desk) -> impl IntoView {
    let tools = move || {
        if desk.ended.get() {
            return part(desk, move |parts| (parts.ended)(desk));
        }
        view! {
            <Panel desk=desk />
            <Toolbar desk=desk />
            <TagsDialog desk=desk />
            <ShortcutsDialog desk=desk />
            {later::floating(desk)}
        }
        .into_any()
    };
    view! {
        {tools}
        <Away desk=desk />
        <ToastBar desk=desk />
        <Announcements desk=desk />
    }
    .into_any()
}
