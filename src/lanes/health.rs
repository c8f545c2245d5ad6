//! Whether the workers can work, for `/readyz` and people.

use std::sync::{Mutex, PoisonError};

use super::left::Left;
use crate::units::Time;

/// When the store last answered a claim: readiness is "the store answers", not "we can ping it".
#[derive(Debug, Default)]
pub struct Health {
    last_claim: Mutex<Option<Time>>,
    pub(super) left: Left,
}

impl Health {
    /// When a claim call last succeeded.
    pub fn last_claim(&self) -> Option<Time> {
        *self
            .last_claim
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What is left to a later version now, for people; `None`: nothing.
    pub fn left(&self, now: Time) -> Option<String> {
        self.left.told(now)
    }

    pub(super) fn claimed(&self, at: Time) {
        let mut last = self
            .last_claim
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *last = Some(at);
    }
}
