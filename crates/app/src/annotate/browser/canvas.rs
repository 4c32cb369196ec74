//! What colours are put on: the browser's registry of highlights or, where it has none, rectangles above the text. The
//! text's DOM is never touched.

use std::{cell::Cell, collections::HashMap};

use js_sys::{Array, Function, Reflect};
use leptos::prelude::*;
use shared::ids::TagId;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{DomRect, HtmlElement, Range};

/// What is drawn alike: one `Highlight` of the registry.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Layer {
    /// What bears a tag; none is for highlights whose tags are gone.
    Tag(Option<TagId>, Rank),
    /// What somebody has selected, by their hue.
    Person(u32),
    /// What is pointed at from elsewhere.
    Pointed,
    /// A passage that was jumped to.
    Flash,
}

/// Which of the strands over a piece of text it is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rank {
    /// The first, or the only one.
    First,
    /// The second of two.
    Second,
    /// The second of more.
    More,
    /// The one in hand, which comes first.
    InHand,
}

impl Rank {
    /// As names of highlights end, and rectangles say.
    fn suffix(self) -> &'static str {
        match self {
            Self::First => "",
            Self::Second => "-2",
            Self::More => "-3",
            Self::InHand => "-on",
        }
    }
}

impl Layer {
    fn name(self) -> String {
        match self {
            Self::Tag(tag, rank) => layer_name(tag) + rank.suffix(),
            Self::Person(hue) => format!("pg-person-{hue}"),
            Self::Pointed => "pg-pointed".to_owned(),
            Self::Flash => "pg-flash".to_owned(),
        }
    }

    /// Higher ones are drawn above.
    fn priority(self) -> u8 {
        match self {
            Self::Person(_) => 0,
            Self::Tag(_, Rank::First) => 1,
            Self::Tag(_, Rank::Second | Rank::More) => 2,
            Self::Tag(_, Rank::InHand) => 3,
            Self::Pointed => 8,
            Self::Flash => 10,
        }
    }
}

/// How the registry knows what bears a tag.
pub fn layer_name(tag: Option<TagId>) -> String {
    tag.map_or_else(|| "pg-tag-none".to_owned(), |tag| format!("pg-tag-{tag}"))
}

/// Where colours are.
pub struct Canvas {
    /// The browser's registry, if it has one.
    registry: Option<JsValue>,
    layers: HashMap<Layer, Ink>,
    /// The colour of each tag, for rectangles.
    colours: HashMap<TagId, String>,
}

/// What a layer holds.
struct Ink {
    highlight: Option<JsValue>,
    /// Kept for rectangles alone.
    ranges: Vec<Range>,
}

/// A function of an object, if it has one of that name.
pub fn method(object: &JsValue, name: &str) -> Option<Function> {
    Reflect::get(object, &name.into()).ok()?.dyn_into().ok()
}

/// A new object of a class of the browser's, if there is one of that name.
pub fn construct(name: &str) -> Option<JsValue> {
    let class: Function = Reflect::get(&js_sys::global(), &name.into()).ok()?.dyn_into().ok()?;
    Reflect::construct(&class, &Array::new()).ok()
}

fn registry() -> Option<JsValue> {
    construct("Highlight")?;
    let css = Reflect::get(&js_sys::global(), &"CSS".into()).ok()?;
    Reflect::get(&css, &"highlights".into()).ok().filter(JsValue::is_object)
}

impl Canvas {
    /// An empty one.
    pub fn new() -> Self {
        let registry = registry();
        if registry.is_none() {
            watch_scrollers();
        }
        Self { registry, layers: HashMap::new(), colours: HashMap::new() }
    }

    /// Whether colours are rectangles here.
    pub fn is_overlay(&self) -> bool {
        self.registry.is_none()
    }

    /// The colours of the tags.
    pub fn set_colours(&mut self, colours: HashMap<TagId, String>) {
        self.colours = colours;
        self.redraw_soon();
    }

    fn ink(&mut self, layer: Layer) -> &mut Ink {
        let registry = &self.registry;
        self.layers.entry(layer).or_insert_with(|| {
            let highlight = registry.as_ref().and_then(|registry| register(registry, layer));
            Ink { highlight, ranges: Vec::new() }
        })
    }

    /// Colours a range. Each range belongs to one layer: Safari does not draw one that two Highlights share.
    pub fn add(&mut self, layer: Layer, range: &Range) {
        let ink = self.ink(layer);
        match &ink.highlight {
            Some(highlight) => drop(method(highlight, "add").map(|add| add.call1(highlight, range))),
            None => {
                ink.ranges.push(range.clone());
                self.redraw_soon();
            }
        }
    }

    /// Takes a range's colour away.
    pub fn delete(&mut self, layer: Layer, range: &Range) {
        let ink = self.ink(layer);
        match &ink.highlight {
            Some(highlight) => drop(method(highlight, "delete").map(|delete| delete.call1(highlight, range))),
            None => {
                ink.ranges.retain(|other| other != range);
                self.redraw_soon();
            }
        }
    }

    /// Takes all colour of a layer away.
    pub fn clear(&mut self, layer: Layer) {
        let Some(ink) = self.layers.get_mut(&layer) else { return };
        ink.ranges.clear();
        match &ink.highlight {
            Some(highlight) => drop(method(highlight, "clear").map(|clear| clear.call0(highlight))),
            None => self.redraw_soon(),
        }
    }

