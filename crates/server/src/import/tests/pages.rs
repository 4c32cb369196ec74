//! Web pages: one of our own writing for each platform, with what it must become beside it; and pages that nobody means well with.

use std::time::Duration;

use proptest::prelude::*;
use shared::{messages::MessageRole, text::render};

use crate::import::{ImportError, ImportedConversation, Parsed, file, page};

use super::{fixture, one, refused};

/// A conversation as it stands in a golden file.
pub(super) fn shown(read: &ImportedConversation) -> String {
    use std::fmt::Write as _;
    let mut shown = format!("{}\n{}\n", read.title, read.kind.as_deref().unwrap_or("-"));
    for note in &read.notes {
        let _ = writeln!(shown, "! {note}");
    }
    for message in &read.messages {
        let (role, title) = (message.role.as_str(), message.title.as_deref().unwrap_or("-"));
        let _ = write!(shown, "\n=== {role}, {title}\n{}\n", message.markdown);
    }
    shown
}

/// Holds what a file became against what it must become. `PROMPTGRIMOIRE_GOLDEN` writes that anew, to be looked at.
pub(super) fn is_golden(name: &str) {
    let (stem, _) = name.rsplit_once('.').unwrap();
    let shown = shown(&one(name, &fixture(name)));
    if std::env::var_os("PROMPTGRIMOIRE_GOLDEN").is_some() {
        let path = format!("{}/../../end2end/fixtures/import/{stem}.golden.md", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, &shown).unwrap();
    }
    assert_eq!(shown, String::from_utf8(fixture(&format!("{stem}.golden.md"))).unwrap(), "{name}");
}

#[test]
fn a_page_of_each_platform_becomes_its_turns() {
    for name in ["chatgpt", "claude", "gemini", "ai-studio", "openrouter", "scienceos", "article"] {
        is_golden(&format!("pages/{name}.html"));
    }
}

fn markdown(html: &str) -> String {
    let read = one("a.html", html.as_bytes());
    assert_eq!(read.messages.len(), 1, "{:?}", read.messages);
    read.messages[0].markdown.clone()
}

#[test]
fn a_part_of_a_page_is_read_as_the_page_is() {
    let answer = "<meta charset='utf-8'><div data-message-author-role=\"assistant\"><p>Only this.</p></div>";
    let read = one("pasted.html", answer.as_bytes());
    assert_eq!((read.messages.len(), read.messages[0].role), (1, MessageRole::Assistant));
    assert_eq!(read.kind.as_deref(), Some("a page of ChatGPT"));
}

#[test]
fn turns_that_a_plain_page_labels_are_turns() {
    let read = one("a.html", b"<h3>User</h3><p>Why?</p><h3>Assistant</h3><p>Because.</p>");
    let said: Vec<_> = read.messages.iter().map(|m| (m.role.as_str(), m.markdown.as_str())).collect();
    assert_eq!(said, [("user", "Why?"), ("assistant", "Because.")]);
}

#[test]
fn lists_quotes_and_code_keep_their_places() {
    assert_eq!(
        markdown("<ol start=7><li>a<li>b<pre>x\n y</pre><p>c</ol><p>d"),
        "7. a\n8. b\n\n   ```\n   x\n    y\n   ```\n\n   c\n\nd"
    );
    assert_eq!(markdown("<ul><li>a</ul><ul><li>b</ul>"), "- a\n\n* b");
    assert_eq!(markdown("<ol><li>a<li value=5>b<li>c</ol>"), "1. a\n\n5) b\n6) c");
    assert_eq!(
        markdown("<blockquote>a<blockquote>b</blockquote>c</blockquote><blockquote>d</blockquote>"),
        "> a\n>\n> > b\n>\n> c\n\n> d"
    );
    assert_eq!(markdown("<ul><li><ul><li>a</ul><li><blockquote>b</blockquote></ul>"), "- - a\n- > b");
    assert_eq!(markdown("<pre><code class='hljs language-C++'>a`` ```b</code></pre>"), "````c++\na`` ```b\n````");
    assert_eq!(markdown("a<hr>b"), "a\n\n___\n\nb");
}

#[test]
fn marks_that_would_be_read_as_words_are_left_out() {
    assert_eq!(markdown("<p><b>“So”</b>he"), "“So”he");
    assert_eq!(markdown("<p><b>a </b>b <i><b>c</b> d</i>"), "**a** b ***c*** *d*");
    assert_eq!(markdown("<p>x<sup>2</sup> H<sub>2</sub>O 4<sup>th</sup>"), "x² H₂O 4th");
    assert_eq!(markdown("<p><code>a`b</code> <code> </code><code>c</code>"), "``a`b`` `c`");
}

