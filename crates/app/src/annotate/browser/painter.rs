//! Colours the text by CSS Custom Highlights: the text's DOM is never touched.
//!
//! One `Highlight` a tag, and one each for the highlight in hand and for a flash. A change touches the ranges of one
//! highlight only.

use std::collections::{BTreeMap, HashMap, HashSet};

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use shared::{
    document::Tag,
    ids::{HighlightId, TagId},
    order::sorted_by,
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Range;

/// The highlight in hand.
const ACTIVE: &str = "pg-active";
/// A passage that was jumped to.
const FLASH: &str = "pg-flash";
/// People's colours.
const HUES: u32 = 12;
/// Room for the bar above and as much below, in CSS pixels: a passage there counts as out of sight.
const BAR: f64 = 60.0;
/// How long a flash lasts.
const FLASH_TIME: std::time::Duration = std::time::Duration::from_millis(900);

/// A passage: which message of the page, and code points of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The message's place on the page.
    pub place: usize,
    /// Where it starts.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// A highlight as it is painted.
pub struct Painted {
    /// Its passages, in the order of its targets; a lost one is not among them.
    pub spans: Vec<Span>,
    /// The same, as ranges of the page.
    pub ranges: Vec<Range>,
    /// Its tags.
    pub tags: Vec<TagId>,
}

impl Painted {
    /// Where it stands among the others; the lost ones last.
    fn place(&self) -> (bool, Option<Span>) {
        (self.spans.is_empty(), self.spans.iter().min().copied())
    }
}

/// What is painted.
pub struct Painter {
    painted: BTreeMap<HighlightId, Painted>,
    /// Those that are not coloured for now.
    left_out: HashSet<HighlightId>,
    layers: HashMap<TagId, TagLayers>,
    untagged: Layer,
    in_hand: Option<HighlightId>,
    flash: Layer,
    company: Vec<Layer>,
    tops: HashMap<HighlightId, f64>,
    sheet: Option<JsValue>,
}

/// The ranges of a tag, and those of them that are in hand.
struct TagLayers {
    base: Layer,
    on: Layer,
}

impl TagLayers {
    fn of(tag: TagId) -> Self {
        let name = layer_name(tag);
        Self { base: Layer::register(&name).prioritised(1), on: Layer::register(&format!("{name}-on")).prioritised(3) }
    }
}

/// A `Highlight` of the browser's registry. Browsers without the API have none; the cards still tell what is marked.
struct Layer(Option<JsValue>);

fn method(object: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(object, &name.into()).ok()?.dyn_into().ok()
}

fn construct(name: &str) -> Option<JsValue> {
    let class: Function = Reflect::get(&js_sys::global(), &name.into()).ok()?.dyn_into().ok()?;
    Reflect::construct(&class, &Array::new()).ok()
}

impl Layer {
    fn register(name: &str) -> Self {
        let layer = construct("Highlight");
        if let Some(layer) = &layer {
            let registry =
                Reflect::get(&js_sys::global(), &"CSS".into()).and_then(|css| Reflect::get(&css, &"highlights".into()));
            if let Ok(registry) = registry
                && let Some(set) = method(&registry, "set")
            {
                // Without a registry nothing is painted, as without the API.
                let _ = set.call2(&registry, &name.into(), layer);
            }
        }
        Self(layer)
    }

    fn prioritised(self, priority: i32) -> Self {
        if let Some(layer) = &self.0 {
            let _ = Reflect::set(layer, &"priority".into(), &priority.into());
        }
        self
    }

    fn call(&self, name: &str, range: &Range) {
        if let Some(layer) = &self.0
            && let Some(function) = method(layer, name)
        {
            let _ = function.call1(layer, range);
        }
    }

    fn clear(&self) {
        if let Some(layer) = &self.0
            && let Some(clear) = method(layer, "clear")
        {
            let _ = clear.call0(layer);
        }
    }
}

impl Painter {
    /// Paints nothing yet.
    pub fn new() -> Self {
        Self {
            painted: BTreeMap::new(),
            left_out: HashSet::new(),
            layers: HashMap::new(),
            untagged: Layer::register(ACTIVE).prioritised(9),
            in_hand: None,
            flash: Layer::register(FLASH).prioritised(10),
            tops: HashMap::new(),
            company: (0..HUES).map(|hue| Layer::register(&format!("pg-person-{hue}")).prioritised(0)).collect(),
            sheet: adopt_sheet(),
        }
    }

    /// The colours of the tags.
    pub fn set_tags(&mut self, tags: &[Tag]) {
        let rules: String = tags.iter().map(rule).collect();
        if let Some(sheet) = &self.sheet
            && let Some(replace) = method(sheet, "replaceSync")
        {
            let _ = replace.call1(sheet, &rules.into());
        }
        for tag in tags {
            self.layers.entry(tag.id).or_insert_with(|| TagLayers::of(tag.id));
        }
    }

    /// Paints a highlight, new or changed; says whether its place among the others may be another now.
    pub fn show(&mut self, id: HighlightId, new: Painted) -> bool {
        let old = self.painted.get(&id);
        // What did not move is not painted anew: a comment must not make the text flicker.
        if old.is_some_and(|old| old.spans == new.spans && old.tags == new.tags) {
            return false;
        }
        let moved = old.is_none_or(|old| old.place() != new.place());
        self.hide(id);
        for tag in &new.tags {
            self.layers.entry(*tag).or_insert_with(|| TagLayers::of(*tag));
        }
        self.painted.insert(id, new);
        if !self.left_out.contains(&id) {
            self.colour("add", id);
        }
        if self.in_hand == Some(id) {
            self.set_active(Some(id));
        }
        moved
    }

    /// Takes the colours of these away, and of no others.
    pub fn leave_out(&mut self, ids: HashSet<HighlightId>) {
        let before = std::mem::replace(&mut self.left_out, ids);
        self.left_out.difference(&before).for_each(|id| self.colour("delete", *id));
        before.difference(&self.left_out).for_each(|id| self.colour("add", *id));
    }

    /// Adds a highlight's ranges to the layers of its tags, or deletes them.
    fn colour(&self, method: &str, id: HighlightId) {
        let Some(painted) = self.painted.get(&id) else { return };
        for layers in painted.tags.iter().filter_map(|tag| self.layers.get(tag)) {
            painted.ranges.iter().for_each(|range| layers.base.call(method, range));
        }
    }

    /// Takes a highlight away.
    pub fn hide(&mut self, id: HighlightId) {
        self.tops.remove(&id);
        self.colour("delete", id);
        let Some(painted) = self.painted.remove(&id) else { return };
        let in_hand = self.in_hand == Some(id);
        for layers in painted.tags.iter().filter_map(|tag| self.layers.get(tag)) {
            if in_hand {
                layers.on.clear();
            }
        }
        if in_hand {
            self.untagged.clear();
        }
    }

    /// All highlights in the order of the text, the lost ones last.
    pub fn order(&self) -> Vec<HighlightId> {
        let order: Vec<_> = self.painted.iter().map(|(id, painted)| (painted.place(), *id)).collect();
        sorted_by(order, Ord::cmp).into_iter().map(|(_, id)| id).collect()
    }

    /// The highlights whose text holds that point of the page, the shortest first.
    pub fn at(&self, node: &web_sys::Node, offset: u32) -> Vec<HighlightId> {
        let found: Vec<(usize, HighlightId)> = self
            .painted
            .iter()
            .filter(|(id, painted)| {
                !self.left_out.contains(id)
                    && painted.ranges.iter().any(|range| range.is_point_in_range(node, offset).unwrap_or(false))
            })
            .map(|(id, painted)| (painted.ranges.iter().map(|range| String::from(range.to_string()).len()).sum(), *id))
            .collect();
        sorted_by(found, Ord::cmp).into_iter().map(|(_, id)| id).collect()
    }

    /// Where a highlight's text starts on the page, in CSS pixels from the top of the window.
    pub fn top(&self, id: HighlightId) -> Option<f64> {
        let range = self.painted.get(&id)?.ranges.first()?;
        let rectangles = range.get_client_rects()?;
        Some(rectangles.item(0)?.top())
    }

    /// The same from the top of the page, asked once until lines move; `scrolled` is how far the page is scrolled.
    pub fn page_top(&mut self, id: HighlightId, scrolled: f64) -> Option<f64> {
        if let Some(top) = self.tops.get(&id) {
            return Some(*top);
        }
        let top = self.top(id)? + scrolled;
        self.tops.insert(id, top);
        Some(top)
    }

    /// Lines have moved.
    pub fn forget_tops(&mut self) {
        self.tops.clear();
    }

    /// Shows what the others have selected, each in the colour of their sign.
    pub fn set_company(&mut self, selections: &[(u32, Vec<Range>)]) {
        self.company.iter().for_each(Layer::clear);
        for (hue, ranges) in selections {
            if let Some(layer) = self.company.get(*hue as usize) {
                ranges.iter().for_each(|range| layer.call("add", range));
            }
        }
    }

    /// Shows which highlight is in hand.
    pub fn set_active(&mut self, id: Option<HighlightId>) {
        if let Some(old) = self.in_hand.and_then(|old| self.painted.get(&old)) {
            old.tags.iter().filter_map(|tag| self.layers.get(tag)).for_each(|layers| layers.on.clear());
        }
        self.untagged.clear();
        self.in_hand = id;
        let Some(painted) = id.and_then(|id| self.painted.get(&id)) else { return };
        let layers: Vec<&Layer> =
            painted.tags.iter().filter_map(|tag| self.layers.get(tag)).map(|layers| &layers.on).collect();
        for range in &painted.ranges {
            match layers.first() {
                // Safari does not draw a range that two Highlights share.
                Some(layer) => layer.call("add", &range.clone_range()),
                None => self.untagged.call("add", &range.clone_range()),
            }
        }
    }

    /// Brings a highlight's text into view, and shows it for a moment.
    pub fn flash(&mut self, id: HighlightId) {
        let Some(range) = self.painted.get(&id).and_then(|painted| painted.ranges.first()) else { return };
        let start = range.start_container().ok().and_then(|node| node.parent_element());
        if let Some(element) = start {
            let height = super::places::free_height();
            let top = self.top(id).unwrap_or_default();
            if !(BAR..height - BAR).contains(&top) {
                // Brings what scrolls by itself (a table, code) to the passage; then the page, by the passage and not by its
                // paragraph, which may be higher than the window.
                let options = web_sys::ScrollIntoViewOptions::new();
                options.set_block(web_sys::ScrollLogicalPosition::Nearest);
                element.scroll_into_view_with_scroll_into_view_options(&options);
                let middle = (BAR + height) / 2.0;
                window().scroll_by_with_x_and_y(0.0, self.top(id).unwrap_or_default() - middle);
            }
        }
        self.flash.clear();
        self.flash.call("add", &range.clone_range());
        set_timeout(
            || {
                if let Some(session) = super::session() {
                    session.painter.borrow().flash.clear();
                }
            },
            FLASH_TIME,
        );
    }
}

fn layer_name(tag: TagId) -> String {
    format!("pg-tag-{tag}")
}

/// The look of a tag's ranges, and of those in hand (the colour is one: the picture of the document sees to it); the reasons for the numbers stand in `style/40-reading.css`.
fn rule(tag: &Tag) -> String {
    let (name, colour) = (layer_name(tag.id), &tag.colour);
    let ground = |light: f32, dark: f32| {
        format!(
            "light-dark(oklch(from {colour} clamp(.6, l, .84) min(c, .15) h / {light}), oklch(from {colour} clamp(.45, l, .57) min(c, .13) h / {dark}))"
        )
    };
    let line = |light: &str| {
        format!(
            "light-dark(oklch(from {colour} {light} h), oklch(from {colour} clamp(.64, .42 + l * .6, .93) min(c, .16) h))"
        )
    };
    let (base, in_hand) = (ground(0.26, 0.34), ground(0.42, 0.5));
    let (thin, thick) = (line("clamp(.36, l, .54) min(c, .2)"), line("clamp(.36, .22 + l * .3, .47) min(c, .17)"));
    format!(
        "::highlight({name}) {{ background-color: {base}; text-decoration: underline var(--mark-line, 2px) {thin}; text-underline-offset: .26em; }}\n\
         ::highlight({name}-on) {{ background-color: {in_hand}; color: var(--ink, CanvasText); \
         text-decoration: underline calc(var(--mark-line, 2px) + 1px) {thick}; text-underline-offset: .26em; }}\n\
         @media (forced-colors: active) {{ ::highlight({name}), ::highlight({name}-on) {{ background-color: Mark; color: MarkText; }} }}\n"
    )
}

/// A sheet of our own, made by script and so allowed by the policy without a nonce.
fn adopt_sheet() -> Option<JsValue> {
    let sheet = construct("CSSStyleSheet")?;
    let adopted = Reflect::get(&document(), &"adoptedStyleSheets".into()).ok()?;
    method(&adopted, "push")?.call1(&adopted, &sheet).ok()?;
    Some(sheet)
}
