//! Colours the text: what is near the window is cut into pieces that do not overlap, and each piece is put on the layers
//! of its look. A change touches the pieces that it changes.

use std::collections::{HashMap, HashSet};

use leptos::prelude::*;
use shared::{
    document::Tag,
    ids::{HighlightId, TagId},
    text::CharOffset,
};
use wasm_bindgen::JsValue;
use web_sys::Range;

use super::{
    canvas::{Canvas, Layer, Rank, construct, layer_name, method},
    texts::Texts,
};
use crate::annotate::{
    overlaps::{Look, cut, look},
    passages::{Passages, Span},
};

/// Room for the bar above and as much below, in CSS pixels: a passage there counts as out of sight.
const BAR: f64 = 60.0;
/// How long a flash lasts.
const FLASH_TIME: std::time::Duration = std::time::Duration::from_millis(900);
/// The colour of a highlight whose tags are gone, as its card has it.
const NO_TAG: &str = "#6a655b";

/// A piece of text as it is drawn.
struct Drawn {
    piece: Span,
    look: Look,
    on: Vec<(Layer, Range)>,
}

/// What is painted.
pub struct Painter {
    /// Where the highlights stand.
    pub passages: Passages,
    tags: HashMap<HighlightId, Vec<TagId>>,
    /// The tags that have a colour.
    known: HashSet<TagId>,
    /// Those that are not coloured for now.
    left_out: HashSet<HighlightId>,
    in_hand: Option<HighlightId>,
    /// What is emphasised, and where that was when it was drawn.
    pointed: (Option<HighlightId>, Vec<Span>),
    /// What of the page is near the window, in order.
    sight: Vec<Span>,
    /// In order.
    drawn: Vec<Drawn>,
    canvas: Canvas,
    sheet: Option<JsValue>,
}

impl Painter {
    /// Paints nothing yet.
    pub fn new() -> Self {
        Self {
            passages: Passages::default(),
            tags: HashMap::new(),
            known: HashSet::new(),
            left_out: HashSet::new(),
            in_hand: None,
            pointed: (None, Vec::new()),
            sight: Vec::new(),
            drawn: Vec::new(),
            canvas: Canvas::new(),
            sheet: adopt_sheet(),
        }
    }

    /// What colours are put on.
    pub fn canvas(&self) -> &Canvas {
        &self.canvas
    }

    /// The colours of the tags.
    pub fn set_tags(&mut self, tags: &[Tag]) {
        let mut rules = String::new();
        for tag in tags {
            rule(&mut rules, Some(tag.id), &tag.colour);
        }
        rule(&mut rules, None, NO_TAG);
        if let Some(sheet) = &self.sheet
            && let Some(replace) = method(sheet, "replaceSync")
        {
            let _ = replace.call1(sheet, &rules.into());
        }
        self.known = tags.iter().map(|tag| tag.id).collect();
        self.canvas.set_colours(tags.iter().map(|tag| (tag.id, tag.colour.clone())).collect());
    }

    /// A highlight, new or changed, is painted with the next [`Self::repaint`]; says whether the order is another now.
    pub fn show(&mut self, id: HighlightId, spans: Vec<Span>, tags: Vec<TagId>) -> bool {
        self.tags.insert(id, tags);
        self.passages.put(id, spans)
    }

    /// Takes a highlight away, with the next [`Self::repaint`].
    pub fn hide(&mut self, id: HighlightId) {
        self.tags.remove(&id);
        self.passages.remove(id);
    }

    /// Takes the colours of these away, and of no others.
    pub fn leave_out(&mut self, ids: HashSet<HighlightId>, texts: &Texts) {
        if self.left_out != ids {
            self.left_out = ids;
            self.repaint(texts);
        }
    }

    /// Shows which highlight is in hand.
    pub fn set_active(&mut self, id: Option<HighlightId>, texts: &Texts) {
        self.in_hand = id;
        self.repaint(texts);
    }

    /// Paints this of the page, and nothing else.
    pub fn set_sight(&mut self, sight: Vec<Span>, texts: &Texts) {
        self.sight = sight;
        self.repaint(texts);
    }

