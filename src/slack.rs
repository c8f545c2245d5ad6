//! Slack on the wire: Socket Mode and signed HTTP in, Web API out.
//!
//! Turns verified deliveries into [`Inbound`] values and [`crate::view::Message`]s into calls. It
//! decides nothing, and must never trust a name, a value or an id that a person could have typed.
//!
//! The way of a delivery: [`socket`] or [`http`] verifies it, [`deliver`] reads it, hands it to the
//! [`Receiver`] and says how to acknowledge. The way out is [`SlackApi`]; [`Directory`] asks it who
//! is who. Both directions go over a [`transport::Wire`], which is a network or a simulator.

use crate::secret::Secret;

pub mod api;
pub mod deliver;
pub mod directory;
pub mod http;
pub mod inbound;
pub mod manifest;
pub mod socket;
pub mod transport;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use api::{Opened, Posted, Rank, Retry, SlackApi, SlackError, scopes};
pub use deliver::Deliverer;
pub use directory::Directory;
pub use inbound::{Ack, Entered, Inbound, OnMessage, OnScreen, Receiver, Surface, What};
pub use socket::Socket;
pub use transport::{MemoryListener, Wire};

/// How to reach Slack and who we are there.
#[derive(Debug, Clone)]
pub struct SlackConfig {
    /// `xoxb-…`: every call.
    pub bot_token: Secret,
    /// `xapp-…`: Socket Mode.
    pub app_token: Option<Secret>,
    /// Checks signed HTTP deliveries.
    pub signing_secret: Option<Secret>,
    /// `https://slack.com/api`, without a final slash.
    pub api_url: String,
}
