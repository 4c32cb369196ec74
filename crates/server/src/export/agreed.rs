//! How far people agree, as a section of a file that people read: what [`crate::agreement`] tells the same reader, the
//! lowest figures and the first passages of it. The whole is a table of its own (`agreement.csv`).

use std::collections::HashMap;

use shared::{
    agreement::rounded,
    api::{Agreement, DisputedPassage, MAX_DISPUTED_CHARS, PairAgreement, TagAgreement},
    document::Highlight,
    ids::UserId,
    text::escape,
};

use super::{contents::Contents, markdown::plain};
use crate::{
    agreement::{Mark, Material},
    error::Error,
};

/// What the section is called.
pub(super) const HEADING: &str = "Agreement";

/// Pairs that are listed, of all tags together.
const MAX_PAIRS: usize = 200;

/// Passages that are listed, of all tags together.
const MAX_PASSAGES: usize = 60;

/// Passages that are listed of one tag.
const MAX_PASSAGES_OF_TAG: usize = 5;

const MEANING: &str = "Alpha (by Krippendorff, for passages in a text) is 1 where all marked the very same passages, 0 where they \
                       agree no more than by chance, below 0 where less. Overlap (F1) is how much of what two people marked \
                       is the same text: 1 is all of it, 0 nothing. A tag that somebody did not use counts as passages that \
                       they left unmarked.";
const OF_TAG: [&str; 4] = ["Tag", "Alpha", "Passages", "People"];
const OF_PAIR: [&str; 5] = ["Tag", "Pair", "Alpha", "Overlap (F1)", "Passages of each"];
const PAIRS: &str = "Pairs";
const PASSAGES: &str = "Where people differ most";
const NO_PASSAGE: &str = "Nowhere: whatever one marked with a tag, all marked.";
const IN_PART: &str = "Each of them marked a part of it, and not the same.";

const ALL_TAGS: &str = "All tags together";
const NO_TAG: &str = "Nobody marked anything with a tag.";
const LEFT_OUT: &str = "Pairs that agree more are left out: the table of agreement (CSV) has them all.";

/// Why there is no figure of a tag that was used.
const TOO_LITTLE: &str = "Too little text";

/// What the section says.
pub(super) enum Agreed {
    Figures(Box<Figures>),
    /// Why there are none.
    Without(String),
}

pub(super) struct Figures {
    agreement: Agreement,
    names: HashMap<UserId, String>,
    /// Pairs are left out: those that agree more.
    is_cut: bool,
}

impl Agreed {
    /// Of a conversation; `None` where fewer than two people marked something. May take seconds.
    ///
    /// # Errors
    /// A fault of ours.
    pub(super) fn of(contents: &Contents) -> Result<Option<Self>, Error> {
        let is_somebodys = |highlight: &&Highlight| !contents.began_with.contains(&highlight.id);
        let highlights: Vec<Highlight> = contents.picture.highlights.iter().filter(is_somebodys).cloned().collect();
        let Some(first) = highlights.first() else { return Ok(None) };
        if highlights.iter().all(|highlight| highlight.author == first.author) {
            return Ok(None);
        }
        let conversation = &contents.conversation;
        Self::told(Material {
            title: conversation.title.clone(),
            may_copy: true,
            messages: conversation.messages.iter().map(|message| (message.id, message.text.clone())).collect(),
            tags: contents.picture.tags.iter().map(|tag| (tag.id, tag.name.clone())).collect(),
            marks: Mark::all(conversation.id, highlights),
            people: contents.people().clone(),
        })
    }

    /// The same of what was read.
    ///
    /// # Errors
    /// A fault of ours.
    pub(super) fn told(material: Material) -> Result<Option<Self>, Error> {
        match material.figures() {
            Ok(agreement) => Ok((agreement.coders > 1).then(|| Self::Figures(Box::new(Figures::of(agreement))))),
            Err(Error::Conflict(_, why)) => Ok(Some(Self::Without(why))),
            Err(error) => Err(error),
        }
    }

    /// Below a heading of its own.
    pub(super) fn markdown(&self) -> String {
        match self {
            Self::Figures(figures) => figures.markdown(),
            Self::Without(why) => format!("{}\n", plain(why)),
        }
    }

    /// The same, as balanced HTML of ours.
    pub(super) fn html(&self) -> String {
        match self {
            Self::Figures(figures) => figures.html(),
            Self::Without(why) => format!("<p>{}</p>\n", escape(why)),
        }
    }
}

