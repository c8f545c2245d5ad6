//! Forms that people paste instead of typing: DNS names and URLs.
//!
//! `db.orders` becomes `orders/db`, which workload, pod and service can answer to; `db.orders.svc`
//! says that a service is meant, so it becomes `orders/service/db` and can never open the path to
//! an unrelated workload that happens to have the same name.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use super::endpoint::Side;
use super::names::is_dns_label;
use super::problem::{Problem, quoted};
use super::tokens::Word;
use super::{Endpoint, Kind, PortAsk, PortRef, Ports, Protocol, Target};

/// Ports that a URL leaves out, by scheme: each product's documented default.
const DEFAULT_PORTS: [(&str, u16); 32] = [
    ("http", 80),
    ("ws", 80),
    ("https", 443),
    ("wss", 443),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("mysql", 3306),
    ("mariadb", 3306),
    ("redis", 6379),
    ("rediss", 6379),
    ("valkey", 6379),
    ("mongodb", 27017),
    ("amqp", 5672),
    ("amqps", 5671),
    ("kafka", 9092),
    ("nats", 4222),
    ("mqtt", 1883),
    ("mqtts", 8883),
    ("memcached", 11211),
    ("cassandra", 9042),
    ("clickhouse", 9000),
    ("sqlserver", 1433),
    ("oracle", 1521),
    ("zookeeper", 2181),
    ("etcd", 2379),
    ("ldap", 389),
    ("ldaps", 636),
    ("ssh", 22),
    ("sftp", 22),
    ("ftp", 21),
    ("smtp", 25),
    ("smtps", 465),
];

/// Top-level domains that nobody calls a namespace; longer lists would catch real ones (`dev`).
const WORLD: [&str; 3] = ["com", "org", "net"];

const DNS_HINT: &str = "names inside the cluster are `namespace/name` or `name.namespace.svc`; outside it only addresses work";

/// Reads a host name without a scheme: `db.orders.svc.cluster.local`. `word` is the whole word.
pub(super) fn host(word: Word<'_>, host: Word<'_>, side: Side<'_>) -> Result<Endpoint, Problem> {
    let place = |edit: String| {
        // The edit keeps what follows the name, such as its port.
        let after = word.text().get(host.text().len()..).unwrap_or_default();
        format!("{edit}{after}")
    };
    read_host(host.text(), side).map_err(|fault| {
        let edit = fault.meant.clone().map(place);
        fault.on(host, word, edit)
    })
}

/// Reads a URL; path, query and login are of no interest (the login is gone already).
pub(super) fn url(word: Word<'_>, side: Side<'_>) -> Result<Target, Problem> {
    let text = word.text();
    let is_jdbc = text
        .get(..5)
        .is_some_and(|p| p.eq_ignore_ascii_case("jdbc:"));
    let stripped = if is_jdbc { text.get(5..) } else { None };
    let url = Url::parse(stripped.unwrap_or(text)).map_err(|_| unreadable(word))?;
    let explicit = url.port();
    let default = DEFAULT_PORTS
        .iter()
        .find(|(scheme, _)| *scheme == url.scheme())
        .map(|(_, port)| *port);
    let endpoint = match url.host() {
        Some(Host::Ipv4(address)) => address_of(address.into()),
        Some(Host::Ipv6(address)) => address_of(address.into()),
        Some(Host::Domain(name)) => match name.parse::<IpAddr>() {
            Ok(address) => address_of(address),
            Err(_) => read_host(name, side).map_err(|fault| {
                let port = explicit.or(default).map(|port| format!(":{port}"));
                let edit = fault.meant.clone();
                let edit = edit.map(|meant| format!("{meant}{}", port.unwrap_or_default()));
                fault.on(host_in(word, name), word, edit)
            })?,
        },
        None => return Err(unreadable(word)),
    };
    if explicit.is_some() && matches!(side, Side::Source) {
        return Err(word
            .problem("a source has no port")
            .hint("the port belongs to the target, as in `shop/web to orders/db:5432`")
            .replace(endpoint.to_string()));
    }
    let ports = explicit
        .or(default)
        .filter(|port| *port > 0 && !matches!(side, Side::Source))
        .map(|port| one_port(port, url.scheme()));
    Ok(Target { endpoint, ports })
}

