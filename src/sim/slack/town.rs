//! Building the workspace, and changing who is who while it runs.

use std::collections::BTreeSet;

use super::Slack;
use super::cannot::Cannot;
use super::message::MessageRef;
use super::people::{Person, Standing};
use super::state::State;
use super::world::{Channel, Group, Kind};

/// The workspace that strangers come from.
const ELSEWHERE: &str = "TELSEWHERE";

impl Slack {
    /// Somebody joins; returns their id. Strangers come from another workspace.
    pub fn add_person(&self, person: Person) -> String {
        self.with(|state| {
            let id = state.mint.id("U");
            let team = match person.standing {
                Standing::Stranger => ELSEWHERE.to_owned(),
                _ => state.world.app.team.clone(),
            };
            let person = Person {
                id: id.clone(),
                team,
                ..person
            };
            state.world.people.push(person);
            state.stir();
            id
        })
    }

    /// Makes a user group (`handle` without `@`); returns its id.
    ///
    /// # Errors
    /// When one of the members is not there.
    pub fn add_group(&self, handle: &str, members: &[&str]) -> Result<String, Cannot> {
        self.with(|state| {
            let group = Group {
                id: state.mint.id("S"),
                handle: handle.to_owned(),
                members: state.ids(members)?,
                disabled: false,
            };
            let id = group.id.clone();
            state.world.groups.push(group);
            state.stir();
            Ok(id)
        })
    }

    /// Opens a channel (`name` without `#`); returns its id. The bot is in it when its own name is
    /// among the members.
    ///
    /// # Errors
    /// When one of the members is not there.
    pub fn add_channel(&self, name: &str, kind: Kind, members: &[&str]) -> Result<String, Cannot> {
        self.with(|state| {
            let id = state.mint.id("C");
            let mut channel = Channel::new(id.clone(), name, kind, state.now());
            channel.members = state.ids(members)?;
            state.world.channels.push(channel);
            state.stir();
            Ok(id)
        })
    }

    /// Gives somebody another standing: deactivates them, makes them a guest.
    ///
    /// # Errors
    /// When they are not there.
    pub fn set_standing(&self, person: &str, standing: Standing) -> Result<(), Cannot> {
        self.with(|state| {
            let found = state.world.person_mut(person);
            let person = found.ok_or_else(|| Cannot::NoPerson(person.to_owned()))?;
            person.standing = standing;
            state.stir();
            Ok(())
        })
    }

    /// Replaces a user group's members.
    ///
    /// # Errors
    /// When the group or one of the members is not there.
    pub fn set_group(&self, handle: &str, members: &[&str]) -> Result<(), Cannot> {
        self.with(|state| {
            let members = state.ids(members)?;
            let group = state.world.group_mut(handle);
            let group = group.ok_or_else(|| Cannot::NoGroup(handle.to_owned()))?;
            group.members = members;
            state.stir();
            Ok(())
        })
    }

    /// Disables a user group, or enables it again.
    ///
    /// # Errors
    /// When the group is not there.
    pub fn disable_group(&self, handle: &str, disabled: bool) -> Result<(), Cannot> {
        self.with(|state| {
            let group = state.world.group_mut(handle);
            let group = group.ok_or_else(|| Cannot::NoGroup(handle.to_owned()))?;
            group.disabled = disabled;
            state.stir();
            Ok(())
        })
    }

    /// Somebody (or the bot) enters a channel.
    ///
    /// # Errors
    /// When the person or the channel is not there.
    pub fn join(&self, person: &str, channel: &str) -> Result<(), Cannot> {
        self.membership(person, channel, BTreeSet::insert)
    }

    /// Somebody (or the bot) leaves a channel.
    ///
    /// # Errors
    /// When the person or the channel is not there.
    pub fn leave(&self, person: &str, channel: &str) -> Result<(), Cannot> {
        self.membership(person, channel, |members, id| members.remove(&id))
    }

    fn membership(
        &self,
        person: &str,
        channel: &str,
        change: impl FnOnce(&mut BTreeSet<String>, String) -> bool,
    ) -> Result<(), Cannot> {
        self.with(|state| {
            let found = state.world.person(person);
            let id = found.ok_or_else(|| Cannot::NoPerson(person.to_owned()))?;
            let id = id.id.clone();
            let found = state.world.channel_mut(channel);
            let channel = found.ok_or_else(|| Cannot::NoChannel(channel.to_owned()))?;
            change(&mut channel.members, id);
            state.stir();
            Ok(())
        })
    }

    /// Archives a channel, or brings it back.
    ///
    /// # Errors
    /// When the channel is not there.
    pub fn archive(&self, channel: &str, archived: bool) -> Result<(), Cannot> {
        self.with(|state| {
            let found = state.world.channel_mut(channel);
            let channel = found.ok_or_else(|| Cannot::NoChannel(channel.to_owned()))?;
            channel.archived = archived;
            state.stir();
            Ok(())
        })
    }

    /// Somebody who is there, by name or id.
    pub fn person(&self, who: &str) -> Option<Person> {
        self.read(|state| state.world.person(who).cloned())
    }

    /// A channel, by name or id.
    pub fn channel(&self, which: &str) -> Option<Channel> {
        self.read(|state| state.world.channel(which).cloned())
    }

    /// A user group, by handle or id.
    pub fn group(&self, which: &str) -> Option<Group> {
        self.read(|state| state.world.group(which).cloned())
    }

    /// The bot's user.
    pub fn bot(&self) -> Option<Person> {
        self.read(|state| state.world.person(&state.world.app.user).cloned())
    }

    /// Deletes any message, as an administrator can.
    pub fn purge(&self, at: &MessageRef) {
        self.with(|state| state.delete(at));
    }
}

impl State {
    fn ids(&self, names: &[&str]) -> Result<BTreeSet<String>, Cannot> {
        let id = |name: &&str| match self.world.person(name) {
            Some(person) => Ok(person.id.clone()),
            None => Err(Cannot::NoPerson((*name).to_owned())),
        };
        names.iter().map(id).collect()
    }
}
