//! What people do with words: write, reply, edit and delete messages.

use super::Slack;
use super::cannot::Cannot;
use super::markup::{Labels, typed};
use super::message::{Message, MessageRef};
use super::people::{Person, Standing};
use super::state::State;

impl Slack {
    /// Writes a message. `place` is a channel, or the bot (`@drawbridge`) for the direct conversation
    /// with it. `@name`, `@group`, `#channel` and addresses become references, as a client makes them.
    ///
    /// # Errors
    /// When the person or the place is not there, or they are not in it.
    pub fn say(&self, person: &str, place: &str, text: &str) -> Result<MessageRef, Cannot> {
        self.with(|state| {
            let (person, channel) = state.presence(person, place)?;
            Ok(state.write(&person, &channel, None, text))
        })
    }

    /// Writes a message that begins with a mention of the bot.
    ///
    /// # Errors
    /// As [`Slack::say`].
    pub fn mention(&self, person: &str, channel: &str, text: &str) -> Result<MessageRef, Cannot> {
        let text = format!("@{} {text}", self.setup().name);
        self.say(person, channel, &text)
    }

    /// Writes to the bot directly.
    ///
    /// # Errors
    /// As [`Slack::say`].
    pub fn dm(&self, person: &str, text: &str) -> Result<MessageRef, Cannot> {
        let bot = format!("@{}", self.setup().name);
        self.say(person, &bot, text)
    }

    /// Writes in the thread of a message.
    ///
    /// # Errors
    /// When the person is not there or does not see the message.
    pub fn reply(&self, person: &str, to: &MessageRef, text: &str) -> Result<MessageRef, Cannot> {
        self.with(|state| {
            let found = state.world.person(person);
            let person = found.ok_or_else(|| Cannot::NoPerson(person.to_owned()))?;
            let person = person.clone();
            let parent = state.world.message(to);
            let parent = parent.filter(|m| state.world.sees(&person.id, m));
            let parent = parent.ok_or_else(|| Cannot::NoMessage {
                person: person.name.clone(),
                message: to.clone(),
            })?;
            let thread = parent.thread.clone().unwrap_or_else(|| to.ts.clone());
            Ok(state.write(&person, &to.channel, Some(&thread), text))
        })
    }

    /// Edits a message of their own.
    ///
    /// # Errors
    /// When the person has written no such message.
    pub fn edit(&self, person: &str, at: &MessageRef, text: &str) -> Result<(), Cannot> {
        self.with(|state| {
            state.own(person, at)?;
            let text = typed(&state.world, text, Labels::Without);
            state.update(at, |message| {
                message.text = text;
                message.edited = true;
            });
            Ok(())
        })
    }

    /// Deletes a message of their own.
    ///
    /// # Errors
    /// When the person has written no such message.
    pub fn erase(&self, person: &str, at: &MessageRef) -> Result<(), Cannot> {
        self.with(|state| {
            state.own(person, at)?;
            state.delete(at);
            Ok(())
        })
    }
}

impl State {
    /// A person and a channel that they are in.
    pub(super) fn presence(
        &mut self,
        person: &str,
        place: &str,
    ) -> Result<(Person, String), Cannot> {
        let found = self.world.person(person).cloned();
        let person = found.ok_or_else(|| Cannot::NoPerson(person.to_owned()))?;
        let is_bot = place.starts_with('@')
            && self.world.person(place).map(|p| &p.id) == Some(&self.world.app.user);
        if is_bot {
            if !self.setup.messages_tab {
                return Err(Cannot::NoMessages);
            }
            let channel = self.open_direct(&person.id);
            return Ok((person, channel));
        }
        let channel = self.world.channel(place);
        let channel = channel.ok_or_else(|| Cannot::NoChannel(place.to_owned()))?;
        if channel.members.contains(&person.id) {
            Ok((person, channel.id.clone()))
        } else {
            Err(Cannot::NotIn {
                person: person.name,
                channel: place.to_owned(),
            })
        }
    }

    fn own(&self, person: &str, at: &MessageRef) -> Result<(), Cannot> {
        let found = self.world.person(person);
        let person = found.ok_or_else(|| Cannot::NoPerson(person.to_owned()))?;
        let message = self.world.message(at);
        match message.filter(|m| m.author == person.id) {
            Some(_) => Ok(()),
            None => Err(Cannot::NoMessage {
                person: person.name.clone(),
                message: at.clone(),
            }),
        }
    }

    fn write(
        &mut self,
        person: &Person,
        channel: &str,
        thread: Option<&str>,
        text: &str,
    ) -> MessageRef {
        let text = typed(&self.world, text, Labels::Without);
        let mentions_bot = text.contains(&format!("<@{}>", self.world.app.user));
        let mut message = Message::by(&person.id, channel, text).in_thread(thread);
        if person.standing != Standing::Bot {
            message.client_id = Some(self.mint.uuid());
        }
        let at = self.post(message).at;
        let absent = self
            .world
            .channel(channel)
            .is_some_and(|c| !self.world.bot_in(c));
        if mentions_bot && absent {
            let text = format!("{} is not in this channel", self.world.app.name);
            self.tell_privately(&person.id, channel, &text);
        }
        at
    }
}
