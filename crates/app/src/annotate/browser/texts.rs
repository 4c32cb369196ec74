//! The messages' text nodes, and the way between them and the canonical text. A message's text never changes while the
//! page is open; in a chat, messages come.

use std::{cell::RefCell, collections::HashMap};

use shared::{
    ids::MessageId,
    selector::{self, Anchor, Target},
    text::{CharOffset, NodePoint, OffsetMap, TextMap, Utf16Offset, decode_runs},
};
use wasm_bindgen::JsCast;
use web_sys::{DomRectList, Element, Node, Range, Text};

use super::dom;
use crate::annotate::passages::Span;

/// One message's text.
pub struct MessageText {
    /// Which message.
    pub id: MessageId,
    /// Its place among the messages.
    pub place: usize,
    /// What holds its text.
    pub element: Element,
    /// Its runs as they were read: a reply that is being written has more of them later.
    runs: String,
    nodes: Vec<Text>,
    map: TextMap,
}

/// All messages of the page. What is read of one stays in memory as long as the page is open: it is read once.
pub struct Texts(RefCell<Read>);

#[derive(Default)]
struct Read {
    messages: Vec<&'static MessageText>,
    by_id: HashMap<MessageId, usize>,
}

impl Texts {
    /// Reads the page.
    pub fn of_page() -> Self {
        let texts = Self(RefCell::default());
        texts.read_again();
        texts
    }

    /// Reads the page again: messages came, or went.
    pub fn read_again(&self) {
        let kept = |place: usize, element: &Element| {
            let is_same = |message: &&MessageText| {
                message.element == *element
                    && element.get_attribute("data-runs").is_some_and(|runs| runs == message.runs)
            };
            self.at(place).filter(is_same)
        };
        let one = |(place, article): (usize, web_sys::HtmlElement)| {
            let element = article.query_selector("[data-canonical]").ok()??;
            kept(place, &element).or_else(|| read(place, &article, element).map(|read| &*Box::leak(Box::new(read))))
        };
        let messages: Vec<_> = dom::all("[data-message-id]").into_iter().enumerate().filter_map(one).collect();
        let by_id = messages.iter().enumerate().map(|(index, message)| (message.id, index)).collect();
        self.0.replace(Read { messages, by_id });
    }

    /// Whether other messages may be shown in the place of these.
    pub fn has_branches(&self) -> bool {
        !dom::all("#text[data-branches]").is_empty()
    }

    /// The message of that id.
    pub fn get(&self, id: MessageId) -> Option<&'static MessageText> {
        let read = self.0.borrow();
        read.by_id.get(&id).map(|index| read.messages[*index])
    }

    /// The message at that place of the page.
    pub fn at(&self, place: usize) -> Option<&'static MessageText> {
        let messages = &self.0.borrow().messages;
        let index = messages.partition_point(|message| message.place < place);
        messages.get(index).copied().filter(|message| message.place == place)
    }

    /// All messages, in order.
    pub fn all(&self) -> Vec<&'static MessageText> {
        self.0.borrow().messages.clone()
    }

    /// Where a target's text stands now: its message, the anchor.
    pub fn resolve(&self, target: &Target) -> Option<(&'static MessageText, Anchor)> {
        let message = self.get(target.message)?;
        Some((message, selector::resolve(target, message.text(), message.offsets())))
    }
}

fn read(place: usize, article: &Element, element: Element) -> Option<MessageText> {
    let id = article.get_attribute("data-message-id")?.parse().ok()?;
    let spelled = element.get_attribute("data-runs")?;
    let runs = decode_runs(&spelled).ok()?;
    let nodes = text_nodes(&element);
    let contents: Vec<String> = nodes.iter().map(|node| node.data()).collect();
    match TextMap::new(&runs, contents.iter().map(String::as_str)) {
        Ok(map) => Some(MessageText { id, place, element, runs: spelled, nodes, map }),
        Err(changed) => {
            leptos::logging::warn!("{changed}");
            None
        }
    }
}

/// All text nodes below an element that hold its text, in order: what is shown of a formula is none of it.
pub fn text_nodes(element: &Element) -> Vec<Text> {
    let has_formulas = element.query_selector("math").is_ok_and(|found| found.is_some());
    let is_shown = |node: &Node| has_formulas && node.node_name() == "math";
    let mut nodes = Vec::new();
    let mut stack: Vec<Node> = vec![element.clone().into()];
    while let Some(node) = stack.pop() {
        match node.dyn_ref::<Text>() {
            Some(text) => nodes.push(text.clone()),
            None if is_shown(&node) => {}
            None => {
                let children = node.child_nodes();
                stack.extend((0..children.length()).rev().filter_map(|index| children.item(index)));
            }
        }
    }
    nodes
}

thread_local! {
    /// The range that is asked where text stands. Until they are collected, all ranges of a page are looked at whenever a node
    /// of it goes: one for each question made scrolling slow.
    static ASKED: RefCell<Option<Range>> = const { RefCell::new(None) };
}

impl MessageText {
    /// The canonical text.
    pub fn text(&self) -> &str {
        self.map.text()
    }

    /// Its offsets.
    pub fn offsets(&self) -> &OffsetMap {
        self.map.offsets()
    }

