//! Where what is marked in a text is after that was edited.
//!
//! What a passage is said to be there exactly for has to be certain: nobody looks at it again. Two things make it so. A
//! comparison of the texts finds stretches that are the same in both; a passage in one of them is where that is, if the
//! stretch is in each of them once and reaches far enough around it; where the same words with what is around them stand more
//! than once, there are as many of them as before, and it is the same one of them. And whatever was put elsewhere is where its words
//! stand with their surroundings, if they do so once in all that there was and in all that there is. Everything else is
//! looked for by its quote as ever, and somebody is asked.

use std::{
    cell::OnceCell,
    collections::HashMap,
    ops::Range,
    time::{Duration, Instant},
};

use imara_diff::{Algorithm, Diff, InternedInput};
use shared::{
    ids::MessageId,
    selector::{Anchor, CONTEXT_CHARS, EVIDENCE_CHARS, Target, Within, occurrences, resolve},
    text::{ByteOffset, CharOffset, OffsetMap},
};

/// What has changed is not looked for any longer: it then stands by its quote, as the reader's page finds it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Passages of so many letters that are the same are alike, whatever stands around them.
const ALIKE_CHARS: usize = 16;

/// Stands between texts that are looked through as one; it is in none of them.
const BETWEEN: &str = "\0";

/// A message as it was.
#[derive(Debug, Clone)]
pub(super) struct Old {
    pub(super) id: MessageId,
    /// Its canonical text.
    pub(super) text: String,
}

/// A message as it is to be.
#[derive(Debug, Clone)]
pub(super) struct New {
    pub(super) id: MessageId,
    /// Which of the old ones it comes from.
    pub(super) from: Vec<MessageId>,
    /// Its canonical text.
    pub(super) text: String,
}

/// What became of a target, from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    /// It is where it was, or certain to be somewhere else.
    Exact,
    /// Found by its quote: somebody is asked.
    Moved,
    /// Not found.
    Lost,
}

/// An edit of a text: the old messages, the new ones, and how they belong together.
pub(super) struct Edit {
    old: Vec<Old>,
    new: Vec<New>,
    old_at: HashMap<MessageId, usize>,
    new_at: HashMap<MessageId, usize>,
    old_maps: Vec<OffsetMap>,
    new_maps: Vec<OffsetMap>,
    families: Vec<Family>,
    /// Of each old message.
    family_of: Vec<usize>,
    /// All texts as one, and where each message begins in it.
    all_old: String,
    all_new: String,
    old_starts: Vec<usize>,
    new_starts: Vec<usize>,
    until: Instant,
}

/// Old and new messages that have something to do with each other, each side as one text.
struct Family {
    old: Side,
    new: Side,
    /// It is one message that stayed one, word for word.
    is_as_before: bool,
    /// The stretches that are the same, in their order.
    same: Vec<Stretch>,
}

/// Texts one behind the other.
struct Side {
    /// Which messages, and where each begins.
    parts: Vec<(usize, usize)>,
    text: String,
}

/// A stretch of the old text that stands in the new one.
struct Stretch {
    old: Range<usize>,
    new: usize,
    /// Whether it is in both texts once.
    is_sole: OnceCell<bool>,
}

impl Side {
    fn of<'t>(texts: impl Iterator<Item = (usize, &'t str)>) -> Self {
        let mut side = Self { parts: Vec::new(), text: String::new() };
        for (index, text) in texts {
            if !side.parts.is_empty() {
                side.text.push('\n');
            }
            side.parts.push((index, side.text.len()));
            side.text.push_str(text);
        }
        side
    }

    /// Where a message begins.
    fn start_of(&self, message: usize) -> usize {
        self.parts.iter().find(|(index, _)| *index == message).map_or(0, |(_, start)| *start)
    }

    /// The part that this place is in: its message, and where that begins and ends.
    fn part_at(&self, at: usize) -> Option<(usize, Range<usize>)> {
        let number = self.parts.partition_point(|(_, start)| *start <= at).checked_sub(1)?;
        let (message, start) = self.parts[number];
        let end = self.parts.get(number + 1).map_or(self.text.len(), |(_, next)| next - 1);
        Some((message, start..end))
    }
}

