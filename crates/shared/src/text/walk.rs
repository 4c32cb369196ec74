//! Test only: reads our own HTML back as a browser would, and checks what must hold for every rendered message.

use super::{Rendered, Utf16Len};

const TAGS: [&str; 26] = [
    "span",
    "p",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "ul",
    "ol",
    "li",
    "pre",
    "code",
    "div",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "em",
    "strong",
    "del",
    "a",
    "br",
    "hr",
    "input",
];
const VOID: [&str; 3] = ["br", "hr", "input"];
/// What a formula is shown with. Text in it is not the message's.
const MATHML: [&str; 29] = [
    "math",
    "mi",
    "mn",
    "mo",
    "mtext",
    "mspace",
    "mrow",
    "mfrac",
    "msqrt",
    "mroot",
    "mpadded",
    "mphantom",
    "menclose",
    "msub",
    "msup",
    "msubsup",
    "munder",
    "mover",
    "munderover",
    "mmultiscripts",
    "mprescripts",
    "mtable",
    "mtr",
    "mtd",
    "b",
    "i",
    "em",
    "s",
    "u",
];
const ATTRIBUTES: [&str; 13] = [
    "align",
    "dir",
    "class",
    "tabindex",
    "role",
    "aria-label",
    "aria-hidden",
    "href",
    "rel",
    "start",
    "type",
    "disabled",
    "checked",
];
const OF_MATHML: [&str; 23] = [
    "accent",
    "accentunder",
    "class",
    "columnspan",
    "depth",
    "display",
    "displaystyle",
    "form",
    "height",
    "largeop",
    "linethickness",
    "lspace",
    "mathvariant",
    "maxsize",
    "minsize",
    "movablelimits",
    "notation",
    "rspace",
    "scriptlevel",
    "separator",
    "stretchy",
    "symmetric",
    "width",
];
/// Text in these would be moved elsewhere by an HTML parser, or is white space that nobody wrote.
const WITHOUT_TEXT: [&str; 9] = ["ul", "ol", "div", "table", "thead", "tbody", "tr", "pre", "blockquote"];

/// The text nodes of HTML that [`check`] accepts.
pub(crate) fn text_nodes(html: &str) -> Vec<String> {
    let mut nodes = Vec::new();
    walk(html, |_, text| nodes.push(text));
    nodes
}

/// What holds for every rendered message.
pub(crate) fn check(rendered: &Rendered) {
    let mut rebuilt = String::new();
    let mut runs = rendered.runs.iter();
    walk(&rendered.html, |parent, text| {
        assert!(!WITHOUT_TEXT.contains(&parent), "text in <{parent}>: {text:?} of {}", rendered.html);
        assert!(!text.contains(|c: char| c < ' ' && c != '\n' && c != '\t'), "controls in {text:?}");
        let run = runs.next().unwrap_or_else(|| panic!("no run for {text:?} of {}", rendered.html));
        assert_eq!(run.len, Utf16Len::of(&text), "{text:?} of {}", rendered.html);
        rebuilt.push_str(run.before.as_str());
        rebuilt.push_str(&text);
    });
    assert!(runs.next().is_none(), "a run without a text node in {}", rendered.html);
    assert_eq!(rebuilt, rendered.text);
    assert!(rendered.runs.first().is_none_or(|run| run.before.is_empty()), "{}", rendered.html);
    assert_eq!(super::decode_runs(&super::encode_runs(&rendered.runs)).as_ref(), Ok(&rendered.runs));
}

/// Calls `each` with every text node and the name of its element; panics where tags are unbalanced, unknown or nested
/// in a way that a parser would mend.
fn walk(html: &str, mut each: impl FnMut(&str, String)) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while !rest.is_empty() {
        let end = rest.find('<').unwrap_or(rest.len());
        if end > 0 {
            let text = unescape(&rest[..end]);
            let parent = open.last().expect("text outside an element");
            if !open.contains(&"math") {
                each(parent, text);
            }
        }
        rest = &rest[end..];
        let Some(end) = rest.find('>') else { break };
        let tag = &rest[1..end];
        rest = &rest[end + 1..];
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "{html}"),
            None => start_tag(tag, &mut open, html),
        }
    }
    assert!(open.is_empty() && rest.is_empty(), "{open:?} {rest} {html}");
}

fn start_tag<'html>(tag: &'html str, open: &mut Vec<&'html str>, html: &str) {
    let (tag, is_empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let name = tag.split(' ').next().unwrap_or_default();
    let in_formula = name == "math" || open.contains(&"math");
    let (tags, attributes): (&[_], &[_]) = if in_formula { (&MATHML, &OF_MATHML) } else { (&TAGS, &ATTRIBUTES) };
    assert!(!name.is_empty() && tags.contains(&name), "<{tag}> in {html}");
    assert!(in_formula || !is_empty, "<{tag}/> in {html}");
    let mut quoted = tag[name.len()..].split('"');
    while let Some(between) = quoted.next() {
        for attribute in between.split([' ', '=']).filter(|attribute| !attribute.is_empty()) {
            assert!(attributes.contains(&attribute), "<{tag}> in {html}");
        }
        quoted.next();
    }
    let in_text = open.iter().any(|name| ["p", "h3", "h4", "h5", "h6", "pre"].contains(name));
    let block = !in_formula && !["code", "em", "strong", "del", "a", "br", "input", "span"].contains(&name);
    assert!(!(in_text && block), "<{tag}> in a paragraph of {html}");
    assert!(!(name == "a" && open.contains(&"a")), "a link in a link of {html}");
    assert_eq!(name == "li", ["ul", "ol"].contains(open.last().unwrap_or(&"")), "<{tag}> in {html}");
    if !VOID.contains(&name) && !is_empty {
        open.push(name);
    }
}

/// Our own references only, so anything else with an ampersand is a mistake.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').expect("a reference ends");
        plain.push_str(before);
        plain.push_str(match name {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            _ => panic!("&{name}; in {text}"),
        });
        rest = after;
    }
    plain + rest
}