impl Figures {
    /// Tags that somebody used, with so many of their pairs and passages that all come to the limits.
    fn of(mut agreement: Agreement) -> Self {
        agreement.tags.retain(|tag| tag.units > 0);
        let tags = agreement.tags.len().max(1);
        let (of_pairs, of_passages) = ((MAX_PAIRS / tags).max(1), (MAX_PASSAGES / tags).clamp(1, MAX_PASSAGES_OF_TAG));
        let (mut pairs, mut passages, mut is_cut) = (MAX_PAIRS, MAX_PASSAGES, false);
        for tag in &mut agreement.tags {
            // Who both did not use it say nothing about each other.
            tag.pairs.retain(|pair| pair.f1.is_some());
            PairAgreement::least_first(&mut tag.pairs);
            is_cut |= tag.pairs.len() > of_pairs.min(pairs) || !tag.in_full;
            tag.pairs.truncate(of_pairs.min(pairs));
            tag.passages.truncate(of_passages.min(passages));
            (pairs, passages) = (pairs - tag.pairs.len(), passages - tag.passages.len());
        }
        let names = agreement.people.iter().map(|coder| (coder.person.id, coder.person.name.clone())).collect();
        Self { agreement, names, is_cut }
    }

    fn name(&self, id: UserId) -> &str {
        self.names.get(&id).map_or("", |name| name)
    }

    /// What stands before the tables.
    fn words(&self) -> Vec<String> {
        let Agreement { coders, without_place, people, .. } = &self.agreement;
        let mut words = vec![format!("{coders} people marked something here. {MEANING}")];
        if people.len() < *coders {
            words.push(format!("The {} who marked the most are compared in pairs.", people.len()));
        }
        match without_place {
            0 => {}
            1 => words.push("1 highlight has no place in this text and is not counted.".to_owned()),
            many => words.push(format!("{many} highlights have no place in this text and are not counted.")),
        }
        words
    }

    fn pairs(&self) -> impl Iterator<Item = (&TagAgreement, &PairAgreement)> {
        self.agreement.tags.iter().flat_map(|tag| tag.pairs.iter().map(move |pair| (tag, pair)))
    }

    fn passages(&self) -> impl Iterator<Item = (&TagAgreement, &DisputedPassage)> {
        self.agreement.tags.iter().flat_map(|tag| tag.passages.iter().map(move |passage| (tag, passage)))
    }

    fn units(&self) -> usize {
        self.agreement.tags.iter().map(|tag| tag.units).sum()
    }

    /// What is said of a passage behind its tag; `write` writes what somebody is called.
    fn telling(&self, passage: &DisputedPassage, write: fn(&str) -> String) -> String {
        let names = |ids: &mut dyn Iterator<Item = UserId>| -> String {
            ids.map(|id| write(self.name(id))).collect::<Vec<_>>().join(", ")
        };
        let (DisputedPassage { number, marked, .. }, coders) = (passage, self.agreement.coders);
        let by = match names(&mut passage.marked_by.iter().map(|marker| marker.person)) {
            // Of many people those who marked the most are named.
            nobody if nobody.is_empty() => String::new(),
            by => format!(": {by}"),
        };
        let not = match names(&mut passage.not_marked_by.iter().copied()) {
            nobody if nobody.is_empty() && *marked == coders => format!(" {IN_PART}"),
            nobody if nobody.is_empty() => String::new(),
            not => format!(" Not by {not}."),
        };
        format!("message {number}, marked by {marked} of {coders}{by}.{not}")
    }

    fn markdown(&self) -> String {
        let mut text = String::new();
        self.words().iter().for_each(|words| text.push_str(&format!("{words}\n\n")));
        if self.agreement.tags.is_empty() {
            return text + NO_TAG + "\n";
        }
        heads(&mut text, OF_TAG);
        for tag in &self.agreement.tags {
            let (name, alpha) = (plain(&tag.name), figure(tag.alpha));
            text.push_str(&format!("| {name} | {alpha} | {} | {} |\n", tag.units, tag.coders));
        }
        let (alpha, units, coders) = (figure(self.agreement.alpha), self.units(), self.agreement.coders);
        text.push_str(&format!("| *{ALL_TAGS}* | {alpha} | {units} | {coders} |\n\n### {PAIRS}\n\n"));
        heads(&mut text, OF_PAIR);
        for (tag, pair) in self.pairs() {
            let ([one, other], [mine, theirs]) = (pair.people.map(|id| plain(self.name(id))), pair.units);
            let (name, [alpha, f1]) = (plain(&tag.name), [pair.alpha, pair.f1].map(figure));
            text.push_str(&format!("| {name} | {one} and {other} | {alpha} | {f1} | {mine} and {theirs} |\n"));
        }
        if self.is_cut {
            text.push_str(&format!("\n{LEFT_OUT}\n"));
        }
        text.push_str(&format!("\n### {PASSAGES}\n"));
        if self.passages().next().is_none() {
            text.push_str(&format!("\n{NO_PASSAGE}\n"));
        }
        for (tag, passage) in self.passages() {
            let quote: Vec<String> = quoted(passage).lines().map(plain).collect();
            let (name, telling) = (plain(&tag.name), self.telling(passage, plain));
            text.push_str(&format!("\n**{name}**, {telling}\n\n> {}\n", quote.join("\n> ")));
        }
        text
    }

