//! The messages of all branches of an exported conversation, and the branch that the person last saw.

use serde::{Deserialize, Serialize};

use super::ImportedMessage;
use super::limits::{MESSAGE_BYTES, MESSAGES};
use super::notes::Notes;
use super::pieces::append;
use crate::conversations::MAX_CONVERSATION_BYTES;

/// How the messages of a conversation follow each other, where they are more than one row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branches {
    /// Of each message the one that it follows, which stands before it; nothing at the start of a branch.
    pub parents: Vec<Option<usize>>,
    /// The last message of the branch that is shown.
    pub leaf: usize,
}

impl Branches {
    /// The messages of the branch that is shown, in their order.
    pub fn shown(&self) -> Vec<usize> {
        let mut way: Vec<usize> = std::iter::successors(Some(self.leaf), |at| self.parents[*at]).collect();
        way.reverse();
        way
    }

    /// Without the messages that are not `kept`: what follows such a one follows what it followed. Nothing where what is
    /// left is one row.
    pub fn keep(self, kept: &[bool]) -> Option<Self> {
        let mut number = 0;
        // Of each message its own new number, or that of the one before it on its way that is kept.
        let mut numbers: Vec<Option<usize>> = Vec::with_capacity(kept.len());
        let mut parents = Vec::new();
        for (parent, kept) in self.parents.iter().zip(kept) {
            let before = parent.and_then(|parent| numbers[parent]);
            if *kept {
                parents.push(before);
                numbers.push(Some(number));
                number += 1;
            } else {
                numbers.push(before);
            }
        }
        // Where nothing of the branch that was shown is kept, another one is.
        let leaf = end(&parents, numbers[self.leaf].or(number.checked_sub(1))?);
        let is_row = parents.iter().enumerate().all(|(at, parent)| *parent == at.checked_sub(1));
        (!is_row).then_some(Self { parents, leaf })
    }
}

/// Where the branch through `at` ends, if it goes on by the newest.
fn end(parents: &[Option<usize>], mut at: usize) -> usize {
    let mut newest = vec![None; parents.len()];
    for (child, parent) in parents.iter().enumerate() {
        if let Some(parent) = parent {
            newest[*parent] = Some(child);
        }
    }
    while let Some(next) = newest[at] {
        at = next;
    }
    at
}

/// A piece of what was said: a message, or a part of one.
pub(super) struct Piece {
    /// The piece that it follows, which stands before it.
    pub parent: Option<usize>,
    /// It goes on in the message of its parent.
    pub joins: bool,
    pub message: ImportedMessage,
}

/// Messages of one conversation, in all its branches.
pub(super) struct Told {
    pub messages: Vec<ImportedMessage>,
    pub branches: Option<Branches>,
    /// Messages of other branches than the one that is shown.
    beside: usize,
    /// Those for which there was no room, and those where no way leads to.
    pub left_out: usize,
}

/// Joins pieces to messages. A message whose pieces go on in several ways is a version of its own for each. The branch that
/// goes through the piece `shown` (or the last of all), and on by the newest, is whole, whatever limits say; of the others
/// there is what fits beside it.
pub(super) fn told(pieces: &[Piece], shown: Option<usize>) -> Told {
    let Some(shown) = shown.or(pieces.len().checked_sub(1)) else { return Told::row(Vec::new()) };
    let parents: Vec<_> = pieces.iter().map(|piece| piece.parent).collect();
    let shown = end(&parents, shown);
    let shape = Shape::of(pieces);
    // Of each piece the message that ends there.
    let mut taken = vec![false; pieces.len()];
    let (mut count, mut bytes) = (0, 0);
    for end in shape.branch(shown) {
        taken[end] = true;
        count += 1;
        bytes += shape.lengths[end];
    }
    let (beside, mut left_out) = (count, 0);
    for end in 0..pieces.len() {
        if !shape.ends[end] || taken[end] {
            continue;
        }
        let length = shape.lengths[end];
        let fits = length <= MESSAGE_BYTES && count < MESSAGES && bytes + length <= MAX_CONVERSATION_BYTES;
        if fits && shape.after[end].is_none_or(|before| taken[before]) {
            taken[end] = true;
            count += 1;
            bytes += length;
        } else {
            left_out += 1;
        }
    }
    let beside = count - beside;
    let mut numbers = vec![None; pieces.len()];
    let (mut messages, mut parents) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for end in (0..pieces.len()).filter(|end| taken[*end]) {
        numbers[end] = Some(messages.len());
        parents.push(shape.after[end].and_then(|before| numbers[before]));
        messages.push(message(pieces, end));
    }
    let leaf = numbers[shown].unwrap_or_default();
    let branches = Branches { parents, leaf }.keep(&vec![true; count]);
    Told { messages, branches, beside, left_out }
}

impl Told {
    /// Messages in the order in which they stand.
    pub fn row(messages: Vec<ImportedMessage>) -> Self {
        Self { messages, branches: None, beside: 0, left_out: 0 }
    }

    /// Says what became of the other branches.
    pub fn say(&self, notes: &mut Notes) {
        notes.count(
            self.beside,
            "message of another branch (an edit or another answer) was kept: the arrows at a message lead there",
            "messages of other branches (edits and other answers) were kept: the arrows at a message lead there",
        );
        notes.count(
            self.left_out,
            "message of another branch was left out",
            "messages of other branches were left out",
        );
    }
}

/// How pieces make messages. Each message is called by its last piece.
struct Shape {
    /// A message ends with this piece.
    ends: Vec<bool>,
    /// The message that the one with this piece follows.
    after: Vec<Option<usize>>,
    /// Bytes of the message up to this piece.
    lengths: Vec<usize>,
}

impl Shape {
    fn of(pieces: &[Piece]) -> Self {
        let mut has_joining = vec![false; pieces.len()];
        let mut has_following = vec![false; pieces.len()];
        let mut after = Vec::with_capacity(pieces.len());
        let mut lengths = Vec::with_capacity(pieces.len());
        for piece in pieces {
            let own = piece.message.markdown.len();
            match piece.parent {
                Some(parent) if piece.joins => {
                    has_joining[parent] = true;
                    after.push(after[parent]);
                    lengths.push(lengths[parent] + "\n\n".len() + own);
                }
                parent => {
                    if let Some(parent) = parent {
                        has_following[parent] = true;
                    }
                    after.push(parent);
                    lengths.push(own);
                }
            }
        }
        let ends = |at: usize| has_following[at] || !has_joining[at];
        Self { ends: (0..pieces.len()).map(ends).collect(), after, lengths }
    }

    /// The messages of a branch, the last first.
    fn branch(&self, end: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(end), |at| self.after[*at])
    }
}

/// The message that ends with a piece.
fn message(pieces: &[Piece], end: usize) -> ImportedMessage {
    let joined = |at: &usize| pieces[*at].parent.filter(|_| pieces[*at].joins);
    let mut way: Vec<usize> = std::iter::successors(Some(end), joined).collect();
    let mut message = way.pop().map_or_else(|| pieces[end].message.clone(), |first| pieces[first].message.clone());
    for at in way.into_iter().rev() {
        append(&mut message.markdown, &pieces[at].message.markdown);
    }
    message
}