    /// Lines may stand elsewhere, or there is something else to draw.
    pub fn redraw_soon(&self) {
        if self.is_overlay() && !WAITING.replace(true) {
            request_animation_frame(redraw);
        }
    }

    /// All rectangles of a layer: reads, and writes nothing.
    fn boxes(&self, layer: Layer, ink: &Ink, scrolled: (f64, f64)) -> Vec<HtmlElement> {
        ink.ranges
            .iter()
            .flat_map(|range| {
                let clip = clip(range);
                let list = range.get_client_rects();
                let rectangles: Vec<DomRect> =
                    list.iter().flat_map(|list| (0..list.length()).filter_map(|index| list.item(index))).collect();
                rectangles.into_iter().filter_map(move |rectangle| self.rectangle(layer, &rectangle, &clip, scrolled))
            })
            .collect()
    }

    fn rectangle(&self, layer: Layer, at: &DomRect, clip: &[DomRect], (x, y): (f64, f64)) -> Option<HtmlElement> {
        let cut = |(left, right): (f64, f64), by: &DomRect| (left.max(by.left()), right.min(by.right()));
        let (left, right) = clip.iter().fold((at.left(), at.right()), cut);
        if right <= left {
            return None;
        }
        let element: HtmlElement = document().create_element("div").ok()?.unchecked_into();
        let style = HtmlElement::style(&element);
        let (kind, colour) = match layer {
            Layer::Tag(tag, rank) => (rank.suffix(), tag.and_then(|tag| self.colours.get(&tag))),
            Layer::Person(hue) => {
                element.set_attribute("data-hue", &hue.to_string()).ok()?;
                ("person", None)
            }
            Layer::Pointed => ("pointed", None),
            Layer::Flash => ("flash", None),
        };
        element.set_attribute("data-layer", kind).ok()?;
        if let Some(colour) = colour {
            style.set_property("--t", colour).ok()?;
        }
        for (name, value) in
            [("left", left + x), ("top", at.top() + y), ("width", right - left), ("height", at.height())]
        {
            style.set_property(name, &format!("{value}px")).ok()?;
        }
        Some(element)
    }
}

fn register(registry: &JsValue, layer: Layer) -> Option<JsValue> {
    let highlight = construct("Highlight")?;
    Reflect::set(&highlight, &"priority".into(), &layer.priority().into()).ok()?;
    method(registry, "set")?.call2(registry, &layer.name().into(), &highlight).ok()?;
    Some(highlight)
}

thread_local! {
    static WAITING: Cell<bool> = const { Cell::new(false) };
}

/// Draws all rectangles anew: only what is near the window has any.
fn redraw() {
    WAITING.set(false);
    let Some(session) = super::session() else { return };
    let painter = session.painter.borrow();
    let canvas = painter.canvas();
    let scrolled = (window().scroll_x().unwrap_or_default(), window().scroll_y().unwrap_or_default());
    let mut layers: Vec<(&Layer, &Ink)> = canvas.layers.iter().collect();
    layers = shared::order::sorted_by(layers, |a, b| a.0.priority().cmp(&b.0.priority()));
    let boxes: Vec<HtmlElement> =
        layers.into_iter().flat_map(|(layer, ink)| canvas.boxes(*layer, ink, scrolled)).collect();
    let Some(overlay) = overlay() else { return };
    overlay.set_text_content(None);
    for rectangle in boxes {
        // An element of the page takes another in.
        let _ = overlay.append_child(&rectangle);
    }
}

/// What holds the rectangles: outside the text, at the page's end.
fn overlay() -> Option<web_sys::Element> {
    if let Some(overlay) = document().query_selector(".paint").ok()? {
        return Some(overlay);
    }
    let overlay = document().create_element("div").ok()?;
    overlay.set_class_name("paint");
    overlay.set_attribute("aria-hidden", "true").ok()?;
    document().body()?.append_child(&overlay).ok()?;
    Some(overlay)
}

/// What cuts a range off at its sides: a table, code or formula that is scrolled by itself, and the formula of which it is
/// the TeX.
fn clip(range: &Range) -> Vec<DomRect> {
    let element = range.start_container().ok().and_then(|node| node.parent_element());
    let around = |which: &&str| element.as_ref()?.closest(which).ok()?;
    let by = ["pre, .table-scroll, .math-block, .math-wide", ".tex"];
    by.iter().filter_map(around).map(|by| by.get_bounding_client_rect()).collect()
}

/// What is scrolled by itself takes its rectangles along. Such events do not rise to the page.
fn watch_scrollers() {
    let scrolled = Closure::<dyn Fn(web_sys::Event)>::new(move |event: web_sys::Event| {
        let is_page = event.target().is_some_and(|target| target.is_instance_of::<web_sys::Document>());
        if let Some(session) = super::session().filter(|_| !is_page) {
            session.painter.borrow().canvas().redraw_soon();
        }
    });
    let callback = scrolled.as_ref().unchecked_ref();
    // Fails for nothing but a missing event name.
    let _ = document().add_event_listener_with_callback_and_bool("scroll", callback, true);
    scrolled.forget();
}
