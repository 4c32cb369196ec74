//! What happened in an absence, and how it is told.

use std::collections::BTreeSet;

use shared::{
    document::{Comment, Highlight},
    ids::{CommentId, HighlightId, TagId, UserId},
};

/// An absence is worth a report if it was this long (in milliseconds) and something of one's own was sent after it ...
const ABSENCE_MS: f64 = 2_000.0;
/// ... or this long, and others did something.
const LONG_ABSENCE_MS: f64 = 60_000.0;

/// So many characters of a passage are enough to know it again.
const QUOTE: usize = 80;

/// What was found after an absence, before anybody knows what it comes to.
#[derive(Debug, Default)]
pub struct Absence {
    /// How long it was, in milliseconds.
    pub length: f64,
    /// Changes of one's own that were sent then ...
    pub sent: usize,
    /// ... and how many of them were not taken, or nobody sees.
    pub kept: usize,
    /// Highlights that are other than they were.
    pub changed: Vec<(Option<Highlight>, Highlight)>,
    /// Whether the shared notes are.
    pub notes: bool,
}

impl Absence {
    /// Another absence ended before this one was told: both are told as one. What was not sent in between is counted in
    /// both, and told once.
    pub fn and(mut self, next: Self) -> Self {
        self.length = self.length.max(next.length);
        self.sent = self.sent.max(next.sent);
        self.kept += next.kept;
        self.changed.extend(next.changed);
        self.notes |= next.notes;
        self
    }
}

/// What somebody did to a highlight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    Marked,
    Commented,
    EditedComment,
    DeletedComment,
    Retagged,
    Resolved,
    Reopened,
    Attached,
    Deleted,
}

/// All of them in the order in which they are told: one, several, and what stands between who did it and the passage.
const DEEDS: [(Deed, &str, &str, &str); 9] = [
    (Deed::Marked, "new highlight", "new highlights", "marked"),
    (Deed::Commented, "new comment", "new comments", "commented on"),
    (Deed::EditedComment, "comment edited", "comments edited", "edited a comment on"),
    (Deed::DeletedComment, "comment deleted", "comments deleted", "deleted a comment on"),
    (Deed::Retagged, "highlight tagged otherwise", "highlights tagged otherwise", "changed the tags of"),
    (Deed::Resolved, "thread resolved", "threads resolved", "resolved the thread of"),
    (Deed::Reopened, "thread reopened", "threads reopened", "reopened the thread of"),
    (Deed::Attached, "highlight attached elsewhere", "highlights attached elsewhere", "attached a highlight to"),
    (Deed::Deleted, "highlight deleted", "highlights deleted", "deleted the highlight of"),
];

impl Deed {
    /// What stands between who did it and the passage.
    pub fn words(self) -> &'static str {
        DEEDS.iter().find(|(deed, ..)| *deed == self).map_or("", |(.., words)| words)
    }
}

/// Something that somebody else did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct News {
    /// Which highlight it concerns.
    pub highlight: HighlightId,
    /// The comment that it concerns, if it is still there.
    pub comment: Option<CommentId>,
    /// Who, where the document tells.
    pub who: Option<UserId>,
    /// What they did.
    pub deed: Deed,
    /// The beginning of the passage.
    pub quote: String,
}

/// What happened in an absence, as it is told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Changes of one's own that were sent and are committed now.
    pub sent: usize,
    /// What others did.
    pub news: Vec<News>,
    /// Whether others wrote in the shared notes.
    pub notes: bool,
}

impl Report {
    /// What an absence comes to, for `me`; nothing if it is not worth being told.
    pub fn of(absence: &Absence, me: UserId) -> Option<Self> {
        let news = absence.changed.iter().flat_map(|(old, new)| news(old.as_ref(), new, me)).collect::<Vec<_>>();
        let report = Self { sent: absence.sent.saturating_sub(absence.kept), news, notes: absence.notes };
        let is_long = absence.length > if absence.sent > 0 { ABSENCE_MS } else { LONG_ABSENCE_MS };
        (is_long && report != Self::default()).then_some(report)
    }

    /// In short, for people; none if nothing happened.
    pub fn lines(&self) -> Vec<String> {
        let count = |count: usize, one: &str, many: &str| match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            more => Some(format!("{more} {many}")),
        };
        let mut lines = Vec::new();
        lines.extend(count(self.sent, "change of yours was sent and saved.", "changes of yours were sent and saved."));
        let done = |deed| self.news.iter().filter(|news| news.deed == deed).count();
        let mut others: Vec<String> =
            DEEDS.iter().filter_map(|(deed, one, many, _)| count(done(*deed), one, many)).collect();
        others.extend(self.notes.then(|| "edits in the shared notes".to_owned()));
        if !others.is_empty() {
            lines.push(format!("Others: {}.", others.join(", ")));
        }
        lines
    }
}

