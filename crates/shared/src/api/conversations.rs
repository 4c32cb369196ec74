use serde::{Deserialize, Serialize};

use super::{Endpoint, MessageFile, MessageState, Method, Usage};
use crate::{
    access::Rights,
    ids::{ActivityId, ConversationId, MessageId, ProjectId, PromptVersionId, RunId, UserId},
    messages::MessageRole,
};

/// Who sees a conversation beside its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Share {
    /// Nobody.
    #[default]
    None,
    /// The members of the owner's class, as annotators.
    Class,
}

/// `POST /api/v1/conversations`: stores a pasted text or Markdown; turns are recognised from their labels.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreateConversation {
    /// At most 200 characters; taken from the text where it is empty or missing.
    #[serde(default)]
    pub title: Option<String>,
    /// At most 1 MiB a message.
    pub text: String,
    /// Who sees it.
    #[serde(default)]
    pub share: Share,
    /// Whether people there see one another by pseudonyms.
    #[serde(default)]
    pub anonymous: bool,
}

/// What was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Created {
    /// Its page is `/c/{id}`.
    pub id: ConversationId,
}

impl Endpoint for CreateConversation {
    const METHOD: Method = Method::Post;
    type Reply = Created;

    fn path(&self) -> String {
        "/api/v1/conversations".into()
    }
}

/// The answer to an import of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Imported {
    /// Stored.
    Created {
        /// The new conversation.
        id: ConversationId,
        /// What the person should know: things left out, things guessed.
        notes: Vec<String>,
    },
    /// The file holds several conversations, or what it holds was asked for: nothing is stored until one is chosen.
    Choose(Vec<ImportChoice>),
}

/// What is told of an import of several conversations while it goes on: an event each (`text/event-stream`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportStep {
    /// One is stored.
    Imported {
        /// Its `choice`.
        index: usize,
        /// The new conversation.
        id: ConversationId,
        /// Its title.
        title: String,
        /// What the person should know.
        notes: Vec<String>,
    },
    /// One is not, and nothing of it.
    Refused {
        /// Its `choice`.
        index: usize,
        /// Why, for the person.
        problem: String,
    },
    /// That was all.
    Done,
}

/// Conversations that are imported by one request.
pub const MAX_CHOICES: usize = 1_000;

/// A conversation in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportChoice {
    /// What to send as `choice`.
    pub index: usize,
    /// Its title.
    pub title: String,
    /// How many messages it has.
    pub messages: usize,
    /// The first words of the person in it, in one line of at most 120 characters, where it is one of several.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub beginning: Option<String>,
    /// Why it cannot be imported, if so.
    pub problem: Option<String>,
    /// What people added to it, where the file holds that too.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub annotated: Option<Annotated>,
    /// How it was read, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reading: Option<Reading>,
}

/// What would be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// What it was taken for, with its article: `a page of ChatGPT`.
    pub kind: String,
    /// What was left out or changed, a sentence each.
    pub notes: Vec<String>,
    /// The first messages, at most 50.
    pub beginnings: Vec<Beginning>,
}

/// How a message begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beginning {
    /// Whose words it is.
    pub role: MessageRole,
    /// The speaker's own name.
    pub title: Option<String>,
    /// Its first 240 characters.
    pub text: String,
}

/// What people added to a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotated {
    /// Highlights that are not deleted.
    pub highlights: usize,
    /// Their comments that are not deleted.
    pub comments: usize,
    /// Those who wrote anything in it, or are mentioned.
    pub people: usize,
}

/// `PATCH /api/v1/conversations/{id}`: gives it another title; for those who may edit it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RenameConversation {
    /// Which.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// 1 to 200 characters; it becomes one line.
    pub title: String,
}

/// What it is called now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Titled {
    /// Its title.
    pub title: String,
}

endpoint!(RenameConversation: Patch Titled, "/api/v1/conversations/{id}", id);

/// `GET /api/v1/conversations/{id}`: the conversation with the messages of one branch; 404 without access.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetConversation {
    /// Which one.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// A message that the branch goes through (`?branch=`), onwards by the newest; without, the branch that was last
    /// written in.
    #[serde(skip_serializing)]
    pub branch: Option<MessageId>,
}

/// A conversation as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its title.
    pub title: String,
    /// What the caller may do: `access` and `moderates`.
    #[serde(flatten)]
    pub rights: Rights,
    /// Who the caller is as an author in its document.
    pub author_id: UserId,
    /// How often its text was edited, and once more.
    pub revision: i32,
    /// The generation of its document.
    pub epoch: i64,
    /// What it is a copy of, if it is one of an activity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<CopyOf>,
    /// How the caller is seen there, where it is anonymous.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub anonymity: Option<Anonymity>,
    /// Where it is a chat with a model.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub chat: Option<ChatOf>,
    /// The messages of one of its branches, in order.
    pub messages: Vec<Message>,
}

/// The activity of which a conversation is a copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CopyOf {
    /// Its page is `/activities/{id}`.
    pub id: ActivityId,
    /// Its title.
    pub title: String,
    /// Whether staff of its class see the history of this copy: by its setting, or because whoever's copy it is lets them.
    #[serde(default)]
    pub staff_see_history: bool,
}