    fn html(&self) -> String {
        let mut page = String::new();
        self.words().iter().for_each(|words| page.push_str(&format!("<p>{}</p>\n", escape(words))));
        if self.agreement.tags.is_empty() {
            return page + "<p>" + NO_TAG + "</p>\n";
        }
        let of_tag =
            |tag: &TagAgreement| [named(&tag.name), figure(tag.alpha), tag.units.to_string(), tag.coders.to_string()];
        let (alpha, units, coders) = (figure(self.agreement.alpha), self.units(), self.agreement.coders);
        let all = [format!("<em>{ALL_TAGS}</em>"), alpha, units.to_string(), coders.to_string()];
        table(&mut page, "Agreement on each tag", OF_TAG, self.agreement.tags.iter().map(of_tag).chain([all]));
        page.push_str(&format!("<h3>{PAIRS}</h3>\n"));
        let pairs = self.pairs().map(|(tag, pair)| {
            let ([one, other], [mine, theirs]) = (pair.people.map(|id| named(self.name(id))), pair.units);
            let [alpha, f1] = [pair.alpha, pair.f1].map(figure);
            [named(&tag.name), format!("{one} and {other}"), alpha, f1, format!("{mine} and {theirs}")]
        });
        table(&mut page, "Agreement of each pair", OF_PAIR, pairs);
        if self.is_cut {
            page.push_str(&format!("<p>{LEFT_OUT}</p>\n"));
        }
        page.push_str(&format!("<h3>{PASSAGES}</h3>\n"));
        if self.passages().next().is_none() {
            page.push_str(&format!("<p>{NO_PASSAGE}</p>\n"));
        }
        for (tag, passage) in self.passages() {
            let (name, telling, quote) = (named(&tag.name), self.telling(passage, named), escape(&quoted(passage)));
            page.push_str(&format!(
                "<p><strong>{name}</strong>, {telling}</p>\n\
                 <blockquote><p class=\"raw\" dir=\"auto\">{quote}</p></blockquote>\n"
            ));
        }
        page
    }
}

/// A figure, or why a tag that was used has none.
fn figure(of: Option<f64>) -> String {
    of.map_or_else(|| TOO_LITTLE.to_owned(), rounded)
}

/// What stands there.
fn quoted(passage: &DisputedPassage) -> String {
    let is_cut = passage.end.0.saturating_sub(passage.start.0) as usize > MAX_DISPUTED_CHARS;
    format!("{}{}", passage.quote.trim(), if is_cut { " …" } else { "" })
}

/// How a table of Markdown begins.
fn heads<const N: usize>(text: &mut String, head: [&str; N]) {
    text.push_str(&format!("| {} |\n|{}\n", head.join(" | "), "---|".repeat(N)));
}

/// What people or tags are called, whichever direction it is written in.
fn named(name: &str) -> String {
    format!("<bdi>{}</bdi>", escape(name))
}

fn table<const N: usize>(page: &mut String, label: &str, head: [&str; N], rows: impl Iterator<Item = [String; N]>) {
    let head = head.map(|cell| format!("<th scope=\"col\">{cell}</th>")).concat();
    page.push_str(&format!(
        "<div class=\"table-scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{label}\"><table>\
         <thead><tr>{head}</tr></thead>\n<tbody>\n"
    ));
    for row in rows {
        page.push_str(&format!("<tr>{}</tr>\n", row.map(|cell| format!("<td>{cell}</td>")).concat()));
    }
    page.push_str("</tbody></table></div>\n");
}

