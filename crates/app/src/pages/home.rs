use leptos::{nonce::use_nonce, prelude::*};
use shared::{
    access::Access,
    api::{ConversationSummary, Share, Shelf, TRASH_DAYS, ToDo},
    ids::{ActivityId, ConversationId},
};

use super::{
    Bar,
    activity::{Times, mode_name},
};
use crate::{forms::ConfirmDialog, local_times::LocalDay, offline::WorkLeft, parts::Visitor};

const SCRIPT: &str = include_str!("home.js");

/// What the page shows alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HomeList {
    /// What is to be done.
    ToDo,
    /// Conversations.
    Shelf(Shelf),
}

impl HomeList {
    /// All of them, as they are offered.
    pub const ALL: [Self; 4] =
        [Self::ToDo, Self::Shelf(Shelf::Recent), Self::Shelf(Shelf::Mine), Self::Shelf(Shelf::Shared)];

    /// As the address of the page spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToDo => "todo",
            Self::Shelf(shelf) => shelf.as_str(),
        }
    }

    /// As people call it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::ToDo => "To do",
            Self::Shelf(shelf) => shelf.in_words(),
        }
    }
}

/// What is to be done.
#[derive(Debug, Clone)]
pub struct ToDoOfPage {
    /// A page of it.
    pub tasks: Vec<ToDo>,
    /// After which it goes on, if it does.
    pub more: Option<ActivityId>,
    /// Whether it is not its first page.
    pub is_later: bool,
}

/// One list of the page.
#[derive(Debug, Clone)]
pub struct ShelfOfPage {
    /// Which.
    pub of: Shelf,
    /// A page of it.
    pub conversations: Vec<ConversationSummary>,
    /// After which it goes on, if it does.
    pub more: Option<ConversationId>,
    /// Whether it is not its first page.
    pub is_later: bool,
}

/// The conversations that somebody may see: all lists, or one of them alone.
#[component]
pub fn HomePage(
    /// Who is signed in.
    visitor: Visitor,
    /// What is to be done, above the lists.
    to_do: Option<ToDoOfPage>,
    /// The lists, in order.
    shelves: Vec<ShelfOfPage>,
    /// The one that is shown alone.
    alone: Option<HomeList>,
) -> impl IntoView {
    let is_new = alone.is_none() && shelves.iter().all(|shelf| shelf.conversations.is_empty());
    let lists = match is_new {
        true => view! { <Welcome /> }.into_any(),
        false => shelves.into_iter().map(|shelf| view! { <Conversations shelf=shelf /> }).collect_view().into_any(),
    };
    // Whoever is given no tasks is told nothing of them.
    let to_do = to_do.filter(|to_do| alone.is_some() || !to_do.tasks.is_empty());
    let user = visitor.me.id;
    view! {
        <Bar visitor=Some(visitor) />
        <main class="page" id="main">
            <header class="page-head">
                <h1 class="page-title">"Conversations"</h1>
                <a class="button primary" href="/import">"Import"</a>
            </header>
            <WorkLeft user=user />
            <Lists alone=alone />
            <p class="hint home-status" role="status" data-home-status></p>
            {to_do.map(|to_do| view! { <Tasks to_do=to_do /> })}
            {lists}
            <RenameForm />
            <ConfirmDialog
                id="throw"
                title="Move it to the trash?"
                text=format!(
                    "“{{title}}” ({{holds}}) is taken from everybody who has it open. You can restore it for {TRASH_DAYS} days.",
                )
                action="Move to the trash"
                filled=true
            />
            <script nonce=use_nonce() inner_html=SCRIPT></script>
        </main>
    }
    .into_any()
}

/// The way to each list.
#[component]
pub(super) fn Lists(
    /// The list that is shown alone.
    alone: Option<HomeList>,
    /// Whether it is the trash that is shown.
    #[prop(optional)]
    trash: bool,
) -> impl IntoView {
    let current = |is_here: bool| is_here.then_some("page");
    let links = HomeList::ALL.map(|list| {
        view! { <a href=format!("/?list={}", list.as_str()) aria-current=current(alone == Some(list))>{list.in_words()}</a> }
    });
    view! {
        <nav class="page-nav" aria-label="Lists">
            <a href="/" aria-current=current(alone.is_none() && !trash)>"Overview"</a>
            {links}
            <a href="/trash" aria-current=current(trash)>"Trash"</a>
        </nav>
    }
    .into_any()
}

#[component]
fn Welcome() -> impl IntoView {
    view! {
        <div class="empty">
            <strong>"No conversations yet."</strong>
            <p>"Bring one in: paste it, or choose an export of ChatGPT or Claude."</p>
            <p>"What a class or somebody else shares with you is listed here too."</p>
        </div>
    }
    .into_any()
}

#[component]
fn Conversations(shelf: ShelfOfPage) -> impl IntoView {
    let ShelfOfPage { of, conversations, more, is_later } = shelf;
    let empty = conversations.is_empty().then(|| nothing(of, is_later));
    let more = more.map(|after| after.to_string());
    let lines = conversations.into_iter().map(|conversation| view! { <Line conversation=conversation /> });
    view! { <PartOfList of=HomeList::Shelf(of) empty=empty more=more is_later=is_later>{lines.collect_view()}</PartOfList> }
}

