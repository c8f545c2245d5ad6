//! Reads one end of a flow from one word.

use std::collections::BTreeMap;

use super::{Endpoint, Kind, Target};
use crate::grammar::problem::{Problem, quoted};
use crate::grammar::tokens::Word;
use crate::grammar::{Ports, address, names, pasted, ports, suggest};

/// Which end is read, because the ends allow different things.
#[derive(Debug, Clone, Copy)]
pub(in crate::grammar) enum Side<'a> {
    /// Has no port and is no service.
    Source,
    /// May have ports; knows the source's namespace, to suggest it where none was typed.
    Target(Option<&'a str>),
}

/// Reads an endpoint with the ports after it.
pub(in crate::grammar) fn read(word: Word<'_>, side: Side<'_>) -> Result<Target, Problem> {
    if word.text().contains("://") {
        return check(word, pasted::url(word, side)?, side);
    }
    let (endpoint, ports) = match address::read(word) {
        Some(found) => {
            let (net, ports) = found?;
            (Endpoint::Address(net), ports)
        }
        None => {
            let (name, ports) = match word.split_once(':') {
                Some((name, ports)) => (name, Some(ports)),
                None => (word, None),
            };
            (named(word, name, side)?, ports)
        }
    };
    // A source's ports are refused whether they read or not.
    let ports = match (side, ports) {
        (Side::Source, Some(ports)) => return Err(source_port(word, &endpoint, ports)),
        (_, Some(ports)) => Some(ports::read(ports).map_err(|p| without_path(p, word, ports))?),
        (_, None) => None,
    };
    check(word, Target { endpoint, ports }, side)
}

fn source_port(word: Word<'_>, endpoint: &Endpoint, ports: Word<'_>) -> Problem {
    ports
        .problem("a source has no port")
        .hint("the port belongs to the target, as in `shop/web to orders/db:5432`")
        .edit(word.span(), endpoint.to_string())
}

/// `db.orders:5432/x`: what follows the port of a pasted name was a path. It is offered, not
/// assumed: `/tpc` and `/icmp` are mistakes of another kind.
fn without_path(problem: Problem, word: Word<'_>, ports: Word<'_>) -> Problem {
    let name = word.text().split(':').next().unwrap_or_default();
    let is_pasted = !name.contains('/') && name.contains(|c: char| c.is_ascii_alphabetic());
    match ports.split_once('/') {
        Some((port, path)) if is_pasted && problem.edit.is_none() => {
            problem.edit(port.end()..path.end(), "")
        }
        _ => problem,
    }
}

/// What only a whole endpoint can show.
fn check(word: Word<'_>, target: Target, side: Side<'_>) -> Result<Target, Problem> {
    match (&target.endpoint, side) {
        (
            Endpoint::Named {
                namespace,
                kind: Some(Kind::Service),
                name,
            },
            Side::Source,
        ) => Err(word
            .problem("a service opens no connections, so it cannot be a source")
            .hint("name the workload that connects")
            .replace(format!("{namespace}/{name}"))),
        _ => Ok(target),
    }
}

/// `ns/name`, `ns/kind/name`, `ns/label=value,…`, `name.ns.svc`.
fn named(word: Word<'_>, name: Word<'_>, side: Side<'_>) -> Result<Endpoint, Problem> {
    let Some((namespace, rest)) = name.split_once('/') else {
        return if name.text().contains('=') {
            Err(name
                .problem("labels need a namespace")
                .hint("write `namespace/label=value`, such as `shop/app=web`"))
        } else {
            pasted::host(word, name, side)
        };
    };
    if rest.text().contains('=') {
        let labels = labels(rest)?;
        let namespace = names::namespace(namespace)?;
        return Ok(Endpoint::Labels { namespace, labels });
    }
    if rest.text().contains(',') {
        return Err(name
            .problem(format!("{} names several at once", quoted(name.text())))
            .hint("one ask opens one path; ask for the second by itself"));
    }
    let namespace = names::namespace(namespace)?;
    let parts: Vec<Word<'_>> = rest.split('/').collect();
    let (kind, object) = match parts.as_slice() {
        [object] => (None, *object),
        [kind, object] => (Some(self::kind(*kind)?), *object),
        _ => return Err(too_many_parts(rest)),
    };
    Ok(Endpoint::Named {
        namespace,
        kind,
        name: names::object(object)?,
    })
}

/// A path with more than three parts; people write containers that way.
fn too_many_parts(rest: Word<'_>) -> Problem {
    let problem = rest
        .problem(format!("{} has too many parts", quoted(rest.text())))
        .hint("write `namespace/name` or `namespace/kind/name`; a NetworkPolicy knows no containers, only pods and ports");
    let mut parts = rest.text().split('/');
    match (parts.next(), parts.next()) {
        (Some(kind), Some(name)) => problem.replace(format!("{kind}/{name}")),
        _ => problem,
    }
}

fn kind(word: Word<'_>) -> Result<Kind, Problem> {
    if let Some(kind) = Kind::from_word(word.text()) {
        return Ok(kind);
    }
    let problem = word
        .problem(format!("{} is not a kind of workload", quoted(word.text())))
        .hint("kinds are `deployment`, `statefulset`, `daemonset`, `replicaset`, `job`, `cronjob`, `pod` and `service`; a container cannot be named");
    Err(match suggest::nearest(word.text(), Kind::words()) {
        Some(near) => problem.replace(near),
        None => problem,
    })
}

fn labels(list: Word<'_>) -> Result<BTreeMap<String, String>, Problem> {
    let mut labels = BTreeMap::new();
    for item in list.split(',') {
        if item.text().is_empty() {
            return Err(list
                .problem("a label is missing between two commas")
                .hint("labels are written `app=web,tier=front`")
                .replace(without_empty_items(list)));
        }
        let (key, value) = label(item)?;
        if labels.contains_key(&key) {
            return Err(item
                .problem(format!("the label {} is given twice", quoted(&key)))
                .hint("all labels must match, so each key can be given once"));
        }
        labels.insert(key, value);
    }
    Ok(labels)
}

fn label(item: Word<'_>) -> Result<(String, String), Problem> {
    let Some((key, value)) = item.split_once('=') else {
        return Err(item
            .problem(format!("{} is not a label", quoted(item.text())))
            .hint("labels are written `key=value`, such as `shop/app=web,tier=front`"));
    };
    if key.text().ends_with('!') {
        return Err(item
            .problem("labels can only be compared for equality")
            .hint("name the labels that the pods do have, such as `shop/app=web`"));
    }
    if value.text().starts_with('=') {
        return Err(item
            .problem(format!("{} has one `=` too many", quoted(item.text())))
            .hint("labels are written `key=value`")
            .replace(item.text().replacen("==", "=", 1)));
    }
    Ok((names::label_key(key)?, names::label_value(value)?))
}

/// A comma-separated list without its empty items.
pub(in crate::grammar) fn without_empty_items(list: Word<'_>) -> String {
    let items: Vec<&str> = list
        .text()
        .split(',')
        .filter(|item| !item.is_empty())
        .collect();
    items.join(",")
}

/// The endpoint with its ports as they are typed together; IPv6 takes brackets then.
pub(in crate::grammar) fn with_ports(endpoint: &Endpoint, ports: Option<&Ports>) -> String {
    match (endpoint, ports) {
        (endpoint, None) => endpoint.to_string(),
        (Endpoint::Address(net), Some(ports)) if net.addr().is_ipv6() => {
            format!("[{endpoint}]:{ports}")
        }
        (endpoint, Some(ports)) => format!("{endpoint}:{ports}"),
    }
}
