use proptest::prelude::*;

use super::{html, html_for, mention, mentions, with_name, words};
use crate::ids::UserId;

#[test]
fn what_people_write_is_shown_as_they_mean_it() {
    for (source, expected) in [
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        (
            "**very** *much* __so__ _it_ ~~not~~",
            "<p><strong>very</strong> <em>much</em> <strong>so</strong> <em>it</em> <del>not</del></p>",
        ),
        ("***both***", "<p><strong><em>both</em></strong></p>"),
        ("2 * 3 * 4 and snake_case_name", "<p>2 * 3 * 4 and snake_case_name</p>"),
        ("**open and *closed*", "<p>**open and <em>closed</em></p>"),
        ("**a *b** c*", "<p><strong>a *b</strong> c*</p>"),
        ("`a < b` and `` a ` b ``", "<p><code>a &lt; b</code> and <code>a ` b</code></p>"),
        ("`no end **x**", "<p>`no end <strong>x</strong></p>"),
        ("\\*not\\* \\d", "<p>*not* \\d</p>"),
        ("<b>Who</b> & when?", "<p>&lt;b&gt;Who&lt;/b&gt; &amp; when?</p>"),
        ("# A head", "<p><strong>A head</strong></p>"),
        ("#hashtag", "<p>#hashtag</p>"),
        ("- a\n- b\n  more\n  - c\n- d", "<ul><li>a</li><li>b<br>more<ul><li>c</li></ul></li><li>d</li></ul>"),
        ("1. a\n2) b\n\nend", "<ol><li>a</li><li>b</li></ol><p>end</p>"),
        ("text\n- a\n\n- b", "<p>text</p><ul><li>a</li><li>b</li></ul>"),
        ("3. I disagree", "<ol start=\"3\"><li>I disagree</li></ol>"),
        ("It was in\n1986. What a year", "<p>It was in<br>1986. What a year</p>"),
        ("-5 degrees", "<p>-5 degrees</p>"),
        ("> said\n> so\n\nno", "<blockquote><p>said<br>so</p></blockquote><p>no</p>"),
        (
            "```rust\nlet a = \"<\";\n\n  b\n```\nafter",
            "<pre><code>let a = \"&lt;\";\n\n  b\n</code></pre><p>after</p>",
        ),
        ("```\nnever closed", "<pre><code>never closed\n</code></pre>"),
        ("**", "<p>**</p>"),
        ("", ""),
    ] {
        assert_eq!(html(source), expected, "{source:?}");
    }
}

#[test]
fn links_lead_to_the_web_and_to_mailboxes_and_nowhere_else() {
    let link = |url: &str, words: &str| format!("<a href=\"{url}\" rel=\"noopener noreferrer nofollow\">{words}</a>");
    let a = "https://a.example/b_c?d=e&f";
    let shown = "https://a.example/b_c?d=e&amp;f";
    for (source, expected) in [
        (format!("see [the **page**]({a})."), format!("see {}.", link(shown, "the <strong>page</strong>"))),
        (format!("see {a}."), format!("see {}.", link(shown, shown))),
        (
            "(https://a.example/x_(y))".into(),
            format!("({})", link("https://a.example/x_(y)", "https://a.example/x_(y)")),
        ),
        ("[x](mailto:a@b.example)".into(), link("mailto:a@b.example", "x")),
        ("[x](javascript:alert(1))".into(), "[x](javascript:alert(1))".into()),
        ("[x](/sign-out)".into(), "[x](/sign-out)".into()),
        (
            "[a [b](https://c.example) d](https://e.example)".into(),
            format!("[a {} d]({})", link("https://c.example", "b"), link("https://e.example", "https://e.example")),
        ),
        ("[https://a.example](https://b.example)".into(), link("https://b.example", "https://a.example")),
        ("[x](https://a.example/\"onclick=\"y)".into(), link("https://a.example/&quot;onclick=&quot;y", "x")),
        ("xhttps://a.example http:// https://".into(), "xhttps://a.example http:// https://".into()),
        ("[](https://a.example)".into(), format!("[]({})", link("https://a.example", "https://a.example"))),
    ] {
        assert_eq!(html(&source), format!("<p>{expected}</p>"), "{source:?}");
    }
}

const ANN: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
const BEN: &str = "01890a5d-ac96-774b-bcce-b302099a8058";

