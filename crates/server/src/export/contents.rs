//! What an export holds, read once, as its reader may see it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt::Debug,
    ops::Range,
};

use shared::{
    api::{Conversation, Message, Person},
    document::{Comment, Highlight, Picture},
    ids::{CommentId, HighlightId, MessageId, TagId, UserId},
    prose,
    selector::{Anchor, Target, resolve},
    text::OffsetMap,
};
use time::OffsetDateTime;

use crate::{access::Reader, agreement, conversations, error::Error, revisions, services::Services, times::rfc3339};

pub(super) use crate::times::moment;

/// Of somebody who is not known (any more).
pub(crate) const SOMEBODY: &str = "Somebody";

/// A conversation with its document.
pub(super) struct Contents {
    pub(super) conversation: Conversation,
    pub(super) picture: Picture,
    /// Of a copy of an activity: the highlights that stood in it from the start.
    pub(super) began_with: HashSet<HighlightId>,
    /// The page's address.
    pub(super) page: String,
    /// When it was read, RFC 3339.
    pub(super) made_at: String,
    people: HashMap<UserId, Person>,
    /// Canonical texts of messages that are on other branches.
    elsewhere: HashMap<MessageId, String>,
}

/// What a file says of itself.
#[derive(Clone, Copy)]
pub(super) struct About<'c> {
    pub(super) title: &'c str,
    /// The address of the page that shows the same.
    pub(super) page: &'c str,
    /// When it was read, RFC 3339.
    pub(super) made_at: &'c str,
}

/// A highlight with the places of its targets.
pub(super) struct Marked<'c> {
    pub(super) highlight: &'c Highlight,
    pub(super) places: Vec<Place<'c>>,
}

/// Where a target is.
pub(super) struct Place<'c> {
    pub(super) target: &'c Target,
    /// The message's place among those shown; none if it is on another branch, or gone.
    pub(super) message: Option<usize>,
    pub(super) anchor: Anchor,
    /// The same in bytes of the message's text.
    pub(super) bytes: Option<Range<usize>>,
}

impl Marked<'_> {
    /// Where it begins, if it has a place in the messages that are shown.
    pub(super) fn start(&self) -> Option<(usize, usize)> {
        self.places.iter().find_map(|place| Some((place.message?, place.bytes.as_ref()?.start)))
    }

    /// Its comments that are not deleted, oldest first.
    pub(super) fn comments(&self) -> impl Iterator<Item = &Comment> {
        self.highlight.comments.iter().filter(|comment| !comment.deleted)
    }

    /// The same with each answer behind what it answers.
    pub(super) fn thread(&self) -> Vec<&Comment> {
        let known: HashSet<CommentId> = self.comments().map(|comment| comment.id).collect();
        let mut answers: HashMap<Option<CommentId>, Vec<&Comment>> = HashMap::new();
        for comment in self.comments() {
            // What it answers may be deleted, or never have been there.
            answers.entry(comment.parent.filter(|parent| known.contains(parent))).or_default().push(comment);
        }
        let mut stack: Vec<&Comment> = answers.remove(&None).into_iter().flatten().rev().collect();
        let mut thread = Vec::with_capacity(known.len());
        while let Some(comment) = stack.pop() {
            thread.push(comment);
            stack.extend(answers.remove(&Some(comment.id)).into_iter().flatten().rev());
        }
        // Those that answer each other in a circle.
        thread.extend(answers.into_values().flatten());
        thread
    }

    /// All that is marked, each target a line.
    pub(super) fn quote(&self) -> String {
        let quotes: Vec<&str> = self.highlight.targets.iter().map(|target| &*target.exact).collect();
        quotes.join("\n")
    }
}

impl Contents {
    /// All of one text.
    pub(super) async fn read(services: &Services, reader: Reader, branch: Option<MessageId>) -> Result<Self, Error> {
        let once = || Self::read_once(services, reader, branch);
        revisions::of_one_text(&services.db, reader.conversation(), once).await
    }

    /// The document first: then whatever it refers to is among the messages.
    async fn read_once(services: &Services, reader: Reader, branch: Option<MessageId>) -> Result<Self, Error> {
        let picture = services.rooms.picture(reader.conversation()).await;
        let picture = picture.map_err(|error| Error::Internal(error.into()))?.ok_or(Error::NotFound)?;
        let conversation = conversations::read(&services.db, reader, branch).await?;
        let people = conversations::people_of(&services.db, reader).await?;
        let began_with = agreement::began_with(services, reader.conversation()).await?;
        let elsewhere = conversations::texts_beside(&services.db, &conversation).await?;
        Ok(Self {
            page: format!("{}/c/{}", services.origin, conversation.id),
            made_at: rfc3339(OffsetDateTime::now_utc()),
            people: people.into_iter().map(|person| (person.id, person)).collect(),
            conversation,
            picture,
            began_with,
            elsewhere,
        })
    }

    /// All of it but for the moment, in the same order each time.
    pub(super) fn made_of(&self) -> impl Debug {
        let began_with: BTreeSet<_> = self.began_with.iter().collect();
        let people: BTreeMap<_, _> = self.people.iter().collect();
        let elsewhere: BTreeMap<_, _> = self.elsewhere.iter().collect();
        (&self.conversation, &self.picture, began_with, &self.page, people, elsewhere)
    }

