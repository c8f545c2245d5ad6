//! Forms (modals) and the home tab, as screens ready to be sent.
//!
//! Pure, like all of [`super`]: what a screen shows depends on its arguments only. A form notes only
//! which request and which picture it is about ([`notes`]); what comes back may be forged, so the
//! core judges it as it judges a click. An input's block id is its action id: corrections name blocks,
//! entered values come by action.

pub mod ask;
mod decide;
mod extend;
mod field;
pub mod home;
mod lengths;
mod more;
mod sheet;

use super::button::parse_value;
use crate::id::RequestId;
use crate::request::Request;

pub use ask::ask;
pub use decide::{deny, review};
pub use extend::extend;
pub use home::home;
pub use lengths::{length_of, length_value};
pub use more::more;

/// Ids that Slack sends back.
pub mod id {
    /// Callback of [`super::deny`].
    pub const DENY: &str = "deny";
    /// Callback of [`super::more()`].
    pub const MORE: &str = "more";
    /// Callback of [`super::extend()`].
    pub const EXTEND: &str = "extend";
    /// Callback of [`super::review`].
    pub const REVIEW: &str = "review";
    /// Callback of [`super::ask()`], and the button that opens it.
    pub const ASK: &str = "ask";
    /// Input of [`ASK`]: the template's name. One.
    pub const TEMPLATE: &str = "template";
    /// Input of [`ASK`]: the cluster's name. One.
    pub const CLUSTER: &str = "cluster";
    /// Input: the reason, of a denial, an extension or an ask. Text.
    pub const WHY: &str = "why";
    /// Input: for how long; read by [`super::length_of`]. One.
    pub const LENGTH: &str = "length";
    /// Input: whether an approval counts for later asks too; [`REPEAT_YES`] or nothing. Many.
    pub const REPEAT: &str = "repeat";
    /// The one option of [`REPEAT`].
    pub const REPEAT_YES: &str = "yes";
    /// Input: what a review found. Text.
    pub const WORDS: &str = "words";
}

/// What a form about a request notes: which, and the picture of it that the person saw.
pub fn notes(request: &Request, face: u32) -> String {
    format!("{}.{face}", request.id)
}

/// Reads [`notes`]. They may be forged: they only say which request and which picture are meant.
pub fn parse_notes(notes: &str) -> Option<(RequestId, u32)> {
    parse_value(notes)
}

#[cfg(test)]
mod tests;
