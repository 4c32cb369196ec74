//! MathML that does not say its TeX, as TeX.
//!
//! It calls itself once for each element inside another, [`super::Limits::depth`] deep at most.

use super::dom::{Element, Id, Kind, Page};

/// The TeX of what stands in a `math`, and whether all of it could be said so: of what is not known here the parts stay.
pub(super) fn tex(page: &Page, math: Id) -> (String, bool) {
    let mut reader = Reader { page, is_whole: true };
    let tex = reader.row(math);
    (tex, reader.is_whole)
}

/// Operators that have their limits above and below, and take scripts without braces.
const LARGE: [(&str, &str); 8] = [
    ("∑", r"\sum"),
    ("∏", r"\prod"),
    ("∐", r"\coprod"),
    ("∫", r"\int"),
    ("∮", r"\oint"),
    ("⋃", r"\bigcup"),
    ("⋂", r"\bigcap"),
    ("⨁", r"\bigoplus"),
];
/// Names that TeX knows.
const FUNCTIONS: [&str; 28] = [
    "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "dim", "exp", "gcd", "inf",
    "ker", "lg", "lim", "ln", "log", "max", "min", "sec", "sin", "sinh", "sup", "tan", "tanh",
];
/// What stands over something, and what TeX calls it.
const OVER: [(&[&str], &str); 8] = [
    (&["¯", "‾", "―", "\u{305}", "\u{304}"], r"\overline"),
    (&["^", "ˆ", "\u{302}"], r"\hat"),
    (&["~", "˜", "∼", "\u{303}"], r"\tilde"),
    (&["→", "\u{20d7}"], r"\vec"),
    (&["˙", "\u{307}"], r"\dot"),
    (&["¨", "\u{308}"], r"\ddot"),
    (&["ˇ", "\u{30c}"], r"\check"),
    (&["⏞"], r"\overbrace"),
];
const UNDER: [(&[&str], &str); 2] = [(&["_", "¯", "‾", "\u{332}"], r"\underline"), (&["⏟"], r"\underbrace")];

struct Reader<'a> {
    page: &'a Page,
    is_whole: bool,
}

