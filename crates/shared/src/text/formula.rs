//! TeX to MathML Core, which browsers show and read out without a script.
//!
//! `math-core` translates; what it makes is written anew here, tag by tag, and whatever is not on the lists below is not in
//! a message: no links, ids, scripts or styles. Our pages allow no `style` attributes, so that each declaration that it is
//! known to write becomes a class of its own (`style/math/`).
//!
//! What is no TeX that it knows, or more than the limits, is shown as its source.

use std::{panic::catch_unwind, sync::LazyLock};

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::escape::{push_attribute, push_text};

/// The MathML of one formula, in bytes.
const MAX_FORMULA: usize = 32 << 10;
/// Elements inside each other. Browsers lay them out by recursion, and take each level twice.
const MAX_DEPTH: usize = 32;
/// What fits into the narrowest window, in letters of ordinary width. What may be wider scrolls by itself.
const NARROW: f32 = 20.0;
/// Braces inside each other, and commands: `math-core` takes each by recursion, 2 KiB of the stack.
const MAX_BRACES: usize = MAX_DEPTH;
const MAX_COMMANDS: usize = 250;

/// What of formulas a message may still hold, in bytes of HTML: some thousands, which take a browser seconds. The rest of
/// them are shown as their source.
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(512 << 10)
    }
}