impl Edit {
    /// Compares the texts: takes milliseconds for each 100 KB.
    pub(super) fn new(old: Vec<Old>, new: Vec<New>) -> Self {
        let until = Instant::now() + PATIENCE;
        let old_at: HashMap<MessageId, usize> = old.iter().enumerate().map(|(at, old)| (old.id, at)).collect();
        let family_of = families(&old_at, old.len(), &new);
        let count = family_of.iter().max().map_or(0, |last| last + 1);
        let of_new = |new: &New| new.from.iter().find_map(|id| old_at.get(id)).map(|at| family_of[*at]);
        let family = |number: usize| {
            let olds = old.iter().enumerate().filter(|(at, _)| family_of[*at] == number);
            let news = new.iter().enumerate().filter(|(_, new)| of_new(new) == Some(number));
            Family::of(
                Side::of(olds.map(|(at, old)| (at, old.text.as_str()))),
                Side::of(news.map(|(at, new)| (at, new.text.as_str()))),
                Instant::now() < until,
            )
        };
        let families = (0..count).map(family).collect();
        let join = |texts: Vec<&str>| texts.join(BETWEEN);
        Self {
            new_at: new.iter().enumerate().map(|(at, new)| (new.id, at)).collect(),
            old_maps: old.iter().map(|old| OffsetMap::new(&old.text)).collect(),
            new_maps: new.iter().map(|new| OffsetMap::new(&new.text)).collect(),
            old_starts: starts(old.iter().map(|old| &*old.text)),
            new_starts: starts(new.iter().map(|new| &*new.text)),
            all_old: join(old.iter().map(|old| old.text.as_str()).collect()),
            all_new: join(new.iter().map(|new| new.text.as_str()).collect()),
            families,
            family_of,
            old_at,
            old,
            new,
            until,
        }
    }

    /// Where a message stands in the new text.
    pub(super) fn place_of(&self, message: MessageId) -> Option<usize> {
        self.new_at.get(&message).copied()
    }

    /// A target as it is to stand in the new text, and what became of it.
    pub(super) fn target(&self, target: &Target) -> (Target, Fate) {
        if !self.is_in_time() {
            return self.unlooked(target);
        }
        let place =
            self.old_at.get(&target.message).map(|at| (*at, resolve(target, &self.old[*at].text, &self.old_maps[*at])));
        let certain = match place {
            Some((at, Anchor::Exact { start, end })) => {
                let range = bytes(&self.old_maps[at], start, end);
                let range = range.filter(|range| self.is_as_before(at) || !self.is_any_of_several(at, range));
                range
                    .clone()
                    .and_then(|range| self.by_comparison(at, range))
                    .or_else(|| self.by_surroundings(at, range?))
            }
            // What was lost, or put where nothing was, may be there again.
            Some((_, Anchor::Lost)) | None => self.again(target),
            Some((_, Anchor::Moved { .. })) => None,
        };
        if let Some(found) = certain.and_then(|(message, range)| self.describe(target, message, range)) {
            return (found, Fate::Exact);
        }
        if target.lost {
            return (target.clone(), Fate::Lost);
        }
        if !self.is_in_time() {
            return self.unlooked(target);
        }
        let hint = place.map_or(Hint::default(), |(at, anchor)| self.hint(at, anchor, target));
        self.by_quote(target, hint)
    }

