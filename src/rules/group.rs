//! Some people, as a request keeps them: groups by name, and people by id.
//!
//! Names are resolved by whoever fills the [`Roll`]; nothing here knows where members come from.

use serde::{Deserialize, Serialize};

use super::people::UserId;
use super::roll::Roll;

/// Some people: members of Slack user groups and channels, whoever is on call, and people by id. Empty
/// is nobody, never everybody.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Group {
    /// User group handles (`@orders-oncall`).
    #[serde(default)]
    pub usergroups: Vec<String>,
    /// Slack user ids (`U…`, `W…`).
    #[serde(default)]
    pub users: Vec<String>,
    /// Channels whose members are meant (`#orders-team`, `C…`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// Names of configured sources that tell who is on call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub oncall: Vec<String>,
}

impl Group {
    /// The keys of its parts in [`Roll::groups`].
    pub fn keys(&self) -> impl Iterator<Item = String> {
        let handles = self.usergroups.iter().map(|handle| roll_key(handle));
        let channels = self.channels.iter().map(|name| channel_key(name));
        let oncall = self.oncall.iter().map(|name| oncall_key(name));
        handles.chain(channels).chain(oncall)
    }

    /// Whether it names nobody.
    pub const fn is_empty(&self) -> bool {
        self.usergroups.is_empty()
            && self.users.is_empty()
            && self.channels.is_empty()
            && self.oncall.is_empty()
    }

    /// Whether this person is one of them now. Says nothing about whether the person counts:
    /// see [`Roll::counts`].
    pub fn holds(&self, user: &UserId, roll: &Roll) -> bool {
        let among = |key: String| roll.groups.get(&key).is_some_and(|all| all.contains(user));
        self.users.iter().any(|id| id == &user.0) || self.keys().any(among)
    }

    /// Everybody in it as far as the roll knows them, whether they count or not.
    pub fn members(&self, roll: &Roll) -> Vec<UserId> {
        let named = self.users.iter().cloned().map(UserId);
        let grouped = self.keys().filter_map(|key| roll.groups.get(&key));
        let grouped = grouped.flat_map(|members| members.iter().cloned());
        named.chain(grouped).collect()
    }

    /// Everything it names, as people write it: `@orders-oncall`, `#orders-team`, `on call for orders`.
    pub fn parts(&self) -> impl Iterator<Item = String> {
        let oncall = self.oncall.iter().map(|name| format!("on call for {name}"));
        let plain = self.usergroups.iter().chain(&self.channels);
        plain
            .cloned()
            .chain(oncall)
            .chain(self.users.iter().cloned())
    }

    /// The same in back-ticks with commas, for sentences.
    pub fn names(&self) -> String {
        let names: Vec<String> = self.parts().map(|name| format!("`{name}`")).collect();
        names.join(", ")
    }
}

/// The key of a handle in [`Roll::groups`]: no `@`, lower case, as Slack compares handles.
pub fn roll_key(handle: &str) -> String {
    handle.trim_start_matches('@').to_lowercase()
}

/// The key of a channel in [`Roll::groups`]: `#name` in lower case, or the id as it is (`#C0123`).
/// No handle has a `#`.
pub fn channel_key(name: &str) -> String {
    match name.strip_prefix('#') {
        Some(name) => format!("#{}", name.to_lowercase()),
        None => format!("#{name}"),
    }
}

/// The key of an on-call source in [`Roll::groups`]. No handle has a `:`.
pub fn oncall_key(source: &str) -> String {
    format!("oncall:{source}")
}