const ELEMENTS: [&str; 29] = [
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

const ATTRIBUTES: [&str; 22] = [
    "accent",
    "accentunder",
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

/// Declarations and classes that say the same.
const STYLES: [(&str, &str); 22] = [
    ("text-align: left", "ma-start"),
    ("text-align: right", "ma-end"),
    ("padding-left: 0", "ma-pl0"),
    ("padding-right: 0", "ma-pr0"),
    ("padding-left: 0.1em", "ma-pl0"),
    ("padding-right: 0.1em", "ma-pr0"),
    ("padding-left: 1em", "ma-pl1"),
    ("padding-top: 0", "ma-py0"),
    ("border-left: 0.05em solid currentcolor", "ma-bl"),
    ("border-right: 0.05em solid currentcolor", "ma-br"),
    ("border-top: 0.05em solid currentcolor", "ma-bt"),
    ("border-left: 0.05em dashed currentcolor", "ma-bl ma-dashed"),
    ("border-right: 0.05em dashed currentcolor", "ma-br ma-dashed"),
    ("border-top: 0.05em dashed currentcolor", "ma-bt ma-dashed"),
    ("padding-left: 0.1667em", "ma-l3"),
    ("padding-left: 0.2222em", "ma-l4"),
    ("padding-left: 0.2778em", "ma-l5"),
    ("padding-right: 0.1667em", "ma-r3"),
    ("padding-right: 0.2222em", "ma-r4"),
    ("padding-right: 0.2778em", "ma-r5"),
    ("width: 50%", "ma-half"),
    ("width: 7.5%", "ma-margin"),
];

const CLASSES: [&str; 3] = ["menclose-updiagonalstrike", "menclose-downdiagonalstrike", "menclose-horizontalstrike"];

/// The HTML before and behind TeX, which stands in it with its delimiters; nothing where it is shown as its source.
///
/// The TeX is the text. It is not seen but for what colours it: the style sheet lays its first letter over the whole of the
/// formula. Who listens hears the MathML alone.
pub(super) fn render(tex: &str, budget: &mut Budget) -> Option<(String, String)> {
    let (inner, is_block) = inner(tex)?;
    let display = if is_block { MathDisplay::Block } else { MathDisplay::Inline };
    if !is_shallow(inner) {
        return None;
    }
    // A macro cannot make an environment.
    let inner = inner.replace("{split}", "{aligned}");
    // It was seen to panic at nothing; should it, one formula is the price, and not the page.
    let translated =
        catch_unwind(|| CONVERTER.convert_with_local_state(&inner, display).ok().map(|found| found.mathml));
    let formula = Formula::of(&translated.ok()??)?;
    let scrolls = if formula.width > NARROW { " tabindex=\"0\" role=\"group\" aria-label=\"Formula\"" } else { "" };
    let around = match (is_block, scrolls) {
        (true, _) => format!("<span class=\"math-block\"{scrolls}>"),
        (false, "") => String::new(),
        (false, _) => format!("<span class=\"math-wide\"{scrolls}>"),
    };
    let end = if around.is_empty() { "" } else { "</span>" };
    let before = format!("{around}<span class=\"math\"><span class=\"tex\" aria-hidden=\"true\"><span>");
    let after = format!("</span></span>{}</span>{end}", formula.html);
    budget.0 = budget.0.checked_sub(before.len() + after.len())?;
    Some((before, after))
}

/// How the HTML of every formula begins, and nothing else.
pub(super) const FORMULA: &str = "<span class=\"math";

/// Where the formula ends with which the HTML begins.
pub(super) fn formula_end(html: &str) -> usize {
    let ends = if html.starts_with("<span class=\"math\"") { "</math></span>" } else { "</math></span></span>" };
    html.find(ends).map_or(html.len(), |at| at + ends.len())
}

/// What models write often, and `math-core` does not know, in what it does.
const MACROS: [(&str, &str); 4] = [
    // The line below is the style sheet's.
    ("boxed", r"\begin{array}{|c|}\hline #1\end{array}"),
    ("fbox", r"\begin{array}{|c|}\hline \text{#1}\end{array}"),
    ("substack", r"\begin{subarray}{c}#1\end{subarray}"),
    // Colours are left out: they may be no contrast to the page.
    ("textcolor", "#2"),
];

static CONVERTER: LazyLock<LatexToMathML> = LazyLock::new(|| {
    let macros = MACROS.map(|(name, tex)| (name.to_owned(), tex.to_owned())).to_vec();
    LatexToMathML::new(MathCoreConfig { macros, ..MathCoreConfig::default() }).unwrap_or_default()
});

/// Whether translating it takes little of the stack.
fn is_shallow(tex: &str) -> bool {
    let (mut depth, mut commands) = (0_usize, 0);
    let mut bytes = tex.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => commands += usize::from(bytes.next().is_some_and(|next| next.is_ascii_alphabetic())),
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_BRACES || commands > MAX_COMMANDS {
            return false;
        }
    }
    true
}

/// What stands between the delimiters, and whether it is a block of its own.
fn inner(tex: &str) -> Option<(&str, bool)> {
    let pairs = [("$$", "$$", true), ("\\[", "\\]", true), ("\\(", "\\)", false), ("$", "$", false)];
    pairs.into_iter().find_map(|(open, close, is_block)| Some((tex.strip_prefix(open)?.strip_suffix(close)?, is_block)))
}

/// MathML that is written anew.
struct Formula {
    html: String,
    depth: usize,
    /// In letters, as if all stood beside one another.
    width: f32,
    is_blank: bool,
}

impl Formula {
    fn of(mathml: &str) -> Option<Self> {
        if mathml.len() > MAX_FORMULA {
            return None;
        }
        let mut formula = Self { html: String::new(), depth: 0, width: 0.0, is_blank: true };
        let mut reader = Reader::from_str(mathml);
        loop {
            match reader.read_event().ok()? {
                Event::Start(tag) => {
                    formula.depth += 1;
                    formula.tag(&tag, ">")?;
                }
                Event::Empty(tag) => formula.tag(&tag, "/>")?,
                Event::End(tag) => {
                    formula.depth -= 1;
                    formula.html.push_str(&format!("</{}>", tag.name().as_ref()));
                }
                Event::Text(text) => formula.text(&text),
                Event::GeneralRef(name) => match name.as_ref() {
                    "amp" => formula.text("&"),
                    "lt" => formula.text("<"),
                    "gt" => formula.text(">"),
                    _ => return None,
                },
                Event::Eof => break,
                _ => return None,
            }
        }
        (!formula.is_blank).then_some(formula)
    }

    fn text(&mut self, text: &str) {
        self.width += text.chars().count() as f32;
        self.is_blank &= text.trim().is_empty();
        push_text(&mut self.html, text);
    }

    fn tag(&mut self, tag: &BytesStart<'_>, end: &str) -> Option<()> {
        let name = tag.name();
        let name = ELEMENTS.into_iter().find(|element| *element == name.as_ref())?;
        if self.depth > MAX_DEPTH {
            return None;
        }
        self.html.push('<');
        self.html.push_str(name);
        let mut classes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.ok()?;
            let value = attribute.value.as_ref();
            let key = attribute.key.as_ref();
            match key {
                "style" => classes.extend(value.split(';').filter_map(class)),
                "class" => classes.extend(CLASSES.into_iter().filter(|class| *class == value)),
                _ if ATTRIBUTES.contains(&key) && value.bytes().all(is_plain) => {
                    self.html.push_str(&format!(" {key}=\""));
                    push_attribute(&mut self.html, value);
                    self.html.push('"');
                    self.width += if name == "mspace" && key == "width" { ems(value) } else { 0.0 };
                }
                _ => {}
            }
        }
        if !classes.is_empty() {
            self.html.push_str(&format!(" class=\"{}\"", classes.join(" ")));
        }
        self.html.push_str(end);
        Some(())
    }
}

