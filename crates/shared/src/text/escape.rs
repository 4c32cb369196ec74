//! Writing text into HTML.

/// Text inside an element.
pub(crate) fn push_text(html: &mut String, text: &str) {
    push(html, text, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        _ => None,
    });
}

/// Text inside an element, for whoever writes a whole one.
pub fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    push_text(&mut html, text);
    html
}

/// The value of an attribute between double quotes.
pub(crate) fn push_attribute(html: &mut String, value: &str) {
    push(html, value, |byte| match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some("&quot;"),
        _ => None,
    });
}

fn push(html: &mut String, text: &str, reference: impl Fn(u8) -> Option<&'static str>) {
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(reference) = reference(byte) {
            html.push_str(&text[written..at]);
            html.push_str(reference);
            written = at + 1;
        }
    }
    html.push_str(&text[written..]);
}
