//! The browser's side: canonical text and offsets rebuilt from runs and text nodes.

use super::{
    offsets::OffsetMap,
    runs::{Formulas, Run},
    units::{CharOffset, Utf16Len, Utf16Offset},
};

/// One rendered message as the page holds it: its canonical text, and which text node has which part.
///
/// Nodes are numbered in document order as they were given, empty ones too. They may split runs anywhere (long text nodes
/// are split by the engines), but a node lies within one run.
#[derive(Debug, Clone)]
pub struct TextMap {
    text: String,
    offsets: OffsetMap,
    nodes: Vec<Node>,
    formulas: Formulas,
}

/// A place in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodePoint {
    /// The number of the text node.
    pub node: usize,
    /// The place in it.
    pub offset: Utf16Offset,
}

/// The page's text nodes are not those of the rendered message: something changed the page (an extension, a translation).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text of this message was changed in the page: its text node {node} is not as it was written")]
pub struct NodeMismatch {
    /// The first node that does not fit, or the number of nodes where some are missing.
    pub node: usize,
}

/// Where a node lies in the canonical text.
#[derive(Debug, Clone, Copy)]
struct Node {
    start: u32,
    len: u32,
}

impl TextMap {
    /// Lays the page's text nodes, in document order, beside the runs. The lengths alone are compared.
    pub fn new<'node>(runs: &[Run], nodes: impl IntoIterator<Item = &'node str>) -> Result<Self, NodeMismatch> {
        let mut text = String::new();
        let mut places = Vec::new();
        let formulas = Formulas::of(runs);
        let mut runs = runs.iter();
        let (mut at, mut left) = (0, 0);
        for (index, node) in nodes.into_iter().enumerate() {
            let Utf16Len(len) = Utf16Len::of(node);
            if left == 0 && len > 0 {
                let run = runs.next().ok_or(NodeMismatch { node: index })?;
                text.push_str(run.before.as_str());
                at += run.before.as_str().len() as u32;
                left = run.len.0;
            }
            left = left.checked_sub(len).ok_or(NodeMismatch { node: index })?;
            text.push_str(node);
            places.push(Node { start: at, len });
            at += len;
        }
        if left > 0 || runs.next().is_some() {
            return Err(NodeMismatch { node: places.len() });
        }
        let offsets = OffsetMap::new(&text);
        Ok(Self { text, offsets, nodes: places, formulas })
    }

    /// The canonical text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its units.
    pub fn offsets(&self) -> &OffsetMap {
        &self.offsets
    }

    /// The passage with all of the formulas that it begins or ends in.
    pub fn whole(&self, start: CharOffset, end: CharOffset) -> (CharOffset, CharOffset) {
        let Some((from, to)) = self.offsets.char_to_utf16(start).zip(self.offsets.char_to_utf16(end)) else {
            return (start, end);
        };
        let (from, to) = self.formulas.whole(from, to);
        (self.offsets.utf16_to_char_before(from), self.offsets.utf16_to_char_after(to))
    }

    /// The passage cut behind each formula, where that follows which is shown of it.
    pub fn cut(&self, start: CharOffset, end: CharOffset) -> Vec<(CharOffset, CharOffset)> {
        let units = self.offsets.char_to_utf16(start).zip(self.offsets.char_to_utf16(end));
        let ends = units.into_iter().flat_map(|(from, to)| self.formulas.ends(from, to));
        let mut starts = vec![start];
        starts.extend(ends.map(|at| self.offsets.utf16_to_char_after(at)));
        let ends = starts.iter().skip(1).copied().chain([end]).collect::<Vec<_>>();
        starts.into_iter().zip(ends).collect()
    }

    /// The text as it is stepped through: each formula is one word in it, of as many UTF-16 units.
    pub fn steps(&self) -> String {
        let byte = |at| self.offsets.char_to_byte(self.offsets.utf16_to_char_before(at)).map(|at| at.0 as usize);
        let (mut steps, mut done) = (String::with_capacity(self.text.len()), 0);
        for (start, end) in self.formulas.places() {
            let (Some(from), Some(to)) = (byte(start), byte(end)) else { continue };
            steps.push_str(&self.text[done..from]);
            steps.extend(std::iter::repeat_n('x', (end.0 - start.0) as usize));
            done = to;
        }
        steps + &self.text[done..]
    }

    /// The canonical offset of the start of a selection; inside a surrogate pair, the place before it. `None` where the
    /// page has no such place.
    pub fn start_at(&self, point: NodePoint) -> Option<CharOffset> {
        self.canonical(point).map(|offset| self.offsets.utf16_to_char_before(offset))
    }

    /// The canonical offset of the end of a selection; inside a surrogate pair, the place behind it.
    pub fn end_at(&self, point: NodePoint) -> Option<CharOffset> {
        self.canonical(point).map(|offset| self.offsets.utf16_to_char_after(offset))
    }

    /// Where a range that starts at this offset starts in the page: of two nodes that meet there in the later one, and
    /// from a separator in the next node. At the very end of the text it is the end of the last node. `None` past the
    /// end, and in a text without a word.
    pub fn start_point(&self, offset: CharOffset) -> Option<NodePoint> {
        let Utf16Offset(at) = self.offsets.char_to_utf16(offset)?;
        let mut node = self.nodes.partition_point(|node| node.start + node.len <= at);
        while self.nodes.get(node).is_some_and(|node| node.len == 0) {
            node += 1;
        }
        match self.nodes.get(node) {
            Some(place) => Some(NodePoint { node, offset: Utf16Offset(at.saturating_sub(place.start)) }),
            None => self.end_point(offset),
        }
    }

    /// Where a range that ends at this offset ends in the page: of two nodes that meet there in the earlier one, and from
    /// a separator in the node before. At the very start of the text it is the start of the first node. `None` past the
    /// end, and in a text without a word.
    pub fn end_point(&self, offset: CharOffset) -> Option<NodePoint> {
        let Utf16Offset(at) = self.offsets.char_to_utf16(offset)?;
        let behind = self.nodes.partition_point(|node| node.start < at);
        if let Some(node) = self.nodes[..behind].iter().rposition(|node| node.len > 0) {
            let place = self.nodes[node];
            return Some(NodePoint { node, offset: Utf16Offset((at - place.start).min(place.len)) });
        }
        let node = self.nodes.iter().position(|node| node.len > 0)?;
        Some(NodePoint { node, offset: Utf16Offset(0) })
    }

    fn canonical(&self, point: NodePoint) -> Option<Utf16Offset> {
        let node = self.nodes.get(point.node)?;
        (point.offset.0 <= node.len).then(|| Utf16Offset(node.start + point.offset.0))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{render, sample::mixed_markdown, walk};

    /// The message's text nodes, some of them split as engines may, with empty nodes between.
    fn split(nodes: &[String], cuts: &[u8]) -> Vec<String> {
        let mut cuts = cuts.iter().cycle();
        let mut parts = Vec::new();
        for node in nodes {
            let mut part = String::new();
            for character in node.chars() {
                match cuts.next() {
                    Some(0) => parts.push(std::mem::take(&mut part)),
                    Some(1) => parts.extend([std::mem::take(&mut part), String::new()]),
                    _ => {}
                }
                part.push(character);
            }
            parts.push(part);
        }
        parts
    }

    proptest! {
        #[test]
        fn pages_and_texts_agree_however_nodes_are_split(
            markdown in mixed_markdown(), cuts in prop::collection::vec(0u8..12, 1..50),
        ) {
            let rendered = render(&markdown);
            let nodes = split(&walk::text_nodes(&rendered.html), &cuts);
            let map = TextMap::new(&rendered.runs, nodes.iter().map(String::as_str)).unwrap();
            prop_assert_eq!(map.text(), rendered.text.as_str());
            for (node, text) in nodes.iter().enumerate() {
                let mut offset = 0;
                for character in text.chars() {
                    let point = NodePoint { node, offset: Utf16Offset(offset) };
                    let behind = NodePoint { node, offset: Utf16Offset(offset + character.len_utf16() as u32) };
                    let start = map.start_at(point).unwrap();
                    let end = map.end_at(behind).unwrap();
                    let piece = map.offsets().slice(map.text(), start, end).map(str::to_owned);
                    prop_assert_eq!(piece, Some(character.to_string()));
                    prop_assert_eq!(map.start_point(start), Some(point));
                    prop_assert_eq!(map.end_point(end), Some(behind));
                    offset = behind.offset.0;
                }
            }
        }

        #[test]
        fn every_offset_of_a_text_with_words_has_its_two_points(markdown in mixed_markdown()) {
            let rendered = render(&markdown);
            let nodes = walk::text_nodes(&rendered.html);
            let map = TextMap::new(&rendered.runs, nodes.iter().map(String::as_str)).unwrap();
            for offset in 0..=map.offsets().end().0 {
                let offset = CharOffset(offset);
                let points = map.start_point(offset).zip(map.end_point(offset));
                prop_assert_eq!(points.is_some(), !rendered.text.is_empty());
                if let Some((start, end)) = points {
                    prop_assert!(map.start_at(start).unwrap() >= offset);
                    prop_assert!(map.end_at(end).unwrap() <= offset);
                }
            }
            prop_assert_eq!(map.start_point(CharOffset(map.offsets().end().0 + 1)), None);
        }
    }

    #[test]
    fn starts_lean_forward_and_ends_lean_back() {
        let rendered = render("a**b**\n\nc");
        let map = TextMap::new(&rendered.runs, ["a", "", "b", "c"]).unwrap();
        let point = |node, offset| Some(NodePoint { node, offset: Utf16Offset(offset) });
        assert_eq!(map.text(), "ab\nc");
        assert_eq!((map.start_point(CharOffset(1)), map.end_point(CharOffset(1))), (point(2, 0), point(0, 1)));
        assert_eq!((map.start_point(CharOffset(2)), map.end_point(CharOffset(3))), (point(3, 0), point(2, 1)));
        assert_eq!((map.start_point(CharOffset(4)), map.end_point(CharOffset(0))), (point(3, 1), point(0, 0)));
    }

    #[test]
    fn a_formula_is_one_step_and_is_taken_whole() {
        let rendered = render(r"a \(\sqrt{𝔘}.\) b");
        let nodes = walk::text_nodes(&rendered.html);
        let map = TextMap::new(&rendered.runs, nodes.iter().map(String::as_str)).unwrap();
        assert_eq!(nodes, ["a ", r"\(\sqrt{𝔘}.\)", " b"]);
        assert_eq!(map.steps(), "a xxxxxxxxxxxxxx b");
        assert_eq!(map.steps().encode_utf16().count(), map.text().encode_utf16().count());
        let whole = |start, end| map.whole(CharOffset(start), CharOffset(end));
        assert_eq!(whole(1, 3), (CharOffset(1), CharOffset(15)));
        assert_eq!(whole(9, 16), (CharOffset(2), CharOffset(16)));
        assert_eq!(whole(0, 2), (CharOffset(0), CharOffset(2)));
        let cut = |start, end| {
            map.cut(CharOffset(start), CharOffset(end)).iter().map(|at| (at.0.0, at.1.0)).collect::<Vec<_>>()
        };
        assert_eq!((cut(0, 17), cut(2, 15)), (vec![(0, 15), (15, 17)], vec![(2, 15)]));
    }

    #[test]
    fn a_page_that_was_changed_is_noticed() {
        let runs = render("ab **c**").runs;
        for (nodes, node) in
            [(vec!["ab ", "cd"], 1), (vec!["ab c"], 0), (vec!["ab "], 1), (vec!["ab ", "c", "d"], 2), (vec!["ab"], 1)]
        {
            assert_eq!(TextMap::new(&runs, nodes.iter().copied()).unwrap_err(), NodeMismatch { node }, "{nodes:?}");
        }
    }
}
