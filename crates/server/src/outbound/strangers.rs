//! Requests to addresses that anybody may have typed: they lead to no place that only this machine, or its network, can
//! reach.

use std::{
    error::Error as _,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, LazyLock},
    time::Duration,
};

use anyhow::Context;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::{
    dns::{Addrs, Name, Resolve, Resolving},
    redirect,
};
use url::{Host, Url};

use super::{CONNECT, builder};

/// An answer has to begin within this long.
pub const PATIENCE: Duration = Duration::from_secs(15);

/// Networks of IPv4 that are no public hosts': <https://www.iana.org/assignments/iana-ipv4-special-registry>, multicast, what
/// is reserved, and the address at which Azure tells machines about themselves.
const SPECIAL_V4: [&str; 17] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "168.63.129.16/32",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
];

/// Multicast, and what is reserved.
const FROM_224: Ipv4Net = Ipv4Net::new_assert(std::net::Ipv4Addr::new(224, 0, 0, 0), 3);

/// All public hosts of IPv6 are in this network.
const GLOBAL_V6: Ipv6Net = Ipv6Net::new_assert(std::net::Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What in it is something else, 6to4 among it, which holds addresses of IPv4:
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>.
const SPECIAL_V6: [&str; 5] = ["2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20"];

static SPECIAL: LazyLock<Vec<IpNet>> = LazyLock::new(|| {
    let networks = SPECIAL_V4.iter().chain(&SPECIAL_V6);
    networks.map(|network| network.parse().expect("it is written as a network")).collect()
});

/// Where requests may lead: to every public host, and into these networks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach(Arc<[IpNet]>);

impl Reach {
    /// Public hosts, and these networks.
    pub fn with(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    /// Whether that is more than public hosts.
    pub fn is_wider(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether something may be sent to this address. One of IPv4 within one of IPv6 is what it stands for.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.allows_plain(address) || is_public(address)
    }

    /// Whether something may be sent to this address without TLS, where anybody on the way reads along: in the named
    /// networks alone.
    fn allows_plain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    fn judge(&self, address: IpAddr, is_plain: bool) -> Result<(), Refused> {
        match is_plain {
            _ if !self.allows(address) => Err(Refused::Private),
            true if !self.allows_plain(address) => Err(Refused::Plain),
            _ => Ok(()),
        }
    }

    /// Whether something may be sent there: of a name nothing is known until it is looked up.
    ///
    /// # Errors
    /// The host is an address to which nothing may be sent.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err(Refused::Private),
        };
        self.judge(address, is_plain(url))
    }
}

fn is_plain(url: &Url) -> bool {
    url.scheme() != "https"
}

fn is_public(address: IpAddr) -> bool {
    let is_host = match address {
        IpAddr::V4(address) => !FROM_224.contains(&address),
        IpAddr::V6(address) => GLOBAL_V6.contains(&address),
    };
    is_host && !SPECIAL.iter().any(|network| network.contains(&address))
}

/// Why nothing is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It is not one of a public host.
    Private,
    /// It is one, and what is sent there would be read by whoever is on the way.
    Plain,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Private => "The address leads into a private network.",
            Self::Plain => "An address on the internet begins with https://, so that nobody reads along.",
        })
    }
}

impl std::error::Error for Refused {}

impl Refused {
    /// Whether that is why a request failed.
    pub fn why(error: &reqwest::Error) -> Option<Self> {
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(refused) = cause.downcast_ref::<Self>() {
                return Some(*refused);
            }
            source = cause.source();
        }
        None
    }
}

