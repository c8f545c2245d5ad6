//! Somebody who sends more than anybody could read.

use anyhow::Result;

use super::stage::Stage;
use super::story::{Act, Way};

impl Stage {
    /// Everything is typed in the same moment: nothing runs between two lines.
    pub(super) fn flood(&mut self, act: &Act) -> Result<()> {
        let Act::Flood {
            who,
            times,
            then,
            channel,
            text,
        } = act
        else {
            return Ok(());
        };
        let way = Way::Command(channel.clone());
        for _ in 0..*times {
            self.say(who, &way, text)?;
        }
        self.say(then, &way, text)
    }
}
