//! Keeps to Slack's rate limits before Slack has to say so.
//!
//! Slack takes about one message a second per channel, and answers a burst with 429 and a pause for
//! the whole method. The client library's own control counts messages of the whole workspace
//! together, so four channels would wait for each other; hence ours, per channel.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Slack: "one message per second per channel" (docs.slack.dev, rate limits).
const BETWEEN_MESSAGES: Duration = Duration::from_secs(1);

/// The longest a call waits here for its turn. A longer wait is the caller's: a worker must not sit
/// on its lease while a channel is busy.
const PATIENCE: Duration = Duration::from_secs(2);

/// Channels remembered before those that are free again are forgotten.
const REMEMBERED: usize = 1024;

/// Who may call when.
#[derive(Debug, Default)]
pub(super) struct Pace(Mutex<Turns>);

#[derive(Debug, Default)]
struct Turns {
    /// When the next message to a channel may go.
    channels: HashMap<String, Instant>,
    /// Until when Slack wants no call of a method.
    paused: HashMap<&'static str, Instant>,
}

impl Pace {
    /// Waits for the call's turn; a message takes its channel's next slot.
    ///
    /// # Errors
    /// How long the caller must wait, when that is longer than this waits itself. No slot is taken.
    ///
    /// Cancel safe: a cancelled wait leaves its slot unused.
    pub(super) async fn turn(
        &self,
        method: &'static str,
        channel: Option<&str>,
    ) -> Result<(), Duration> {
        let now = Instant::now();
        let at = self.reserve(method, channel, now)?;
        if at > now {
            tokio::time::sleep_until(at).await;
        }
        Ok(())
    }

    fn reserve(
        &self,
        method: &'static str,
        channel: Option<&str>,
        now: Instant,
    ) -> Result<Instant, Duration> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paused = turns.paused.get(method).copied();
        let busy = channel.and_then(|c| turns.channels.get(c).copied());
        let at = now.max(paused.unwrap_or(now)).max(busy.unwrap_or(now));
        let wait = at - now;
        if wait > PATIENCE {
            return Err(wait);
        }
        if let Some(channel) = channel {
            if turns.channels.len() >= REMEMBERED {
                turns.channels.retain(|_, free| *free > now);
            }
            turns
                .channels
                .insert(channel.to_owned(), at + BETWEEN_MESSAGES);
        }
        Ok(at)
    }

    /// Slack answered 429: no call of this method for so long.
    pub(super) fn pause(&self, method: &'static str, after: Duration) {
        let until = Instant::now() + after;
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let paused = turns.paused.entry(method).or_insert(until);
        *paused = until.max(*paused);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POST: &str = "chat.postMessage";

    #[tokio::test(start_paused = true)]
    async fn one_channel_gets_a_message_a_second_and_others_do_not_wait() {
        let pace = Pace::default();
        let start = Instant::now();
        for (channel, at) in [
            ("C1", 0),
            ("C2", 0),
            ("C3", 0),
            ("C1", 1),
            ("C1", 2),
            ("C2", 2),
        ] {
            pace.turn(POST, Some(channel)).await.unwrap();
            assert_eq!(start.elapsed().as_secs(), at, "{channel}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_queue_is_told_to_come_back_instead_of_waiting() {
        let pace = Pace::default();
        let now = Instant::now();
        for _ in 0..3 {
            pace.reserve(POST, Some("C1"), now).unwrap();
        }
        let told = pace.turn(POST, Some("C1")).await;
        assert_eq!(told, Err(Duration::from_secs(3)));
        assert_eq!(now.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_one_method_for_every_channel() {
        let pace = Pace::default();
        pace.pause(POST, Duration::from_secs(30));
        pace.pause(POST, Duration::from_secs(1));
        let told = pace.turn(POST, Some("C9")).await;
        assert_eq!(told, Err(Duration::from_secs(30)));
        assert_eq!(pace.turn("chat.update", None).await, Ok(()));
        tokio::time::advance(Duration::from_secs(29)).await;
        pace.turn(POST, Some("C9")).await.unwrap();
    }
}