#[test]
fn spaces_that_count_stay_beside_marks_as_they_are() {
    let lines = |html: &str| markdown(&format!("<p class=whitespace-pre-wrap>{html}</p>"));
    assert_eq!(
        lines("The <strong>key idea</strong> is that <em>trees</em> use <code>malloc</code> here."),
        "The **key idea** is that *trees* use `malloc` here."
    );
    assert_eq!(
        lines("see <a href=https://x.org>link</a>, and <b>so</b> <i>on</i>"),
        "see [link](https://x.org/), and **so** *on*"
    );
    // Where a line begins they are seen, and Markdown would take them away.
    assert_eq!(lines("a\n  b <b>c</b>\n<i>d</i> "), "a\\\n\u{a0}\u{a0}b **c**\\\n*d*");
    assert_eq!(lines("a <b>\n</b> b \t<i> c</i>\n\nd"), "a\\\n\u{a0}b *c*\n\nd");
    let span = |html: &str| format!("<span style='white-space: pre-wrap'>{html}</span>");
    assert_eq!(
        markdown(&format!("<p>{}<b>{}</b>{}", span("Some "), span("bold"), span(" then plain"))),
        "Some **bold** then plain"
    );
    assert_eq!(markdown("<div style='white-space:pre-wrap'>a <span>b</span> c</div>"), "a b c");
}

#[test]
fn marks_end_where_a_formula_without_them_begins() {
    let x = "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>x</annotation></semantics></math>";
    assert_eq!(markdown(&format!("<p>Hi <b>there</b> {x} end")), "Hi **there** \\(x\\) end");
    assert_eq!(markdown(&format!("<p><i>so {x} is</i> it")), "*so \\(x\\) is* it");
    assert_eq!(markdown(&format!("<p><a href=https://x.org>a</a>{x}<s>b</s>")), "[a](https://x.org/)\\(x\\)~~b~~");
    assert_eq!(markdown(&format!("<p><code>a</code> {x} <code>b</code>")), "`a` \\(x\\) `b`");
}

#[test]
fn neighbouring_marks_are_read_as_themselves() {
    for (html, expected) in [
        ("<b>a</b><i>b</i>", "<strong>a</strong><em>b</em>"),
        ("<i>a</i><b>b</b>", "<em>a</em><strong>b</strong>"),
        ("<b>a</b><b><i>b</i></b>", "<strong>a<em>b</em></strong>"),
        ("<b>a</b> <i>b</i>", "<strong>a</strong> <em>b</em>"),
        ("<b><i>a</i></b><i>b</i>", "<em><strong>a</strong></em><em>b</em>"),
        ("<i><b>a</b></i><b>b</b>c", "<strong><em>a</em>b</strong>c"),
    ] {
        let markdown = markdown(&format!("<p>x {html} y"));
        assert_eq!(render(&markdown).html, format!("<p dir=\"auto\">x {expected} y</p>"), "{markdown}");
    }
}