    /// Paints what changed. What did not is not touched: a comment must not make the text flicker.
    pub fn repaint(&mut self, texts: &Texts) {
        let mut before = std::mem::take(&mut self.drawn).into_iter().peekable();
        for (piece, look) in self.wanted() {
            while let Some(old) = before.next_if(|old| old.piece < piece) {
                self.erase(&old);
            }
            match before.next_if(|old| old.piece == piece) {
                Some(old) if old.look == look => self.drawn.push(old),
                old => {
                    old.iter().for_each(|old| self.erase(old));
                    let on = self.draw(piece, look, texts);
                    self.drawn.push(Drawn { piece, look, on });
                }
            }
        }
        before.for_each(|old| self.erase(&old));
        // What is pointed at may have gone or moved under the pointer, which need not stir for that.
        self.point_at(self.pointed.0, texts);
    }

    /// The pieces in sight, in order, with their looks.
    fn wanted(&self) -> Vec<(Span, Look)> {
        let mut wanted = Vec::new();
        for sight in &self.sight {
            let mut here = self.passages.within(sight.place, sight.start, sight.end);
            here.retain(|(_, _, id)| !self.left_out.contains(id));
            let known = |tag: &&TagId| self.known.contains(*tag);
            let tags_of = |id| self.tags.get(id).into_iter().flatten().filter(known).copied().collect();
            let tags: Vec<Vec<TagId>> = here.iter().map(|(_, _, id)| tags_of(id)).collect();
            cut(&here, &mut |start, end, over| {
                if start < sight.end && end > sight.start {
                    let in_hand = over.iter().position(|index| Some(here[*index].2) == self.in_hand);
                    let tags: Vec<&[TagId]> = over.iter().map(|index| tags[*index].as_slice()).collect();
                    wanted.push((Span { place: sight.place, start, end }, look(&tags, in_hand)));
                }
            });
        }
        wanted
    }

    fn draw(&mut self, piece: Span, look: Look, texts: &Texts) -> Vec<(Layer, Range)> {
        let first = Layer::Tag(look.first, if look.in_hand { Rank::InHand } else { Rank::First });
        let second = look.second.map(|(tag, is_more)| Layer::Tag(tag, if is_more { Rank::More } else { Rank::Second }));
        let on: Vec<(Layer, Range)> = [Some(first), second]
            .into_iter()
            .flatten()
            .flat_map(|layer| self.ranges(piece, texts).into_iter().map(move |range| (layer, range)))
            .collect();
        on.iter().for_each(|(layer, range)| self.canvas.add(*layer, range));
        on
    }

    fn erase(&mut self, old: &Drawn) {
        old.on.iter().for_each(|(layer, range)| self.canvas.delete(*layer, range));
    }

    /// A passage as ranges of the page, as the canvas wants them.
    fn ranges(&self, span: Span, texts: &Texts) -> Vec<Range> {
        let Some(message) = texts.at(span.place) else { return Vec::new() };
        let (start, end) = (CharOffset(span.start), CharOffset(span.end));
        if self.canvas.is_overlay() { message.pieces(start, end) } else { message.ranges(start, end) }
    }

    /// Colours these passages on a layer of their own, and nothing else there.
    fn fill(&mut self, layer: Layer, spans: &[Span], texts: &Texts) {
        self.canvas.clear(layer);
        for span in spans {
            for range in self.ranges(*span, texts) {
                self.canvas.add(layer, &range);
            }
        }
    }

    /// Whether this is coloured at all.
    pub fn is_coloured(&self, id: HighlightId) -> bool {
        !self.left_out.contains(&id)
    }

    /// Where a highlight's text starts on the page, in CSS pixels from the top of the window.
    pub fn top(&self, id: HighlightId, texts: &Texts) -> Option<f64> {
        let first = self.passages.of(id).first()?;
        let message = texts.at(first.place)?;
        let top = |end: u32| Some(message.rectangles(CharOffset(first.start), CharOffset(end))?.item(0)?.top());
        // One letter is asked where it stands; the whole only where the first has no box.
        top(first.start + 1).or_else(|| top(first.end))
    }

    /// Shows what the others have selected, each in the colour of their sign.
    pub fn set_company(&mut self, selections: &[(u32, Vec<Span>)], hues: u32, texts: &Texts) {
        (0..hues).for_each(|hue| self.canvas.clear(Layer::Person(hue)));
        for (hue, spans) in selections {
            for range in spans.iter().flat_map(|span| self.ranges(*span, texts)).collect::<Vec<_>>() {
                self.canvas.add(Layer::Person(*hue), &range);
            }
        }
    }

