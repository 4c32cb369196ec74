//! What a browser says of itself, in words that a person knows their device by.

/// What is kept of a user agent; real ones are about 120 characters long.
const MAX_LENGTH: usize = 400;

/// The first that is in the text counts: later ones claim to be the earlier ones too.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "a Mac"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
];

/// A user agent as it is stored: shortened, without what is no text.
pub fn stored(user_agent: &str) -> String {
    user_agent.chars().filter(|character| !character.is_control()).take(MAX_LENGTH).collect()
}

/// Such as `Firefox on Windows`.
pub fn in_words(user_agent: Option<&str>) -> String {
    let Some(text) = user_agent.filter(|text| !text.trim().is_empty()) else { return "A device".into() };
    let found =
        |list: &[(&str, &'static str)]| list.iter().find(|(part, _)| text.contains(part)).map(|(_, name)| *name);
    match (found(&BROWSERS), found(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(one), None) | (None, Some(one)) => one.into(),
        (None, None) => "Another program".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_told_in_words() {
        let of = |text| in_words(Some(text));
        assert_eq!(
            of("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"),
            "Firefox on Windows"
        );
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0";
        assert_eq!(of(edge), "Edge on Windows");
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
        assert_eq!(of(iphone), "Safari on iPhone");
        let pixel = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36";
        assert_eq!(of(pixel), "Chrome on Android");
        assert_eq!(of("curl/8.14.1"), "Another program");
        assert_eq!(in_words(None), "A device");
    }

    #[test]
    fn what_is_stored_is_short_and_text() {
        assert_eq!(stored("a\u{0}b\nc"), "abc");
        assert_eq!(stored(&"é".repeat(5000)).chars().count(), 400);
    }
}
