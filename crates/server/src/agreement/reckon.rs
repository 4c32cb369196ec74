//! From marks to figures.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
    ops::Range,
};

use shared::{
    agreement::{Disagreement, Units, disagreement, disputed, overlap_f1},
    api::{
        Agreement, Coder, DisputedPassage, MAX_COMPARED, MAX_DISPUTED, MAX_DISPUTED_CHARS, Marker, PairAgreement,
        Person, TagAgreement,
    },
    ids::{ConversationId, HighlightId, TagId, UserId},
};

use super::{Mark, Material, text::Text};
use crate::{error::Error, export::SOMEBODY};

/// Units of all people and tags that are reckoned with: each is held against those of everybody else.
const MAX_UNITS: usize = 100_000;

/// Figures of pairs in one answer: all pairs of eighty tags and more. Of tags beyond there are none, but where one is asked for.
const MAX_PAIRS: usize = 150_000;

/// What somebody marked, with its place.
struct Marked {
    conversation: ConversationId,
    highlight: HighlightId,
    tags: Vec<TagId>,
    ranges: Vec<Range<u64>>,
}

/// Somebody who marked something.
struct Reader {
    person: Person,
    marked: Vec<Marked>,
}

/// What was marked with one tag.
struct OfTag<'a> {
    /// Of each reader who used it.
    marked: BTreeMap<usize, Vec<&'a Marked>>,
    /// Of every reader.
    units: Vec<Units>,
}

impl<'a> OfTag<'a> {
    fn of(marked: BTreeMap<usize, Vec<&'a Marked>>, readers: usize) -> Self {
        let mut units = vec![Units::default(); readers];
        for (at, marked) in &marked {
            units[*at] = Units::new(marked.iter().flat_map(|marked| marked.ranges.iter().cloned()).collect());
        }
        Self { marked, units }
    }

    /// Where a reader marked some of a passage.
    fn marker(&self, at: usize, person: UserId, passage: &Range<u64>) -> Option<Marker> {
        let touches = |range: &Range<u64>| range.start < passage.end && passage.start < range.end;
        let found = self.marked.get(&at)?.iter().find(|marked| marked.ranges.iter().any(touches))?;
        Some(Marker { person, conversation: found.conversation, highlight: found.highlight })
    }
}

/// Pairs and passages of one tag alone, if one is named.
pub(super) fn reckon(material: Material, only: Option<TagId>) -> Result<Agreement, Error> {
    let Material { title, may_copy, messages, tags, marks, people } = material;
    if only.is_some_and(|tag| tags.iter().all(|(id, _)| *id != tag)) {
        return Err(Error::Invalid("no_such_tag", "tag: there is no such tag here.".into()));
    }
    let known: HashSet<TagId> = tags.iter().map(|(id, _)| *id).collect();
    let text = Text::of(messages);
    let (readers, without_place) = readers(&text, marks, &known, people)?;
    let compared = compared(&readers);
    let mut used = by_tag(&readers);
    let (mut figures, mut joint) = (0, Vec::new());
    let mut of_tags = Vec::with_capacity(tags.len());
    for (id, name) in tags {
        let Some(marked) = used.remove(&id) else {
            of_tags.push(unused(id, name));
            continue;
        };
        let tag = OfTag::of(marked, readers.len());
        let all: Vec<&Units> = tag.units.iter().collect();
        let disagreement = disagreement(&all, text.length);
        joint.push(disagreement);
        figures += compared.len() * compared.len().saturating_sub(1) / 2;
        let in_full = only.map_or(figures <= MAX_PAIRS, |only| only == id);
        of_tags.push(TagAgreement {
            id,
            name,
            coders: tag.marked.len(),
            units: tag.units.iter().map(Units::count).sum(),
            alpha: disagreement.alpha(),
            in_full,
            pairs: if in_full { of_pairs(&readers, &compared, &tag.units, text.length) } else { Vec::new() },
            passages: if in_full { passages(&readers, &compared, &tag, &text) } else { Vec::new() },
        });
    }
    let coder = |at: &usize| Coder { person: readers[*at].person.clone(), highlights: readers[*at].marked.len() };
    Ok(Agreement {
        title,
        may_copy,
        length: text.length,
        coders: readers.len(),
        alpha: joint.into_iter().sum::<Disagreement>().alpha(),
        without_place,
        people: compared.iter().map(coder).collect(),
        tags: of_tags,
    })
}

fn unused(id: TagId, name: String) -> TagAgreement {
    let (pairs, passages) = (Vec::new(), Vec::new());
    TagAgreement { id, name, coders: 0, units: 0, alpha: None, in_full: true, pairs, passages }
}