    /// Emphasises the passages of this highlight, and of no other.
    pub fn point_at(&mut self, id: Option<HighlightId>, texts: &Texts) {
        let spans = id.map(|id| self.passages.of(id).to_vec()).unwrap_or_default();
        if self.pointed.1 != spans {
            self.fill(Layer::Pointed, &spans, texts);
        }
        self.pointed = (id, spans);
    }

    /// Brings a highlight's text into view, and shows it for a moment.
    pub fn flash(&mut self, id: HighlightId, texts: &Texts) {
        let Some(first) = self.passages.of(id).first().copied() else { return };
        let range = texts.at(first.place).and_then(|text| text.range(CharOffset(first.start), CharOffset(first.end)));
        let start = range.and_then(|range| range.start_container().ok()).and_then(|node| node.parent_element());
        if let Some(element) = start {
            let height = super::places::free_height();
            let top = self.top(id, texts).unwrap_or_default();
            if !(BAR..height - BAR).contains(&top) {
                // Brings what scrolls by itself (a table, code) to the passage; then the page, by the passage and not by its
                // paragraph, which may be higher than the window.
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                element.scroll_into_view_with_scroll_into_view_options(&options);
                let middle = (BAR + height) / 2.0;
                window().scroll_by_with_x_and_y(0.0, self.top(id, texts).unwrap_or_default() - middle);
            }
        }
        self.fill(Layer::Flash, &[first], texts);
        set_timeout(
            || {
                if let Some(session) = super::session() {
                    session.painter.borrow_mut().canvas.clear(Layer::Flash);
                }
            },
            FLASH_TIME,
        );
    }
}

/// The looks of a tag (its colour is one: the picture of the document sees to it); the reasons for the numbers stand in
/// `style/40-reading.css`.
fn rule(rules: &mut String, tag: Option<TagId>, colour: &str) {
    let name = layer_name(tag);
    let ground = |light: &str, dark: &str| {
        format!(
            "background-color: light-dark(oklch(from {colour} clamp(.6, l, .84) min(c, .15) h / {light}), oklch(from {colour} clamp(.45, l, .57) min(c, .13) h / {dark}))"
        )
    };
    let line = |style: &str, light: &str, offset: &str| {
        format!(
            "text-decoration: underline {style} light-dark(oklch(from {colour} {light} h), oklch(from {colour} clamp(.64, .42 + l * .6, .93) min(c, .16) h)); text-underline-offset: {offset}"
        )
    };
    let (base, in_hand) = (ground(".26", ".34"), ground(".42", ".5"));
    let thin = "clamp(.36, l, .54) min(c, .2)";
    // The letters over a formula are as high as it is: below all of it.
    let (near, far) = ("max(.26em, .335em - 3px)", "min(.5em, .335em + 3px)");
    let first = line("var(--mark-line, 2px)", thin, near);
    let second = line("var(--mark-line, 2px)", thin, far);
    let more = line("double 1px", thin, far);
    let thick = line("calc(var(--mark-line, 2px) + 1px)", "clamp(.36, .22 + l * .3, .47) min(c, .17)", near);
    // Where there are few colours, what is marked is underlined: a ground is what is selected, or in hand.
    let plain = "background-color: Canvas; color: CanvasText";
    for (suffix, ground, line, more, forced) in [
        ("", &base, &first, "", plain),
        ("-2", &base, &second, "", plain),
        ("-3", &base, &more, "", plain),
        ("-on", &in_hand, &thick, "; color: var(--ink, CanvasText)", "background-color: Mark; color: MarkText"),
    ] {
        rules.push_str(&format!(
            "::highlight({name}{suffix}) {{ {ground}; {line}{more} }}\n\
             @media (forced-colors: active) {{ ::highlight({name}{suffix}) {{ {forced} }} }}\n\
             .tex > span::highlight({name}{suffix}) {{ color: transparent }}\n"
        ));
    }
}

/// A sheet of our own, made by script and so allowed by the policy without a nonce.
fn adopt_sheet() -> Option<JsValue> {
    let sheet = construct("CSSStyleSheet")?;
    let adopted = js_sys::Reflect::get(&document(), &"adoptedStyleSheets".into()).ok()?;
    method(&adopted, "push")?.call1(&adopted, &sheet).ok()?;
    Some(sheet)
}