    /// A target that nobody has looked for: in a message that is as it was it stays, else it is where what came of its message
    /// begins, to be found by whoever reads it, and never so that it passes for certain. Its quote stays as it was, too.
    pub(super) fn unlooked(&self, target: &Target) -> (Target, Fate) {
        let at = self.old_at.get(&target.message).copied();
        let parts = |at: usize| &self.families[self.family_of[at]].new.parts;
        let Some((at, message)) = at.and_then(|at| Some((at, parts(at).first()?.0))).filter(|_| !target.lost) else {
            return (Target { lost: true, ..target.clone() }, Fate::Lost);
        };
        let (new, map) = (&self.new[message], &self.new_maps[message]);
        let target = Target { message: new.id, ..target.clone() };
        let stands = |target: &Target| map.slice(&new.text, target.start, target.end) == Some(target.exact.as_str());
        if !stands(&target) {
            return (target, Fate::Moved);
        }
        if self.is_as_before(at) {
            return (target, Fate::Exact);
        }
        let mut beside = target.beside(target.start..target.end, map.end());
        match beside.find(|near| !stands(near)) {
            Some(near) => (near, Fate::Moved),
            None => (Target { lost: true, ..target.clone() }, Fate::Lost),
        }
    }

    /// The place of a passage by the stretch that it is in.
    fn by_comparison(&self, at: usize, passage: Range<usize>) -> Option<(usize, Range<usize>)> {
        let family = &self.families[self.family_of[at]];
        let began = family.old.start_of(at);
        let was = self.old_starts[at] + passage.start;
        let passage = began + passage.start..began + passage.end;
        let same = family.stretch_with(&passage)?;
        let start = same.new + (passage.start - same.old.start);
        let (message, part) = family.new.part_at(start)?;
        let end = start + passage.len();
        // What goes over the end of a message is two passages now.
        if end > part.end {
            return None;
        }
        let old_part = began..began + self.old[at].text.len();
        let is_whole = self.is_as_before(at);
        // What is the same around it, in both within one message.
        let from = same.old.start.max(old_part.start).max(passage.start.saturating_sub(start - part.start));
        let to = same.old.end.min(old_part.end).min(passage.end + (part.end - end));
        let (left, right) = (&family.old.text[from..passage.start], &family.old.text[passage.end..to]);
        let (before, after) = (up_to(left), up_to(right));
        // Whole, as far as there is any.
        let is_first = same.old.start <= old_part.start && start - part.start == passage.start - old_part.start;
        let is_last = same.old.end >= old_part.end && part.end - end == old_part.end - passage.end;
        let is_within = (is_first || before >= CONTEXT_CHARS) && (is_last || after >= CONTEXT_CHARS);
        let (left, right) = (behind(left), ahead(right));
        let words = &family.old.text[passage.start - left.len()..passage.end + right.len()];
        let quote = &family.old.text[passage];
        let is_much = before.max(after) >= CONTEXT_CHARS || before + up_to(quote) + after >= EVIDENCE_CHARS;
        let place = start - part.start..end - part.start;
        let (was, is) = (was - left.len(), self.new_starts[message] + place.start - left.len());
        let is_certain = is_whole
            || family.is_sole(same)
                && self.is_in_time()
                && (is_within || is_much && self.is_sole(quote))
                && rank(&self.all_old, words, was) == rank(&self.all_new, words, is);
        is_certain.then_some((message, place))
    }

    /// The place of a passage by its words with those around it, wherever they stand.
    fn by_surroundings(&self, at: usize, passage: Range<usize>) -> Option<(usize, Range<usize>)> {
        let text = &self.old[at].text;
        let (before, after) = (behind(&text[..passage.start]), ahead(&text[passage.end..]));
        let quote = &text[passage];
        let (wide, left, right) = ([before, quote, after].concat(), [before, quote].concat(), [quote, after].concat());
        let full = |context: &str| up_to(context) >= CONTEXT_CHARS;
        // With surroundings on one side, the words themselves have to be there once.
        let is_within = full(before) && full(after);
        if !self.is_in_time() || !is_within && !self.is_sole(quote) {
            return None;
        }
        let tries = [
            (wide.as_str(), before, is_within || up_to(&wide) == EVIDENCE_CHARS),
            (&left, before, full(before) && self.is_sole(quote)),
            (&right, "", full(after) && self.is_sole(quote)),
        ];
        tries.into_iter().filter(|(.., is_enough)| *is_enough).find_map(|(words, before, _)| {
            sole(&self.all_old, words)?;
            let at = sole(&self.all_new, words)? + before.len();
            Some(self.place(at, quote.len()))
        })
    }

