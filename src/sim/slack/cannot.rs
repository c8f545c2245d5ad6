//! Why a person could not do something.

use super::message::MessageRef;

/// Why a person could not do something: a mistake in the scenario or on the page, not in the bot.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cannot {
    /// Nobody has that name or id.
    #[error("there is nobody called `{0}`")]
    NoPerson(String),
    /// No channel has that name or id.
    #[error("there is no channel `{0}`")]
    NoChannel(String),
    /// No user group has that handle.
    #[error("there is no user group `{0}`")]
    NoGroup(String),
    /// Only members can write or command.
    #[error("{person} is not in `{channel}`")]
    NotIn {
        /// Who.
        person: String,
        /// Where.
        channel: String,
    },
    /// The message is gone, or not for them to see.
    #[error("{person} sees no message {message}")]
    NoMessage {
        /// Who.
        person: String,
        /// Which.
        message: MessageRef,
    },
    /// The view is closed, covered by another, or somebody else's.
    #[error("{person} sees no view `{view}`")]
    NoView {
        /// Who.
        person: String,
        /// Which.
        view: String,
    },
    /// The message has other buttons.
    #[error("there is no button `{label}`, only {there:?}")]
    NoButton {
        /// What was looked for.
        label: String,
        /// What is there.
        there: Vec<String>,
    },
    /// Nothing there can be used under these ids.
    #[error("there is nothing to use at `{block_id}` `{action_id}`")]
    NoElement {
        /// The block.
        block_id: String,
        /// The element in it.
        action_id: String,
    },
    /// The menu has other entries.
    #[error("`{value}` is not offered, only {there:?}")]
    NotOffered {
        /// What was chosen.
        value: String,
        /// What is there.
        there: Vec<String>,
    },
    /// The element does not take that.
    #[error("{0}")]
    Unfit(String),
    /// The app has declared no such slash command.
    #[error("there is no command `{0}`")]
    NoCommand(String),
    /// The app has declared no such shortcut.
    #[error("there is no shortcut `{0}`")]
    NoShortcut(String),
    /// The app has no home tab.
    #[error("the app has no home tab")]
    NoHome,
    /// The app takes no direct messages.
    #[error("the app takes no direct messages")]
    NoMessages,
    /// The app answered a typeahead badly, late or not at all.
    #[error("no options came: {0}")]
    NoOptions(String),
    /// They have no form open.
    #[error("{0} has no form open")]
    NoForm(String),
    /// Other things can be filled in.
    #[error("there is nothing called `{field}` to fill in, only {there:?}")]
    NoField {
        /// What was looked for.
        field: String,
        /// What is there.
        there: Vec<String>,
    },
}
