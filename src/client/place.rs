//! The address of a server, and whether a token may be sent there.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use url::{Host, Url};

/// The address of a server: `https`, or `http` where the way there does not leave the machine or the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Url);

impl Place {
    /// The address of one of its paths (`/v1/requests`).
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0.as_str().trim_end_matches('/'))
    }

    /// What is connected to: scheme, host and port.
    pub(super) fn origin(&self) -> String {
        self.0.origin().ascii_serialization()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

impl FromStr for Place {
    type Err = String;

    /// Reads an address; the problem is a sentence that begins after the setting's name, and never repeats a
    /// password.
    fn from_str(text: &str) -> Result<Self, String> {
        let url =
            Url::parse(text).map_err(|_| "is not an address such as https://HOST".to_owned())?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must have no user or password: a token is read from its file".to_owned());
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must have no query or fragment".to_owned());
        }
        // INVARIANT (no token in the clear): every call goes to a place that was read here, and redirects
        // are not followed.
        match (url.scheme(), url.host()) {
            ("https", Some(_)) => Ok(Self(url)),
            ("http", Some(host)) if is_near(&host) => Ok(Self(url)),
            ("http", Some(host)) => Err(format!(
                "must be https: only a loopback address or a name inside the cluster may do without TLS, \
                 not `{host}`"
            )),
            _ => Err("must be `https://HOST` or `http://NAME.NAMESPACE.svc`".to_owned()),
        }
    }
}

/// A loopback address, `localhost` (RFC 6761 §6.3), or the name of a Service: `name.namespace.svc`, with or
/// without `.cluster.local` (Kubernetes, "DNS for Services and Pods"). No public name can end in either, so
/// nobody outside can be meant; and inside, whoever can read a Service's traffic can read the job's token file.
fn is_near(host: &Host<&str>) -> bool {
    match host {
        Host::Ipv4(address) => IpAddr::from(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).is_loopback(),
        Host::Domain(name) => {
            let name = name.trim_end_matches('.');
            let inside = name.strip_suffix(".cluster.local").unwrap_or(name);
            let service = inside.strip_suffix(".svc").unwrap_or_default();
            let labels = service.split('.');
            let is_service = labels.clone().count() >= 2 && labels.clone().all(|l| !l.is_empty());
            name == "localhost" || is_service
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_sent_over_tls_or_nearby() {
        for (text, allowed) in [
            ("https://drawbridge.example", true),
            ("https://drawbridge.example/behind/a/path/", true),
            ("http://drawbridge.drawbridge.svc:8080", true),
            ("http://drawbridge.drawbridge.svc.cluster.local:8080", true),
            ("http://drawbridge.drawbridge.SVC", true),
            ("http://drawbridge.drawbridge.svc.", true),
            ("http://127.0.0.1:8080", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:8080", true),
            ("http://localhost:8080", true),
            ("http://drawbridge.example", false),
            ("http://svc", false),
            ("http://.svc", false),
            ("http://drawbridge.svc", false),
            ("http://.drawbridge.svc", false),
            ("http://drawbridge.svc.cluster.local", false),
            ("http://evil.svc.example", false),
            (
                "http://drawbridge.drawbridge.svc.cluster.local.example",
                false,
            ),
            ("http://cluster.local", false),
            ("http://drawbridge.cluster.local", false),
            ("http://localhost.example", false),
            ("http://10.0.0.7", false),
            ("http://127.0.0.1.example", false),
            ("http://0x7f.1.example", false),
            ("https://user@drawbridge.example", false),
            ("https://drawbridge.example/?x=1", false),
            ("ftp://127.0.0.1", false),
            ("unix:/socket", false),
            ("drawbridge", false),
            ("", false),
        ] {
            let read = text.parse::<Place>();
            assert_eq!(read.is_ok(), allowed, "{text}: {read:?}");
        }
    }

    #[test]
    fn a_path_is_kept_before_the_servers_own() {
        let place: Place = "https://tools.example/drawbridge/".parse().unwrap();
        assert_eq!(
            place.at("/v1/requests"),
            "https://tools.example/drawbridge/v1/requests"
        );
        assert_eq!(place.origin(), "https://tools.example");
        let place: Place = "http://localhost:1".parse().unwrap();
        assert_eq!(place.at("/v1/requests"), "http://localhost:1/v1/requests");
        assert_eq!(place.to_string(), "http://localhost:1");
        assert_eq!(place.origin(), "http://localhost:1");
    }
}
