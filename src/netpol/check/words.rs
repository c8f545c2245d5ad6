//! Which words Kubernetes accepts as label keys, label values and names of ports, worded as its API
//! server words it.

const KEY: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must \
    start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', \
    regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, \
    '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or \
    'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// What is wrong with a label's or annotation's key.
pub fn key_problem(key: &str) -> Option<&'static str> {
    let (prefix, name) = key
        .rsplit_once('/')
        .map_or((None, key), |(p, n)| (Some(p), n));
    let prefixed = prefix.is_none_or(is_subdomain);
    (!prefixed || name.len() > 63 || !is_name_part(name)).then_some(KEY)
}

/// What is wrong with a label's value.
pub fn value_problem(value: &str) -> Option<&'static str> {
    if value.len() > 63 {
        Some("must be no more than 63 bytes")
    } else if !value.is_empty() && !is_name_part(value) {
        Some(VALUE)
    } else {
        None
    }
}

/// What is wrong with the name of a port (IANA service name, RFC 6335).
pub fn port_name_problem(name: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() || name.len() > 15 {
        Some("must be no more than 15 characters")
    } else if !name.chars().all(allowed) {
        Some("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    } else if !name.chars().any(|c| c.is_ascii_lowercase()) {
        Some("must contain at least one letter (a-z)")
    } else if name.contains("--") {
        Some("must not contain consecutive hyphens")
    } else if name.starts_with('-') || name.ends_with('-') {
        Some("must not begin or end with a hyphen")
    } else {
        None
    }
}

/// Whether it is a DNS subdomain (RFC 1123, lower case), as most names of objects must be. Its length
/// is not looked at.
pub fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_lower_label)
}

/// `([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]`
fn is_name_part(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    edge(text.chars().next()) && edge(text.chars().last()) && text.chars().all(inner)
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`
fn is_lower_label(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    edge(text.chars().next()) && edge(text.chars().last()) && text.chars().all(inner)
}
