//! Finds logins and secret parameters in pasted addresses.
//!
//! In doubt a credential is assumed: an address lost from a reason is a nuisance, a password kept
//! in the ledger is there for good.

use std::ops::Range;

/// Schemes whose path may hold an `@` in everyday use (`https://example.com/@dana`).
const WEB: [&str; 4] = ["http", "https", "ws", "wss"];

/// Words before `:` and `@` that are no user names: `mailto:dana@example.com` has no password.
const NOT_A_USER: [&str; 9] = [
    "mailto", "cc", "bcc", "sip", "sips", "xmpp", "acct", "pkg", "npm",
];

/// Parameters whose value is a credential, by how their name ends, in the query of a URL.
const SECRET_PARAMETERS: [&str; 8] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "api_key",
    "apikey",
    "signature",
];

/// The same for a word of its own (`PGPASSWORD=…`), where inputs of templates are written too.
const SECRET_WORDS: [&str; 3] = ["password", "passwd", "pwd"];

/// What may stand before the user's name in a word: `dsn="user:secret@db"`.
const BEFORE_USER: [char; 9] = ['=', '(', '[', '{', '"', '\'', '`', '<', ','];

/// The credentials in a stretch of text without white space.
pub(super) fn find(part: &str) -> impl Iterator<Item = Range<usize>> {
    login(part).into_iter().chain(secret_values(part))
}

/// User name and password before an `@`, in URLs or without a scheme. Of several URLs the first with a
/// login counts: it reaches to the last `@`, as that of every other would.
fn login(part: &str) -> Option<Range<usize>> {
    if !part.contains("://") {
        return bare_login(part);
    }
    // Looked for once: a text of nothing but schemes must not be read to its end from each of them.
    let last = part.rfind('@')?;
    let mut urls = part
        .match_indices("://")
        .map(|(at, found)| (at, at + found.len()));
    let first = urls.find(|(scheme_end, start)| {
        let before = part.get(..*scheme_end).unwrap_or_default();
        let mut words = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && !"+.-".contains(c));
        let scheme = words.next().unwrap_or_default();
        *start <= last && may_begin_with_login(scheme, part.get(*start..).unwrap_or_default())
    });
    first.map(|(_, start)| start..last + 1)
}

/// Whether what follows `://`, and holds an `@`, begins with a login that ends there.
///
/// Passwords that should have been percent-encoded are found too: where the standard would see
/// `user:pa/ss@db` as host `user` and port `pa`, a port that is no number gives the password away.
/// Outside the web an `@` has no other use than to end a login; in the web it has, so a URL without
/// a login keeps its `/@dana`.
fn may_begin_with_login(scheme: &str, rest: &str) -> bool {
    let web = WEB.iter().any(|known| scheme.eq_ignore_ascii_case(known));
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let port = match authority.split_once(':') {
        // An IPv6 host has colons of its own.
        _ if authority.starts_with('[') => None,
        Some((_, port)) => Some(port),
        None => None,
    };
    let is_number = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    authority.contains('@') || port.is_some_and(|port| !web || !is_number(port))
}

/// `user:secret@db.orders:5432`, pasted without its scheme.
fn bare_login(part: &str) -> Option<Range<usize>> {
    let at = part.rfind('@')?;
    let host = part.get(at + 1..)?;
    let is_digest = host.starts_with("sha256:") || host.starts_with("sha512:");
    if is_digest || !host.starts_with(|c: char| c.is_alphanumeric() || c == '[') {
        return None;
    }
    let (before_colon, secret) = part.get(..at)?.split_once(':')?;
    let start = before_colon
        .rfind(BEFORE_USER)
        .map_or(0, |before| before + 1);
    let user = before_colon.get(start..)?;
    let is_user = !user.is_empty()
        && !user.contains('/')
        && !NOT_A_USER
            .iter()
            .any(|word| user.eq_ignore_ascii_case(word));
    (is_user && !secret.is_empty() && !secret.starts_with('<')).then_some(start..at + 1)
}

/// The values of `password=…` and its like.
fn secret_values(part: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for piece in part.split_inclusive(['?', '&', ';']) {
        let known: &[&str] = if start == 0 {
            &SECRET_WORDS
        } else {
            &SECRET_PARAMETERS
        };
        if let Some((key, value)) = piece.split_once('=') {
            let key = key.to_ascii_lowercase();
            let value = value.trim_end_matches(['?', '&', ';']);
            if known.iter().any(|end| key.ends_with(end)) && !value.is_empty() {
                let from = start + key.len() + 1;
                found.push(from..from + value.len());
            }
        }
        start += piece.len();
    }
    found
}
