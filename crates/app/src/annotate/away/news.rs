//! What happened in an absence, and how it is told.

use std::collections::{BTreeMap, BTreeSet};

use shared::{
    document::{Comment, Highlight, Tag},
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
    /// The document as it was and as it is, as updates (v1): what else is other is looked for when it is told.
    pub states: Option<(Vec<u8>, Vec<u8>)>,
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
        self.states = match (self.states, next.states) {
            (Some((before, _)), Some((_, after))) => Some((before, after)),
            (one, other) => one.or(other),
        };
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

/// Something that was done meanwhile.
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
    /// What was kept aside and is no more.
    pub settled: Settled,
    /// What others did, or somebody of whom the document does not say who it is: it may be oneself, on another device.
    pub news: Vec<News>,
    /// Whose responses are other than they were.
    pub responses: Vec<UserId>,
    /// What became of tags, a sentence each.
    pub tags: Vec<String>,
    /// Whether the shared notes are other than they were.
    pub notes: bool,
}

/// Of what was kept aside, what is where all see it by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// What was not taken at first ...
    pub taken: usize,
    /// ... and whether nobody but the staff can have put it there.
    pub by_staff: bool,
    /// Comments that nobody saw for a while.
    pub seen: usize,
}

impl Settled {
    /// What was settled before, and this.
    pub fn and(self, next: Self) -> Self {
        let by_staff =
            if self.taken == 0 { next.by_staff } else { self.by_staff && (next.taken == 0 || next.by_staff) };
        Self { taken: self.taken + next.taken, by_staff, seen: self.seen + next.seen }
    }
}

impl Report {
    /// What an absence comes to, for `me`, with what was and is beside the highlights; nothing if it is not worth being
    /// told.
    pub fn of(absence: &Absence, beside: Option<&(Surroundings, Surroundings)>, me: UserId) -> Option<Self> {
        let is_long = absence.length > if absence.sent > 0 { ABSENCE_MS } else { LONG_ABSENCE_MS };
        let beside = beside.map(|(old, new)| (old.responses_changed(new, me), old.tags_changed(new, me)));
        let (responses, tags) = beside.unwrap_or_default();
        let report = Self {
            sent: absence.sent.saturating_sub(absence.kept),
            settled: Settled::default(),
            news: absence.changed.iter().flat_map(|(old, new)| news(old.as_ref(), new, me)).collect(),
            responses,
            tags,
            notes: absence.notes,
        };
        (is_long && report != Self::default()).then_some(report)
    }

    /// In short, for people; none if nothing happened.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        lines.extend(count(self.sent, "change of yours was sent and saved.", "changes of yours were sent and saved."));
        let Settled { taken, by_staff, seen } = self.settled;
        let is_in = count(
            taken,
            "change that had not been taken is in the conversation now",
            "changes that had not been taken are in the conversation now",
        );
        let staff = match (by_staff, taken) {
            (false, _) => "",
            (true, 1) => ": the staff took it in",
            (true, _) => ": the staff took them in",
        };
        lines.extend(is_in.map(|is_in| [&is_in, staff, "."].concat()));
        lines.extend(count(seen, "comment that nobody saw is seen again.", "comments that nobody saw are seen again."));
        let done = |is_meant: fn(&News) -> bool| {
            let of = |deed| self.news.iter().filter(|news| news.deed == deed && is_meant(news)).count();
            DEEDS.iter().filter_map(|(deed, one, many, _)| count(of(*deed), one, many)).collect::<Vec<_>>()
        };
        let mut others = done(|news| news.who.is_some());
        others.extend(count(self.responses.len(), "response changed", "responses changed"));
        // Nobody knows whether it was somebody else.
        let mut meanwhile = done(|news| news.who.is_none());
        meanwhile.extend(count(self.tags.len(), "change of a tag", "changes of tags"));
        meanwhile.extend(self.notes.then(|| "edits in the shared notes".to_owned()));
        for (who, what) in [("Others: ", others), ("Meanwhile: ", meanwhile)] {
            if !what.is_empty() {
                lines.push([who, &what.join(", "), "."].concat());
            }
        }
        lines
    }
}

fn count(count: usize, one: &str, many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        more => Some(format!("{more} {many}")),
    }
}

