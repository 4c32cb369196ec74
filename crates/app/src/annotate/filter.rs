//! Which highlights a person wants to see, and the way from one to the next of them. Pure; the row above the cards is
//! in [`bar`], what needs the page in `browser::filter`.

mod bar;

use shared::{
    document::Highlight,
    ids::{TagId, UserId},
    letters,
};

pub use bar::{FilterBar, clear_by_button, facets};

/// What is asked of a highlight; all of it must hold. Nothing is asked at first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// It has one of these tags, if there are any.
    pub tags: Vec<TagId>,
    /// This person made it, or wrote in its thread.
    pub author: Option<UserId>,
    /// Each of these words, or parts of words, stands in its quote or in a comment; large and small letters are alike.
    pub words: String,
    /// Its thread is not resolved.
    pub unresolved: bool,
    /// Somebody else made it, or wrote in its thread, since the last visit.
    pub new: bool,
}

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub struct Reader {
    /// Who they are as an author.
    pub author: UserId,
    /// When they were last here, in milliseconds since 1970; 0 if never.
    pub last_visit: i64,
}

impl Filter {
    /// Whether nothing is asked.
    pub fn is_clear(&self) -> bool {
        self.facets() == 0 && self.words.trim().is_empty()
    }

    /// How many things are asked, the words not counted.
    pub fn facets(&self) -> usize {
        self.tags.len()
            + [self.author.is_some(), self.unresolved, self.new].into_iter().filter(|is_asked| *is_asked).count()
    }

    /// Whether a highlight is wanted.
    pub fn matches(&self, highlight: &Highlight, reader: Reader) -> bool {
        (self.tags.is_empty() || highlight.tags.iter().any(|(tag, _)| self.tags.contains(tag)))
            && !(self.unresolved && highlight.resolved.is_some())
            && self.author.is_none_or(|author| doings(highlight).any(|(by, _)| by == author))
            && (!self.new || doings(highlight).any(|(by, at)| by != reader.author && at > reader.last_visit))
            && self.has_words(highlight)
    }

    fn has_words(&self, highlight: &Highlight) -> bool {
        if self.words.trim().is_empty() {
            return true;
        }
        // In capitals, not in small letters: so the one ß of a quote is found by the two s of somebody who has no such key.
        let quotes = highlight.targets.iter().map(|target| target.exact.as_str());
        let comments = highlight.comments.iter().map(|comment| comment.body.as_str());
        let text = quotes.chain(comments).collect::<Vec<_>>().join("\n");
        let text = letters::upper(&text);
        letters::upper(&self.words).split_whitespace().all(|word| text.contains(word))
    }
}

/// Who did something with a highlight, and when. A deleted comment is nothing that anybody wants to find.
fn doings(highlight: &Highlight) -> impl Iterator<Item = (UserId, i64)> {
    let comments = highlight.comments.iter().filter(|comment| !comment.deleted);
    [(highlight.author, highlight.created_at)]
        .into_iter()
        .chain(comments.map(|comment| (comment.author, comment.created_at)))
}

/// The index of the next (or previous) highlight: round and round, from the one in hand, or from the start (or end).
#[cfg(any(feature = "hydrate", test))]
pub fn next<Id: PartialEq>(shown: &[Id], in_hand: Option<Id>, forward: bool) -> Option<usize> {
    let count = shown.len();
    let here = in_hand.and_then(|id| shown.iter().position(|other| *other == id));
    (count > 0).then(|| match (here, forward) {
        (Some(here), true) => (here + 1) % count,
        (Some(here), false) => (here + count - 1) % count,
        (None, true) => 0,
        (None, false) => count - 1,
    })
}

#[cfg(test)]
mod tests {
    use shared::{
        document::{Comment, Stamp},
        ids::{CommentId, HighlightId},
    };

    use super::*;

    const LAST_VISIT: i64 = 1_000;

    struct Story {
        me: UserId,
        other: UserId,
        tag: TagId,
        highlight: Highlight,
    }

    /// A highlight of somebody else's, from before the last visit, with a comment by the reader.
    fn story() -> Story {
        let (me, other, tag) = (UserId::new(), UserId::new(), TagId::new());
        let target = shared::selector::Target {
            message: shared::ids::MessageId::new(),
            start: shared::text::CharOffset(0),
            end: shared::text::CharOffset(0),
            exact: "A heavy Weight hung in the Tower".to_owned(),
            prefix: String::new(),
            suffix: String::new(),
            lost: false,
        };
        let highlight = Highlight {
            id: HighlightId::new(),
            targets: vec![target],
            author: other,
            created_at: 500,
            tags: vec![(tag, 0.0)],
            resolved: None,
            deleted: None,
            comments: vec![comment(me, 2_000, "Wie schwer? ÄRGERLICH")],
        };
        Story { me, other, tag, highlight }
    }