#[cfg(test)]
mod tests {
    use shared::{
        api::{Coder, Marker, Person},
        ids::{ConversationId, HighlightId, MessageId, TagId},
        text::{CharOffset, render},
    };

    use super::*;

    /// So many people who differ about so many tags of this name, all in pairs, and each tag with twenty passages.
    fn agreement(people: usize, tags: usize, name: &str) -> Agreement {
        let person = |at| Person { id: UserId::new(), name: format!("{name} {at}"), pseudonym: None };
        let people: Vec<Coder> = (0..people).map(|at| Coder { person: person(at), highlights: 1 }).collect();
        let ids: Vec<UserId> = people.iter().map(|coder| coder.person.id).collect();
        let pair = |one: usize, other: usize| PairAgreement {
            people: [ids[one], ids[other]],
            units: [1, 2],
            alpha: Some(-0.01 * (one + other) as f64),
            f1: Some(0.5),
        };
        let pairs: Vec<PairAgreement> = (0..ids.len())
            .flat_map(|one| (one + 1..ids.len()).map(move |other| (one, other)))
            .map(|(one, other)| pair(one, other))
            .collect();
        let marker = Marker { person: ids[0], conversation: ConversationId::new(), highlight: HighlightId::new() };
        let passage = |at: u32| DisputedPassage {
            message: MessageId::new(),
            number: 1,
            start: CharOffset(at),
            end: CharOffset(at + 700),
            quote: format!("{name}\n{at}"),
            marked: 1,
            marked_by: vec![marker.clone()],
            not_marked_by: ids[1..].to_vec(),
        };
        let tag = |at| TagAgreement {
            id: TagId::new(),
            name: format!("{name} {at}"),
            coders: 2,
            units: 3,
            alpha: Some(-0.5),
            in_full: true,
            pairs: pairs.clone(),
            passages: (0..20).map(passage).collect(),
        };
        let unused =
            TagAgreement { coders: 0, units: 0, alpha: None, pairs: Vec::new(), passages: Vec::new(), ..tag(tags) };
        Agreement {
            title: String::new(),
            may_copy: true,
            length: 1_000,
            coders: people.len(),
            alpha: Some(0.25),
            without_place: 2,
            tags: (0..tags).map(tag).chain([unused]).collect(),
            people,
        }
    }

    #[test]
    fn however_much_there_is_a_section_has_an_end_and_says_that_it_is_cut() {
        for (people, tags) in [(2, 1), (60, 1), (60, 12), (3, 500)] {
            let figures = Figures::of(agreement(people, tags, "Name"));
            let (pairs, passages) = (figures.pairs().count(), figures.passages().count());
            assert!(pairs <= MAX_PAIRS && passages <= MAX_PASSAGES, "{people}, {tags}: {pairs}, {passages}");
            let all = tags * people * (people - 1) / 2;
            assert_eq!((pairs < all, figures.html().contains(LEFT_OUT)), (figures.is_cut, figures.is_cut));
            assert_eq!(figures.markdown().contains(LEFT_OUT), pairs < all);
            assert_eq!(passages, (tags * MAX_PASSAGES_OF_TAG).min(MAX_PASSAGES));
            let first = figures.pairs().next().unwrap().1.alpha.unwrap();
            assert!(figures.agreement.tags[0].pairs.iter().all(|pair| pair.alpha >= Some(first)), "the least first");
            assert_eq!(figures.agreement.tags.len(), tags, "a tag that nobody used is not there");
        }
    }

    #[test]
    fn what_people_and_tags_are_called_and_what_is_quoted_are_words() {
        const HOSTILE: &str = "a | *b* </td><script>x</script> `";
        let figures = Figures::of(agreement(2, 1, HOSTILE));
        let (page, markdown) = (figures.html(), figures.markdown());
        assert!(!page.contains("<script") && page.contains("&lt;script&gt;"), "{page}");
        let rendered = render(&markdown).html;
        assert!(!rendered.contains("<script") && !rendered.contains("<em>b"), "{rendered}");
        assert_eq!(rendered.matches("<table>").count(), 2, "{rendered}");
        let columns = rendered.split("<tr>").skip(1).map(|row| row.matches("<td").count());
        assert_eq!(columns.collect::<Vec<_>>(), [0, 4, 4, 0, 5], "a name ends no cell: {rendered}");
        for text in [&page, &rendered] {
            assert!(
                text.contains("2 highlights have no place") && text.contains("−0.50") && text.contains("0 …"),
                "{text}"
            );
        }
    }
}
