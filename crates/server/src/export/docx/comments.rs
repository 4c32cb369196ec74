//! The comments of a Word document, and where they stand.

use std::{collections::HashMap, ops::Range};

use shared::{ids::UserId, prose};

use super::{
    super::contents::{Contents, Marked, moment},
    blocks::Blocks,
    xml::escaped,
};

/// A passage of one message.
pub(super) struct Passage {
    highlight: usize,
    place: usize,
    bytes: Range<usize>,
}

/// All of them, and what is still to be anchored.
pub(super) struct Threads<'c> {
    contents: &'c Contents,
    marked: &'c [Marked<'c>],
    /// Of each passage of each highlight, the comments whose range it is.
    ids: Vec<Vec<Range<usize>>>,
    settled: Vec<Vec<bool>>,
    /// Comments by where the piece begins that they begin with, in what is being written.
    starts: HashMap<usize, Vec<usize>>,
    ends: HashMap<usize, Vec<usize>>,
}

/// What the parts of the comments hold.
pub(super) struct Written {
    pub(super) comments: Blocks,
    pub(super) extended: String,
}

/// Where a text has to be cut for them.
pub(super) fn cuts(passages: &[Passage]) -> Vec<usize> {
    let mut cuts: Vec<usize> = passages.iter().flat_map(|passage| [passage.bytes.start, passage.bytes.end]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts
}

impl<'c> Threads<'c> {
    /// The first passage has the thread; each other one a comment that says so.
    pub(super) fn of(contents: &'c Contents, marked: &'c [Marked<'c>]) -> Self {
        let mut next = 0;
        let mut take = |count: usize| {
            next += count;
            next - count..next
        };
        let of = |one: &Marked<'_>| {
            (0..one.places.len()).map(|place| take(if place == 0 { 1 + one.comments().count() } else { 1 })).collect()
        };
        let ids = marked.iter().map(of).collect();
        let settled = marked.iter().map(|one| vec![false; one.places.len()]).collect();
        Self { contents, marked, ids, settled, starts: HashMap::new(), ends: HashMap::new() }
    }

    /// The passages of a message.
    pub(super) fn passages(&self, message: usize) -> Vec<Passage> {
        let of = |(highlight, one): (usize, &'c Marked<'c>)| {
            let here = move |(place, of): (usize, &super::super::contents::Place<'_>)| {
                let bytes = of.bytes.clone().filter(|_| of.message == Some(message))?;
                Some(Passage { highlight, place, bytes })
            };
            one.places.iter().enumerate().filter_map(here)
        };
        self.marked.iter().enumerate().flat_map(of).collect()
    }

    /// Anchors passages at the pieces that the message was cut into, which are in order.
    pub(super) fn settle(&mut self, passages: &[Passage], pieces: &[Range<usize>]) {
        for Passage { highlight, place, bytes } in passages {
            let first = pieces.partition_point(|piece| piece.end <= bytes.start);
            let end = pieces.partition_point(|piece| piece.start < bytes.end);
            // Of separators alone there is nothing to see.
            let Some(here) = pieces.get(first..end).filter(|here| !here.is_empty()) else { continue };
            self.anchor(*highlight, *place, here[0].start, here[here.len() - 1].end);
        }
    }

    /// Anchors a passage at all of its quote, which stands by itself.
    pub(super) fn settle_alone(&mut self, highlight: usize, place: usize) {
        let end = self.marked[highlight].places[place].target.exact.len();
        self.anchor(highlight, place, 0, end);
    }

    fn anchor(&mut self, highlight: usize, place: usize, start: usize, end: usize) {
        self.settled[highlight][place] = true;
        let ids = self.ids[highlight][place].clone();
        self.starts.entry(start).or_default().extend(ids.clone());
        self.ends.entry(end).or_default().extend(ids);
    }

    /// The comments that begin and that end with a piece.
    pub(super) fn at(&mut self, piece: &Range<usize>) -> (Vec<usize>, Vec<usize>) {
        let starts = self.starts.remove(&piece.start).unwrap_or_default();
        (starts, self.ends.remove(&piece.end).unwrap_or_default())
    }

    /// Passages that stand nowhere yet.
    pub(super) fn unsettled(&self) -> Vec<(usize, usize)> {
        let of = |(highlight, places): (usize, &Vec<bool>)| {
            places
                .iter()
                .enumerate()
                .filter(|(_, is)| !**is)
                .map(move |(place, _)| (highlight, place))
                .collect::<Vec<_>>()
        };
        self.settled.iter().enumerate().flat_map(of).collect()
    }

    /// What they say.
    pub(super) fn write(self) -> Written {
        let mut written = Written::default();
        for (highlight, one) in self.marked.iter().enumerate() {
            let made = (one.highlight.author, one.highlight.created_at);
            for ids in &self.ids[highlight] {
                let is_first = ids.start == self.ids[highlight][0].start;
                let words = if is_first { self.tags(one) } else { format!("{} (goes on)", self.tags(one)) };
                self.comment(&mut written, ids.start, made, |blocks| blocks.styled("CommentText", &words));
                let root = written.comments.paragraph_id;
                let done = u8::from(one.highlight.resolved.is_some());
                written.extend(None, done);
                if !is_first {
                    continue;
                }
                for (id, comment) in ids.clone().skip(1).zip(one.thread()) {
                    let html = prose::html(&self.contents.words(&comment.body));
                    let made = (comment.author, comment.created_at);
                    self.comment(&mut written, id, made, |blocks| blocks.html(&html));
                    written.extend(root, done);
                }
            }
        }
        written
    }

    fn tags(&self, marked: &Marked<'_>) -> String {
        let tags = self.contents.tags(marked.highlight);
        if tags.is_empty() { "Highlight".to_owned() } else { tags.join(", ") }
    }

    fn comment(&self, written: &mut Written, id: usize, (author, at): (UserId, i64), say: impl FnOnce(&mut Blocks)) {
        let name = self.contents.name(author);
        // Word takes no parts of seconds.
        let at = moment(at).and_then(|at| at.get(..19).map(|at| format!(" w:date=\"{at}Z\""))).unwrap_or_default();
        let blocks = &mut written.comments;
        blocks.xml.push_str(&format!(
            "<w:comment w:id=\"{id}\" w:author=\"{}\" w:initials=\"{}\"{at}>",
            escaped(name),
            escaped(&initials(name))
        ));
        let before = blocks.xml.len();
        say(blocks);
        if blocks.xml.len() == before {
            blocks.end_with_paragraph();
        }
        blocks.xml.push_str("</w:comment>");
    }
}

impl Default for Written {
    /// Without a comment.
    fn default() -> Self {
        let mut comments = Blocks::with_numbers_from(1_000_000);
        comments.paragraph_id = Some(0);
        Self { comments, extended: String::new() }
    }
}

impl Written {
    /// Of the comment just written, by its last paragraph.
    fn extend(&mut self, answers: Option<u32>, done: u8) {
        let id = self.comments.paragraph_id.unwrap_or_default();
        let parent = answers.map_or_else(String::new, |parent| format!(" w15:paraIdParent=\"{parent:08X}\""));
        self.extended.push_str(&format!("<w15:commentEx w15:paraId=\"{id:08X}\"{parent} w15:done=\"{done}\"/>"));
    }
}

/// The first letters of the first three words of a name.
fn initials(name: &str) -> String {
    let first = |word: &str| word.chars().find(|letter| letter.is_alphanumeric());
    name.split_whitespace().filter_map(first).take(3).flat_map(char::to_uppercase).collect()
}