/// What others did where a highlight was `old` and is `new`; `me` knows what they did themselves.
fn news(old: Option<&Highlight>, new: &Highlight, me: UserId) -> Vec<News> {
    let quote = new.targets.iter().map(|target| target.exact.as_str()).collect::<Vec<_>>().join(" ");
    let mut all = Vec::new();
    let mut tell = |deed, who: Option<UserId>, comment: Option<CommentId>| {
        if who != Some(me) {
            all.push(News { highlight: new.id, comment, who, deed, quote: shortened(&quote) });
        }
    };
    if let Some(deleted) = &new.deleted {
        if old.is_some_and(|old| old.deleted.is_none()) {
            tell(Deed::Deleted, Some(deleted.by), None);
        }
        return all;
    }
    let Some(old) = old else {
        tell(Deed::Marked, Some(new.author), None);
        new.comments.iter().filter(|comment| !comment.deleted).for_each(|comment| {
            tell(Deed::Commented, Some(comment.author), Some(comment.id));
        });
        return all;
    };
    if old.targets != new.targets {
        tell(Deed::Attached, None, None);
    }
    if tags(old) != tags(new) {
        tell(Deed::Retagged, None, None);
    }
    match (&old.resolved, &new.resolved) {
        (None, Some(resolved)) => tell(Deed::Resolved, Some(resolved.by), None),
        (Some(_), None) => tell(Deed::Reopened, None, None),
        _ => {}
    }
    for comment in &new.comments {
        let before = old.comments.iter().find(|before| before.id == comment.id);
        match (before.map(is_there), is_there(comment)) {
            (None, true) => tell(Deed::Commented, Some(comment.author), Some(comment.id)),
            // Its author or staff: the document does not tell which.
            (Some(true), false) => tell(Deed::DeletedComment, None, None),
            (Some(true), true) if before.is_some_and(|before| before.body != comment.body) => {
                tell(Deed::EditedComment, Some(comment.author), Some(comment.id));
            }
            _ => {}
        }
    }
    all
}

fn is_there(comment: &Comment) -> bool {
    !comment.deleted
}

/// Which it has, wherever it stands on the board.
fn tags(highlight: &Highlight) -> BTreeSet<TagId> {
    highlight.tags.iter().map(|(tag, _)| *tag).collect()
}

