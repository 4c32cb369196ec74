//! Formulas of a page, as the TeX that they were made from.

use super::dom::{Element, Id, Page};

pub(super) enum Formula {
    Line(String),
    Block(String),
}

/// Whether a script holds TeX (`MathJax` 2): the one script that is read, as text.
pub(super) fn is_source(element: &Element) -> bool {
    element.name() == "script" && element.attribute("type").is_some_and(|kind| kind.starts_with("math/tex"))
}

/// The formula that an element is, if it says its TeX.
pub(super) fn of(page: &Page, id: Id, element: &Element) -> Option<Formula> {
    let name = element.name();
    if is_source(element) {
        let is_block = element.attribute("type").is_some_and(|kind| kind.contains("mode=display"));
        return Some(made(page.text(id), is_block));
    }
    if let Some(tex) = element.attribute("data-math") {
        return Some(made(tex.to_owned(), name == "div" || element.has_class("math-block")));
    }
    let is_block =
        element.has_class("katex-display") || name == "mjx-container" && element.attribute("display") == Some("true");
    if is_block || element.has_class("katex") || matches!(name, "math" | "mjx-container") {
        let is_block = is_block || element.attribute("display") == Some("block");
        return annotation(page, id).map(|tex| made(tex, is_block));
    }
    None
}

fn made(tex: String, is_block: bool) -> Formula {
    if is_block { Formula::Block(tex) } else { Formula::Line(tex) }
}

/// The TeX beside the MathML.
fn annotation(page: &Page, id: Id) -> Option<String> {
    let tex = page.below(id).find_map(|id| {
        let element = page.element(id)?;
        match element.name() {
            "annotation" if element.attribute("encoding").is_some_and(|kind| kind.contains("tex")) => {
                Some(page.text(id))
            }
            "math" => element.attribute("alttext").map(str::to_owned),
            _ => None,
        }
    })?;
    (!tex.trim().is_empty()).then_some(tex)
}
