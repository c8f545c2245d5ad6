//! A tape of the wire: every payload as it crossed it, for checks by others than ourselves.
//!
//! The [journal](super::journal) tells what happened; the tape holds what it looked like. Nothing is
//! taped unless [`Setup::tape`](super::Setup::tape) holds one: payloads are large.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::Slack;

/// Which part of the wire it crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Crossing {
    /// The arguments of a Web API call; the name is the method.
    Call,
    /// The answer to a Web API call; the name is the method.
    Answer,
    /// A frame that Slack sent over a socket; the name is its `type`.
    Frame,
    /// A delivery over HTTP; the name is the envelope's type that it would have over a socket.
    Push,
    /// What a delivery was acknowledged with; the name is that type again.
    Ack,
    /// What the app sent to a response URL.
    Respond,
}

/// One payload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Taped {
    /// Where it crossed.
    pub crossing: Crossing,
    /// What it is; see [`Crossing`].
    pub name: String,
    /// As JSON, also where a form was sent: its fields are strings then.
    pub payload: Value,
}

/// The tape: a handle that can be cloned and read while it grows.
#[derive(Debug, Clone, Default)]
pub struct Tape(Arc<Mutex<Vec<Taped>>>);

impl Tape {
    /// Everything on it so far.
    pub fn read(&self) -> Vec<Taped> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn write(&self, taped: Taped) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(taped);
    }
}

impl Slack {
    /// Tapes a payload, if anybody wants it.
    pub(super) fn tape(&self, crossing: Crossing, name: &str, payload: impl FnOnce() -> Value) {
        if let Some(tape) = &self.setup().tape {
            tape.write(Taped {
                crossing,
                name: name.to_owned(),
                payload: payload(),
            });
        }
    }
}
