//! Names in rules: circles of people, groups that depend on the ask, names with `*`.

use std::collections::BTreeSet;

use super::condition::Scope;
use super::group::{Group, channel_key, oncall_key, roll_key};
use super::people::UserId;
use super::text::Text;

/// Some people; groups and channels may be named from the ask.
#[derive(Debug, Clone, Default)]
pub(super) struct Circle {
    pub(super) handles: Vec<Text>,
    pub(super) users: Vec<UserId>,
    pub(super) channels: Vec<Text>,
    /// Names of configured sources.
    pub(super) oncall: Vec<String>,
}

impl Circle {
    /// The people meant for one ask.
    pub(super) fn group(&self, scope: &Scope) -> Result<Group, Unnamed> {
        let handles = self.handles.iter().map(|text| handle(text, scope));
        let channels = self.channels.iter().map(|text| channel(text, scope));
        Ok(Group {
            usergroups: handles.collect::<Result<_, _>>()?,
            users: self.users.iter().map(|user| user.0.clone()).collect(),
            channels: channels.collect::<Result<_, _>>()?,
            oncall: self.oncall.clone(),
        })
    }

    /// Adds everybody of another.
    pub(super) fn extend(&mut self, other: &Self) {
        self.handles.extend(other.handles.iter().cloned());
        self.users.extend(other.users.iter().cloned());
        self.channels.extend(other.channels.iter().cloned());
        self.oncall.extend(other.oncall.iter().cloned());
    }

    /// Whether it names nobody.
    pub(super) const fn is_empty(&self) -> bool {
        self.only_users() && self.users.is_empty()
    }

    /// Whether it names people only by id.
    pub(super) const fn only_users(&self) -> bool {
        self.handles.is_empty() && self.channels.is_empty() && self.oncall.is_empty()
    }

    /// Whether both name the same people, as far as the files tell.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        self.keys() == other.keys()
    }

    /// Whether a name of it is taken from this root of the ask (`from`, `to`).
    pub(super) fn inserts(&self, root: &str) -> bool {
        let mut texts = self.handles.iter().chain(&self.channels);
        texts.any(|text| text.inserts(root))
    }

    /// Everything it names, as written, in a form that can be compared.
    fn keys(&self) -> BTreeSet<String> {
        let handles = self.handles.iter().map(|text| roll_key(text.written()));
        let channels = self.channels.iter().map(|t| channel_key(t.written()));
        let oncall = self.oncall.iter().map(|source| oncall_key(source));
        let users = self.users.iter().map(|user| format!("user:{user}"));
        handles.chain(channels).chain(oncall).chain(users).collect()
    }
}

/// A name that could not be made for an ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unnamed {
    /// As written in the rule.
    pub(super) written: String,
    /// Why not.
    pub(super) why: String,
}

/// A name with what it inserts.
pub(super) fn named(text: &Text, scope: &Scope) -> Result<String, Unnamed> {
    text.value(scope).map_err(|why| Unnamed {
        written: text.written().to_owned(),
        why,
    })
}

fn handle(text: &Text, scope: &Scope) -> Result<String, Unnamed> {
    let name = named(text, scope)?;
    if is_handle(&name) {
        return Ok(format!("@{}", roll_key(&name)));
    }
    Err(Unnamed {
        written: text.written().to_owned(),
        why: format!("`{name}` cannot be a user group"),
    })
}

/// A channel with what it inserts.
fn channel(text: &Text, scope: &Scope) -> Result<String, Unnamed> {
    let name = named(text, scope)?;
    if is_channel(&name) {
        return Ok(name);
    }
    Err(Unnamed {
        written: text.written().to_owned(),
        why: format!("`{name}` cannot be a channel"),
    })
}

/// Whether Slack could have a channel of this name (`#ops`) or id (`C…`, `G…`).
pub(super) fn is_channel(name: &str) -> bool {
    let named = name
        .strip_prefix('#')
        .is_some_and(|bare| !bare.starts_with('@') && is_handle(bare));
    named || is_id(name, &['C', 'G'])
}

/// A Slack id: a letter for what it is, then letters and digits.
pub(super) fn is_id(text: &str, kinds: &[char]) -> bool {
    let Some(rest) = text.strip_prefix(kinds) else {
        return false;
    };
    rest.len() >= 2
        && rest
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Whether Slack could have a user group of this handle: letters, digits, `-`, `_` and `.`, with or
/// without the `@`.
pub(super) fn is_handle(name: &str) -> bool {
    let bare = name.strip_prefix('@').unwrap_or(name);
    !bare.is_empty()
        && bare
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// A name in which `*` stands for any text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob(pub(super) String);

impl Glob {
    pub(super) fn matches(&self, name: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return self.0 == name;
        };
        let Some(mut name) = name.strip_prefix(first) else {
            return false;
        };
        let mut parts = rest.split('*').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return name.ends_with(part);
            }
            match name.split_once(part) {
                Some((_, after)) => name = after,
                None => return false,
            }
        }
        true
    }

    pub(super) fn is_name(&self) -> bool {
        !self.0.contains('*')
    }

    pub(super) fn matches_all(&self) -> bool {
        !self.0.is_empty() && self.0.bytes().all(|b| b == b'*')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (glob, name, expected) in [
            ("*", "", true),
            ("*", "prod-eu", true),
            ("prod-*", "prod-eu", true),
            ("prod-*", "prod-", true),
            ("prod-*", "preprod-eu", false),
            ("*-eu", "prod-eu", true),
            ("*-eu", "prod-eu-2", false),
            ("p*d-*u", "prod-eu", true),
            ("a*a", "a", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("prod", "prod", true),
            ("prod", "prod-eu", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(Glob(glob.into()).matches(name), expected, "{glob} {name}");
        }
    }

    #[test]
    fn channels_are_named_or_by_id() {
        for good in ["#ops", "#access-orders_2", "C0123ABC", "G01"] {
            assert!(is_channel(good), "{good}");
        }
        for bad in ["ops", "#", "#@ops", "##ops", "#a b", "C", "c0123", "U0123"] {
            assert!(!is_channel(bad), "{bad}");
        }
    }

    #[test]
    fn handles_are_what_slack_allows() {
        for good in ["@sre", "sre", "@orders.on-call_2", "@große"] {
            assert!(is_handle(good), "{good}");
        }
        for bad in ["", "@", "@@sre", "on call", "<!here>", "sre>", "@a/b"] {
            assert!(!is_handle(bad), "{bad}");
        }
    }
}