#[test]
fn formulas_without_tex_are_written_as_tex() {
    let tex = |mathml: &str| {
        let read = one("a.html", format!("<p>So <math>{mathml}</math> it is").as_bytes());
        assert_eq!(read.notes, [""; 0], "{mathml}");
        let markdown = &read.messages[0].markdown;
        // It is TeX that is shown as a formula, and not as its source.
        assert!(render(markdown).html.contains("<math"), "{markdown}");
        let formula = markdown.strip_prefix("So \\(").and_then(|rest| rest.strip_suffix("\\) it is"));
        formula.unwrap_or_else(|| panic!("{mathml} became {markdown}")).to_owned()
    };
    assert_eq!(tex("<mfrac><mn>1</mn><mn>2</mn></mfrac>"), r"\frac{1}{2}");
    assert_eq!(
        tex("<mrow><msup><mi>x</mi><mn>10</mn></msup><mo>+</mo><msub><mi>a</mi><mi>i</mi></msub></mrow>"),
        "x^{10} + a_{i}"
    );
    assert_eq!(tex("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"), "x_{i}^{2}");
    assert_eq!(
        tex("<msup><mrow><mo>(</mo><mi>a</mi><mo>+</mo><mi>b</mi><mo>)</mo></mrow><mn>2</mn></msup>"),
        "{(a + b)}^{2}"
    );
    assert_eq!(tex("<msqrt><mi>a</mi><mo>-</mo><mn>1</mn></msqrt>"), r"\sqrt{a - 1}");
    assert_eq!(tex("<mroot><mi>x</mi><mn>3</mn></mroot>"), r"\sqrt[3]{x}");
    assert_eq!(tex("<mi>sin</mi><mo>&#x2061;</mo><mi>x</mi>"), r"\sin x");
    assert_eq!(tex("<mi>cost</mi><mo>=</mo><mtext>5 % of $</mtext>"), r"\mathrm{cost} = \text{5 \% of \$}");
    assert_eq!(
        tex("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi>"),
        r"\sum_{i = 1}^{n} i"
    );
    assert_eq!(
        tex("<mover><mi>v</mi><mo>→</mo></mover><mo>⋅</mo><mover><mi>x</mi><mo>¯</mo></mover>"),
        r"\vec{v} ⋅ \overline{x}"
    );
    assert_eq!(
        tex(
            "<mo>(</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>0</mn></mtd></mtr><mtr><mtd><mn>0</mn></mtd><mtd><mn>1</mn></mtd></mtr></mtable><mo>)</mo>"
        ),
        r"(\begin{matrix}1 & 0 \\ 0 & 1\end{matrix})"
    );
    // What MathJax keeps for the ear.
    let mathjax = "<p>So <mjx-container class=MathJax><mjx-math aria-hidden=true><mjx-mn>12</mjx-mn></mjx-math>\
        <mjx-assistive-mml><math><mfrac><mn>1</mn><mn>2</mn></mfrac></math></mjx-assistive-mml></mjx-container> it is";
    assert_eq!(markdown(mathjax), r"So \(\frac{1}{2}\) it is");
    assert_eq!(markdown("<p>So<math display=block><mi>x</mi></math>"), "So\n\n\\[x\\]");
}

#[test]
fn a_formula_that_cannot_be_written_in_full_is_told_of() {
    let read = one(
        "a.html",
        b"<p>So <math><mn>3</mn><menclose notation=longdiv><mfrac><mn>1</mn><mn>2</mn></mfrac></menclose></math>",
    );
    assert_eq!(read.messages[0].markdown, r"So \(3 \frac{1}{2}\)");
    assert_eq!(read.notes, ["1 formula could not be read in full: look whether it is right."]);
    let short = "<p>So <math><mfrac><mn>1</mn></mfrac></math>";
    assert_eq!(
        one("a.html", short.as_bytes()).notes,
        ["1 formula could not be read in full: look whether it is right."]
    );
    let read = one("a.html", b"<p>So <mjx-container><mjx-math aria-hidden=true></mjx-math><svg></svg></mjx-container>");
    assert_eq!(read.messages[0].markdown, "So");
    assert_eq!(read.notes, ["1 formula was left out: the page holds only a picture of it."]);
}

#[test]
fn sources_that_an_answer_cites_keep_their_links() {
    let page = |pill: &str| {
        format!(
            "<div data-message-author-role=assistant><p>So it is.<span data-testid=webpage-citation-pill>{pill}</span>"
        )
    };
    let linked =
        one("a.html", page("<a href='https://x.org/y?utm_source=chatgpt.com'><span>X</span>+1</a>").as_bytes());
    assert_eq!(linked.messages[0].markdown, "So it is. [X+1](https://x.org/y)");
    assert_eq!(linked.notes.len(), 1, "{:?}", linked.notes);
    for pill in ["X+1", "<a href='/x'>X</a>", "<a href='https://x.org/'><img src=x width=1></a>"] {
        let left_out = one("a.html", page(pill).as_bytes());
        assert_eq!(left_out.messages[0].markdown, "So it is.");
        assert_eq!(left_out.notes[1], "1 citation mark was left out.", "{pill}");
    }
}

#[test]
fn links_lead_to_the_web_alone_and_without_followers() {
    assert_eq!(
        markdown("<a href='https://x.org/(a)?b=1&utm_source=y&amp;c=2'>x</a> <a href=mailto:a@x.org>m</a>"),
        "[x](https://x.org/%28a%29?b=1&c=2) [m](mailto:a@x.org)"
    );
    for other in [
        "javascript:alert(1)",
        " java\nscript:alert(1)",
        "data:text/html,x",
        "/c/1",
        "#x",
        "vbscript:x",
        "file:///etc/passwd",
    ] {
        assert_eq!(markdown(&format!("<a href=\"{other}\">words</a>")), "words", "{other}");
    }
}

