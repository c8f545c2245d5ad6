//! How the connection is doing, for people who look at `/readyz`.

use std::fmt;

/// The state of Socket Mode. Slack being away never makes the bot unready: gates close without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketState {
    /// Not connected yet.
    Connecting,
    /// Connected; deliveries arrive.
    Connected,
    /// Not connected, trying again: why.
    Away(String),
    /// Slack says no until a person repairs something: a token, Socket Mode itself, the app.
    Refused(String),
    /// Shut down.
    Closed,
}

impl fmt::Display for SocketState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connecting => f.write_str("connecting"),
            Self::Connected => f.write_str("connected"),
            Self::Away(why) => write!(f, "away: {why}"),
            Self::Refused(why) => write!(f, "refused, somebody must repair this: {why}"),
            Self::Closed => f.write_str("closed"),
        }
    }
}