/// As all values of MathML are: names, numbers and lengths.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" .-%".contains(&byte)
}

/// The class for a declaration. What has none (colours, which may be no contrast to the page) is left out.
fn class(declaration: &str) -> Option<&'static str> {
    let (property, value) = declaration.split_once(':')?;
    let declaration = format!("{}: {}", property.trim(), value.trim());
    STYLES.into_iter().find_map(|(style, class)| (style == declaration).then_some(class))
}

/// A width in letters; what is no number of ems counts as wide.
fn ems(value: &str) -> f32 {
    value.strip_suffix("em").and_then(|ems| ems.parse().ok()).map_or(NARROW, |ems: f32| ems.max(0.0) * 2.0)
}

#[cfg(test)]
mod tests {
    use crate::text::{MAX_MARKDOWN_BYTES, render, walk};

    /// The MathML of one formula; nothing where it is shown as its source.
    fn mathml(markdown: &str) -> Option<String> {
        let rendered = render(markdown);
        walk::check(&rendered);
        let (_, rest) = rendered.html.split_once("</span></span>")?;
        Some(rest.split_once("</span>")?.0.to_owned())
    }

    fn is_source(markdown: &str) {
        assert_eq!(mathml(markdown), None, "{markdown}");
        assert!(!render(markdown).html.contains("<math"), "{markdown}");
    }

    #[test]
    fn a_formula_is_its_tex_and_mathml_beside_it() {
        let rendered = render(r"so \(x^2\) is");
        assert_eq!(rendered.text, r"so \(x^2\) is");
        assert_eq!(
            rendered.html,
            "<p dir=\"auto\">so <span class=\"math\"><span class=\"tex\" aria-hidden=\"true\"><span>\\(x^2\\)</span></span>\
             <math><msup><mi>x</mi><mn>2</mn></msup></math></span> is</p>"
        );
        let block = render("$$x$$").html;
        assert!(block.starts_with("<p dir=\"auto\"><span class=\"math-block\"><span class=\"math\">"), "{block}");
        assert!(block.contains("<math display=\"block\"><mi>x</mi></math></span></span></p>"), "{block}");
        assert_eq!(mathml("$x$"), mathml(r"\(x\)"));
        assert_eq!(mathml("$$x$$"), mathml(r"\[x\]"));
    }

    #[test]
    fn what_may_be_wide_can_be_scrolled_by_keyboard() {
        let scrolls = " tabindex=\"0\" role=\"group\" aria-label=\"Formula\"";
        let long = "a + b + c + d + e + f + g + h + i + j + k";
        assert!(render(&format!("$$ {long} $$")).html.contains(&format!("<span class=\"math-block\"{scrolls}>")));
        assert!(render(&format!(r"\( {long} \)")).html.contains(&format!("<span class=\"math-wide\"{scrolls}>")));
        assert!(render(r"\(a\hspace{40em}b\)").html.contains("math-wide"));
    }

    #[test]
    fn code_addresses_and_raw_html_hold_no_formula() {
        for markdown in ["`$x$`", "```\n\\(x\\)\n```", "    $x$\n", "<b title=\"$x$\">", "[a](http://x.org/$x$y)"] {
            is_source(markdown);
        }
        assert!(mathml("**$x$** and [$y$](http://x.org)").is_some());
    }