    /// Whether a message is as it was, and nothing else comes of it.
    fn is_as_before(&self, at: usize) -> bool {
        self.families[self.family_of[at]].is_as_before
    }

    /// Whether a passage is there more often than before, or stood there several times and is there less often: of two that are
    /// alike it cannot be told which is the copy, or which was cut away. What stands around them may have been cut away too, so
    /// a short passage takes no more of it than it needs; and of a long one either end may be what came there from elsewhere.
    fn is_any_of_several(&self, at: usize, passage: &Range<usize>) -> bool {
        let text = &self.old[at].text;
        let quote = &text[passage.clone()];
        let rest = ALIKE_CHARS.saturating_sub(up_to(quote));
        let (before, after) = (last(rest, &text[..passage.start]), first(rest, &text[passage.end..]));
        let is_other = |words: &str| {
            let (was, is) = (self.all_old.matches(words).count(), self.all_new.matches(words).count());
            is > was || was > 1 && is < was
        };
        let is_long = quote.chars().nth(ALIKE_CHARS).is_some();
        !self.is_in_time()
            || is_other(&[before, quote].concat())
            || is_other(&[quote, after].concat())
            || is_long && (is_other(first(ALIKE_CHARS, quote)) || is_other(last(ALIKE_CHARS, quote)))
    }

    /// Whether words are there once, and were.
    fn is_sole(&self, words: &str) -> bool {
        sole(&self.all_old, words).is_some() && sole(&self.all_new, words).is_some()
    }

    /// The place of something that was not there, if it is now with all that stood around it.
    fn again(&self, target: &Target) -> Option<(usize, Range<usize>)> {
        let words = [&*target.prefix, &target.exact, &target.suffix].concat();
        let is_within = [&target.prefix, &target.suffix].iter().all(|context| up_to(context) >= CONTEXT_CHARS);
        let is_enough = is_within || up_to(&words) == EVIDENCE_CHARS && sole(&self.all_new, &target.exact).is_some();
        if !is_enough || !self.is_in_time() || self.all_old.contains(&words) {
            return None;
        }
        let at = sole(&self.all_new, &words)? + target.prefix.len();
        Some(self.place(at, target.exact.len()))
    }

    /// A place in all new texts, as one in a message.
    fn place(&self, at: usize, length: usize) -> (usize, Range<usize>) {
        let message = self.new_starts.partition_point(|start| *start <= at) - 1;
        let at = at - self.new_starts[message];
        (message, at..at + length)
    }

    /// The target anew, if it is made of the very same words.
    fn describe(&self, target: &Target, message: usize, range: Range<usize>) -> Option<Target> {
        let (new, map) = (&self.new[message], &self.new_maps[message]);
        let char_at = |byte: usize| map.byte_to_char(ByteOffset(u32::try_from(byte).ok()?));
        let range = char_at(range.start)?..char_at(range.end)?;
        let found = Target::describe(new.id, &new.text, map, range).ok()?;
        (found.exact == target.exact).then_some(found)
    }