/// Whoever connects is given the addresses that were looked at, and looks none up again: so a name cannot mean one address
/// here and another there.
struct Guarded {
    reach: Reach,
    is_plain: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, is_plain) = (self.reach.clone(), self.is_plain);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let (mut allowed, mut refused) = (Vec::<SocketAddr>::new(), Refused::Private);
            for address in found {
                match reach.judge(address.ip(), is_plain) {
                    Ok(()) => allowed.push(address),
                    Err(why) => refused = why,
                }
            }
            if allowed.is_empty() {
                return Err(refused.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// Sends to addresses of strangers, follows no redirects and asks no proxy, which would look the name up for itself. A host
/// that is an address asks no resolver: [`Reach::check`] it first.
#[derive(Debug, Clone)]
pub struct Client {
    https: reqwest::Client,
    http: reqwest::Client,
    reach: Reach,
}

impl Client {
    /// A client that goes as far.
    ///
    /// # Errors
    /// The system knows no certificate authorities.
    pub fn new(reach: Reach) -> anyhow::Result<Self> {
        let client = |is_plain| {
            builder()
                .connect_timeout(CONNECT)
                .timeout(PATIENCE)
                .redirect(redirect::Policy::none())
                .no_proxy()
                .pool_max_idle_per_host(0)
                .dns_resolver(Arc::new(Guarded { reach: reach.clone(), is_plain }))
                .user_agent(concat!("PromptGrimoire/", env!("CARGO_PKG_VERSION")))
                .build()
                .context("no TLS connections can be made")
        };
        Ok(Self { https: client(false)?, http: client(true)?, reach })
    }

    /// How far it goes.
    pub fn reach(&self) -> &Reach {
        &self.reach
    }

    /// A `POST` there.
    ///
    /// # Errors
    /// The host is an address to which nothing may be sent.
    pub fn post(&self, url: Url) -> Result<reqwest::RequestBuilder, Refused> {
        self.reach.check(&url)?;
        let client = if is_plain(&url) { &self.http } else { &self.https };
        Ok(client.post(url))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(reach: &Reach, address: &str) -> bool {
        reach.allows(address.parse().unwrap())
    }

    #[test]
    fn nothing_leads_to_what_only_this_machine_or_its_network_can_reach() {
        let public = Reach::default();
        for address in ["8.8.8.8", "100.63.255.255", "172.32.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1"]
        {
            assert!(allows(&public, address), "{address}");
        }
        let special = "0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.255.255.254 168.63.129.16
                       169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
                       198.51.100.1 203.0.113.1 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255
                       :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::127.0.0.1 64:ff9b::7f00:1
                       64:ff9b:1::1 100::1 2001::1 2001:db8::1 2002:7f00:1::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254
                       fe80::1 fec0::1 ff02::1";
        for address in special.split_whitespace() {
            assert!(!allows(&public, address), "{address}");
        }
        assert!(allows(&public, "::ffff:8.8.8.8"), "it is what it stands for");
    }

    #[test]
    fn whoever_runs_the_server_may_let_it_into_a_network_and_into_no_other() {
        let wider = Reach::with(vec!["10.20.0.0/16".parse().unwrap(), "fd12::/16".parse().unwrap()]);
        for (address, is) in [("10.20.3.4", true), ("::ffff:10.20.3.4", true), ("10.21.0.1", false), ("fd12::1", true)]
        {
            assert_eq!(allows(&wider, address), is, "{address}");
        }
        assert!(allows(&wider, "8.8.8.8") && !allows(&wider, "169.254.169.254"));
    }

    #[test]
    fn an_address_is_known_in_every_spelling() {
        let spelt = "http://127.0.0.1 http://127.1 http://2130706433 http://0x7f000001 http://0177.0.0.1 http://[::1]
                     http://[::ffff:7f00:1] http://[::ffff:127.0.0.1]:8080 http://0 http://169.254.169.254./latest";
        for url in spelt.split_whitespace() {
            assert_eq!(Reach::default().check(&url.parse().unwrap()), Err(Refused::Private), "{url}");
        }
        assert_eq!(Reach::default().check(&"https://8.8.8.8".parse().unwrap()), Ok(()));
    }

    #[test]
    fn without_tls_it_leads_into_the_named_networks_alone() {
        let wider = Reach::with(vec!["10.20.0.0/16".parse().unwrap()]);
        let judged = |url: &str| wider.check(&url.parse().unwrap());
        assert_eq!(judged("http://8.8.8.8/"), Err(Refused::Plain));
        assert_eq!(judged("http://[2606:4700::1111]/"), Err(Refused::Plain));
        assert_eq!(judged("http://10.21.0.1/"), Err(Refused::Private));
        assert_eq!((judged("https://8.8.8.8/"), judged("http://10.20.3.4/")), (Ok(()), Ok(())));
        assert_eq!(wider.judge("8.8.8.8".parse().unwrap(), true), Err(Refused::Plain), "as a name means it");
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_not_connected_to() {
        let client = Client::new(Reach::default()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://localhost:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
        let failed = client.post(url.clone()).unwrap().send().await.unwrap_err();
        assert_eq!(Refused::why(&failed), Some(Refused::Private), "{failed:?}");
        let wider = Client::new(Reach::with(vec!["127.0.0.0/8".parse().unwrap()])).unwrap();
        tokio::select! {
            failed = wider.post(url).unwrap().send() => panic!("nobody was asked: {failed:?}"),
            came = listener.accept() => drop(came.unwrap()),
        }
    }
}