/// What of a document is beside its highlights and notes.
#[derive(Debug)]
pub struct Surroundings {
    /// The tags.
    pub tags: Vec<Tag>,
    /// Those that were merged, and into which.
    pub merged: BTreeMap<TagId, TagId>,
    /// What each member wrote in answer.
    pub responses: Vec<(UserId, String)>,
}

impl Surroundings {
    /// Whose responses are others in `new`, but for one's own.
    fn responses_changed(&self, new: &Self, me: UserId) -> Vec<UserId> {
        let (old, new): (BTreeSet<_>, BTreeSet<_>) = (self.responses.iter().collect(), new.responses.iter().collect());
        let changed: BTreeSet<UserId> = old.symmetric_difference(&new).map(|(author, _)| *author).collect();
        changed.into_iter().filter(|author| *author != me).collect()
    }

    /// What became of the tags until `new`, a sentence each. Who did it the document tells of new ones alone.
    fn tags_changed(&self, new: &Self, me: UserId) -> Vec<String> {
        let find = |tags: &[Tag], id: TagId| tags.iter().find(|tag| tag.id == id).cloned();
        let mut lines = Vec::new();
        for old in &self.tags {
            let name = &old.name;
            let Some(tag) = find(&new.tags, old.id) else {
                let into = new.merged.get(&old.id).and_then(|into| find(&new.tags, *into));
                lines.push(match into {
                    Some(into) => format!("The tag “{name}” was merged into “{}”", into.name),
                    None => format!("The tag “{name}” was deleted"),
                });
                continue;
            };
            if tag.name != *name {
                lines.push(format!("The tag “{name}” is called “{}” now", tag.name));
            }
            if tag.locked != old.locked {
                let locked = if tag.locked { "locked" } else { "unlocked" };
                lines.push(format!("The tag “{}” was {locked}", tag.name));
            }
            if tag.description != old.description {
                lines.push(format!("The tag “{}” is described otherwise", tag.name));
            }
            if tag.colour != old.colour {
                lines.push(format!("The tag “{}” has another colour", tag.name));
            }
        }
        for tag in new.tags.iter().filter(|tag| find(&self.tags, tag.id).is_none()) {
            if self.merged.contains_key(&tag.id) {
                lines.push(format!("The tag “{}” is one of its own again", tag.name));
            } else if tag.author != me {
                lines.push(format!("“{}” is a new tag", tag.name));
            }
        }
        lines
    }
}

/// What was done where a highlight was `old` and is `new`; `me` knows what they did themselves.
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