#[test]
fn a_mention_is_shown_as_one_and_nothing_else_uses_its_scheme() {
    let shown = |words: &str| format!("<p><span class=\"mention\" data-user=\"{ANN}\">{words}</span></p>");
    for (source, expected) in [
        (format!("[@Ann Lee](mention:{ANN})"), shown("@Ann Lee")),
        (format!("[**@Ann**](mention:{ANN})"), shown("<strong>@Ann</strong>")),
        (format!("[@A\"><b>](mention:{ANN})"), shown("@A\"&gt;&lt;b&gt;")),
        (format!("`[@Ann](mention:{ANN})`"), format!("<p><code>[@Ann](mention:{ANN})</code></p>")),
        (format!("[](mention:{ANN})"), format!("<p>[](mention:{ANN})</p>")),
    ] {
        assert_eq!(html(&source), expected, "{source:?}");
    }
    let no_ids = ["", "all", &ANN.to_uppercase(), &format!("{ANN}?x"), &format!("{ANN}\"onclick=\"x"), &ANN[1..]];
    for id in no_ids {
        let source = format!("[@Ann](mention:{id})");
        assert_eq!(html(&source), format!("<p>{source}</p>"));
        assert_eq!(mentions(&source), []);
    }
    let other = format!("[@Ann](MENTION:{ANN}) mention:{ANN} [x](https://a.example/mention:{ANN})");
    assert!(!html(&other).contains("mention\""), "{}", html(&other));
}

#[test]
fn a_text_mentions_each_person_once_and_nobody_in_code() {
    let (ann, ben): (UserId, UserId) = (ANN.parse().unwrap(), BEN.parse().unwrap());
    let text = format!("- [@Ben](mention:{BEN})\n\n> [@Ann](mention:{ANN}) and [@B](mention:{BEN})");
    assert_eq!(mentions(&text), [ben, ann]);
    let code = format!("`[@Ben](mention:{BEN})`\n```\n[@Ann](mention:{ANN})\n```\n\\[@Ann](mention:{ANN})");
    assert_eq!(mentions(&code), []);
    assert_eq!(mentions(&format!("<span class=\"mention\" data-user=\"{ANN}\">x](mention:")), []);
    assert_eq!(words(&text).split_whitespace().collect::<Vec<_>>(), ["@Ben", "@Ann", "and", "@B"]);
}

#[test]
fn whoever_is_mentioned_sees_it_as_their_own() {
    let text = format!("[@Ann](mention:{ANN}) [@Ben](mention:{BEN}) <span class=\"mention\" data-user=\"{BEN}\">");
    let (ben, own) = (BEN.parse().unwrap(), format!("data-user=\"{BEN}\" data-own>@Ben"));
    assert_eq!(html_for(&text, ben).matches(" data-own>").count(), 1);
    assert!(html_for(&text, ben).contains(&own));
    assert_eq!(html_for(&text, UserId::new()), html(&text));
}

#[test]
fn any_name_is_mentioned_as_it_is() {
    let ann: UserId = ANN.parse().unwrap();
    for name in
        ["Ann Lee", "[Ann]", "A]\\", "**Ann** `_x_`", "Ann](https://a.example)", "<b> & \"c\"", "李 安", "https://a.b"]
    {
        let written = mention(name, ann);
        assert_eq!(mentions(&written), [ann], "{written}");
        assert_eq!(words(&written).trim(), format!("@{name}"), "{written}");
    }
    assert_eq!(words(&mention("two\nlines", ann)).trim(), "@two lines");
}

proptest! {
    #[test]
    fn whoever_is_mentioned_is_called_another_name(name in "\\PC{1,40}", before in "[a-z \\[\\]漢]{0,5}") {
        let (user, other) = (UserId::new(), UserId::new());
        let of = |name: &str| format!("{before}{} and {}, İ {}", mention(name, user), mention("B", other), mention(name, user));
        let text = of(&name);
        prop_assert_eq!(with_name(&text, user, "Former member").unwrap_or(text), of("Former member"));
    }

    #[test]
    fn whoever_is_mentioned_has_whatever_name(name in "\\PC{1,40}", before in "[a-z ]{0,5}") {
        let ann: UserId = ANN.parse().unwrap();
        prop_assume!(!name.trim().is_empty() && name.trim() == name);
        let written = format!("{before} {}", mention(&name, ann));
        prop_assert_eq!(mentions(&written), [ann]);
        let expected = format!("{before} @{name}");
        let read = words(&written);
        prop_assert_eq!(read.trim(), expected.trim());
    }
}

