use serde::{Deserialize, Serialize};

use super::{Endpoint, Method, Person};
use crate::{
    ids::{ActivityId, ConversationId, HighlightId, MessageId, TagId, UserId},
    text::CharOffset,
};

/// People who are named and compared in pairs, at most: those who marked the most.
pub const MAX_COMPARED: usize = 60;

/// Passages of most disagreement that are listed of a tag, at most.
pub const MAX_DISPUTED: usize = 20;

/// Code points of such a passage that are quoted, at most.
pub const MAX_DISPUTED_CHARS: usize = 500;

/// `GET /api/v1/conversations/{id}/agreement?tag=&branch=`: how far people marked the same passages with the same tags.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetAgreement {
    /// Of which conversation.
    #[serde(skip_serializing)]
    pub id: ConversationId,
    /// Pairs and passages of this tag alone.
    pub tag: Option<TagId>,
    /// A message: on the branch through it, of a chat that has several; on the one that is shown if there is none.
    pub branch: Option<MessageId>,
}

/// `GET /api/v1/activities/{activity}/agreement?tag=`: the same over all copies, which have one text; for staff.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GetActivityAgreement {
    /// Of which activity.
    #[serde(skip_serializing)]
    pub activity: ActivityId,
    /// Pairs and passages of this tag alone.
    pub tag: Option<TagId>,
}

/// How far people agree. Whoever marked at least one passage counts, for every tag; what is deleted does not.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The conversation's title, or the activity's.
    pub title: String,
    /// Whether its page lets the caller copy and print the text.
    pub may_copy: bool,
    /// Code points of the text: those of its messages, and one between each two.
    pub length: u64,
    /// How many people marked something.
    pub coders: usize,
    /// Unitised alpha of all of them, over all tags at once.
    pub alpha: Option<f64>,
    /// Highlights that do not count because they have no place in this text (any more).
    pub without_place: usize,
    /// Those who are compared in pairs, by what they are called: at most [`MAX_COMPARED`].
    pub people: Vec<Coder>,
    /// The tags in their order.
    pub tags: Vec<TagAgreement>,
}

/// Somebody who marked something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coder {
    /// Who, as the caller sees them.
    #[serde(flatten)]
    pub person: Person,
    /// How many highlights they made that have a place in this text.
    pub highlights: usize,
}

/// How far they agree about one tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TagAgreement {
    /// Names it.
    pub id: TagId,
    /// Its name.
    pub name: String,
    /// How many marked something with it.
    pub coders: usize,
    /// How many passages they marked so.
    pub units: usize,
    /// Unitised alpha of all who marked something, with whatever tag; none of fewer than two, or where there is nothing.
    pub alpha: Option<f64>,
    /// Whether pairs and passages are listed: not where another tag was asked for, and not of so many tags that there would
    /// be more than 150,000 pairs; such a one is to be asked for by itself.
    pub in_full: bool,
    /// Each pair of [`Agreement::people`]; none where nobody marked anything.
    pub pairs: Vec<PairAgreement>,
    /// Passages of most disagreement, the greatest first.
    pub passages: Vec<DisputedPassage>,
}

/// Two people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairAgreement {
    /// Who.
    pub people: [UserId; 2],
    /// How many passages each of them marked so.
    pub units: [usize; 2],
    /// Unitised alpha; none where neither marked anything.
    pub alpha: Option<f64>,
    /// Overlap F1; none where neither marked anything.
    pub f1: Option<f64>,
}

impl PairAgreement {
    /// Sorts pairs as people read them: those that agree least first, those that say nothing last.
    pub fn least_first(pairs: &mut [Self]) {
        let least = |pair: &Self| pair.alpha.unwrap_or(f64::INFINITY);
        pairs.sort_by(|one, other| least(one).total_cmp(&least(other)));
    }
}

/// A passage that some marked and others did not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputedPassage {
    /// In which message.
    pub message: MessageId,
    /// That message's number, from 1.
    pub number: usize,
    /// Where it begins, in code points of that message's canonical text.
    pub start: CharOffset,
    /// Where it ends.
    pub end: CharOffset,
    /// What stands there, its beginning if it is longer than [`MAX_DISPUTED_CHARS`].
    pub quote: String,
    /// How many marked it, in part at least.
    pub marked: usize,
    /// Who of [`Agreement::people`] did.
    pub marked_by: Vec<Marker>,
    /// Who of them did not.
    pub not_marked_by: Vec<UserId>,
}

/// Somebody's mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// Whose.
    pub person: UserId,
    /// Where it is to be seen: `/c/{conversation}#h={highlight}`.
    pub conversation: ConversationId,
    /// Which one.
    pub highlight: HighlightId,
}

fn query<const N: usize>(path: String, fields: [(&str, Option<String>); N]) -> String {
    let given = fields.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?)));
    let given: Vec<String> = given.collect();
    if given.is_empty() { path } else { format!("{path}?{}", given.join("&")) }
}

impl Endpoint for GetAgreement {
    const METHOD: Method = Method::Get;
    type Reply = Agreement;

    fn path(&self) -> String {
        let path = format!("/api/v1/conversations/{}/agreement", self.id);
        query(path, [("tag", self.tag.map(|id| id.to_string())), ("branch", self.branch.map(|id| id.to_string()))])
    }
}

impl Endpoint for GetActivityAgreement {
    const METHOD: Method = Method::Get;
    type Reply = Agreement;

    fn path(&self) -> String {
        let path = format!("/api/v1/activities/{}/agreement", self.activity);
        query(path, [("tag", self.tag.map(|id| id.to_string()))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_that_agree_least_are_first_and_those_without_a_figure_last() {
        let pair = |alpha| PairAgreement { people: [UserId::new(); 2], units: [0; 2], alpha, f1: None };
        let mut pairs = [None, Some(0.5), Some(-0.2), Some(1.0)].map(pair);
        PairAgreement::least_first(&mut pairs);
        assert_eq!(pairs.map(|pair| pair.alpha), [Some(-0.2), Some(0.5), Some(1.0), None]);
    }
}