    /// Where a passage would be, as far as that can be said.
    fn hint(&self, at: usize, anchor: Anchor, target: &Target) -> Hint {
        let family = &self.families[self.family_of[at]];
        let members = || family.new.parts.iter().map(|(message, _)| *message);
        let start = anchor.range().map_or(target.start, |(start, _)| start);
        let byte = self.old_maps[at].char_to_byte(start).map_or(0, |byte| byte.0 as usize);
        let byte = family.old.start_of(at) + byte;
        let before = family.same.partition_point(|same| same.old.start <= byte).checked_sub(1);
        let near = before.map_or(0, |before| {
            let same = &family.same[before];
            same.new + (byte - same.old.start).min(same.old.len())
        });
        let found = family.new.part_at(near);
        let start = found.as_ref().map_or(CharOffset(0), |(message, part)| {
            let byte = near.min(part.end) - part.start;
            let (text, map) = (&self.new[*message].text, &self.new_maps[*message]);
            let byte = (0..=byte).rev().find(|byte| text.is_char_boundary(*byte)).unwrap_or(0);
            map.byte_to_char(ByteOffset(byte as u32)).unwrap_or(CharOffset(0))
        });
        let first = found.map(|(message, _)| message);
        let rest = members().filter(|message| Some(*message) != first);
        Hint { messages: first.into_iter().chain(rest).collect(), start }
    }

    /// The target by its quote: where it most likely is, but never so that it passes for certain.
    fn by_quote(&self, target: &Target, hint: Hint) -> (Target, Fate) {
        let length = target.exact.chars().count() as u32;
        let first = hint.messages.first().map(|first| self.new[*first].id);
        for (number, message) in hint.messages.iter().enumerate() {
            // In each of them something like it may take long to look for.
            if !self.is_in_time() {
                return self.unlooked(target);
            }
            let start = if number == 0 { hint.start } else { CharOffset(0) };
            let near = Target { start, end: CharOffset(start.0 + length), ..target.clone() };
            if let Some(found) = self.in_message(&near, *message) {
                return (found, Fate::Moved);
            }
        }
        // In others only what is there word for word, and in one of them alone.
        let is_other = |at: &usize| !hint.messages.contains(at) && self.new[*at].text.contains(&target.exact);
        let mut others = (0..self.new.len()).filter(is_other);
        if let (Some(other), None) = (others.next(), others.next())
            && let Some(found) =
                self.in_message(&Target { start: CharOffset(0), end: CharOffset(length), ..target.clone() }, other)
        {
            return (found, Fate::Moved);
        }
        (Target { lost: true, message: first.unwrap_or(target.message), ..target.clone() }, Fate::Lost)
    }

    /// The target where a message has something like it, so that whoever reads it is asked.
    fn in_message(&self, target: &Target, message: usize) -> Option<Target> {
        let (new, map) = (&self.new[message], &self.new_maps[message]);
        target.to_confirm(Within { id: new.id, text: &new.text, map })
    }

    fn is_in_time(&self) -> bool {
        Instant::now() < self.until
    }
}

/// In which messages a passage may be, the likeliest first, and about where in that.
#[derive(Default)]
struct Hint {
    messages: Vec<usize>,
    start: CharOffset,
}

impl Family {
    /// Without time for it what is the same is not looked for.
    fn of(old: Side, new: Side, is_in_time: bool) -> Self {
        let is_as_before = old.parts.len() == 1 && new.parts.len() == 1 && old.text == new.text;
        let same = if is_in_time { compare(&old.text, &new.text) } else { Vec::new() };
        Self { old, new, is_as_before, same }
    }

    fn stretch_with(&self, passage: &Range<usize>) -> Option<&Stretch> {
        let before = self.same.partition_point(|same| same.old.start <= passage.start).checked_sub(1)?;
        Some(&self.same[before]).filter(|same| passage.end <= same.old.end)
    }

    fn is_sole(&self, same: &Stretch) -> bool {
        *same.is_sole.get_or_init(|| {
            let words = &self.old.text[same.old.clone()];
            sole(&self.old.text, words).is_some() && sole(&self.new.text, words).is_some()
        })
    }
}

