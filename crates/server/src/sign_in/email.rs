use std::fmt;

/// An e-mail address in lower case: as it is stored, and told apart from others. Its text shows in no `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// As SMTP has it (RFC 5321, 4.5.3.1).
const MAX_LENGTH: usize = 254;

impl Email {
    /// Reads what somebody typed. Whether there is such a mailbox, only a mail can tell.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@')?;
        let is_sound = text.len() <= MAX_LENGTH
            && !local.is_empty()
            && !text.chars().any(|character| {
                character.is_whitespace() || character.is_control() || "<>,;:\"()[]\\".contains(character)
            })
            && !local.contains('@')
            && domain.contains('.')
            && domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'));
        is_sound.then_some(Self(text))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the `@`.
    pub fn local_part(&self) -> &str {
        self.0.rsplit_once('@').map_or(&self.0, |(local, _)| local)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[e-mail]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_people_type_it() {
        assert_eq!(Email::parse(" Ann.Lee+x@Example.ORG\n").unwrap().as_str(), "ann.lee+x@example.org");
        assert_eq!(Email::parse("o'brien@uni.edu.au").unwrap().local_part(), "o'brien");
        for text in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@example",
            "a b@example.org",
            "ann@exa mple.org",
            "a@b@example.org",
            "ann@example..org",
            "ann@-x.org",
            "Ann <ann@example.org>",
            "a@x.org,b@x.org",
            "ann@example.org\r\nBcc: b@x.org",
        ] {
            assert!(Email::parse(text).is_none(), "{text:?}");
        }
        assert!(Email::parse(&format!("{}@example.org", "x".repeat(250))).is_none());
    }

    #[test]
    fn an_address_shows_in_no_debug() {
        assert_eq!(format!("{:?}", Email::parse("ann@example.org").unwrap()), "[e-mail]");
    }
}
