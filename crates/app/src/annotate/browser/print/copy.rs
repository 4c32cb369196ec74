use shared::{order::sorted_by, text::CharOffset};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, Node, Text};

use super::{Note, element};
use crate::annotate::browser::texts::{MessageText, text_nodes};

/// A margin holds about so much of what its text does: a third of the width, in smaller letters. Notes that are longer
/// come after their message.
const MARGIN_SHARE: usize = 3;
/// A message is so long at least: a note beside a short one may reach beside the next.
const LEAST_LETTERS: usize = 900;

/// A copy of a message's text with its passages marked and numbered, and its notes; nothing if none is about it: then the
/// text itself is printed.
pub fn of(message: &MessageText, notes: &[&Note]) -> Option<HtmlElement> {
    if notes.is_empty() {
        return None;
    }
    let text: Element = message.element.clone_node_with_deep(true).ok()?.unchecked_into();
    for attribute in ["data-canonical", "data-runs"] {
        let _ = text.remove_attribute(attribute);
    }
    let copy = element("div", "print-copy");
    let _ = copy.append_child(&text);
    let marks = mark(message, &text_nodes(&text), notes);
    let room = message.text().chars().count().max(LEAST_LETTERS);
    let beside = notes.iter().map(|note| note.letters()).sum::<usize>() * MARGIN_SHARE <= room * 2;
    let after = element("div", "print-after");
    for (note, marked) in notes.iter().zip(marks) {
        // A note that begins in another message stands there.
        if note.spans.first().is_none_or(|first| first.place != message.place) {
            continue;
        }
        match marked.filter(|_| beside) {
            Some(mark) => put_before(&note.element(false), &mark),
            None => drop(after.append_child(&note.element(false))),
        }
    }
    let _ = copy.set_attribute("data-notes", if beside { "beside" } else { "after" });
    if after.child_element_count() > 0 {
        let _ = copy.append_child(&after);
    }
    Some(copy)
}

/// A part of a text node, in UTF-16 units, and which notes are about it.
struct Piece {
    from: u32,
    to: u32,
    note: usize,
}

/// Wraps the passages of each note, and puts its number behind them; the first mark of each.
fn mark(message: &MessageText, nodes: &[Text], notes: &[&Note]) -> Vec<Option<Element>> {
    let mut pieces: Vec<Vec<Piece>> = nodes.iter().map(|_| Vec::new()).collect();
    let mut ends = Vec::new();
    for (note, own) in notes.iter().enumerate() {
        let mut last = None;
        for span in own.spans.iter().filter(|span| span.place == message.place) {
            for (node, from, to) in message.parts(CharOffset(span.start), CharOffset(span.end)) {
                pieces[node].push(Piece { from, to, note });
                last = Some((node, to));
            }
        }
        ends.extend(last.map(|(node, to)| (node, to, note)));
    }
    let mut firsts: Vec<Option<Element>> = notes.iter().map(|_| None).collect();
    for (index, (node, own)) in nodes.iter().zip(&pieces).enumerate().filter(|(_, (_, own))| !own.is_empty()) {
        for (from, to, letters) in cut(node, own) {
            let mut outermost: Option<Element> = None;
            let mut covering: Vec<usize> =
                own.iter().filter(|piece| piece.from <= from && to <= piece.to).map(|piece| piece.note).collect();
            covering.dedup();
            for (depth, note) in covering.iter().enumerate() {
                let mark = wrap(&letters, notes[*note], depth);
                let outer = outermost.get_or_insert(mark).clone();
                firsts[*note].get_or_insert(outer);
            }
            let numbers = ends.iter().filter(|(node, end, _)| (*node, *end) == (index, to));
            if let Some(mark) = outermost {
                let mark = around(&mark, ".math").unwrap_or(mark);
                number(&mark, numbers.map(|(_, _, note)| notes[*note].number.to_string()).collect());
            }
        }
    }
    firsts
}

/// Cuts a text node wherever a piece begins or ends.
fn cut(node: &Text, pieces: &[Piece]) -> Vec<(u32, u32, Text)> {
    let cuts = pieces.iter().flat_map(|piece| [piece.from, piece.to]).chain([0, node.length()]).collect();
    let mut cuts = sorted_by(cuts, u32::cmp);
    cuts.dedup();
    let mut rest = node.clone();
    let mut parts = Vec::new();
    for pair in cuts.windows(2) {
        let here = rest.clone();
        if pair[1] < node_end(&cuts) {
            match rest.split_text(pair[1] - pair[0]) {
                Ok(tail) => rest = tail,
                Err(_) => return parts,
            }
        }
        parts.push((pair[0], pair[1], here));
    }
    parts
}

fn node_end(cuts: &[u32]) -> u32 {
    cuts.last().copied().unwrap_or_default()
}

/// Puts an element of the note's colour around letters, within those that are around them already.
fn wrap(letters: &Text, note: &Note, depth: usize) -> Element {
    let mark = element("mark", "print-mark tinted");
    let _ = mark.style().set_property("--t", &note.colour);
    let _ = mark.set_attribute("data-depth", &depth.min(3).to_string());
    if let Some(parent) = letters.parent_node() {
        let _ = parent.insert_before(&mark, Some(letters));
    }
    let _ = mark.append_child(letters);
    mark.into()
}

fn number(mark: &Element, numbers: Vec<String>) {
    if numbers.is_empty() {
        return;
    }
    let sign = element("sup", "print-number");
    sign.set_text_content(Some(&numbers.join(", ")));
    put_behind(&sign, mark);
}

fn put_behind(element: &HtmlElement, mark: &Element) {
    if let Some(parent) = mark.parent_node() {
        let _ = parent.insert_before(element, mark.next_sibling().as_ref());
    }
}

fn around(mark: &Element, which: &str) -> Option<Element> {
    mark.closest(which).ok().flatten()
}

/// A note floats into the margin from its own line; out of a table, a block of code or a formula it cannot.
fn put_before(note: &HtmlElement, mark: &Element) {
    let at = [".table-scroll, table, pre", ".math-block, .math-wide", ".math"].into_iter();
    let at = at.filter_map(|which| around(mark, which)).next().unwrap_or_else(|| mark.clone());
    let at: &Node = at.unchecked_ref();
    if let Some(parent) = at.parent_node() {
        let _ = parent.insert_before(note, Some(at));
    }
}
