//! Reads a port list: `5432,9187/tcp`, `8000-8010`, `dns/udp`.

use super::{PortAsk, PortRef, Ports, Protocol};
use crate::grammar::problem::{Problem, quoted};
use crate::grammar::tokens::Word;
use crate::grammar::{endpoint, suggest};

/// Longest name of a port (IANA service name, RFC 6335).
const LONGEST_NAME: usize = 15;

const EXAMPLES: &str = "write a port such as `5432`, `8000-8010`, `http` or `53/udp`";

/// Reads the list after an endpoint's colon.
pub(in crate::grammar) fn read(list: Word<'_>) -> Result<Ports, Problem> {
    if list.text().is_empty() {
        return Err(list.problem("a port is missing").hint(EXAMPLES));
    }
    if list.text().split(',').any(str::is_empty) {
        let problem = list.problem("a port is missing at a comma").hint(EXAMPLES);
        return Err(problem.replace(endpoint::without_empty_items(list)));
    }
    if let Some(other) = list
        .split(',')
        .skip(1)
        .find(|item| item.text().contains(':'))
    {
        return Err(other
            .problem("a second target is named")
            .hint("one ask opens one path; ask for the second by itself"));
    }
    let ports: Result<Vec<PortAsk>, Problem> = list.split(',').map(port).collect();
    ports.map(Ports::new)
}

fn port(item: Word<'_>) -> Result<PortAsk, Problem> {
    let (port, protocol) = match item.split_once('/') {
        Some((first, second)) => {
            if let Some(swapped) = swapped(first, second) {
                return Err(item
                    .problem(format!("{} is the wrong way round", quoted(item.text())))
                    .hint("the protocol comes after the port, as in `53/udp`")
                    .replace(swapped));
            }
            (first, Some(protocol(second)?))
        }
        None => (item, None),
    };
    let port = reference(port)?;
    // A name's own protocol decides where none is typed; a number without one is TCP.
    let protocol = match (&port, protocol) {
        (PortRef::Name(_), protocol) => protocol,
        (_, protocol) => Some(protocol.unwrap_or_default()),
    };
    Ok(PortAsk { port, protocol })
}

/// `udp/53` the right way round; `udp/tcp` may be a port of that name.
fn swapped(first: Word<'_>, second: Word<'_>) -> Option<String> {
    let protocol = Protocol::from_word(first.text())?;
    let is_port = !second.text().is_empty() && Protocol::from_word(second.text()).is_none();
    is_port.then(|| format!("{}/{}", second.text(), protocol.word()))
}

fn protocol(word: Word<'_>) -> Result<Protocol, Problem> {
    if let Some(protocol) = Protocol::from_word(word.text()) {
        return Ok(protocol);
    }
    let message = match word.text() {
        "" => "a protocol is missing after `/`".to_owned(),
        text => format!("{} is not a protocol", quoted(text)),
    };
    let problem = word
        .problem(message)
        .hint("a NetworkPolicy knows `tcp`, `udp` and `sctp`");
    Err(match suggest::nearest(word.text(), Protocol::words()) {
        Some(near) => problem.replace(near),
        None => problem,
    })
}

fn reference(word: Word<'_>) -> Result<PortRef, Problem> {
    let text = word.text();
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return number(word).map(PortRef::Number);
    }
    let is_range = text.bytes().all(|b| b.is_ascii_digit() || b == b'-')
        || text.chars().all(|c| c.is_ascii_digit() || c == '–');
    if is_range {
        return range(word);
    }
    let lower = text.to_ascii_lowercase();
    if is_name(&lower) {
        return Ok(PortRef::Name(lower));
    }
    Err(word
        .problem(format!("{} is not a port", quoted(text)))
        .hint(if lower.len() > LONGEST_NAME {
            "a port's name has at most 15 letters, digits and `-`"
        } else {
            EXAMPLES
        }))
}

fn number(word: Word<'_>) -> Result<u16, Problem> {
    match word.text().parse() {
        Ok(number @ 1..) => Ok(number),
        _ => Err(word
            .problem(match word.text() {
                "" => "a port is missing".to_owned(),
                text => format!("{} is not a port number", quoted(text)),
            })
            .hint("port numbers go from 1 to 65535")),
    }
}

/// `8000-8010`; an en dash is what some editors make of the hyphen.
fn range(word: Word<'_>) -> Result<PortRef, Problem> {
    let halves = word.split_once('-').or_else(|| word.split_once('–'));
    let (first, last) = halves.ok_or_else(|| word.problem("a port is missing"))?;
    if last.text().contains(['-', '–']) {
        return Err(word
            .problem(format!("{} is not a range of ports", quoted(word.text())))
            .hint("write first and last, as in `8000-8010`"));
    }
    let (low, high) = (number(first)?, number(last)?);
    match low.cmp(&high) {
        std::cmp::Ordering::Less => Ok(PortRef::Range(low, high)),
        std::cmp::Ordering::Equal => Ok(PortRef::Number(low)),
        std::cmp::Ordering::Greater => Err(word
            .problem(format!("{} ends before it begins", quoted(word.text())))
            .hint("write the smaller port first")
            .replace(format!("{high}-{low}"))),
    }
}

/// Lower-case letters, digits and single hyphens inside, with a letter among them.
fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && text.bytes().any(|b| b.is_ascii_lowercase())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}
