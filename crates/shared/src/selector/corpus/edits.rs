//! Texts whose letters know where they came from, and what is done to them.

use std::ops::Range;

use super::texts::{Random, Script};

/// A code point, and where it stood in the old text.
#[derive(Debug, Clone, Copy)]
pub struct Letter {
    pub character: char,
    pub origin: Option<usize>,
}

/// A text in paragraphs.
#[derive(Debug, Clone, Default)]
pub struct Text {
    pub letters: Vec<Letter>,
    /// What the family is about.
    pub hot: Vec<Range<usize>>,
}

impl Text {
    fn of(paragraphs: &[String], is_hot: impl Fn(usize) -> bool) -> Self {
        let mut text = Self::default();
        for (number, paragraph) in paragraphs.iter().enumerate() {
            let start = text.letters.len();
            let line = if number + 1 < paragraphs.len() { format!("{paragraph}\n") } else { paragraph.clone() };
            text.letters.extend(line.chars().map(|character| Letter { character, origin: None }));
            if is_hot(number) {
                text.hot.push(start..text.letters.len());
            }
        }
        for (at, letter) in text.letters.iter_mut().enumerate() {
            letter.origin = Some(at);
        }
        text
    }

    pub fn to_text(&self) -> String {
        self.slice(0, self.letters.len())
    }

    pub fn slice(&self, start: usize, end: usize) -> String {
        self.letters[start..end].iter().map(|letter| letter.character).collect()
    }

    /// The paragraphs, each with the line end behind it.
    fn paragraphs(&self) -> Vec<Vec<Letter>> {
        self.letters.split_inclusive(|letter| letter.character == '\n').map(<[Letter]>::to_vec).collect()
    }

    fn join(paragraphs: Vec<Vec<Letter>>) -> Self {
        Self { letters: paragraphs.concat(), hot: Vec::new() }
    }
}

/// What is done to a text, and what kind of text it is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Inserted,
    Deleted,
    Moved,
    Reworded,
    Lookalikes,
    Phrases,
    Twins,
    Everything,
}

impl Family {
    pub const ALL: [Self; 8] = [
        Self::Inserted,
        Self::Deleted,
        Self::Moved,
        Self::Reworded,
        Self::Lookalikes,
        Self::Phrases,
        Self::Twins,
        Self::Everything,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Inserted => "paragraphs put in",
            Self::Deleted => "paragraphs deleted",
            Self::Moved => "paragraphs moved",
            Self::Reworded => "words changed, put in and deleted",
            Self::Lookalikes => "one of two lookalike paragraphs deleted, moved or put before the other",
            Self::Phrases => "a phrase that stands in every paragraph; paragraphs and words changed",
            Self::Twins => "one of several paragraphs that are the same word for word deleted or moved",
            Self::Everything => "all of it together",
        }
    }

    /// Whether long stretches are there twice, on purpose.
    pub fn repeats(self) -> bool {
        matches!(self, Self::Lookalikes | Self::Phrases) || self.has_twins()
    }

    fn has_twins(self) -> bool {
        matches!(self, Self::Twins | Self::Everything)
    }
}

/// A text of the kind that the family is about.
pub fn old_text(family: Family, script: &Script, random: &mut Random) -> Text {
    let mut paragraphs: Vec<String> = (0..6 + random.below(8)).map(|_| script.paragraph(random)).collect();
    let mut hot = Vec::new();
    if matches!(family, Family::Lookalikes | Family::Everything) {
        let at = random.below(paragraphs.len());
        let alike = reworded(&paragraphs[at], 1 + random.below(3), script, random);
        paragraphs.insert(at + 1, alike);
        hot.extend([at, at + 1]);
    }
    if matches!(family, Family::Phrases | Family::Everything) {
        let phrase = script.phrase(4, random);
        for (number, paragraph) in paragraphs.iter_mut().enumerate() {
            *paragraph = format!("{} {phrase} {paragraph}", script.sentence(random));
            hot.push(number);
        }
    }
    if family.has_twins() {
        let at = random.below(paragraphs.len());
        let twin = paragraphs[at].clone();
        let far = random.below(paragraphs.len());
        paragraphs.insert(far, twin.clone());
        paragraphs.insert(at, twin.clone());
        hot = (0..paragraphs.len()).filter(|number| paragraphs[*number] == twin).collect();
    }
    Text::of(&paragraphs, |number| hot.contains(&number))
}