#[component]
fn Tasks(to_do: ToDoOfPage) -> impl IntoView {
    let ToDoOfPage { tasks, more, is_later } = to_do;
    let empty = tasks.is_empty().then_some(match is_later {
        true => "Nothing more.",
        false => "Nothing to do: what your classes give you is listed here while it is open.",
    });
    let more = more.map(|after| after.to_string());
    let lines = tasks.into_iter().map(|task| view! { <Task task=task /> });
    view! { <PartOfList of=HomeList::ToDo empty=empty more=more is_later=is_later>{lines.collect_view()}</PartOfList> }
}

/// One page of one list, and the ways to its other pages.
#[component]
fn PartOfList(
    of: HomeList,
    /// What it says when there is nothing.
    empty: Option<&'static str>,
    /// After which it goes on.
    more: Option<String>,
    is_later: bool,
    children: Children,
) -> impl IntoView {
    let (name, title) = (of.as_str(), format!("{}-title", of.as_str()));
    let empty = empty.map(|words| view! { <div class="empty"><p>{words}</p></div> });
    let to_first = if of == HomeList::ToDo { "First" } else { "Newest" };
    let first = is_later.then(|| view! { <a class="button" href=format!("/?list={name}")>{to_first}</a> });
    let more = more.map(|after| {
        let (href, label) = (format!("/?list={name}&after={after}"), format!("More: {}", of.in_words()));
        view! { <a class="button" href=href aria-label=label data-more>"More"</a> }
    });
    view! {
        <section class="class-section shelf" data-shelf=name aria-labelledby=title.clone()>
            <h2 id=title.clone()>{of.in_words()}</h2>
            {empty}
            <ul class="conversation-list" role="list">{children()}</ul>
            <div class="pages">{more} {first}</div>
        </section>
    }
    .into_any()
}

#[component]
fn Task(task: ToDo) -> impl IntoView {
    let ToDo { summary, class_name, .. } = task;
    let started = if summary.copy.is_some() { "Started" } else { "Not started" };
    let closes = summary.closes_at.is_some().then_some(" · ");
    view! {
        <li>
            <a class="conversation-link" href=format!("/activities/{}", summary.id)>
                <span class="conversation-title" dir="auto">{summary.title.clone()}</span>
                <span class="conversation-meta">
                    <bdi>{class_name}</bdi> " · " {mode_name(summary.mode)} {closes} <Times summary=summary.clone() />
                </span>
                <span class="badge">{started}</span>
            </a>
        </li>
    }
    .into_any()
}

/// What an empty list says.
fn nothing(of: Shelf, is_later: bool) -> &'static str {
    match of {
        _ if is_later => "Nothing older.",
        Shelf::Recent => "What you open is listed here, the latest first.",
        Shelf::Mine => "Nothing of your own yet: import a conversation, and it is listed here.",
        Shelf::Shared => "Nothing yet: what a class or somebody else shares with you is listed here.",
    }
}

#[component]
fn Line(conversation: ConversationSummary) -> impl IntoView {
    let ConversationSummary { id, title, owner, mine, access, may_rename, share, messages, highlights, created_at } =
        conversation;
    let owner = if mine { "You".to_owned() } else { owner };
    let shared = (share == Share::Class).then(|| view! { <span class="badge">"Shared with the class"</span> });
    let rename = may_rename.then(|| {
        let label = format!("Rename {title}");
        view! { <button class="text-button" type="button" data-rename aria-label=label>"Rename"</button> }
    });
    let throw = (access == Access::Owner).then(|| {
        let label = format!("Delete {title}");
        let holds = format!("{}, {}", counted(messages, "message"), counted(highlights.into(), "highlight"));
        view! {
            <button class="text-button" type="button" data-throw data-holds=holds aria-label=label>"Delete"</button>
        }
    });
    // They need the script.
    let acts = (rename.is_some() || throw.is_some())
        .then(|| view! { <span class="line-acts" data-acts hidden>{rename} {throw}</span> });
    view! {
        <li data-conversation=id.to_string()>
            <a class="conversation-link" href=format!("/c/{id}")>
                <span class="conversation-title" dir="auto">{title}</span>
                <span class="conversation-meta">
                    <bdi>{owner}</bdi> " · " {counted(messages, "message")} " · " {counted(highlights.into(), "highlight")} " · "
                    <LocalDay at=created_at />
                </span>
                {shared}
            </a>
            {acts}
        </li>
    }
    .into_any()
}

/// What the script puts into a line.
#[component]
fn RenameForm() -> impl IntoView {
    view! {
        <template id="rename">
            <form class="rename-form" aria-label="Rename">
                <input class="field" name="title" aria-label="Title" required maxlength="200" autocomplete="off" dir="auto" />
                <button class="button primary" type="submit">"Save"</button>
                <button class="button quiet" type="button" data-cancel>"Cancel"</button>
                <div class="alert" role="alert" hidden></div>
            </form>
        </template>
    }
    .into_any()
}

/// `1 message`, `2 messages`.
pub(super) fn counted(count: i64, noun: &str) -> String {
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("1 {noun}"),
        Some(stem) => format!("{} {stem}ies", grouped(count)),
        None => format!("{} {noun}s", grouped(count)),
    }
}

/// `1234567` as `1,234,567`.
fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    format!("{}{}", if count < 0 { "-" } else { "" }, groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn what_is_counted_is_read_easily() {
        let said = [(0, "copy"), (1, "copy"), (2, "copy"), (1_000, "token"), (-1_234_567, "token"), (999, "token")];
        let said = said.map(|(count, noun)| counted(count, noun));
        assert_eq!(said, ["0 copies", "1 copy", "2 copies", "1,000 tokens", "-1,234,567 tokens", "999 tokens"]);
    }
}
