//! Styles and numbers of a Word document, as far as they say what a paragraph is.

use std::collections::HashMap;

use quick_xml::{Reader, events::Event};

use super::attribute;

/// What a paragraph is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    Heading(usize),
    Quote,
    Code,
}

#[derive(Debug, Default)]
struct Own {
    name: String,
    based_on: Option<String>,
    outline: Option<usize>,
    numbering: Option<String>,
    level: Option<usize>,
}

/// A level of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level {
    pub is_counted: bool,
    pub start: u32,
}

#[derive(Debug, Default)]
pub(super) struct Styles {
    styles: HashMap<String, Own>,
    /// Levels of the numberings that paragraphs name.
    numberings: HashMap<String, String>,
    levels: HashMap<(String, usize), Level>,
}

/// Styles that are based on each other.
const BASED: usize = 12;

impl Styles {
    fn line<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Own> {
        let mut next = self.styles.get(id);
        let own = move || {
            let own = next?;
            next = own.based_on.as_deref().and_then(|id| self.styles.get(id));
            Some(own)
        };
        std::iter::from_fn(own).take(BASED)
    }

    pub(super) fn block(&self, id: &str) -> Option<Block> {
        self.line(id).find_map(|own| {
            let name = own.name.to_lowercase();
            let heading = name.strip_prefix("heading ").and_then(|level| level.trim().parse().ok());
            match name.as_str() {
                "title" => Some(Block::Heading(1)),
                "quote" | "intense quote" | "block text" | "quotations" => Some(Block::Quote),
                _ if is_code(&name) => Some(Block::Code),
                _ => heading.or(own.outline.map(|level| level + 1)).filter(|level| *level <= 9).map(Block::Heading),
            }
        })
    }

    pub(super) fn is_code(&self, id: &str) -> bool {
        self.line(id).any(|own| is_code(&own.name.to_lowercase()))
    }

    /// The numbering that a style gives its paragraphs.
    pub(super) fn numbering(&self, id: &str) -> Option<(String, usize)> {
        self.line(id).find_map(|own| Some((own.numbering.clone()?, own.level.unwrap_or_default())))
    }

    pub(super) fn level(&self, numbering: &str, level: usize) -> Option<Level> {
        let of = self.numberings.get(numbering)?;
        self.levels.get(&(of.clone(), level)).copied()
    }
}

fn is_code(name: &str) -> bool {
    name.contains("code") || name.contains("preformatted") || name.contains("verbatim")
}

/// Fonts whose letters are all as wide.
pub(super) fn is_typewriter(font: &str) -> bool {
    let font = font.to_lowercase();
    ["courier", "consolas", "mono", "menlo"].iter().any(|name| font.contains(name))
}

pub(super) fn read(styles: &str, numbering: &str) -> Result<Styles, quick_xml::Error> {
    let mut read = Styles::default();
    read_styles(styles, &mut read)?;
    read_numbering(numbering, &mut read)?;
    Ok(read)
}

fn read_styles(xml: &str, into: &mut Styles) -> Result<(), quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let mut at: Option<(String, Own)> = None;
    loop {
        let event = reader.read_event()?;
        match &event {
            Event::Start(start) | Event::Empty(start) => {
                let value = || attribute(start, "val");
                let number = || value().and_then(|value| value.parse().ok());
                match (start.local_name().as_ref(), &mut at) {
                    ("style", at) => *at = attribute(start, "styleId").map(|id| (id, Own::default())),
                    ("name", Some((_, own))) => own.name = value().unwrap_or_default(),
                    ("basedOn", Some((_, own))) => own.based_on = value(),
                    ("outlineLvl", Some((_, own))) => own.outline = number(),
                    ("numId", Some((_, own))) => own.numbering = value(),
                    ("ilvl", Some((_, own))) => own.level = number(),
                    _ => {}
                }
            }
            Event::End(end) if end.local_name().as_ref() == "style" => into.styles.extend(at.take()),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

fn read_numbering(xml: &str, into: &mut Styles) -> Result<(), quick_xml::Error> {
    let mut reader = Reader::from_str(xml);
    let (mut of, mut number, mut level) = (String::new(), None, None);
    loop {
        match reader.read_event()? {
            Event::Start(start) | Event::Empty(start) => {
                let value = || attribute(&start, "val").unwrap_or_default();
                match start.local_name().as_ref() {
                    "abstractNum" => of = attribute(&start, "abstractNumId").unwrap_or_default(),
                    "lvl" if number.is_none() => {
                        let place = attribute(&start, "ilvl").and_then(|level| level.parse().ok()).unwrap_or_default();
                        into.levels.insert((of.clone(), place), Level { is_counted: true, start: 1 });
                        level = Some(place);
                    }
                    name @ ("numFmt" | "start") => {
                        let Some(level) = level.and_then(|level| into.levels.get_mut(&(of.clone(), level))) else {
                            continue;
                        };
                        match name {
                            "numFmt" => level.is_counted = !matches!(value().as_str(), "bullet" | "none"),
                            _ => level.start = value().parse().unwrap_or(1),
                        }
                    }
                    "num" => number = attribute(&start, "numId"),
                    "abstractNumId" => {
                        if let Some(number) = &number {
                            into.numberings.insert(number.clone(), value());
                        }
                    }
                    _ => {}
                }
            }
            Event::End(end) => match end.local_name().as_ref() {
                "lvl" => level = None,
                "num" => number = None,
                _ => {}
            },
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}
