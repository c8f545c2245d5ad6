//! Names in rules: circles of people, groups that depend on the ask, names with `*`.

use std::collections::BTreeSet;

use super::condition::Scope;
use super::group::{Group, roll_key};
use super::people::UserId;
use super::text::Text;

/// Some people; groups may be named from the ask.
#[derive(Debug, Clone, Default)]
pub(super) struct Circle {
    pub(super) handles: Vec<Text>,
    pub(super) users: Vec<UserId>,
}

impl Circle {
    /// The people meant for one ask.
    pub(super) fn group(&self, scope: &Scope) -> Result<Group, Unnamed> {
        let usergroups = self
            .handles
            .iter()
            .map(|text| handle(text, scope))
            .collect::<Result<_, _>>()?;
        let users = self.users.iter().map(|user| user.0.clone()).collect();
        Ok(Group {
            usergroups,
            users,
            ..Group::default()
        })
    }

    /// Whether it names people only by id.
    pub(super) fn only_users(&self) -> bool {
        self.handles.is_empty()
    }

    /// Whether both name the same people, as far as the files tell.
    pub(super) fn same_as(&self, other: &Self) -> bool {
        let handles = |circle: &Self| -> BTreeSet<String> {
            circle
                .handles
                .iter()
                .map(|h| roll_key(h.written()))
                .collect()
        };
        let users = |circle: &Self| -> BTreeSet<UserId> { circle.users.iter().cloned().collect() };
        handles(self) == handles(other) && users(self) == users(other)
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
    fn handles_are_what_slack_allows() {
        for good in ["@sre", "sre", "@orders.on-call_2", "@große"] {
            assert!(is_handle(good), "{good}");
        }
        for bad in ["", "@", "@@sre", "on call", "<!here>", "sre>", "@a/b"] {
            assert!(!is_handle(bad), "{bad}");
        }
    }
}