#[test]
fn what_no_reader_sees_is_gone() {
    let page = "<p onclick=alert(1)>a<script>alert(1)</script><style>x</style><noscript>n</noscript><template>t</template>\
        <span hidden>h</span><span style='color:red;display: none'>d</span><iframe src=x>i</iframe><!-- c --><svg><text>s</text></svg>\
        <object>o</object><button>b</button><input value=v><select><option>o</select><textarea>t</textarea>";
    assert_eq!(markdown(page), "a");
}

#[test]
fn encodings_are_those_that_browsers_take() {
    let words = |bytes: &[u8]| one("a.html", bytes).messages[0].markdown.clone();
    assert_eq!(words("<p>é 漢 🌉".as_bytes()), "é 漢 🌉");
    assert_eq!(words(b"<p>caf\xe9 \x80"), "café €");
    assert_eq!(words(b"<meta charset=\"shift_jis\"><p>\x8a\xbf"), "漢");
    assert_eq!(words(b"<meta http-equiv=Content-Type content='text/html; charset=koi8-r'><p>\xc1"), "а");
    assert_eq!(words(b"<META HTTP-EQUIV=content-type CONTENT='text/html; Charset = GB18030'><p>\xba\xba"), "汉");
    assert_eq!(words(b"<?xml version='1.0' encoding='ISO-8859-1'?><html><p>caf\xe9</p></html>"), "café");
    assert_eq!(words(b"<!-- charset --><meta charset=windows-1251><p>\xe6"), "ж");
    assert_eq!(words(b"\xff\xfe<\0p\0>\0\xe9\0"), "é");
    assert_eq!(words(b"<meta charset=utf-16><p>a"), "a");
    assert_eq!(words(b"<meta charset=iso-2022-jp><p>\x1b$B4A;z\x1b(B"), "漢字");
    // What nothing reads any more is not taken for something else.
    assert_eq!(refused("a.html", b"<meta charset=iso-2022-kr><p>\x1b$)C\x0e0!\x0f").code(), "broken_document");
    let broken = one("a.html", b"<meta charset=utf-8><p>a\xff\xfeb");
    assert_eq!(broken.messages[0].markdown, "a\u{fffd}\u{fffd}b");
    assert_eq!(broken.notes, ["Some bytes are no text in UTF-8: a \u{fffd} stands in their place."]);
    assert_eq!(words(b"<p>a\0b\x07c"), "abc");
    // What was guessed is said; what the page says, or its mark, is not.
    let notes = |bytes: &[u8]| one("a.html", bytes).notes;
    let guessed = "The page does not say how its letters are encoded: they were read as windows-1252. Look whether they are right.";
    assert_eq!(notes(b"<p>caf\xe9 \x80"), [guessed]);
    for said in [&b"<meta charset=latin1><p>caf\xe9"[..], b"\xff\xfe<\0p\0>\0\xe9\0", "<p>é".as_bytes()] {
        assert_eq!(notes(said), Vec::<String>::new());
    }
}

#[test]
fn a_text_that_was_typed_is_read_as_it_was_typed() {
    for page in [
        "<pre>User: **why**?\nAssistant: so</pre>",
        "<meta charset=utf-8><div style='font-family: mono; white-space: pre;'><div><span>User: </span>**why**?</div><div>Assistant: so</div></div>",
    ] {
        let read = one("a.html", page.as_bytes());
        let said: Vec<_> = read.messages.iter().map(|m| (m.role.as_str(), m.markdown.as_str())).collect();
        assert_eq!(said, [("user", "**why**?"), ("assistant", "so")], "{page}");
    }
    assert_eq!(markdown("<pre><code>**x**</code></pre>"), "```\n**x**\n```");
}

#[test]
fn a_page_of_nothing_says_so() {
    for page in ["<html></html>", "<script>x</script>", "<p> &nbsp; </p>", "<img src=x>"] {
        assert_eq!(refused("a.html", page.as_bytes()).code(), "empty", "{page}");
    }
}

#[test]
fn pages_without_end_are_refused_in_words() {
    let nested = |tag: &str, count: usize| tag.repeat(count).into_bytes();
    for tag in [
        "<div>",
        "<blockquote>",
        "<ul><li>",
        "<table><tr><td>",
        "<b><blockquote>",
        "<svg>",
        "<a><div>",
        "<font color=x>",
    ] {
        let bytes = nested(tag, (24 << 20) / tag.len());
        let error = refused("deep.html", &bytes);
        assert_eq!(error.code(), "document_too_large", "{tag}");
        assert!(
            error.to_string().starts_with("deep.html cannot be read: its elements are nested more than 256 deep"),
            "{tag}: {error}"
        );
    }
    let error = refused("wide.html", &nested("<i></i>", 600_000));
    assert_eq!(
        error.to_string(),
        "wide.html cannot be read: it has more than 500,000 elements. Copy the part that you need and paste it instead."
    );
}

