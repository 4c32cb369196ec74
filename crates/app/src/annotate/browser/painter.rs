//! Colours the text by CSS Custom Highlights: the text's DOM is never touched.
//!
//! One `Highlight` a tag, and one each for the highlight in hand and for a flash. A change touches the ranges of one
//! highlight only.

use std::collections::{BTreeMap, HashMap};

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use shared::{
    document::Tag,
    ids::{HighlightId, TagId},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Range;

use super::mirror::Place;

/// The highlight in hand.
const ACTIVE: &str = "pg-active";
/// A passage that was jumped to.
const FLASH: &str = "pg-flash";
/// How long a flash lasts.
const FLASH_TIME: std::time::Duration = std::time::Duration::from_millis(900);

struct Painted {
    place: Place,
    ranges: Vec<Range>,
    tags: Vec<TagId>,
}

/// What is painted.
pub struct Painter {
    painted: BTreeMap<HighlightId, Painted>,
    layers: HashMap<TagId, Layer>,
    active: Layer,
    flash: Layer,
    sheet: Option<JsValue>,
}

/// A `Highlight` of the browser's registry. Browsers without the API have none; the cards and the lists of each
/// message's highlights still tell what is marked.
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
            let registry = Reflect::get(&js_sys::global(), &"CSS".into()).and_then(|css| Reflect::get(&css, &"highlights".into()));
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
            layers: HashMap::new(),
            active: Layer::register(ACTIVE).prioritised(100),
            flash: Layer::register(FLASH).prioritised(101),
            sheet: adopt_sheet(),
        }
    }

    /// The colours of the tags.
    pub fn set_tags(&mut self, tags: &[Tag]) {
        let rules: String = tags.iter().filter(|tag| is_colour(&tag.colour)).map(rule).collect();
        if let Some(sheet) = &self.sheet
            && let Some(replace) = method(sheet, "replaceSync")
        {
            let _ = replace.call1(sheet, &rules.into());
        }
        for (priority, tag) in (0..).zip(tags) {
            self.layers.entry(tag.id).or_insert_with(|| Layer::register(&layer_name(tag.id)).prioritised(priority));
        }
    }

    /// Paints a highlight, new or changed.
    pub fn show(&mut self, id: HighlightId, place: Place, ranges: Vec<Range>, tags: Vec<TagId>) {
        if let Some(old) = self.painted.get(&id) {
            // What did not move is not painted anew: a comment must not make the text flicker.
            if old.place == place && old.tags == tags && old.ranges.len() == ranges.len() {
                return;
            }
        }
        self.hide(id);
        for tag in &tags {
            let layer = self.layers.entry(*tag).or_insert_with(|| Layer::register(&layer_name(*tag)));
            ranges.iter().for_each(|range| layer.call("add", range));
        }
        self.painted.insert(id, Painted { place, ranges, tags });
    }

    /// Takes a highlight away.
    pub fn hide(&mut self, id: HighlightId) {
        let Some(painted) = self.painted.remove(&id) else { return };
        for layer in painted.tags.iter().filter_map(|tag| self.layers.get(tag)) {
            painted.ranges.iter().for_each(|range| layer.call("delete", range));
        }
    }

    /// All highlights in the order of the text, the lost ones last.
    pub fn order(&self) -> Vec<HighlightId> {
        let mut order: Vec<(Place, HighlightId)> = self.painted.iter().map(|(id, painted)| (painted.place, *id)).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, id)| id).collect()
    }

    /// The highlights whose text holds that point of the page, the shortest first.
    pub fn at(&self, node: &web_sys::Node, offset: u32) -> Vec<HighlightId> {
        let mut found: Vec<(usize, HighlightId)> = self
            .painted
            .iter()
            .filter(|(_, painted)| painted.ranges.iter().any(|range| range.is_point_in_range(node, offset).unwrap_or(false)))
            .map(|(id, painted)| (painted.ranges.iter().map(|range| String::from(range.to_string()).len()).sum(), *id))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }

    /// Where a highlight's text starts on the page, in CSS pixels from the top of the window.
    pub fn top(&self, id: HighlightId) -> Option<f64> {
        let range = self.painted.get(&id)?.ranges.first()?;
        let rectangles = range.get_client_rects()?;
        Some(rectangles.item(0)?.top())
    }

    /// Shows which highlight is in hand.
    pub fn set_active(&mut self, id: Option<HighlightId>) {
        self.active.clear();
        let ranges = id.and_then(|id| self.painted.get(&id)).into_iter().flat_map(|painted| &painted.ranges);
        ranges.for_each(|range| self.active.call("add", &range.clone_range()));
    }

    /// Brings a highlight's text into view, and shows it for a moment.
    pub fn flash(&mut self, id: HighlightId) {
        let Some(range) = self.painted.get(&id).and_then(|painted| painted.ranges.first()) else { return };
        let start = range.start_container().ok().and_then(|node| node.parent_element());
        if let Some(element) = start {
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Center);
            let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
            let top = self.top(id).unwrap_or_default();
            if !(60.0..height - 60.0).contains(&top) {
                element.scroll_into_view_with_scroll_into_view_options(&options);
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
    format!("tag-{tag}")
}

/// Colours come from the document, which others write: nothing else may reach the sheet.
fn is_colour(text: &str) -> bool {
    text.strip_prefix('#').is_some_and(|digits| digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn rule(tag: &Tag) -> String {
    let (name, colour) = (layer_name(tag.id), &tag.colour);
    format!(
        "::highlight({name}) {{ background-color: light-dark(color-mix(in oklab, {colour} 20%, transparent), color-mix(in oklab, {colour} 42%, transparent)); \
         text-decoration: underline 2px light-dark({colour}, color-mix(in oklab, {colour} 60%, white)); }}\n"
    )
}

/// A sheet of our own, made by script and so allowed by the policy without a nonce.
fn adopt_sheet() -> Option<JsValue> {
    let sheet = construct("CSSStyleSheet")?;
    let adopted = Reflect::get(&document(), &"adoptedStyleSheets".into()).ok()?;
    method(&adopted, "push")?.call1(&adopted, &sheet).ok()?;
    Some(sheet)
}