#[test]
fn words_are_those_that_are_read() {
    let source = "# Head\nfive & **six**[seven](https://a.example/b?c=d)\n- eight\n- `a<b`";
    assert_eq!(words(source).split_whitespace().collect::<Vec<_>>(), ["Head", "five", "&", "sixseven", "eight", "a<b"]);
}

/// The text of HTML of ours, and whether its tags are those that are promised, and in balance.
fn read(html: &str) -> (String, bool) {
    const TAGS: [&str; 13] =
        ["p", "strong", "em", "del", "code", "pre", "ul", "ol", "li", "blockquote", "br", "a", "span"];
    let (mut text, mut open, mut rest) = (String::new(), Vec::new(), html);
    while let Some((before, tag)) = rest.split_once('<') {
        text.push_str(before);
        let Some((tag, after)) = tag.split_once('>') else { return (text, false) };
        rest = after;
        let name = tag.trim_start_matches('/').split(' ').next().unwrap_or_default();
        let is_known =
            TAGS.contains(&name) && (["a", "ol", "span"].contains(&name) || tag.trim_start_matches('/') == name);
        match (name, tag.starts_with('/')) {
            ("br", false) => text.push('\n'),
            (_, true) if open.pop() == Some(name) => {}
            (_, false)
                if is_known
                    && !(["a", "span"].contains(&name) && open.iter().any(|tag| ["a", "span"].contains(tag))) =>
            {
                open.push(name)
            }
            _ => return (text, false),
        }
    }
    text.push_str(rest);
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    (text, open.is_empty())
}

proptest! {
    #[test]
    fn whatever_is_written_is_shown_whole_in_sound_html(
        source in "([a-zé重 \\n*_~`\\[\\]()<>&\"#>-]|\\\\|- |1\\. |> |  |\\*\\*|```|https://a\\.b/|\\[x\\]\\(https://c\\.d\\)|\\[@x\\]\\(mention:01890a5d-ac96-774b-bcce-b302099a8057\\)){0,60}"
    ) {
        let html = html(&source);
        let (text, is_sound) = read(&html);
        prop_assert!(is_sound, "{html}");
        // The info string of a fence is not shown, and an address is in its link's attribute.
        if !source.contains("```") && !source.contains("~~~") && !source.contains("](") {
            let letters = |text: &str| text.chars().filter(|letter| letter.is_alphabetic()).collect::<String>();
            prop_assert_eq!(letters(&text), letters(&source), "{}", html);
        }
    }
}

#[test]
fn hostile_texts_are_read_once() {
    for unit in [
        "**a ",
        "*a **b ",
        "[",
        "[](",
        "`a",
        "``a`",
        "https://a.b/) ",
        "> ",
        "- ",
        "_a~~",
        "\\",
        "](",
        "*",
        "_",
        "~",
        "http://",
        "http://-",
        "[http://",
        "[@a](mention:",
        "[@a](mention:01890a5d-ac96-774b-bcce-b302099a8057)",
    ] {
        let source = unit.repeat(200_000 / unit.len());
        assert!(read(&html(&source)).1, "{unit:?}");
    }
    assert!(read(&html(&"(".repeat(100_000))).1);
    assert!(read(&html(&format!("https://a.example/{}", ")".repeat(50_000)))).1);
}

#[test]
fn who_is_called_another_name_is_so_however_the_link_is_written() {
    let user = UserId::new();
    let id = user.to_string();
    let former = mention("Former member", user);
    for text in [
        format!("[@Zo\\[e\\]](mention:{id})"),
        format!("[@Zoe [the one]](mention:{id})"),
        format!("[@Zoe](mention:{})", id.to_ascii_uppercase()),
        format!("[@Zoe]( mention:{id})"),
        format!("[@Zoe](<mention:{id}>)"),
        format!("[**@Zoe**](mention:{id})"),
    ] {
        assert_eq!(with_name(&text, user, "Former member").as_ref(), Some(&former), "{text}");
    }
    for text in [former.clone(), format!("@Zoe](mention:{id})"), format!("mention:{id}"), mention("Zoe", UserId::new())]
    {
        assert_eq!(with_name(&text, user, "Former member"), None, "{text}");
    }
}
