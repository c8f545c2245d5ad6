//! Many gates at once: what is due in the cluster goes before what is due in Slack.
//!
//! # Guarantees
//! Messages always have [`FEW`] slots, and all of theirs again as soon as gates get on no more: a cluster that hangs
//! holds up no message.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Gates under way at once from which on they are many. Fewer leave the processors enough time for both.
const MANY: usize = 4;

/// Messages' steps that run beside many gates: more than Slack takes for one channel, whose messages these mostly are.
const FEW: usize = 4;

/// Gates get on while one of their steps ended within this time; healthy ones take a few milliseconds.
pub(super) const LATELY: Duration = Duration::from_millis(100);

/// When a gate's step last ended in this process.
#[derive(Debug, Default)]
pub(super) struct Crowd(Mutex<Option<Instant>>);

impl Crowd {
    /// A gate's step ended.
    pub(super) fn moved(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// How many of the free slots messages may take, with so many steps of either kind under way.
    pub(super) fn share(&self, free: usize, gates: usize, messages: usize) -> usize {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let gets_on = last.is_some_and(|last| last.elapsed() < LATELY);
        if gates >= MANY && gets_on {
            free.min(FEW.saturating_sub(messages))
        } else {
            free
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn messages_leave_room_to_many_gates_for_as_long_as_these_get_on() {
        let crowd = Crowd::default();
        assert_eq!(crowd.share(30, MANY, 2), 30, "none has ended yet");
        crowd.moved();
        assert_eq!(crowd.share(30, MANY - 1, 2), 30);
        assert_eq!(crowd.share(30, MANY, 2), FEW - 2);
        assert_eq!(crowd.share(24, MANY, 8), 0);
        assert_eq!(crowd.share(1, MANY, 0), 1);
        tokio::time::advance(LATELY).await;
        assert_eq!(crowd.share(30, MANY, 2), 30, "they hang");
    }
}