fn shortened(quote: &str) -> String {
    match quote.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("{} …", quote[..end].trim_end()),
        None => quote.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use shared::{document::Stamp, ids::MessageId, selector::Target, text::CharOffset};

    use super::*;

    fn target(exact: &str) -> Target {
        Target {
            message: MessageId::new(),
            start: CharOffset(0),
            end: CharOffset(1),
            exact: exact.into(),
            prefix: String::new(),
            suffix: String::new(),
            lost: false,
        }
    }

    fn highlight(author: UserId) -> Highlight {
        Highlight {
            id: HighlightId::new(),
            targets: vec![target("The keeper")],
            author,
            created_at: 1,
            tags: Vec::new(),
            resolved: None,
            deleted: None,
            comments: Vec::new(),
        }
    }

    fn comment(author: UserId) -> Comment {
        Comment {
            id: CommentId::new(),
            author,
            created_at: 1,
            edited_at: None,
            parent: None,
            body: "So?".into(),
            deleted: false,
        }
    }

    /// Who did what.
    fn told(old: Option<&Highlight>, new: &Highlight, me: UserId) -> Vec<(Deed, Option<UserId>)> {
        news(old, new, me).into_iter().map(|news| (news.deed, news.who)).collect()
    }

    #[test]
    fn what_others_did_is_told_with_their_names_and_what_one_did_oneself_is_not() {
        let (me, other) = (UserId::new(), UserId::new());
        assert!(news(None, &highlight(me), me).is_empty());
        let old = highlight(other);
        assert_eq!(told(None, &old, me), [(Deed::Marked, Some(other))]);
        let mut new = old.clone();
        new.comments = vec![comment(other), comment(me)];
        assert_eq!(told(Some(&old), &new, me), [(Deed::Commented, Some(other))]);
        assert!(news(Some(&new), &new, me).is_empty());
        let gone = Highlight { deleted: Some(Stamp { by: other, at: 2 }), ..new.clone() };
        assert_eq!(told(Some(&new), &gone, me), [(Deed::Deleted, Some(other))]);
        assert!(news(Some(&gone), &gone, me).is_empty());
        assert!(news(None, &gone, me).is_empty(), "it came and went");
    }

    #[test]
    fn other_tags_resolved_threads_and_edited_comments_are_told() {
        let (me, other) = (UserId::new(), UserId::new());
        let old = Highlight { comments: vec![comment(other)], tags: vec![(TagId::new(), 1.0)], ..highlight(me) };
        let moved = Highlight { tags: vec![(old.tags[0].0, 7.0)], ..old.clone() };
        assert!(news(Some(&old), &moved, me).is_empty(), "on the board");
        let retagged = Highlight { tags: vec![(TagId::new(), 1.0)], ..old.clone() };
        assert_eq!(told(Some(&old), &retagged, me), [(Deed::Retagged, None)]);
        let resolved = Highlight { resolved: Some(Stamp { by: other, at: 2 }), ..old.clone() };
        assert_eq!(told(Some(&old), &resolved, me), [(Deed::Resolved, Some(other))]);
        assert_eq!(told(Some(&resolved), &old, me), [(Deed::Reopened, None)]);
        let mut edited = old.clone();
        edited.comments[0].body = "So.".into();
        let told_of = news(Some(&old), &edited, me);
        assert_eq!((told_of[0].deed, told_of[0].who), (Deed::EditedComment, Some(other)));
        assert_eq!(told_of[0].comment, Some(old.comments[0].id));
        edited.comments[0].deleted = true;
        assert_eq!(told(Some(&old), &edited, me), [(Deed::DeletedComment, None)]);
    }

    #[test]
    fn a_highlight_that_stands_elsewhere_now_is_told_with_the_beginning_of_its_passage() {
        let me = UserId::new();
        let old = highlight(me);
        let new = Highlight { targets: vec![target(&"ü".repeat(QUOTE + 1))], ..old.clone() };
        let all = news(Some(&old), &new, me);
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].deed, all[0].quote.as_str()), (Deed::Attached, format!("{} …", "ü".repeat(QUOTE)).as_str()));
    }

    #[test]
    fn a_report_says_what_happened_and_nothing_else() {
        assert!(Report::default().lines().is_empty());
        let (me, other) = (UserId::new(), UserId::new());
        let new = Highlight { comments: vec![comment(other), comment(other)], ..highlight(other) };
        let absence = Absence { length: ABSENCE_MS + 1.0, sent: 4, kept: 1, changed: vec![(None, new)], notes: true };
        assert_eq!(
            Report::of(&absence, me).unwrap().lines(),
            [
                "3 changes of yours were sent and saved.",
                "Others: 1 new highlight, 2 new comments, edits in the shared notes."
            ]
        );
    }

    #[test]
    fn an_absence_that_was_not_told_yet_is_told_with_the_next_one() {
        let (me, other) = (UserId::new(), UserId::new());
        let mark = || (None, highlight(other));
        let long = Absence { length: 2.0 * LONG_ABSENCE_MS, sent: 3, kept: 1, changed: vec![mark()], notes: true };
        let short = Absence { length: 1.0, sent: 2, kept: 0, changed: vec![mark()], notes: false };
        assert_eq!(
            Report::of(&long.and(short), me).unwrap().lines(),
            ["2 changes of yours were sent and saved.", "Others: 2 new highlights, edits in the shared notes."]
        );
    }

    #[test]
    fn a_short_absence_is_told_of_only_if_something_was_sent_and_a_long_one_if_anything_happened() {
        let (me, other) = (UserId::new(), UserId::new());
        let absence = |length, sent, author| Absence {
            length,
            sent,
            kept: 0,
            changed: vec![(None, highlight(author))],
            notes: false,
        };
        assert_eq!(Report::of(&absence(ABSENCE_MS, 1, other), me), None);
        assert!(Report::of(&absence(ABSENCE_MS + 1.0, 1, me), me).is_some());
        assert_eq!(Report::of(&absence(LONG_ABSENCE_MS, 0, other), me), None);
        assert!(Report::of(&absence(LONG_ABSENCE_MS + 1.0, 0, other), me).is_some());
        assert_eq!(Report::of(&absence(LONG_ABSENCE_MS + 1.0, 0, me), me), None);
    }
}
