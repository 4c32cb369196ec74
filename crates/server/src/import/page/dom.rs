//! A page as a tree, built by html5ever as a browser builds it, within limits.
//!
//! The nodes stand in one list and name each other by number: nothing here calls itself, however deep a page is nested.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use html5ever::{
    Attribute, LocalName, Namespace, QualName,
    interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink},
    ns, parse_document,
    tendril::{StrTendril, TendrilSink},
};

use super::Limits;

/// A node's place in the list.
pub(super) type Id = usize;

/// The page itself, above its `html`.
pub(super) const ROOT: Id = 0;

/// Why a page is no tree here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TooMuch {
    Nodes,
    Depth,
    Time,
}

#[derive(Debug, Default)]
pub(super) enum Kind {
    #[default]
    Root,
    Element(Element),
    Text(String),
}

#[derive(Debug)]
pub(super) struct Element {
    name: QualName,
    /// Those that say something here ([`KEPT`]).
    attributes: Vec<Attribute>,
}

#[derive(Debug, Default)]
struct Node {
    parent: Option<Id>,
    children: Vec<Id>,
    kind: Kind,
    /// As it was when the node was put in: what is moved about afterwards is measured at the end.
    depth: usize,
}

/// A page that was read.
#[derive(Debug)]
pub(super) struct Page {
    nodes: Vec<Node>,
}

/// Attributes that are looked at; all others are dropped as they come.
const KEPT: &[&str] = &[
    "alt",
    "alttext",
    "aria-hidden",
    "class",
    "close",
    "colspan",
    "data-language",
    "data-math",
    "data-message-author-role",
    "data-message-model-slug",
    "data-testid",
    "data-turn-role",
    "display",
    "encoding",
    "height",
    "hidden",
    "href",
    "id",
    "linethickness",
    "mathvariant",
    "mode",
    "open",
    "role",
    "rowspan",
    "separators",
    "start",
    "style",
    "title",
    "type",
    "value",
    "width",
];

/// A page is given to the parser in pieces of this many bytes, and the limits are looked at after each: within one
/// piece a page of the worst kind makes a few hundred thousand nodes.
const PIECE: usize = 1 << 10;

impl Page {
    /// Reads a page. The parser takes quadratic time for some that nobody would write, so it may take only so long.
    pub(super) fn read(html: &str, limits: &Limits) -> Result<Self, TooMuch> {
        let began = Instant::now();
        let mut parser = parse_document(Sink::new(), html5ever::ParseOpts::default());
        let mut rest = html;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
            parser.process(StrTendril::from_slice(piece));
            rest = after;
            parser.tokenizer.sink.sink.check(limits, began.elapsed())?;
        }
        let page = parser.finish();
        if page.nodes.len() > limits.nodes {
            return Err(TooMuch::Nodes);
        }
        if page.depth() > limits.depth {
            return Err(TooMuch::Depth);
        }
        Ok(page)
    }

    pub(super) fn children(&self, id: Id) -> impl DoubleEndedIterator<Item = Id> + '_ {
        self.nodes[id].children.iter().copied()
    }

    pub(super) fn kind(&self, id: Id) -> &Kind {
        &self.nodes[id].kind
    }

    pub(super) fn element(&self, id: Id) -> Option<&Element> {
        match self.kind(id) {
            Kind::Element(element) => Some(element),
            _ => None,
        }
    }

    /// The node and all below it, in the order of the page.
    pub(super) fn below(&self, id: Id) -> impl Iterator<Item = Id> + '_ {
        let mut left = vec![id];
        std::iter::from_fn(move || {
            let id = left.pop()?;
            left.extend(self.children(id).rev());
            Some(id)
        })
    }

    /// The words below a node, as they stand in the page.
    pub(super) fn text(&self, id: Id) -> String {
        let texts = self.below(id).filter_map(|id| match self.kind(id) {
            Kind::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// How deep the tree is.
    fn depth(&self) -> usize {
        let mut deepest = 0;
        let mut left = vec![(ROOT, 0)];
        while let Some((id, depth)) = left.pop() {
            deepest = deepest.max(depth);
            left.extend(self.children(id).map(|child| (child, depth + 1)));
        }
        deepest
    }
}

impl Element {
    /// In lower case, as the parser writes it.
    pub(super) fn name(&self) -> &str {
        &self.name.local
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|attribute| &*attribute.name.local == name).map(|attribute| &*attribute.value)
    }

    pub(super) fn classes(&self) -> impl Iterator<Item = &str> {
        self.attribute("class").unwrap_or_default().split_ascii_whitespace()
    }

    pub(super) fn has_class(&self, class: &str) -> bool {
        self.classes().any(|own| own == class)
    }
}

/// Builds the list while the parser calls.
struct Sink {
    nodes: RefCell<Vec<Node>>,
    deepest: Cell<usize>,
}

#[derive(Debug)]
struct Name(QualName);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

impl Sink {
    fn new() -> Self {
        Self { nodes: RefCell::new(vec![Node::default()]), deepest: Cell::new(0) }
    }

    fn check(&self, limits: &Limits, taken: Duration) -> Result<(), TooMuch> {
        match () {
            () if self.nodes.borrow().len() > limits.nodes => Err(TooMuch::Nodes),
            () if self.deepest.get() > limits.depth => Err(TooMuch::Depth),
            () if taken >= limits.time => Err(TooMuch::Time),
            () => Ok(()),
        }
    }

    fn add(&self, kind: Kind) -> Id {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { kind, ..Node::default() });
        nodes.len() - 1
    }

    /// Puts a child before the one at `place`, or a text into the text before it.
    fn insert(&self, parent: Id, place: usize, child: NodeOrText<Id>) {
        let child = match child {
            NodeOrText::AppendNode(child) => {
                self.detach(child);
                child
            }
            NodeOrText::AppendText(text) => {
                let mut nodes = self.nodes.borrow_mut();
                let before = place.checked_sub(1).map(|before| nodes[parent].children[before]);
                if let Some(Kind::Text(words)) = before.map(|before| &mut nodes[before].kind) {
                    words.push_str(&text);
                    return;
                }
                drop(nodes);
                self.add(Kind::Text(text.to_string()))
            }
        };
        let mut nodes = self.nodes.borrow_mut();
        // A child of the same parent may have stood before the place.
        let place = place.min(nodes[parent].children.len());
        nodes[parent].children.insert(place, child);
        nodes[child].parent = Some(parent);
        let depth = nodes[parent].depth + 1;
        nodes[child].depth = depth;
        self.deepest.set(self.deepest.get().max(depth));
    }

    fn detach(&self, child: Id) {
        let mut nodes = self.nodes.borrow_mut();
        let Some(parent) = nodes[child].parent.take() else { return };
        // What is moved was mostly put in last.
        if let Some(place) = nodes[parent].children.iter().rposition(|&id| id == child) {
            nodes[parent].children.remove(place);
        }
    }
}

