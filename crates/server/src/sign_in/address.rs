//! From where somebody tries to sign in.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;

use crate::{config::Origin, services::Services};

/// From where a request comes, as far as that can be known.
#[derive(Debug, Clone)]
pub struct Client(Option<IpAddr>);

impl Client {
    /// Somebody at this address.
    pub fn at(address: IpAddr) -> Self {
        Self(Some(address))
    }

    /// The sender of a request. Behind a proxy that is not configured everybody would be the proxy, and be counted as one:
    /// then nobody's place is known.
    pub fn of(services: &Services, headers: &HeaderMap, peer: SocketAddr) -> Self {
        let peer = peer.ip().to_canonical();
        match &services.config.client_address_header {
            Some(name) => Self(last_of(headers, name)),
            None => Self((!is_behind_proxy(&services.origin, peer)).then_some(peer)),
        }
    }

    /// What is counted as one: an address, of IPv6 the network of one customer.
    pub(super) fn place(&self) -> Option<IpAddr> {
        self.0.map(|address| match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }
}

fn is_behind_proxy(origin: &Origin, peer: IpAddr) -> bool {
    let is_private = match peer {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local(),
    };
    is_private && !origin.is_loopback()
}

/// The nearest proxy adds its word at the end; what stands before it, anybody may have written.
fn last_of(headers: &HeaderMap, name: &str) -> Option<IpAddr> {
    let all = headers.get_all(name).iter().next_back()?.to_str().ok()?;
    let last = all.rsplit(',').next()?.trim();
    let address = last.parse::<IpAddr>().or_else(|_| last.parse::<SocketAddr>().map(|address| address.ip())).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_is_the_proxys_own() {
        let headers =
            |value: &str| HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), value.parse().unwrap())]);
        let of = |value| last_of(&headers(value), "x-forwarded-for").map(|address: IpAddr| address.to_string());
        assert_eq!(of("198.51.100.1, 203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(of("203.0.113.7:55123").as_deref(), Some("203.0.113.7"));
        assert_eq!(of("::ffff:203.0.113.7").as_deref(), Some("203.0.113.7"));
        assert_eq!(of("unknown"), None);
    }

    #[test]
    fn a_network_of_ipv6_is_one_place() {
        let place = |text: &str| Client::at(text.parse().unwrap()).place();
        assert_eq!(place("2001:db8:1:2::1"), place("2001:db8:1:2:ffff::9"));
        assert_ne!(place("2001:db8:1:2::1"), place("2001:db8:1:3::1"));
    }

    #[test]
    fn behind_a_proxy_that_is_not_configured_nobodys_place_is_known() {
        let (public, local) = ("https://a.example".parse().unwrap(), Origin::localhost(1));
        assert!(is_behind_proxy(&public, "127.0.0.1".parse().unwrap()));
        assert!(is_behind_proxy(&public, "10.0.0.5".parse().unwrap()));
        assert!(!is_behind_proxy(&public, "203.0.113.7".parse().unwrap()));
        assert!(!is_behind_proxy(&local, "127.0.0.1".parse().unwrap()));
    }
}