    /// The text as it is stepped through: each formula is one word in it.
    pub fn steps(&self) -> String {
        self.map.steps()
    }

    /// A passage of it, with all of the formulas that it begins or ends in.
    pub fn span(&self, start: CharOffset, end: CharOffset) -> Span {
        let (CharOffset(start), CharOffset(end)) = self.map.whole(start, end);
        Span { place: self.place, start, end }
    }

    /// The range of the page between two offsets of the canonical text.
    pub fn range(&self, start: CharOffset, end: CharOffset) -> Option<Range> {
        let (from, to) = (self.map.start_point(start)?, self.map.end_point(end)?);
        let range = Range::new().ok()?;
        range.set_start(self.nodes.get(from.node)?, from.offset.0).ok()?;
        range.set_end(self.nodes.get(to.node)?, to.offset.0).ok()?;
        Some(range)
    }

    /// The ranges of the page that hold the text between two offsets, and nothing of what is shown of formulas.
    pub fn ranges(&self, start: CharOffset, end: CharOffset) -> Vec<Range> {
        self.map.cut(start, end).into_iter().filter_map(|(start, end)| self.range(start, end)).collect()
    }

    /// The rectangles of the text between two offsets of the canonical text, as it stands in the window now.
    pub fn rectangles(&self, start: CharOffset, end: CharOffset) -> Option<DomRectList> {
        let (from, to) = (self.map.start_point(start)?, self.map.end_point(end)?);
        ASKED.with_borrow_mut(|asked| {
            let range = match asked {
                Some(range) => range,
                None => asked.insert(Range::new().ok()?),
            };
            range.set_start(self.nodes.get(from.node)?, from.offset.0).ok()?;
            range.set_end(self.nodes.get(to.node)?, to.offset.0).ok()?;
            range.get_client_rects()
        })
    }

    /// Which of the text nodes a passage lies in, by their order, and from where to where in each (UTF-16 units).
    pub fn parts(&self, start: CharOffset, end: CharOffset) -> Vec<(usize, u32, u32)> {
        let Some((from, to)) = self.map.start_point(start).zip(self.map.end_point(end)) else { return Vec::new() };
        let piece = |node: usize| {
            let first = if node == from.node { from.offset.0 } else { 0 };
            let last = if node == to.node { to.offset.0 } else { self.nodes[node].length() };
            (node, first, last)
        };
        (from.node..=to.node).map(piece).filter(|(_, first, last)| first < last).collect()
    }

    /// The offsets of the canonical text that a range of the page covers in this message, if it touches its text: all of a
    /// formula of which it covers a part.
    ///
    /// Boundaries may be elements, and may lie outside the message: what counts is which of its text nodes the range
    /// covers. The nodes are in order, so that the first and the last are found by halving.
    pub fn covered(&self, range: &Range) -> Option<(CharOffset, CharOffset)> {
        let length = |node: &Text| node.length();
        // -1: the point is before the range, 0: inside, 1: after.
        let compare = |node: &Text, offset: u32| range.compare_point(node, offset).unwrap_or(1);
        let first = self.nodes.partition_point(|node| compare(node, length(node)) < 0);
        let last = self.nodes.partition_point(|node| compare(node, 0) <= 0);
        if first >= last {
            return None;
        }
        let (head, tail) = (&self.nodes[first], &self.nodes[last - 1]);
        let is = |container: Option<Node>, node: &Text| {
            container.is_some_and(|container| container == *node.unchecked_ref::<Node>())
        };
        let from = if is(range.start_container().ok(), head) { range.start_offset().ok()? } else { 0 };
        let to = if is(range.end_container().ok(), tail) { range.end_offset().ok()? } else { length(tail) };
        let point = |node, offset| NodePoint { node, offset: Utf16Offset(offset) };
        let (start, end) = (self.map.start_at(point(first, from))?, self.map.end_at(point(last - 1, to))?);
        (start < end).then(|| self.map.whole(start, end))
    }

    /// The same as ranges of one text node each, without those of white space alone: a range over whole blocks has the
    /// blocks' own boxes among its rectangles.
    pub fn pieces(&self, start: CharOffset, end: CharOffset) -> Vec<Range> {
        let piece = |(node, start, end): (usize, u32, u32)| {
            let node = self.nodes.get(node).filter(|node| !node.data().trim().is_empty())?;
            let range = Range::new().ok()?;
            range.set_start(node, start).ok()?;
            range.set_end(node, end).ok()?;
            Some(range)
        };
        self.parts(start, end).into_iter().filter_map(piece).collect()
    }

    /// Where in this message's text a range starts, if it does: at that place of a text node, or at the next one.
    pub fn caret(&self, range: &Range) -> Option<CharOffset> {
        let (container, offset) = (range.start_container().ok()?, range.start_offset().ok()?);
        if !self.element.contains(Some(&container)) {
            return None;
        }
        // Compared with the start alone: what lies within the range is behind it.
        let is_before = |node: &Text| range.compare_point(node, node.length()).is_ok_and(|side| side < 0);
        let index = self.nodes.partition_point(is_before);
        let node = self.nodes.get(index)?;
        let is_in = container == *node.unchecked_ref::<Node>();
        self.map.start_at(NodePoint { node: index, offset: Utf16Offset(if is_in { offset } else { 0 }) })
    }
}