/// The text with so many words replaced.
fn reworded(paragraph: &str, count: usize, script: &Script, random: &mut Random) -> String {
    let mut words: Vec<String> = if paragraph.contains(' ') {
        paragraph.split(' ').map(str::to_owned).collect()
    } else {
        paragraph.chars().map(String::from).collect()
    };
    for _ in 0..count {
        let at = random.below(words.len());
        words[at] = script.word(random).to_owned();
    }
    words.join(if paragraph.contains(' ') { " " } else { "" }) + script.word(random)
}

/// The text after the edits of the family: one at least, and it is another text than before.
pub fn edited(family: Family, old: &Text, script: &Script, random: &mut Random) -> Text {
    loop {
        let mut new = old.clone();
        for _ in 0..1 + random.below(3) {
            new = match family {
                Family::Inserted => insert(&new, script, random),
                Family::Deleted => delete(&new, random),
                Family::Moved => shift(&new, random),
                Family::Reworded => reword(&new, script, random),
                Family::Lookalikes | Family::Twins => match random.below(3) {
                    0 => delete_hot(&new, old, random),
                    1 => shift(&new, random),
                    _ => insert(&new, script, random),
                },
                Family::Phrases | Family::Everything => match random.below(5) {
                    0 => insert(&new, script, random),
                    1 => delete(&new, random),
                    2 => shift(&new, random),
                    3 => delete_hot(&new, old, random),
                    _ => reword(&new, script, random),
                },
            };
        }
        if new.to_text() != old.to_text() {
            return new;
        }
    }
}

fn fresh(text: &str) -> Vec<Letter> {
    text.chars().map(|character| Letter { character, origin: None }).collect()
}

fn insert(text: &Text, script: &Script, random: &mut Random) -> Text {
    let mut paragraphs = text.paragraphs();
    let at = random.below(paragraphs.len());
    paragraphs.insert(at, fresh(&(script.paragraph(random) + "\n")));
    Text::join(paragraphs)
}

fn delete(text: &Text, random: &mut Random) -> Text {
    let mut paragraphs = text.paragraphs();
    // One stays, for what comes next to be done to.
    if paragraphs.len() > 1 {
        paragraphs.remove(random.below(paragraphs.len()));
    }
    Text::join(paragraphs)
}

/// One of those that the family is about goes.
fn delete_hot(text: &Text, old: &Text, random: &mut Random) -> Text {
    let gone = random.one_of(&old.hot).cloned().unwrap_or_default();
    let is_gone = |letter: &Letter| letter.origin.is_some_and(|origin| gone.contains(&origin));
    let rest: Vec<Vec<Letter>> =
        text.paragraphs().into_iter().filter(|paragraph| !paragraph.iter().any(is_gone)).collect();
    if rest.is_empty() { text.clone() } else { Text::join(rest) }
}

fn shift(text: &Text, random: &mut Random) -> Text {
    let mut paragraphs = text.paragraphs();
    let from = random.below(paragraphs.len());
    let mut moved = paragraphs.remove(from);
    if moved.last().is_none_or(|letter| letter.character != '\n') {
        moved.extend(fresh("\n"));
    }
    paragraphs.insert(random.below(paragraphs.len()), moved);
    Text::join(paragraphs)
}

/// Some words are replaced, put in or deleted, anywhere.
fn reword(text: &Text, script: &Script, random: &mut Random) -> Text {
    let mut letters = text.letters.clone();
    for _ in 0..1 + random.below(12) {
        let at = random.below(letters.len());
        let word = fresh(&format!(" {} ", script.word(random)));
        let removed = if random.chance(60) { 1 + random.below(8) } else { 0 };
        let end = (at + removed).min(letters.len());
        letters.splice(at..end, if random.chance(70) { word } else { Vec::new() });
        if letters.is_empty() {
            letters = fresh("all of it is gone");
        }
    }
    Text { letters, hot: Vec::new() }
}
