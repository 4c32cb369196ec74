//! Words within XML.

/// As the text of an element or the value of an attribute. What XML 1.0 does not hold becomes U+FFFD.
pub(super) fn escaped(text: &str) -> String {
    let mut xml = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            // Within a value they would be read as blanks.
            '\t' | '\n' | '\r' => xml.push(' '),
            '\0'..'\u{20}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ => xml.push(letter),
        }
    }
    xml
}

/// What our own HTML says: it has these references alone.
pub(super) fn plain(html: &str) -> String {
    html.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// Whether a letter is written from the right, one from the left, or takes the direction of its neighbours.
pub(super) fn is_from_right(letter: char) -> Option<bool> {
    match letter {
        '\u{590}'..='\u{8ff}'
        | '\u{fb1d}'..='\u{fdff}'
        | '\u{fe70}'..='\u{fefe}'
        | '\u{10800}'..='\u{10fff}'
        | '\u{1e800}'..='\u{1efff}' => letter.is_alphabetic().then_some(true),
        _ => letter.is_alphabetic().then_some(false),
    }
}

/// A text in stretches of one direction. What has none of its own goes with what is on both sides of it from the right.
pub(super) fn stretches(text: &str) -> Vec<(&str, bool)> {
    let mut all: Vec<(&str, bool)> = Vec::new();
    let (mut start, mut right, mut end_of_right) = (0, false, 0);
    for (at, letter) in text.char_indices() {
        match is_from_right(letter) {
            Some(true) => {
                if !right {
                    all.extend((at > start).then(|| (&text[start..at], false)));
                    (start, right) = (at, true);
                }
                end_of_right = at + letter.len_utf8();
            }
            Some(false) if right => {
                all.push((&text[start..end_of_right], true));
                (start, right) = (end_of_right, false);
            }
            _ => {}
        }
    }
    if right && end_of_right < text.len() {
        all.push((&text[start..end_of_right], true));
        (start, right) = (end_of_right, false);
    }
    all.extend((start < text.len()).then(|| (&text[start..], right)));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_does_not_hold_is_replaced() {
        assert_eq!(escaped("a\u{0}\u{1b}\u{ffff}<&\">\n鯨🐋"), "a\u{fffd}\u{fffd}\u{fffd}&lt;&amp;&quot;&gt; 鯨🐋");
    }

    #[test]
    fn a_text_of_both_directions_is_cut_where_they_change() {
        for (text, cut) in [
            ("plain, 1!", vec![("plain, 1!", false)]),
            ("קול ים", vec![("קול ים", true)]),
            ("say شكرا، جزيلا 12 now", vec![("say ", false), ("شكرا، جزيلا", true), (" 12 now", false)]),
            ("مرحبا!", vec![("مرحبا", true), ("!", false)]),
            ("", vec![]),
        ] {
            assert_eq!(stretches(text), cut, "{text}");
        }
    }
}
