//! Where an element is that a person uses: in a message, in a form, in their home tab.

use serde::Deserialize;

use super::message::MessageRef;

/// What an element belongs to. It reads as `{"message": {"channel": …, "ts": …}}` or `{"view": …}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Where {
    /// A message.
    Message(MessageRef),
    /// A form or a home tab, by view id.
    View(String),
}

/// One element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub struct Spot {
    /// What it belongs to.
    #[serde(rename = "where")]
    pub at: Where,
    /// Its block.
    pub block_id: String,
    /// Its name in the block.
    pub action_id: String,
}

impl Spot {
    /// The element with these ids.
    pub fn new(at: Where, block_id: &str, action_id: &str) -> Self {
        Self {
            at,
            block_id: block_id.to_owned(),
            action_id: action_id.to_owned(),
        }
    }
}