    #[test]
    fn what_is_no_tex_is_shown_as_its_source() {
        for markdown in [
            r"\(\frac{a\)",
            r"\(\unknown\)",
            r"\(x & y\)",
            r"$$\begin{matrix} a$$",
            r"\(a^b^c\)",
            r"\(\quad\)",
            "it is $4 and $5",
        ] {
            is_source(markdown);
            assert_eq!(render(markdown).text, markdown);
        }
    }

    #[test]
    fn hostile_tex_is_shown_as_its_source_or_harmless() {
        for markdown in [
            r"\(\href{javascript:alert(1)}{x}\)",
            r"\(\url{javascript:alert(1)}\)",
            r"\(\htmlClass{a}{x}\htmlId{a}{x}\htmlStyle{color:red}{x}\htmlData{a=b}{x}\)",
            r"\(\includegraphics{http://x.org/x.png}\)",
            r"\(\class{a}{x}\cssId{a}{x}\style{a}{x}\)",
            r"\(\def\a{\a\a}\a\)",
            r"\(\newcommand{\a}{\a\a}\a\)",
            r"\(\begin{align} x \label{<b>} \end{align} \ref{<b>}\)",
            r"\(\input{/etc/passwd}\)",
        ] {
            is_source(markdown);
        }
        let html =
            render(r"\(\text{<script>alert(1)</script>} <img src=x onerror=alert(1)> \text{</mtext></math><b>}\)").html;
        assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<b>"), "{html}");
        let coloured = mathml(r"\(\color{red}x \textcolor{red}{y}\)").unwrap();
        assert!(!coloured.contains("style") && !coloured.contains("red"), "{coloured}");
    }

    #[test]
    fn tables_have_classes_and_no_styles() {
        for (tex, class) in [
            (r"\begin{aligned} a &= b \\ c &= d \end{aligned}", "ma-end ma-pr0"),
            (r"\begin{split} a &= b \end{split}", "ma-end ma-pr0"),
            (r"\begin{cases} 1 & x \\ 0 & y \end{cases}", "ma-start ma-pr0"),
            (r"\begin{array}{c|c} a & b \\ \hline c & d \end{array}", "ma-br"),
            (r"\boxed{E = mc^2}", "ma-bl ma-bt"),
            (r"\sum_{\substack{a \\ b}} x", "ma-py0"),
            (r"\cancel{x}", "menclose-updiagonalstrike"),
        ] {
            let mathml = mathml(&format!("$${tex}$$")).unwrap_or_default();
            assert!(mathml.contains(&format!("class=\"{class}")) && !mathml.contains(" style="), "{tex}: {mathml}");
        }
    }

    #[test]
    fn deep_and_long_tex_takes_little_of_the_stack_and_of_time() {
        let units = [
            "{",
            "\\hat",
            "\\sqrt",
            "\\bar",
            "\\left(",
            "\\frac1",
            "\\begin{matrix}",
            "\\overset1",
            "\\color{red}",
            "\\displaystyle",
            "\\big(",
            "\\sqrt[",
            "\\text{",
            "\\phantom",
            "\\mathbf",
            "\\middle|",
            "\\binom1",
            "\\pmod",
            "\\mathop",
            "\\xrightarrow",
            "x^{",
            "\\frac{",
            "\\boxed{",
            "\\substack{",
            "\\textcolor1",
            "'",
            "\\cancel",
        ];
        let check = move || {
            for unit in units {
                for count in [30, 32, 33, 240, 3_900 / unit.len()] {
                    let closed = "}".repeat(if unit.ends_with('{') { count } else { 0 });
                    walk::check(&render(&format!("$${}x{closed}$$", unit.repeat(count))));
                    walk::check(&render(&format!("$${}x$$", unit.repeat(count))));
                }
            }
        };
        let small = std::thread::Builder::new().stack_size(1 << 20).spawn(check).unwrap();
        small.join().unwrap();
    }

    #[test]
    fn a_message_of_formulas_alone_shows_as_many_as_its_budget_holds() {
        let all = render(&"$x$ ".repeat(MAX_MARKDOWN_BYTES / 4));
        walk::check(&all);
        let shown = all.runs.iter().filter(|run| run.is_formula).count();
        assert!((2_500..10_000).contains(&shown), "{shown}");
        assert!(all.html.len() < 2 * MAX_MARKDOWN_BYTES, "{}", all.html.len());
    }
}