impl TreeSink for Sink {
    type Handle = Id;
    type Output = Page;
    type ElemName<'a> = Name;

    fn finish(self) -> Page {
        Page { nodes: self.nodes.into_inner() }
    }

    fn parse_error(&self, _: std::borrow::Cow<'static, str>) {}

    fn get_document(&self) -> Id {
        ROOT
    }

    fn elem_name<'a>(&'a self, target: &'a Id) -> Name {
        Name(match &self.nodes.borrow()[*target].kind {
            Kind::Element(element) => element.name.clone(),
            // Asked of elements alone.
            _ => QualName::new(None, ns!(), LocalName::from("")),
        })
    }

    fn create_element(&self, name: QualName, attributes: Vec<Attribute>, _: ElementFlags) -> Id {
        let kept = |attribute: &Attribute| KEPT.contains(&&*attribute.name.local);
        let attributes = attributes.into_iter().filter(kept).collect();
        self.add(Kind::Element(Element { name, attributes }))
    }

    // What is no part of the page is a text of no words that stands nowhere.
    fn create_comment(&self, _: StrTendril) -> Id {
        self.add(Kind::Root)
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Id {
        self.add(Kind::Root)
    }

    fn append(&self, parent: &Id, child: NodeOrText<Id>) {
        let place = self.nodes.borrow()[*parent].children.len();
        self.insert(*parent, place, child);
    }

    fn append_based_on_parent_node(&self, element: &Id, before: &Id, child: NodeOrText<Id>) {
        let has_parent = self.nodes.borrow()[*element].parent.is_some();
        if has_parent { self.append_before_sibling(element, child) } else { self.append(before, child) }
    }

    fn append_before_sibling(&self, sibling: &Id, child: NodeOrText<Id>) {
        if let NodeOrText::AppendNode(child) = &child {
            self.detach(*child);
        }
        let nodes = self.nodes.borrow();
        let Some(parent) = nodes[*sibling].parent else { return };
        let Some(place) = nodes[parent].children.iter().rposition(|id| id == sibling) else { return };
        drop(nodes);
        self.insert(parent, place, child);
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    // What stands in a template is in no page: it is put below nothing.
    fn get_template_contents(&self, _: &Id) -> Id {
        self.add(Kind::Root)
    }

    fn same_node(&self, one: &Id, other: &Id) -> bool {
        one == other
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn add_attrs_if_missing(&self, target: &Id, attributes: Vec<Attribute>) {
        if let Kind::Element(element) = &mut self.nodes.borrow_mut()[*target].kind {
            for attribute in attributes {
                let name = &*attribute.name.local;
                if KEPT.contains(&name) && element.attribute(name).is_none() {
                    element.attributes.push(attribute);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Id) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &Id, new_parent: &Id) {
        let children = std::mem::take(&mut self.nodes.borrow_mut()[*node].children);
        for child in children {
            self.nodes.borrow_mut()[child].parent = None;
            self.append(new_parent, NodeOrText::AppendNode(child));
        }
    }
}
