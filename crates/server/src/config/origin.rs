use std::{fmt, str::FromStr};

use url::{Host, Url};

/// An origin as RFC 6454 means it: scheme, host and port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: &'static str,
    host: Host<String>,
    port: u16,
}

impl Origin {
    /// `http://localhost` on `port`: what people type on the machine that the server runs on.
    pub fn localhost(port: u16) -> Self {
        Self { scheme: "http", host: Host::Domain("localhost".to_owned()), port }
    }

    /// `http` or `https`.
    pub fn scheme(&self) -> &str {
        self.scheme
    }

    /// The host as browsers write it; an IPv6 address has its brackets.
    pub fn host(&self) -> String {
        self.host.to_string()
    }

    /// The port, also where it is the scheme's own and not written.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether cookies may carry `Secure` and the `__Host-` prefix.
    pub fn is_https(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether only this machine can mean this origin: `localhost`, `127.0.0.1` or `[::1]`.
    ///
    /// Exactly these three. A name such as `localhost.example.org` or `127.0.0.1.nip.io` is somebody else's.
    pub fn is_loopback(&self) -> bool {
        match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.octets() == [127, 0, 0, 1],
            Host::Ipv6(address) => address.is_loopback(),
        }
    }

    /// Whether the value of an `Origin` header names this origin.
    ///
    /// Where this origin is loopback, the three names of loopback count as the same. The header must be written as
    /// browsers write it (lower case, no default port, no path): anything else was not sent by one.
    pub fn matches(&self, header: &str) -> bool {
        let Ok(other) = header.parse::<Origin>() else { return false };
        let same_host = self.host == other.host || (self.is_loopback() && other.is_loopback());
        other.to_string() == header && self.scheme == other.scheme && self.port == other.port && same_host
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        match (self.scheme, self.port) {
            ("http", 80) | ("https", 443) => Ok(()),
            (_, port) => write!(f, ":{port}"),
        }
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(value: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "not an origin such as https://annotate.example.org (no path)";
        let url = Url::parse(value).map_err(|_| EXPECTED)?;
        let scheme = match url.scheme() {
            "http" => "http",
            "https" => "https",
            _ => return Err("not an origin: it must begin with http:// or https://"),
        };
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(EXPECTED);
        }
        let host = url.host().ok_or(EXPECTED)?.to_owned();
        let port = url.port_or_known_default().ok_or(EXPECTED)?;
        Ok(Self { scheme, host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(value: &str) -> Origin {
        value.parse().unwrap()
    }

    #[test]
    fn the_three_names_of_loopback_are_one_origin_on_one_port() {
        for own in ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"] {
            let own = origin(own);
            assert!(own.is_loopback(), "{own}");
            for header in ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"] {
                assert!(own.matches(header), "{own} {header}");
            }
            for header in ["http://localhost:8081", "http://localhost", "https://localhost:8080", "null", ""] {
                assert!(!own.matches(header), "{own} {header}");
            }
        }
    }

    #[test]
    fn names_that_only_look_like_loopback_are_not() {
        for own in ["http://localhost.example.org", "http://127.0.0.1.nip.io", "http://127.0.0.2", "http://0.0.0.0"] {
            assert!(!origin(own).is_loopback(), "{own}");
            assert!(!origin("http://localhost").matches(own), "{own}");
            assert!(!origin(own).matches("http://localhost"), "{own}");
        }
    }

    #[test]
    fn a_public_origin_matches_itself_alone() {
        let own = origin("https://annotate.example.org");
        assert!(own.matches("https://annotate.example.org"));
        for header in [
            "http://annotate.example.org",
            "https://annotate.example.org:8443",
            "https://annotate.example.org.evil.example",
            "https://evil.example/https://annotate.example.org",
            "https://user@annotate.example.org",
            "https://annotate.example.org/",
            "https://ANNOTATE.example.org",
            "https://annotate.example.org:443",
            "http://localhost:443",
        ] {
            assert!(!own.matches(header), "{header}");
        }
    }

    #[test]
    fn a_default_port_is_not_written_and_a_trailing_slash_is_forgiven_in_configuration() {
        assert_eq!(origin("https://annotate.example.org:443/").to_string(), "https://annotate.example.org");
        assert_eq!(origin("http://[::1]:8080").to_string(), "http://[::1]:8080");
        assert_eq!(origin("https://annotate.example.org").port(), 443);
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_refused() {
        for value in
            ["annotate.example.org", "ftp://a.example", "https://a.example/x", "https://a.example?x", "https://"]
        {
            assert!(value.parse::<Origin>().is_err(), "{value}");
        }
    }
}
