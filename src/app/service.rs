//! Services: they ask, look, wait and end over HTTP, by the very same rules and approvals as people.
//!
//! Who they are was verified before ([`Caller`]); nothing here reads a token or knows of HTTP. To a service
//! that may not read a request it does not exist.

pub mod ask;
pub mod end;
pub mod look;
pub mod offline;
mod refusals;

pub use ask::{Answer, Call, Fault, Fields, Form};

use crate::rules::Account;
use crate::units::Seconds;

/// What a service reads of a request that it may not see, as of one that is not there.
pub const UNSEEN: &str = "there is no such request, or you may not see it";

/// A service whose identity was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Who it is.
    pub account: Account,
    /// The pod that its token is bound to: what it means by `self`.
    pub pod: Option<String>,
    /// The token's own id, for the ledger.
    pub token_id: Option<String>,
    /// How long the token is good for in all, from its making to its end; `None`: it does not end.
    pub lifetime: Option<Seconds>,
}