/// How somebody is seen in an anonymous conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Anonymity {
    /// What the others see as the author of what they write: two words, unless they are seen by their name.
    pub seen_as: String,
    /// Whether that is a pseudonym.
    pub hidden: bool,
    /// Who sees the names behind pseudonyms.
    pub names_seen_by: Audience,
}

/// Who sees the names of people in an anonymous conversation. They are seen by their own names there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// The staff of the class that it belongs to.
    Staff,
    /// Its owner: it belongs to no class.
    Owner,
}

/// The project that a chat belongs to, as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatOf {
    /// Its page is `/projects/{id}`, for those who may see it.
    pub project: ProjectId,
    /// Its name, for those who may see it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// Whether the caller may send messages.
    pub may_send: bool,
}

/// One message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// Whose words it is.
    pub role: MessageRole,
    /// A title, or the name of who spoke.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub title: Option<String>,
    /// As it was stored.
    pub markdown: String,
    /// The canonical text in which offsets count.
    pub text: String,
    /// What was sent along with it.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub files: Vec<MessageFile>,
    /// The message that it follows, once the conversation has been continued here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub parent: Option<MessageId>,
    /// Itself and those that stand in its place on other branches, oldest first; empty where it is the only one.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub siblings: Vec<MessageId>,
    /// How far it is.
    #[serde(default)]
    pub state: MessageState,
    /// What writes it, while it does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub run: Option<RunId>,
    /// How many are before it in the line, while it waits.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ahead: Option<i64>,
    /// Who said it here, or had it said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub author: Option<UserId>,
    /// The model that wrote it here.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub model: Option<String>,
    /// The prompt that the model was given.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prompt: Option<PromptVersionId>,
    /// Which version of its project's prompt that is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prompt_version: Option<i32>,
    /// What that version is called, for those who may see the project.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub prompt_name: Option<String>,
    /// What it took.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub usage: Option<Usage>,
    /// Why it is not complete, or why the model ended early.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Reason>,
}

/// Why a reply is not complete, or ended early.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable; see [`super::RunError`] and [`super::RunDone`].
    pub code: String,
    /// For a person; nothing where the code says it all.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

impl Endpoint for GetConversation {
    const METHOD: Method = Method::Get;
    type Reply = Conversation;

    fn path(&self) -> String {
        match self.branch {
            Some(branch) => format!("/api/v1/conversations/{}?branch={branch}", self.id),
            None => format!("/api/v1/conversations/{}", self.id),
        }
    }
}

/// `GET /api/v1/conversations/{id}/people`: everybody who may write in it, so that ids in its document have names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListPeople {
    /// Which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

/// Somebody, as the caller sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Their id as an author.
    pub id: UserId,
    /// Their name; the pseudonym where the caller may not know it.
    pub name: String,
    /// What others see in its place, where the caller sees the name of somebody and they do not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub pseudonym: Option<String>,
}

impl Endpoint for ListPeople {
    const METHOD: Method = Method::Get;
    type Reply = Vec<Person>;

    fn path(&self) -> String {
        format!("/api/v1/conversations/{}/people", self.id)
    }
}

/// `GET /api/v1/conversations/{id}/rights`: what the caller may do with it now, who they are there, and what it is called.
/// A page that was made before asks again after an absence, and whenever it is told that something of this is another.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetRights {
    /// Which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

/// What the caller may do with a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnRights {
    /// All of it.
    #[serde(flatten)]
    pub rights: Rights,
    /// Who they are as an author in its document: another than before when it was made anonymous meanwhile, or is not any
    /// more.
    pub author_id: UserId,
    /// Its title.
    pub title: String,
    /// The number of its text: another than before when that was edited meanwhile.
    pub revision: i32,
}

impl Endpoint for GetRights {
    const METHOD: Method = Method::Get;
    type Reply = OwnRights;

    fn path(&self) -> String {
        format!("/api/v1/conversations/{}/rights", self.id)
    }
}

/// `GET /api/v1/conversations/{id}/tags`: the tags of its document in their order, to copy them into another; 404 without
/// access.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListTags {
    /// Which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

/// A tag as another conversation can have it too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagSummary {
    /// Its name.
    pub name: String,
    /// `#rrggbb`.
    pub colour: String,
    /// What it is for.
    pub description: String,
}

impl Endpoint for ListTags {
    const METHOD: Method = Method::Get;
    type Reply = Vec<TagSummary>;

    fn path(&self) -> String {
        format!("/api/v1/conversations/{}/tags", self.id)
    }
}

/// `GET /api/v1/conversations/{id}/refused`: what the caller's stock Yjs clients wrote against the rules in the last 30
/// days, newest first; 404 without access, unless there is some.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListRefused {
    /// Which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
}

/// An update that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedUpdate {
    /// When, in milliseconds since 1970.
    pub refused_at: i64,
    /// The rule that it breaks, as in message 102 of the sync protocol.
    pub code: String,
    /// A Yjs update v1, in base64.
    pub update: String,
}

impl Endpoint for ListRefused {
    const METHOD: Method = Method::Get;
    type Reply = Vec<RefusedUpdate>;

    fn path(&self) -> String {
        format!("/api/v1/conversations/{}/refused", self.id)
    }
}