    /// What its file says of itself.
    pub(super) fn about(&self) -> About<'_> {
        About { title: &self.conversation.title, page: &self.page, made_at: &self.made_at }
    }

    /// The highlights in the order of the text; at last those that have no place in it.
    pub(super) fn marked(&self) -> Vec<Marked<'_>> {
        let messages = self.conversation.messages.iter().enumerate();
        let shown: HashMap<MessageId, usize> = messages.map(|(at, message)| (message.id, at)).collect();
        let mut maps = HashMap::new();
        let mut all = Vec::with_capacity(self.picture.highlights.len());
        for highlight in &self.picture.highlights {
            let places = highlight.targets.iter().map(|target| self.place(target, &shown, &mut maps)).collect();
            all.push(Marked { highlight, places });
        }
        all.sort_by_key(|marked| (marked.start().is_none(), marked.start(), marked.highlight.created_at));
        all
    }

    fn place<'c>(
        &'c self,
        target: &'c Target,
        shown: &HashMap<MessageId, usize>,
        maps: &mut HashMap<MessageId, OffsetMap>,
    ) -> Place<'c> {
        let message = shown.get(&target.message).copied();
        let text = message.map(|at| &self.conversation.messages[at].text);
        let Some(text) = text.or_else(|| self.elsewhere.get(&target.message)) else {
            return Place { target, message, anchor: Anchor::Lost, bytes: None };
        };
        let map = maps.entry(target.message).or_insert_with(|| OffsetMap::new(text));
        let anchor = resolve(target, text, map);
        let byte = |at| map.char_to_byte(at).map(|byte| byte.0 as usize);
        let bytes = anchor.range().and_then(|(start, end)| Some(byte(start)?..byte(end)?));
        Place { target, message, anchor, bytes }
    }

    /// Those whom it names, as the reader sees them.
    pub(super) fn people(&self) -> &HashMap<UserId, Person> {
        &self.people
    }

    /// Somebody, as the reader sees them.
    pub(super) fn person(&self, id: UserId) -> Option<&Person> {
        self.people.get(&id)
    }

    /// What they are called.
    pub(super) fn name(&self, id: UserId) -> &str {
        self.person(id).map_or(SOMEBODY, |person| &person.name)
    }

    /// The name of a tag that is there.
    pub(super) fn tag(&self, id: TagId) -> Option<&str> {
        self.picture.tags.iter().find(|tag| tag.id == id).map(|tag| &*tag.name)
    }

    /// The names of a highlight's tags.
    pub(super) fn tags(&self, highlight: &Highlight) -> Vec<&str> {
        highlight.tags.iter().filter_map(|(id, _)| self.tag(*id)).collect()
    }

    /// What somebody wrote, Markdown, with people named as the reader sees them, not as the writer did.
    pub(super) fn words<'b>(&self, body: &'b str) -> Cow<'b, str> {
        named(body, |id| as_mention(self.name(id)))
    }
}

/// Who speaks in a message.
pub(super) fn speaker(message: &Message) -> &str {
    message.title.as_deref().unwrap_or(message.role.label())
}

/// A name within Markdown, after `@`.
pub(crate) fn as_mention(name: &str) -> String {
    // As it stands in a mention, without what makes it a link.
    let mention = prose::mention(name, UserId::from_uuid(uuid::Uuid::nil()));
    let end = mention.rfind("](").unwrap_or(mention.len());
    mention[1..end].to_owned()
}

/// `[@Somebody](mention:{id})` becomes what `name` says.
pub(crate) fn named(body: &str, name: impl Fn(UserId) -> String) -> Cow<'_, str> {
    const MIDDLE: &str = "](mention:";
    let mut text = String::new();
    let mut rest = body;
    while let Some(middle) = rest.find(MIDDLE) {
        let behind = &rest[middle + MIDDLE.len()..];
        let id = behind.get(..36).filter(|_| behind[36..].starts_with(')')).and_then(|id| id.parse().ok());
        let start = rest[..middle].rfind("[@");
        let (Some(id), Some(start)) = (id, start) else {
            text.push_str(&rest[..middle + MIDDLE.len()]);
            rest = behind;
            continue;
        };
        text.push_str(&rest[..start]);
        text.push_str(&name(id));
        rest = &behind[37..];
    }
    if text.is_empty() && rest.len() == body.len() {
        return Cow::Borrowed(body);
    }
    text.push_str(rest);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_named_as_the_reader_sees_them() {
        let (ann, ben) = (UserId::new(), UserId::new());
        let name = |id| as_mention(if id == ann { "Quiet *Otter*" } else { "Ben" });
        let text = format!("{} and [x](y) [@Real Name](mention:{ben})!", prose::mention("Ann Real", ann));
        assert_eq!(named(&text, name), "@Quiet \\*Otter\\* and [x](y) @Ben!");
        for left in ["plain", "[@A](mention:nobody)", "](mention:", &format!("](mention:{ann})")] {
            assert_eq!(named(left, name), left);
        }
    }
}
