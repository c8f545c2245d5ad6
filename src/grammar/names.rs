//! Names that Kubernetes allows: namespaces, objects, label keys and values.
//!
//! Source: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/> and
//! <https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>.

use super::problem::{Problem, quoted};
use super::tokens::Word;

/// Longest DNS label (RFC 1123), label name and label value.
const LONGEST_LABEL: usize = 63;
/// Longest DNS subdomain.
const LONGEST_SUBDOMAIN: usize = 253;

/// A namespace, in lower case.
pub(super) fn namespace(word: Word<'_>) -> Result<String, Problem> {
    dns(word, "a namespace", LABEL).map_err(|problem| {
        // `db.orders/x` is a DNS name with a path, not a namespace.
        match word.text().split('.').collect::<Vec<_>>().as_slice() {
            [name, namespace] if is_dns_label(name) && is_dns_label(namespace) => {
                problem.hint("a namespace has no dots; write `namespace/name`")
            }
            _ => problem,
        }
    })
}

/// The name of a workload, pod or service, in lower case.
pub(super) fn object(word: Word<'_>) -> Result<String, Problem> {
    if word.text() == "*" {
        return Err(word
            .problem("`*` is not a name")
            .hint("name one workload, or pods by a label such as `shop/app=web`"));
    }
    dns(word, "a name", SUBDOMAIN)
}

/// A cluster's name from the configuration, in lower case.
pub(super) fn cluster(word: Word<'_>) -> Result<String, Problem> {
    dns(word, "a cluster's name", SUBDOMAIN)
}

/// A template's name, in lower case.
pub(super) fn template(word: Word<'_>) -> Result<String, Problem> {
    dns(word, "a template's name", SUBDOMAIN)
}

/// A label's key, `app` or `app.kubernetes.io/name`, as typed: labels know upper case.
pub(super) fn label_key(word: Word<'_>) -> Result<String, Problem> {
    let name = match word.rsplit_once('/') {
        Some((prefix, name)) if is_dns_subdomain(prefix.text()) => name,
        Some((prefix, _)) => {
            return Err(prefix
                .problem(format!("{} is not a label's prefix", quoted(prefix.text())))
                .hint("a prefix is a lower-case domain, as in `app.kubernetes.io/name=web`"));
        }
        None => word,
    };
    if is_label_text(name.text()) {
        return Ok(word.text().to_owned());
    }
    Err(wrong_label(name, "a label's key"))
}

/// A label's value, as typed; may be empty.
pub(super) fn label_value(word: Word<'_>) -> Result<String, Problem> {
    if word.text().is_empty() || is_label_text(word.text()) {
        return Ok(word.text().to_owned());
    }
    Err(wrong_label(word, "a label's value"))
}

/// Lower-case letters, digits and `-`, at most 63, beginning and ending with a letter or digit.
pub(super) fn is_dns_label(text: &str) -> bool {
    (1..=LONGEST_LABEL).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// DNS labels joined by dots, at most 253 characters.
pub(super) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= LONGEST_SUBDOMAIN && text.split('.').all(is_dns_label)
}

fn is_label_text(text: &str) -> bool {
    let ends_well = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text.len() <= LONGEST_LABEL
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && ends_well(text.chars().next())
        && ends_well(text.chars().next_back())
}

/// What makes a name valid, and how to say so.
type Rule = (fn(&str) -> bool, &'static str);

const LABEL: Rule = (
    is_dns_label,
    "at most 63 letters, digits and `-`, with a letter or digit at both ends",
);
const SUBDOMAIN: Rule = (
    is_dns_subdomain,
    "letters, digits, `-` and `.` are allowed, with a letter or digit at both ends",
);

fn dns(word: Word<'_>, what: &str, (is_valid, hint): Rule) -> Result<String, Problem> {
    let lower = word.text().to_ascii_lowercase();
    if is_valid(&lower) {
        return Ok(lower);
    }
    if word.text().is_empty() {
        return Err(word
            .problem(format!("{what} is missing"))
            .hint("write `namespace/name`, such as `orders/db`"));
    }
    let problem = word
        .problem(format!("{} is not {what}", quoted(word.text())))
        .hint(hint);
    let dashed = lower.replace('_', "-");
    Err(if is_valid(&dashed) {
        problem.replace(dashed)
    } else {
        problem
    })
}

fn wrong_label(word: Word<'_>, what: &str) -> Problem {
    if word.text().is_empty() {
        return word
            .problem(format!("{what} is missing"))
            .hint("labels are written `key=value`, such as `shop/app=web`");
    }
    word.problem(format!("{} is not {what}", quoted(word.text())))
        .hint("at most 63 letters, digits, `-`, `_` and `.`, with a letter or digit at both ends")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_names_follow_the_rfc() {
        assert!(is_dns_label("a") && is_dns_label("7-x") && is_dns_label(&"a".repeat(63)));
        for text in ["", "-a", "a-", "A", "a.b", "a_b", "é", &"a".repeat(64)] {
            assert!(!is_dns_label(text), "{text}");
        }
        assert!(is_dns_subdomain("web.v1") && !is_dns_subdomain("web..v1"));
        assert!(!is_dns_subdomain(&["a"; 128].join(".")));
    }

    #[test]
    fn labels_know_upper_case_and_prefixes() {
        let key = |text| label_key(Word::new(text, 0)).ok();
        let value = |text| label_value(Word::new(text, 0)).ok();
        for text in ["app", "App_2", "app.kubernetes.io/name", "x/y"] {
            assert_eq!(key(text).as_deref(), Some(text));
        }
        for text in ["", "-a", "a-", "Ex/y", "x/", "/y", "a b", &"a".repeat(64)] {
            assert_eq!(key(text), None, "{text}");
        }
        assert_eq!(value("").as_deref(), Some(""));
        assert_eq!(value("Web.v1").as_deref(), Some("Web.v1"));
        assert_eq!(value("a/b"), None);
    }
}
