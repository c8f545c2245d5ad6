//! Trigger ids: whoever did something lets the app open one view for them, within three seconds.

use std::collections::BTreeMap;

use crate::units::Time;

use super::super::state::State;
use super::super::web::answer::Refused;

#[derive(Debug)]
struct Trigger {
    stands_for: Behind,
    until: Time,
    used: bool,
}

/// What a trigger stands for.
#[derive(Debug, Clone)]
pub(in super::super) struct Behind {
    pub(in super::super) person: String,
    /// Where they were; empty in the home tab.
    pub(in super::super) channel: String,
    /// The form it came from, by the id of its first view.
    pub(in super::super) form: Option<String>,
}

/// The triggers that were given out.
#[derive(Debug, Default)]
pub(in super::super) struct Triggers(BTreeMap<String, Trigger>);

impl State {
    /// A trigger id: it can be exchanged once, within three seconds.
    pub(in super::super) fn trigger(&mut self, person: &str, channel: &str) -> String {
        self.trigger_for(Behind {
            person: person.to_owned(),
            channel: channel.to_owned(),
            form: None,
        })
    }

    pub(in super::super) fn trigger_for(&mut self, stands_for: Behind) -> String {
        let (a, b) = (self.mint.pick(1 << 40), self.mint.pick(1 << 40));
        let id = format!("{a}.{b}.{}", self.mint.secret());
        let trigger = Trigger {
            stands_for,
            until: self.now() + self.setup.timing.trigger,
            used: false,
        };
        self.screens.triggers.0.insert(id.clone(), trigger);
        id
    }

    /// Exchanges a trigger for what it stands for.
    pub(in super::super) fn exchange(&mut self, trigger: &str) -> Result<Behind, Refused> {
        let now = self.now();
        let trigger = self.screens.triggers.0.get_mut(trigger);
        let trigger = trigger.ok_or(Refused::Code("invalid_trigger_id"))?;
        if trigger.used {
            return Err(Refused::Code("exchanged_trigger_id"));
        }
        if now > trigger.until {
            return Err(Refused::Code("expired_trigger_id"));
        }
        trigger.used = true;
        Ok(trigger.stands_for.clone())
    }
}
