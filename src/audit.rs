//! What happened, one event per fact, written in the same atomic step as the change it tells of.
//!
//! Events carry ids and numbers; texts that people typed are in fields named `typed_*`, so that an
//! exporter can find and drop them. The core makes events; it never stores or sends them.

mod canonical;
pub mod chain;
mod end;
pub mod export;
mod fact;
mod finding;
pub mod heads;
mod hex;
mod record;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
pub mod verify;

use serde::{Deserialize, Serialize};

use crate::rules::{Principal, UserId};
use crate::units::Time;

pub use self::canonical::{MAX_INTEGER, Unfit, fits, fitted};
pub use self::chain::{Head, Linked};
pub use self::end::End;
pub use self::fact::{Fact, RuleRef, SettingRef, Voter};
pub use self::finding::{Fault, Finding};
pub use self::record::Record;

/// One thing that happened to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, by the clock of the process that decided it.
    pub at: Time,
    /// Who did it.
    pub by: Actor,
    /// What it was.
    #[serde(flatten)]
    pub fact: Fact,
}

/// Who made something happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// A person in Slack, by verified id.
    Person(UserId),
    /// A service, by its ServiceAccount.
    Service(String),
    /// Drawbridge itself: time passed, or the cluster answered.
    Drawbridge,
    /// Somebody with access to the cluster, who is not known to us.
    ClusterUser,
}

impl From<&Principal> for Actor {
    fn from(principal: &Principal) -> Self {
        match principal {
            Principal::Person(user) => Self::Person(user.clone()),
            Principal::Service { .. } => Self::Service(principal.to_string()),
        }
    }
}
