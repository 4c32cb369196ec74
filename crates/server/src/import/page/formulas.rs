//! Formulas of a page, as the TeX that they were made from, else as TeX that says the same as their MathML.

use super::{
    dom::{Element, Id, Page},
    mathml,
};

pub(super) enum Formula {
    Tex {
        tex: String,
        is_block: bool,
        /// Whether it says all that the page does.
        is_whole: bool,
    },
    /// Drawn for the eye, and said nowhere.
    Picture,
}

/// Whether a script holds TeX (`MathJax` 2): the one script that is read, as text.
pub(super) fn is_source(element: &Element) -> bool {
    element.name() == "script" && element.attribute("type").is_some_and(|kind| kind.starts_with("math/tex"))
}

/// The formula that an element is.
pub(super) fn of(page: &Page, id: Id, element: &Element) -> Option<Formula> {
    let name = element.name();
    let made = |tex, is_block| Some(Formula::Tex { tex, is_block, is_whole: true });
    if is_source(element) {
        let is_block = element.attribute("type").is_some_and(|kind| kind.contains("mode=display"));
        return made(page.text(id), is_block);
    }
    if let Some(tex) = element.attribute("data-math") {
        return made(tex.to_owned(), name == "div" || element.has_class("math-block"));
    }
    let is_block =
        element.has_class("katex-display") || name == "mjx-container" && element.attribute("display") == Some("true");
    if is_block || element.has_class("katex") || matches!(name, "math" | "mjx-container") {
        let is_block = is_block || element.attribute("display") == Some("block");
        if let Some(tex) = annotation(page, id) {
            return made(tex, is_block);
        }
        let is = |id: &Id, drawn: fn(&Element) -> bool| page.element(*id).is_some_and(drawn);
        if let Some(math) = page.below(id).find(|id| is(id, |own| own.name() == "math")) {
            let (tex, is_whole) = mathml::tex(page, math);
            return Some(Formula::Tex { tex, is_block, is_whole });
        }
        let is_drawn = name == "mjx-container" || page.below(id).any(|id| is(&id, |own| own.has_class("katex-html")));
        return is_drawn.then_some(Formula::Picture);
    }
    None
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