/// What each reader, by their place among all, marked with each tag that anybody used.
fn by_tag(readers: &[Reader]) -> HashMap<TagId, BTreeMap<usize, Vec<&Marked>>> {
    let mut used = HashMap::<TagId, BTreeMap<usize, Vec<&Marked>>>::new();
    for (at, marked) in
        readers.iter().enumerate().flat_map(|(at, reader)| reader.marked.iter().map(move |one| (at, one)))
    {
        for tag in &marked.tags {
            used.entry(*tag).or_default().entry(at).or_default().push(marked);
        }
    }
    used
}

/// Whoever marked something that has a place, by what they are called; and how many highlights have none.
fn readers(
    text: &Text,
    marks: Vec<Mark>,
    known: &HashSet<TagId>,
    mut people: HashMap<UserId, Person>,
) -> Result<(Vec<Reader>, usize), Error> {
    let (mut marked, mut without_place, mut units) = (BTreeMap::<UserId, Vec<Marked>>::new(), 0, 0);
    for Mark { author, conversation, highlight } in marks {
        let ranges: Vec<Range<u64>> = highlight.targets.iter().filter_map(|target| text.find(target)).collect();
        if ranges.is_empty() {
            without_place += 1;
            continue;
        }
        let tags: Vec<TagId> = highlight.tags.iter().map(|(id, _)| *id).filter(|id| known.contains(id)).collect();
        units += ranges.len() * tags.len().max(1);
        if units > MAX_UNITS {
            let why = format!("Agreement is reckoned of at most {MAX_UNITS} marked passages, and here are more.");
            return Err(Error::Conflict("too_much", why));
        }
        marked.entry(author).or_default().push(Marked { conversation, highlight: highlight.id, tags, ranges });
    }
    let reader = |(id, marked): (UserId, Vec<Marked>)| {
        let unknown = || Person { id, name: SOMEBODY.to_owned(), pseudonym: None };
        Reader { person: people.remove(&id).unwrap_or_else(unknown), marked }
    };
    let mut readers: Vec<Reader> = marked.into_iter().map(reader).collect();
    // Not by their ids: of whom the reader sees a pseudonym, nothing else may show in the order.
    readers.sort_by(|one, other| (&one.person.name, one.person.id).cmp(&(&other.person.name, other.person.id)));
    Ok((readers, without_place))
}

/// Those who are compared in pairs, by their place among all.
fn compared(readers: &[Reader]) -> Vec<usize> {
    let mut all: Vec<usize> = (0..readers.len()).collect();
    all.sort_by_key(|at| Reverse(readers[*at].marked.len()));
    all.truncate(MAX_COMPARED);
    all.sort_unstable();
    all
}

fn of_pairs(readers: &[Reader], compared: &[usize], units: &[Units], length: u64) -> Vec<PairAgreement> {
    let pair = |one: usize, other: usize| {
        let (mine, theirs) = (&units[one], &units[other]);
        PairAgreement {
            people: [one, other].map(|at| readers[at].person.id),
            units: [mine.count(), theirs.count()],
            alpha: disagreement(&[mine, theirs], length).alpha(),
            f1: overlap_f1(mine, theirs),
        }
    };
    let after = |number: usize| compared[number + 1..].iter().copied();
    compared.iter().enumerate().flat_map(|(number, one)| after(number).map(|other| pair(*one, other))).collect()
}

fn passages(readers: &[Reader], compared: &[usize], tag: &OfTag<'_>, text: &Text) -> Vec<DisputedPassage> {
    let units: Vec<&Units> = tag.units.iter().collect();
    let passage = |range: Range<u64>| {
        // Spaces alone are nothing to differ about.
        let place = text.place(&range).filter(|place| !place.text.trim().is_empty())?;
        let (marked, not): (Vec<usize>, Vec<usize>) = compared.iter().partition(|at| units[**at].touch(&range));
        Some(DisputedPassage {
            message: place.message,
            number: place.number + 1,
            start: place.start,
            end: place.end,
            quote: place.text.chars().take(MAX_DISPUTED_CHARS).collect(),
            marked: units.iter().filter(|units| units.touch(&range)).count(),
            marked_by: marked.into_iter().filter_map(|at| tag.marker(at, readers[at].person.id, &range)).collect(),
            not_marked_by: not.into_iter().map(|at| readers[at].person.id).collect(),
        })
    };
    disputed(&units, MAX_DISPUTED).into_iter().filter_map(passage).collect()
}

#[cfg(test)]
mod tests {
    use shared::{document::Highlight, ids::MessageId, selector::Target, text::CharOffset};

    use super::*;

