//! Agreement as a table that other programs read.

use std::collections::HashMap;

use shared::{
    api::{Agreement, DisputedPassage, PairAgreement, TagAgreement},
    ids::UserId,
};

use crate::spreadsheet::{self, Cell};

/// What a line is of stands first: `tag` (everybody; the first of them, without a tag, is of all tags at once), `pair` or
/// `passage`.
const COLUMNS: [&str; 18] = [
    "row",
    "tag_id",
    "tag",
    "person_id",
    "person",
    "units",
    "other_id",
    "other",
    "other_units",
    "people",
    "alpha",
    "f1",
    "message_id",
    "start",
    "end",
    "quote",
    "marked_by",
    "not_marked_by",
];

/// A line: what it does not say is empty.
#[derive(Default)]
struct Line<'a> {
    row: &'static str,
    tag: Option<&'a TagAgreement>,
    person: Option<(UserId, &'a str)>,
    units: Option<usize>,
    other: Option<(UserId, &'a str, usize)>,
    people: Option<usize>,
    alpha: Option<f64>,
    f1: Option<f64>,
    passage: Option<&'a DisputedPassage>,
}

struct Names<'a>(HashMap<UserId, &'a str>);

impl<'a> Names<'a> {
    fn of(&self, id: UserId) -> (UserId, &'a str) {
        (id, self.0.get(&id).copied().unwrap_or_default())
    }

    fn all(&self, ids: impl Iterator<Item = UserId>) -> String {
        ids.map(|id| self.of(id).1).collect::<Vec<_>>().join("; ")
    }
}

/// A line for each tag, pair and passage.
pub(super) fn of(agreement: &Agreement) -> String {
    let names = Names(agreement.people.iter().map(|one| (one.person.id, one.person.name.as_str())).collect());
    let mut writer = csv::Writer::from_writer(Vec::new());
    spreadsheet::line(&mut writer, COLUMNS.map(|name| Cell::from(name.to_owned())));
    let mut write = |line: Line<'_>| spreadsheet::line(&mut writer, line.cells(&names));
    let units = agreement.tags.iter().map(|tag| tag.units).sum();
    write(Line {
        row: "tag",
        units: Some(units),
        people: Some(agreement.coders),
        alpha: agreement.alpha,
        ..Line::default()
    });
    for tag in &agreement.tags {
        let line = |row| Line { row, tag: Some(tag), ..Line::default() };
        write(Line { units: Some(tag.units), people: Some(tag.coders), alpha: tag.alpha, ..line("tag") });
        for PairAgreement { people: [one, other], units: [mine, theirs], alpha, f1 } in &tag.pairs {
            let (other, name) = names.of(*other);
            write(Line {
                person: Some(names.of(*one)),
                units: Some(*mine),
                other: Some((other, name, *theirs)),
                alpha: *alpha,
                f1: *f1,
                ..line("pair")
            });
        }
        for passage in &tag.passages {
            write(Line { people: Some(passage.marked), passage: Some(passage), ..line("passage") });
        }
    }
    spreadsheet::text(writer)
}

impl Line<'_> {
    fn cells(self, names: &Names<'_>) -> [Cell; COLUMNS.len()] {
        let words = |text: Option<String>| Cell::from(text.unwrap_or_default());
        let count = |count: Option<usize>| words(count.map(|count| count.to_string()));
        let (person, other, passage) = (self.person, self.other, self.passage);
        let markers = passage.map(|passage| names.all(passage.marked_by.iter().map(|marker| marker.person)));
        [
            words(Some(self.row.to_owned())),
            words(self.tag.map(|tag| tag.id.to_string())),
            words(self.tag.map(|tag| tag.name.clone())),
            words(person.map(|(id, _)| id.to_string())),
            words(person.map(|(_, name)| name.to_owned())),
            count(self.units),
            words(other.map(|(id, ..)| id.to_string())),
            words(other.map(|(_, name, _)| name.to_owned())),
            count(other.map(|(.., units)| units)),
            count(self.people),
            self.alpha.map(Cell::from).unwrap_or_default(),
            self.f1.map(Cell::from).unwrap_or_default(),
            words(passage.map(|passage| passage.message.to_string())),
            words(passage.map(|passage| passage.start.0.to_string())),
            words(passage.map(|passage| passage.end.0.to_string())),
            words(passage.map(|passage| passage.quote.clone())),
            words(markers),
            words(passage.map(|passage| names.all(passage.not_marked_by.iter().copied()))),
        ]
    }
}