/// The beginning of a passage, by which it is known again.
pub fn shortened(quote: &str) -> String {
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
        let absence = Absence {
            length: ABSENCE_MS + 1.0,
            sent: 4,
            kept: 1,
            changed: vec![(None, new)],
            notes: true,
            ..Absence::default()
        };
        assert_eq!(
            Report::of(&absence, None, me).unwrap().lines(),
            [
                "3 changes of yours were sent and saved.",
                "Others: 1 new highlight, 2 new comments.",
                "Meanwhile: edits in the shared notes."
            ]
        );
    }

    #[test]
    fn what_may_be_ones_own_on_another_device_is_not_called_others() {
        let (me, other) = (UserId::new(), UserId::new());
        let old = Highlight { comments: vec![comment(me), comment(other)], ..highlight(other) };
        let mut new = Highlight { tags: vec![(TagId::new(), 1.0)], ..old.clone() };
        new.comments[0].deleted = true;
        new.comments.push(comment(other));
        let absence = Absence {
            length: 2.0 * LONG_ABSENCE_MS,
            changed: vec![(Some(old), new)],
            notes: true,
            ..Absence::default()
        };
        assert_eq!(
            Report::of(&absence, None, me).unwrap().lines(),
            [
                "Others: 1 new comment.",
                "Meanwhile: 1 comment deleted, 1 highlight tagged otherwise, edits in the shared notes."
            ]
        );
    }

    #[test]
    fn what_is_settled_is_said_and_staff_are_named_where_it_can_be_nobody_else() {
        let settled = |taken, by_staff, seen| Settled { taken, by_staff, seen };
        let lines = |settled| Report { settled, ..Report::default() }.lines();
        assert_eq!(
            lines(settled(1, true, 0)),
            ["1 change that had not been taken is in the conversation now: the staff took it in."]
        );
        assert_eq!(
            lines(settled(1, true, 0).and(settled(2, false, 1))),
            [
                "3 changes that had not been taken are in the conversation now.",
                "1 comment that nobody saw is seen again."
            ]
        );
        assert!(Settled::default().and(settled(2, true, 0)).by_staff);
    }

    fn tag(name: &str, author: UserId) -> Tag {
        Tag {
            id: TagId::new(),
            name: name.into(),
            colour: "#123456".into(),
            description: String::new(),
            group: None,
            order: 1.0,
            locked: false,
            author,
        }
    }

    #[test]
    fn what_became_of_tags_is_told_by_their_names() {
        let (me, other) = (UserId::new(), UserId::new());
        let [a, b, c, d] = ["Claim", "Hearsay", "Rumour", "Doubt"].map(|name| tag(name, other));
        let of = |tags: &[&Tag], merged: &[(TagId, TagId)]| Surroundings {
            tags: tags.iter().map(|tag| (*tag).clone()).collect(),
            merged: merged.iter().copied().collect(),
            responses: Vec::new(),
        };
        let old = of(&[&a, &b, &c, &d], &[]);
        assert!(old.tags_changed(&of(&[&a, &b, &c, &Tag { order: 7.0, ..d.clone() }], &[]), me).is_empty());
        let (renamed, mine, theirs) =
            (Tag { name: "Thesis".into(), locked: true, ..a.clone() }, tag("Mine", me), tag("Theirs", other));
        let new = of(&[&renamed, &c, &mine, &theirs], &[(b.id, c.id)]);
        assert_eq!(
            old.tags_changed(&new, me),
            [
                "The tag “Claim” is called “Thesis” now",
                "The tag “Thesis” was locked",
                "The tag “Hearsay” was merged into “Rumour”",
                "The tag “Doubt” was deleted",
                "“Theirs” is a new tag",
            ]
        );
        assert_eq!(
            new.tags_changed(&of(&[&renamed, &b, &c, &mine, &theirs], &[]), me),
            ["The tag “Hearsay” is one of its own again"]
        );
    }

    #[test]
    fn responses_of_others_are_told_and_ones_own_is_not() {
        let (me, ann, ben) = (UserId::new(), UserId::new(), UserId::new());
        let of = |responses: &[(UserId, &str)]| Surroundings {
            tags: Vec::new(),
            merged: BTreeMap::new(),
            responses: responses.iter().map(|(author, words)| (*author, (*words).to_owned())).collect(),
        };
        let beside =
            (of(&[(ann, "Yes."), (ben, "No.")]), of(&[(ann, "Oh. Yes."), (ben, "No."), (me, "On the other device.")]));
        let absence = Absence { length: 2.0 * LONG_ABSENCE_MS, ..Absence::default() };
        let report = Report::of(&absence, Some(&beside), me).unwrap();
        assert_eq!(report.responses, [ann]);
        assert_eq!(report.lines(), ["Others: 1 response changed."]);
    }

    #[test]
    fn an_absence_that_was_not_told_yet_is_told_with_the_next_one() {
        let (me, other) = (UserId::new(), UserId::new());
        let mark = || (None, highlight(other));
        let long = Absence {
            length: 2.0 * LONG_ABSENCE_MS,
            sent: 3,
            kept: 1,
            changed: vec![mark()],
            notes: true,
            states: None,
        };
        let short = Absence { length: 1.0, sent: 2, kept: 0, changed: vec![mark()], notes: false, states: None };
        assert_eq!(
            Report::of(&long.and(short), None, me).unwrap().lines(),
            [
                "2 changes of yours were sent and saved.",
                "Others: 2 new highlights.",
                "Meanwhile: edits in the shared notes."
            ]
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
            states: None,
        };
        assert_eq!(Report::of(&absence(ABSENCE_MS, 1, other), None, me), None);
        assert!(Report::of(&absence(ABSENCE_MS + 1.0, 1, me), None, me).is_some());
        assert_eq!(Report::of(&absence(LONG_ABSENCE_MS, 0, other), None, me), None);
        assert!(Report::of(&absence(LONG_ABSENCE_MS + 1.0, 0, other), None, me).is_some());
        assert_eq!(Report::of(&absence(LONG_ABSENCE_MS + 1.0, 0, me), None, me), None);
    }
}