/// Where the host stands in a URL. Not the whole URL is pointed at: what is before the host in the
/// person's own text may be a password.
fn host_in<'t>(word: Word<'t>, host: &str) -> Word<'t> {
    let authority = word.text().find("://").map_or(0, |at| at + "://".len());
    let after = word.text().get(authority..).unwrap_or_default();
    match after.get(..host.len()) {
        Some(found) if found.eq_ignore_ascii_case(host) => {
            Word::new(found, word.start() + authority)
        }
        _ => word,
    }
}

fn address_of(address: IpAddr) -> Endpoint {
    Endpoint::Address(IpNet::from(address.to_canonical()))
}

fn one_port(port: u16, scheme: &str) -> Ports {
    let protocol = Protocol::from_word(scheme).unwrap_or_default();
    Ports::new(vec![PortAsk {
        port: PortRef::Number(port),
        protocol: Some(protocol),
    }])
}

fn unreadable(word: Word<'_>) -> Problem {
    let problem = word.problem(format!(
        "{} is not a URL that names one host",
        quoted(word.text())
    ));
    let after_scheme = word.text().split("://").nth(1).unwrap_or_default();
    let host = after_scheme
        .split(['/', '?', '#'])
        .next()
        .unwrap_or_default();
    problem.hint(if host.contains(',') {
        "it names several hosts; ask for one at a time, such as `orders/db:5432`"
    } else {
        "write the target itself, such as `orders/db:5432`"
    })
}

/// Why a host name is no endpoint.
struct Fault {
    message: String,
    hint: String,
    /// What to write instead of the name.
    meant: Option<String>,
}

impl Fault {
    fn new(message: String, hint: &str) -> Self {
        Self {
            message,
            hint: hint.to_owned(),
            meant: None,
        }
    }

    fn meaning(self, meant: String) -> Self {
        Self {
            meant: Some(meant),
            ..self
        }
    }

    /// The problem at `spot`, repaired by writing `edit` in place of `whole`.
    fn on(self, spot: Word<'_>, whole: Word<'_>, edit: Option<String>) -> Problem {
        let problem = spot.problem(self.message).hint(self.hint);
        match edit {
            Some(edit) => problem.edit(whole.span(), edit),
            None => problem,
        }
    }
}

fn read_host(host: &str, side: Side<'_>) -> Result<Endpoint, Fault> {
    let lower = host.trim_end_matches('.').to_ascii_lowercase();
    let labels: Vec<&str> = lower.split('.').collect();
    if let Some(wrong) = labels.iter().find(|label| !is_dns_label(label)) {
        let message = match *wrong {
            "" => format!("{} is not a name", quoted(host)),
            wrong => format!("{} is not a name", quoted(wrong)),
        };
        return Err(Fault::new(
            message,
            "write `namespace/name`, such as `orders/db`",
        ));
    }
    match labels.as_slice() {
        ["localhost"] => Err(Fault::new(
            "`localhost` never leaves its pod".to_owned(),
            "name the target as others reach it, such as `orders/db`",
        )),
        [name] => Err(without_namespace(name, side)),
        [_, top] if WORLD.contains(top) => Err(outside(host)),
        [name, namespace]
        | [name, namespace, "svc"]
        | [name, namespace, "svc", "cluster", "local"] => Ok(Endpoint::Named {
            namespace: (*namespace).to_owned(),
            kind: (labels.len() > 2).then_some(Kind::Service),
            name: (*name).to_owned(),
        }),
        // A StatefulSet's pod behind its headless service.
        [pod, _, namespace, "svc"] | [pod, _, namespace, "svc", "cluster", "local"] => {
            Ok(Endpoint::Named {
                namespace: (*namespace).to_owned(),
                kind: Some(Kind::Pod),
                name: (*pod).to_owned(),
            })
        }
        [.., "pod"] | [.., "pod", "cluster", "local"] => Err(Fault::new(
            format!(
                "{} is only another way to write a pod's address",
                quoted(host)
            ),
            "name the pod itself, as in `orders/pod/db-0`",
        )),
        [name, namespace, "svc", ..] => Err(Fault::new(
            format!("{} has a domain that is not known here", quoted(host)),
            "end the name with `.svc`, and name the cluster with `on CLUSTER`",
        )
        .meaning(format!("{name}.{namespace}.svc"))),
        _ => Err(outside(host)),
    }
}