    fn comment(author: UserId, created_at: i64, body: &str) -> Comment {
        let (id, edited_at, parent, deleted) = (CommentId::new(), None, None, false);
        Comment { id, author, created_at, body: body.to_owned(), edited_at, parent, deleted }
    }

    impl Story {
        fn is_found_by(&self, filter: &Filter) -> bool {
            filter.matches(&self.highlight, Reader { author: self.me, last_visit: LAST_VISIT })
        }
    }

    fn words(words: &str) -> Filter {
        Filter { words: words.to_owned(), ..Filter::default() }
    }

    #[test]
    fn who_asks_nothing_sees_everything() {
        assert!(story().is_found_by(&Filter::default()) && Filter::default().is_clear());
        assert!(words("  ").is_clear() && story().is_found_by(&words("  ")));
    }

    #[test]
    fn one_of_several_tags_is_enough() {
        let story = story();
        let by = |tags: &[TagId]| Filter { tags: tags.to_vec(), ..Filter::default() };
        assert!(story.is_found_by(&by(&[story.tag, TagId::new()])));
        assert!(!story.is_found_by(&by(&[TagId::new()])));
    }

    #[test]
    fn an_author_is_whoever_marked_or_commented() {
        let story = story();
        let by = |author| Filter { author: Some(author), ..Filter::default() };
        assert!(story.is_found_by(&by(story.other)) && story.is_found_by(&by(story.me)));
        assert!(!story.is_found_by(&by(UserId::new())));
    }

    #[test]
    fn words_are_found_in_quotes_and_comments_whatever_their_case() {
        let story = story();
        assert!(story.is_found_by(&words("tower weight")), "in any order");
        assert!(story.is_found_by(&words("HEAVY ärger")), "some here, some there");
        assert!(!story.is_found_by(&words("heavy lamp")), "all of them");
    }

    #[test]
    fn a_letter_without_a_key_is_found_by_two() {
        let mut story = story();
        story.highlight.comments[0].body = "Straße".to_owned();
        assert!(story.is_found_by(&words("strasse")));
    }

    #[test]
    fn resolved_threads_can_be_left_out() {
        let mut story = story();
        let unresolved = Filter { unresolved: true, ..Filter::default() };
        assert!(story.is_found_by(&unresolved));
        story.highlight.resolved = Some(Stamp { by: story.me, at: 1 });
        assert!(!story.is_found_by(&unresolved));
    }

    #[test]
    fn new_is_what_somebody_else_did_since_the_last_visit() {
        let mut story = story();
        let new = Filter { new: true, ..Filter::default() };
        assert!(!story.is_found_by(&new), "an old highlight, and a comment of one's own");
        story.highlight.comments.push(comment(story.other, 1_001, "Very."));
        assert!(story.is_found_by(&new));
        story.highlight.comments[1].deleted = true;
        assert!(!story.is_found_by(&new), "what was deleted again is nothing new");
        story.highlight.created_at = 1_001;
        assert!(story.is_found_by(&new));
        story.highlight.author = story.me;
        assert!(!story.is_found_by(&new));
    }

    #[test]
    fn all_that_is_asked_must_hold() {
        let story = story();
        let both = Filter { tags: vec![story.tag], ..words("lamp") };
        assert!(!story.is_found_by(&both));
        assert_eq!((both.facets(), both.is_clear()), (1, false));
    }

    #[test]
    fn steps_go_round_and_start_at_the_ends() {
        let shown = [HighlightId::new(), HighlightId::new(), HighlightId::new()];
        assert_eq!(next(&shown, None, true), Some(0));
        assert_eq!(next(&shown, None, false), Some(2));
        assert_eq!(next(&shown, Some(shown[0]), true), Some(1));
        assert_eq!(next(&shown, Some(shown[2]), true), Some(0));
        assert_eq!(next(&shown, Some(shown[0]), false), Some(2));
        assert_eq!(next(&shown, Some(HighlightId::new()), true), Some(0));
        assert_eq!(next::<HighlightId>(&[], None, true), None);
    }
}