impl Reader<'_> {
    /// Everything in an element, one after the other.
    fn row(&mut self, id: Id) -> String {
        let mut row = String::new();
        for child in self.page.children(id) {
            let part = self.node(child);
            let is_close = part.starts_with([')', ']', ',', ';']);
            if !(part.is_empty() || row.is_empty() || is_close || row.ends_with(['(', '['])) {
                row.push(' ');
            }
            row.push_str(&part);
        }
        row
    }

    fn node(&mut self, id: Id) -> String {
        match self.page.kind(id) {
            Kind::Root => String::new(),
            Kind::Element(element) => self.element(id, element),
            Kind::Text(words) if words.trim().is_empty() => String::new(),
            Kind::Text(words) => {
                self.is_whole = false;
                format!("\\text{{{}}}", escaped(words.trim()))
            }
        }
    }

    fn element(&mut self, id: Id, element: &Element) -> String {
        match element.name() {
            "mi" => self.identifier(&self.words(id), element.attribute("mathvariant")),
            "mn" => escaped(&self.words(id)),
            "mo" => operator(&self.words(id)),
            "mtext" | "ms" => match self.page.text(id) {
                words if words.trim().is_empty() => r"\;".to_owned(),
                words => format!("\\text{{{}}}", escaped(&words)),
            },
            "mrow" | "mstyle" | "mpadded" => self.row(id),
            // Notes beside the formula; and what nobody sees.
            "annotation" | "annotation-xml" | "mphantom" | "mspace" | "none" => String::new(),
            "semantics" => {
                let first = self.elements(id).first().copied();
                first.map(|first| self.node(first)).unwrap_or_default()
            }
            "mfrac" => self.of(id, |reader, [above, below]| {
                let (above, below) = (reader.node(above), reader.node(below));
                match element.attribute("linethickness") {
                    Some("0" | "0px" | "0pt" | "0em") => matrix(&[vec![above], vec![below]]),
                    _ => format!("\\frac{{{above}}}{{{below}}}"),
                }
            }),
            "msqrt" => format!("\\sqrt{{{}}}", self.row(id)),
            "mroot" => self.of(id, |reader, [under, index]| {
                let (under, index) = (reader.node(under), reader.node(index));
                let index = if index.contains(']') { format!("{{{index}}}") } else { index };
                format!("\\sqrt[{index}]{{{under}}}")
            }),
            "msub" => self.of(id, |reader, [base, sub]| format!("{}_{{{}}}", reader.base(base), reader.node(sub))),
            "msup" => self.of(id, |reader, [base, sup]| format!("{}^{{{}}}", reader.base(base), reader.node(sup))),
            "msubsup" => self.of(id, |reader, [base, sub, sup]| {
                format!("{}_{{{}}}^{{{}}}", reader.base(base), reader.node(sub), reader.node(sup))
            }),
            "munder" => self.of(id, |reader, [base, under]| {
                let base = reader.node(base);
                reader.put(&UNDER, "_", r"\underset", base, under)
            }),
            "mover" => self.of(id, |reader, [base, over]| {
                let base = reader.node(base);
                reader.put(&OVER, "^", r"\overset", base, over)
            }),
            "munderover" => self.of(id, |reader, [base, under, over]| {
                let base = reader.node(base);
                if takes_limits(&base) {
                    return format!("{base}_{{{}}}^{{{}}}", reader.node(under), reader.node(over));
                }
                let under = reader.put(&UNDER, "_", r"\underset", base, under);
                reader.put(&OVER, "^", r"\overset", under, over)
            }),
            "mtable" => {
                let rows: Vec<Vec<String>> = self.elements(id).into_iter().map(|row| self.cells(row)).collect();
                matrix(&rows)
            }
            "mfenced" => {
                let parts: Vec<String> = self.elements(id).into_iter().map(|part| self.node(part)).collect();
                let sign = |name, usual| operator(element.attribute(name).unwrap_or(usual).trim());
                // Only where somebody wrote other signs than commas do several of them matter.
                let between = sign("separators", ",").chars().next().map(String::from).unwrap_or_default();
                format!("{}{}{}", sign("open", "("), parts.join(&format!("{between} ")), sign("close", ")"))
            }
            _ => {
                self.is_whole = false;
                self.row(id)
            }
        }
    }

    /// An element that has just so many others in it.
    fn of<const COUNT: usize>(&mut self, id: Id, said: impl FnOnce(&mut Self, [Id; COUNT]) -> String) -> String {
        match <[Id; COUNT]>::try_from(self.elements(id)) {
            Ok(parts) => said(self, parts),
            Err(_) => {
                self.is_whole = false;
                self.row(id)
            }
        }
    }

    /// What is put over something or under it.
    fn put(&mut self, known: &[(&[&str], &str)], script: &str, set: &str, base: String, id: Id) -> String {
        let sign = self.words(id);
        if let Some((_, name)) = known.iter().find(|(signs, _)| signs.contains(&sign.as_str())) {
            return format!("{name}{{{base}}}");
        }
        let put = self.node(id);
        if takes_limits(&base) { format!("{base}{script}{{{put}}}") } else { format!("{set}{{{put}}}{{{base}}}") }
    }

    fn cells(&mut self, row: Id) -> Vec<String> {
        if self.page.element(row).is_none_or(|row| row.name() != "mtr") {
            self.is_whole = false;
        }
        self.elements(row)
            .into_iter()
            .map(|cell| if self.is_cell(cell) { self.row(cell) } else { self.node(cell) })
            .collect()
    }

    fn is_cell(&self, id: Id) -> bool {
        self.page.element(id).is_some_and(|cell| cell.name() == "mtd")
    }

    /// What carries a script.
    fn base(&mut self, id: Id) -> String {
        let base = self.node(id);
        if base.chars().count() == 1 || takes_limits(&base) { base } else { format!("{{{base}}}") }
    }

    fn identifier(&mut self, words: &str, variant: Option<&str>) -> String {
        if FUNCTIONS.contains(&words) {
            return format!("\\{words}");
        }
        let is_long = words.chars().count() > 1;
        let has_letters = words.chars().any(char::is_alphabetic);
        let name = match variant {
            _ if !has_letters => return operator(words),
            None | Some("normal") if is_long => r"\mathrm",
            Some("normal") => r"\mathrm",
            None | Some("italic") if !is_long => return escaped(words),
            Some("italic") => r"\mathit",
            Some("bold") => r"\mathbf",
            Some("bold-italic") => r"\boldsymbol",
            Some("double-struck") => r"\mathbb",
            Some("script") => r"\mathcal",
            Some("fraktur") => r"\mathfrak",
            Some("sans-serif") => r"\mathsf",
            Some("monospace") => r"\mathtt",
            _ => {
                self.is_whole = false;
                return format!("\\mathrm{{{}}}", escaped(words));
            }
        };
        format!("{name}{{{}}}", escaped(words))
    }

    fn elements(&self, id: Id) -> Vec<Id> {
        self.page.children(id).filter(|&id| self.page.element(id).is_some()).collect()
    }

    fn words(&self, id: Id) -> String {
        self.page.text(id).trim().to_owned()
    }
}