/// Numbers old messages so that those have the same number that a new one comes from together.
fn families(old_at: &HashMap<MessageId, usize>, count: usize, new: &[New]) -> Vec<usize> {
    let mut leader: Vec<usize> = (0..count).collect();
    fn root(leader: &[usize], mut at: usize) -> usize {
        while leader[at] != at {
            at = leader[at];
        }
        at
    }
    for new in new {
        let mut from = new.from.iter().filter_map(|id| old_at.get(id)).copied();
        let Some(first) = from.next() else { continue };
        for other in from {
            let (first, other) = (root(&leader, first), root(&leader, other));
            leader[first.max(other)] = first.min(other);
        }
    }
    let mut numbers = HashMap::new();
    (0..count)
        .map(|at| {
            let next = numbers.len();
            *numbers.entry(root(&leader, at)).or_insert(next)
        })
        .collect()
}

/// The stretches of words that are the same in both.
fn compare(old: &str, new: &str) -> Vec<Stretch> {
    let stretch = |old: Range<usize>, new| Stretch { old, new, is_sole: OnceCell::new() };
    if old == new {
        return vec![stretch(0..old.len(), 0)];
    }
    let (before, after) = (words(old), words(new));
    let mut input = InternedInput::default();
    input.update_before(before.iter().map(|(_, word)| *word));
    input.update_after(after.iter().map(|(_, word)| *word));
    let diff = Diff::compute(Algorithm::Histogram, &input);
    let start = |words: &[(usize, &str)], at: u32, all: &str| words.get(at as usize).map_or(all.len(), |word| word.0);
    let mut same = Vec::new();
    let (mut old_done, mut new_done) = (0, 0);
    for hunk in diff.hunks() {
        let end = start(&before, hunk.before.start, old);
        if end > old_done {
            same.push(stretch(old_done..end, new_done));
        }
        (old_done, new_done) = (start(&before, hunk.before.end, old), start(&after, hunk.after.end, new));
    }
    if old_done < old.len() {
        same.push(stretch(old_done..old.len(), new_done));
    }
    same
}

/// A text in words, and each sign and space by itself, with their places.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut words = Vec::with_capacity(text.len() / 4);
    let mut rest = text.char_indices().peekable();
    while let Some((start, letter)) = rest.next() {
        let mut end = start + letter.len_utf8();
        while letter.is_alphanumeric()
            && let Some((at, next)) = rest.next_if(|(_, next)| next.is_alphanumeric())
        {
            end = at + next.len_utf8();
        }
        words.push((start, &text[start..end]));
    }
    words
}

/// Where these words stand, if they do so once.
fn sole(text: &str, words: &str) -> Option<usize> {
    let first = text.find(words)?;
    let second = first + words.chars().next()?.len_utf8();
    (!text[second..].contains(words)).then_some(first)
}

/// How often words stand in a text, and as the how-manyth of them those at a place: where a refrain is taken out, or one is
/// put in, nobody can say which of them is left.
fn rank(text: &str, words: &str, place: usize) -> (usize, usize) {
    let all = occurrences::of(words, text);
    all.fold((0, 0), |(count, before), at| (count + 1, before + usize::from(at < place)))
}

/// Where each text begins, where all are one.
fn starts<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<usize> {
    let mut next = 0;
    let start = |text: &str| {
        let start = next;
        next += text.len() + BETWEEN.len();
        start
    };
    texts.map(start).collect()
}

/// How many letters a text has, as far as that matters.
fn up_to(text: &str) -> usize {
    text.chars().take(EVIDENCE_CHARS).count()
}

/// The last letters of a text, as many as are kept of a passage's surroundings.
fn behind(text: &str) -> &str {
    last(CONTEXT_CHARS, text)
}

/// The first ones.
fn ahead(text: &str) -> &str {
    first(CONTEXT_CHARS, text)
}

fn last(count: usize, text: &str) -> &str {
    let start = text.char_indices().rev().take(count).last().map_or(text.len(), |(at, _)| at);
    &text[start..]
}

fn first(count: usize, text: &str) -> &str {
    let end = text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    &text[..end]
}

fn bytes(map: &OffsetMap, start: CharOffset, end: CharOffset) -> Option<Range<usize>> {
    Some(map.char_to_byte(start)?.0 as usize..map.char_to_byte(end)?.0 as usize)
}

#[cfg(test)]
mod tests;