fn without_namespace(name: &str, side: Side<'_>) -> Fault {
    let fault = Fault::new(
        format!("{} has no namespace", quoted(name)),
        "write `namespace/name`, such as `orders/db`",
    );
    match side {
        Side::Target(Some(namespace)) => fault.meaning(format!("{namespace}/{name}")),
        Side::Target(None) | Side::Source => fault,
    }
}

fn outside(host: &str) -> Fault {
    Fault::new(
        format!("{} is a name from outside the cluster", quoted(host)),
        DNS_HINT,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Option<String> {
        let word = Word::new(text, 0);
        let target = if text.contains("://") {
            url(word, Side::Target(None)).ok()?
        } else {
            let endpoint = host(word, word, Side::Target(None)).ok()?;
            Target {
                endpoint,
                ports: None,
            }
        };
        Some(target.to_string())
    }

    #[test]
    fn dns_names_become_endpoints() {
        for (text, meant) in [
            ("db.orders", "orders/db"),
            ("DB.Orders.svc", "orders/service/db"),
            ("db.orders.svc.cluster.local.", "orders/service/db"),
            ("db-0.db.orders.svc", "orders/pod/db-0"),
        ] {
            assert_eq!(target(text).as_deref(), Some(meant), "{text}");
        }
        for text in [
            "db",
            "localhost",
            "api.stripe.com",
            "stripe.com",
            "10-0-0-1.orders.pod",
            "db.orders.svc.east.example",
            "a..b",
            "",
        ] {
            assert_eq!(target(text), None, "{text}");
        }
    }

    #[test]
    fn urls_become_targets_with_their_scheme_s_port() {
        for (text, meant) in [
            ("postgres://db.orders:5433/x", "orders/db:5433"),
            ("POSTGRES://DB.orders/x?sslmode=require", "orders/db:5432"),
            ("https://db.orders/", "orders/db:443"),
            ("https://db.orders:443/", "orders/db:443"),
            (
                "jdbc:postgresql://db.orders.svc/x",
                "orders/service/db:5432",
            ),
            ("udp://dns.kube-system:53", "kube-system/dns:53/udp"),
            ("grpc://api.shop", "shop/api"),
            ("http://203.0.113.7:8080/x", "203.0.113.7:8080"),
            ("redis://203.0.113.7", "203.0.113.7:6379"),
            ("http://[2001:db8::1]/", "[2001:db8::1]:80"),
        ] {
            assert_eq!(target(text).as_deref(), Some(meant), "{text}");
        }
        for text in [
            "mongodb://a.b:1,c.d:2/x",
            "file:///etc/passwd",
            "http://",
            "://",
        ] {
            assert_eq!(target(text), None, "{text}");
        }
    }

    #[test]
    fn every_scheme_is_listed_once() {
        let mut schemes: Vec<_> = DEFAULT_PORTS.iter().map(|(scheme, _)| scheme).collect();
        schemes.sort_unstable();
        schemes.dedup();
        assert_eq!(schemes.len(), DEFAULT_PORTS.len());
    }
}