/// Whether scripts of it are written as they are for a sum.
fn takes_limits(base: &str) -> bool {
    let name = base.strip_prefix('\\').unwrap_or_default();
    LARGE.iter().any(|(_, large)| *large == base)
        || FUNCTIONS.contains(&name)
        || name.starts_with("overbrace{")
        || name.starts_with("underbrace{")
}

fn operator(sign: &str) -> String {
    if let Some((_, large)) = LARGE.iter().find(|(large, _)| *large == sign) {
        return (*large).to_owned();
    }
    match sign {
        "−" => "-".to_owned(),
        // A bar would end a table's cell.
        "|" | "∣" => r"\vert".to_owned(),
        "‖" | "∥" => r"\Vert".to_owned(),
        "′" => r"\prime".to_owned(),
        "″" => r"\prime\prime".to_owned(),
        "~" => r"\sim".to_owned(),
        name if FUNCTIONS.contains(&name) => format!("\\{name}"),
        // A word as an operator: "mod".
        name if name.chars().count() > 1 && name.chars().all(char::is_alphabetic) => format!("\\mathrm{{{name}}}"),
        sign => escaped(sign),
    }
}

fn matrix(rows: &[Vec<String>]) -> String {
    // After the end of a row a bracket would say how far down the next is.
    let cell = |cell: &String| if cell.starts_with('[') { format!("{{{cell}}}") } else { cell.clone() };
    let row = |row: &Vec<String>| row.iter().map(cell).collect::<Vec<_>>().join(" & ");
    let rows: Vec<String> = rows.iter().map(row).collect();
    format!("\\begin{{matrix}}{}\\end{{matrix}}", rows.join(r" \\ "))
}

/// Words and signs that say the same in TeX. Where it has no way to write a sign in words and formulas alike, or where the
/// sign would end the formula, one that looks like it stands for it.
fn escaped(words: &str) -> String {
    let mut escaped = String::with_capacity(words.len());
    for c in words.chars() {
        match c {
            '{' | '}' | '$' | '%' | '&' | '#' | '_' => escaped.extend(['\\', c]),
            '\\' => escaped.push('∖'),
            '^' => escaped.push('ˆ'),
            '~' => escaped.push('∼'),
            '`' => escaped.push('‘'),
            // Signs that are not seen: a function is applied, two factors are multiplied.
            '\u{2061}'..='\u{2064}' => {}
            c => escaped.push(c),
        }
    }
    escaped
}
