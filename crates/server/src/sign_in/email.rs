use std::fmt;

/// An e-mail address in lower case: as it is stored, and told apart from others. Its text shows in no `Debug`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Email(String);

/// In bytes, as SMTP and the names of hosts have it (RFC 5321, 4.5.3.1; RFC 1035, 2.3.4).
const MAX_LENGTH: usize = 254;
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;

impl Email {
    /// Reads what somebody typed, or a list of people holds. Whether there is such a mailbox, only a mail can tell.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_lowercase();
        let (local, domain) = text.rsplit_once('@')?;
        let dots_ok = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        let label_ok =
            |label: &str| (1..=MAX_LABEL).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-');
        let is_sound = text.len() <= MAX_LENGTH
            && (1..=MAX_LOCAL).contains(&local.len())
            && dots_ok
            && !text.chars().any(|character| {
                character.is_whitespace() || character.is_control() || "<>,;:\"()[]\\".contains(character)
            })
            && !local.contains('@')
            && domain.contains('.')
            && domain.split('.').all(label_ok);
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
            ".ann@example.org",
            "ann.@example.org",
            "an..n@example.org",
            "Ann <ann@example.org>",
            "a@x.org,b@x.org",
            "ann@example.org\r\nBcc: b@x.org",
        ] {
            assert!(Email::parse(text).is_none(), "{text:?}");
        }
        for good in ["a@b.co", "o'neil+x@sub.uni-x.edu.au", "x_y.z@1.example", "zoë@uni.example"] {
            assert_eq!(Email::parse(good).unwrap().as_str(), good);
        }
        let local = |length: usize| Email::parse(&format!("{}@example.org", "x".repeat(length)));
        assert!(local(64).is_some() && local(65).is_none());
        assert!(Email::parse(&format!("x@{}.org", "x".repeat(64))).is_none());
    }

    #[test]
    fn an_address_shows_in_no_debug() {
        assert_eq!(format!("{:?}", Email::parse("ann@example.org").unwrap()), "[e-mail]");
    }
}