#[test]
fn what_takes_too_long_is_given_up() {
    let limits = page::Limits { time: Duration::ZERO, ..page::LIMITS };
    let error = page::within("slow.html", b"<p>a", None, &limits).unwrap_err();
    assert_eq!(error.code(), "document_too_large");
    assert!(
        matches!(error, ImportError::DocumentTooLarge { reason, .. } if reason == "reading it took more than 0 seconds")
    );
}

/// What people have hurt readers of pages with.
const NAUGHTY: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href=javascript:alert(1)>",
    "<a href=\"java&#9;script:alert(1)\">",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<!--><script>alert(1)</script-->",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "</p></div></body></html>",
    "<plaintext>",
    "<table><td><table>",
    "</table></td>",
    "<ol start=99999999999>",
    "<li value=-5>",
    "<pre>",
    "</pre>",
    "<code>",
    "</code>",
    "<template>",
    "<select>",
    "<frameset>",
    "<b>",
    "</b>",
    "<i>",
    "</i>",
    "<a href=https://x.org/)](y>",
    "</a>",
    "<blockquote>",
    "</blockquote>",
    "<h1>",
    "<br>",
    "<br><br>",
    "<hr>",
    "<img alt='](x)'>",
    "<annotation encoding=tex>",
    "<span data-math='\\) <script>'>",
    "<span class=katex><annotation encoding='application/x-tex'>x\\]`</annotation></span>",
    "&#0;",
    "&#xD800;",
    "&#x202e;",
    "\0",
    "\u{feff}",
    "\u{e000}1\u{e001}",
    "`",
    "```",
    "~~~",
    "* ",
    "_",
    "$x$",
    "\\(",
    "\\[",
    "|",
    "---",
    "===",
    "1. ",
    "# ",
    "> ",
    "[a]: http://x",
    "<data-message-author-role>",
    "<div data-message-author-role=user>",
    "<user-query>",
    "<div data-turn-role=Model>",
    "<div data-testid=assistant-message>",
    "User:",
    "Assistant:",
    "</div>",
    "<p>",
    " ",
    "\n",
    "word",
    "é漢🌉",
    "Ω≈ç√",
    "ﷺ",
    "z̷͓̎a",
    "%s%n",
    "' OR 1=1 --",
];

proptest! {
    #[test]
    fn no_page_stops_the_reader_and_no_markup_gets_through(parts in prop::collection::vec(prop::sample::select(NAUGHTY), 0..40)) {
        let html = parts.concat();
        if let Ok(Parsed::One(read)) = file("a.html", html.as_bytes(), None) {
            // What is meant as Markdown is what somebody typed.
            for message in read.messages.iter().filter(|_| read.kind.as_deref() != Some("plain text")) {
                let shown = render(&message.markdown).html;
                prop_assert!(!shown.contains("class=\"raw\""), "{html:?} became {:?}", message.markdown);
                for hostile in ["<script", "<img", "<svg", "<iframe", "href=\"javascript", "href=\"data"] {
                    prop_assert!(!shown.contains(hostile), "{html:?} became {shown:?}");
                }
            }
        }
    }

    #[test]
    fn words_of_a_page_are_the_words_of_its_message(text in "[ -~é漢🌉\u{a0}]{1,60}") {
        let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
        let words: Vec<&str> = text.split([' ']).filter(|word| !word.is_empty()).collect();
        let words = words.join(" ");
        prop_assume!(!words.trim().is_empty() && !words.starts_with('\u{a0}') && !words.ends_with('\u{a0}'));
        let html = format!("<p>{escaped}<ul><li>{escaped}</ul><table><tr><td>{escaped}<td>x</table><h2>{escaped}</h2><b>{escaped}</b>");
        if let Ok(Parsed::One(read)) = file("a.html", html.as_bytes(), Some("t")) {
            let said = render(&read.messages[0].markdown).text;
            prop_assert_eq!(said, format!("{words}\n{words}\n{words}\tx\n{words}\n{words}"), "{}", read.messages[0].markdown);
        }
    }

    #[test]
    fn any_bytes_can_be_a_page(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = file("a.html", &bytes, None);
    }
}
