//! Tells a channel about broken rules, once. Slack being away delays it and nothing else.

use crate::slack::{Retry, SlackApi, SlackError};
use crate::units::Time;
use crate::view::Message;

/// The channel that hears of broken rules, and what it has not heard yet.
#[derive(Debug, Default)]
pub struct Alerts {
    channel: Option<String>,
    waiting: Option<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    message: Message,
    key: String,
    since: Time,
    /// A post whose answer was lost.
    unsure: bool,
}

impl Alerts {
    /// To this channel (`#platform`); `None`: nobody is told, and the log has it all.
    pub const fn to(channel: Option<String>) -> Self {
        Self {
            channel,
            waiting: None,
        }
    }

    /// This is to be said next, in place of what was not said yet: that is over. The key tells it from
    /// other messages, also for other replicas that have seen the same.
    pub(super) fn want(&mut self, message: Message, key: &str, now: Time) {
        if self.channel.is_some() {
            self.waiting = Some(Waiting {
                message,
                key: key.to_owned(),
                since: now,
                unsure: false,
            });
        }
    }

    /// Says what is to be said, if Slack takes it now.
    pub(super) async fn send(&mut self, slack: &SlackApi) {
        let (Some(channel), Some(waiting)) = (&self.channel, &mut self.waiting) else {
            return;
        };
        let key = &waiting.key;
        // Another replica may have said it, or we did and the answer was lost.
        match slack.find_posted(channel, None, key, waiting.since).await {
            Ok(Some(_)) => return self.waiting = None,
            Ok(None) => {}
            // Where we may not look, saying it twice is worse than a doubt.
            Err(SlackError::Refused { .. }) if waiting.unsure => return self.waiting = None,
            Err(SlackError::Refused { .. }) => {}
            Err(_) => return,
        }
        match slack.post(channel, &waiting.message, None, key).await {
            Ok(_) => self.waiting = None,
            Err(error) => match error.retry() {
                Retry::Never => {
                    tracing::error!(channel, %error, "nobody is told of broken rules");
                    self.waiting = None;
                }
                Retry::LookFirst => waiting.unsure = true,
                Retry::After(_) | Retry::Later => {}
            },
        }
    }
}