    /// A text of one message in which so many people marked so many passages each, all with the same tags.
    fn material(length: usize, people: u32, each: u32, tags: usize) -> Material {
        let (message, conversation) = (MessageId::new(), ConversationId::new());
        let tags: Vec<(TagId, String)> = (0..tags).map(|at| (TagId::new(), format!("Tag {at}"))).collect();
        let step = length as u32 / each;
        let authors: Vec<UserId> = (0..people).map(|_| UserId::new()).collect();
        let person = |(at, id): (usize, &UserId)| (*id, Person { id: *id, name: format!("{at:05}"), pseudonym: None });
        let mark = |author: UserId, at: u32| {
            let start = CharOffset(at * step);
            let end = CharOffset(start.0 + 1 + step / 2);
            let (exact, prefix, suffix) = ("x".repeat((end.0 - start.0) as usize), String::new(), String::new());
            let highlight = Highlight {
                id: HighlightId::new(),
                targets: vec![Target { message, start, end, exact, prefix, suffix, lost: false }],
                author,
                created_at: 0,
                tags: tags.iter().map(|(id, _)| (*id, 0.0)).collect(),
                resolved: None,
                deleted: None,
                comments: Vec::new(),
            };
            Mark { author, conversation, highlight }
        };
        Material {
            title: String::new(),
            may_copy: true,
            messages: vec![(message, "x".repeat(length))],
            marks: authors.iter().flat_map(|author| (0..each).map(|at| mark(*author, at))).collect(),
            people: authors.iter().enumerate().map(person).collect(),
            tags,
        }
    }

    #[test]
    fn of_many_people_those_who_marked_the_most_are_compared_and_all_count() {
        let mut material = material(400, 62, 3, 1);
        // The second marked least, and the last less than the rest.
        let of = |at: usize| move |mark: &Mark, authors: &[UserId]| mark.author == authors[at];
        let mut authors: Vec<(String, UserId)> =
            material.people.values().map(|person| (person.name.clone(), person.id)).collect();
        authors.sort();
        let authors: Vec<UserId> = authors.into_iter().map(|(_, id)| id).collect();
        for at in [1, 61] {
            let first = material.marks.iter().position(|mark| of(at)(mark, &authors)).unwrap();
            material.marks.remove(first);
        }
        let found = reckon(material, None).unwrap();
        assert_eq!((found.coders, found.people.len()), (62, MAX_COMPARED));
        assert!(
            found
                .people
                .iter()
                .all(|coder| coder.highlights == 3 && !["00001", "00061"].contains(&&*coder.person.name))
        );
        let tag = &found.tags[0];
        assert_eq!((tag.coders, tag.units, tag.pairs.len()), (62, 184, 60 * 59 / 2));
        let passage = &tag.passages[0];
        assert_eq!((passage.marked, passage.marked_by.len(), passage.not_marked_by.len()), (60, 60, 0));
    }

    #[test]
    fn spaces_alone_are_nothing_to_differ_about() {
        let differ = |at_fifty: &str| {
            let mut material = material(100, 2, 1, 1);
            material.messages[0].1.replace_range(50..51, at_fifty);
            material.marks[0].highlight.targets[0].exact.replace_range(50..51, at_fifty);
            let shorter = &mut material.marks[1].highlight.targets[0];
            (shorter.end, shorter.exact) = (CharOffset(50), "x".repeat(50));
            reckon(material, None).unwrap().tags[0].passages.len()
        };
        assert_eq!(differ("x"), differ(" ") + 1);
    }

    #[test]
    fn more_than_the_limits_is_refused_in_words() {
        let code = |found: Result<Agreement, Error>| match found {
            Err(Error::Conflict(code, why)) => (code, why),
            other => panic!("{:?}", other.map(|found| found.coders)),
        };
        let (what, why) = code(reckon(material(100, 2, 50, MAX_UNITS / 100 + 1), None));
        assert!(what == "too_much" && why.contains("100000"), "{why}");
        // As many tags as fit are answered in full; one that is asked for always is.
        let fit = MAX_PAIRS / (60 * 59 / 2);
        let in_full = |found: &Agreement| -> Vec<bool> {
            let of = |tag: &TagAgreement| (tag.in_full, tag.pairs.len() == 1_770, tag.alpha.is_some());
            let all: Vec<_> = found.tags.iter().map(of).collect();
            assert!(all.iter().all(|(said, has, alpha)| said == has && *alpha));
            all.into_iter().map(|(said, ..)| said).collect()
        };
        let found = in_full(&reckon(material(100, 60, 1, fit + 1), None).unwrap());
        assert!(found[..fit].iter().all(|one| *one) && !found[fit]);
        let many = material(100, 60, 1, fit + 1);
        let last = many.tags[fit].0;
        let found = in_full(&reckon(many, Some(last)).unwrap());
        assert!(!found[0] && found[fit]);
    }

    /// The longest text that is known, and sixty people: `cargo test -p server --release --lib how_long -- --ignored --nocapture`.
    #[test]
    #[ignore = "it measures, and checks nothing"]
    fn how_long_it_takes() {
        for (people, each, tags) in [(60, 34, 10), (60, 200, 8), (1_500, 10, 6)] {
            let material = material(425_788, people, each, tags);
            let start = std::time::Instant::now();
            let found = reckon(material, None).unwrap();
            println!("{people} people, {each} passages, {tags} tags: {:?}, alpha {:?}", start.elapsed(), found.alpha);
        }
    }
}
