//! Everything that changes in a simulated Slack, behind one lock.

use std::sync::Arc;

use crate::clock::Clock;
use crate::units::Time;

use super::Surroundings;
use super::blocks;
use super::deliver::Parcel;
use super::faults::Faults;
use super::hooks::Hooks;
use super::journal::{Entry, Noted};
use super::message::{Change, Message, MessageRef};
use super::mint::Mint;
use super::screens::Screens;
use super::setup::{Route, Setup};
use super::socket::Links;
use super::web::limits::Meter;
use super::world::{App, Channel, Kind, SLACKBOT, World};

/// The state. Its methods never wait; what they want sent they leave in `outbox`.
#[derive(Debug)]
pub(super) struct State {
    pub(super) setup: Arc<Setup>,
    clock: Arc<dyn Clock>,
    pub(super) mint: Mint,
    pub(super) world: World,
    pub(super) route: Route,
    pub(super) links: Links,
    pub(super) hooks: Hooks,
    pub(super) screens: Screens,
    pub(super) faults: Faults,
    pub(super) meter: Meter,
    pub(super) journal: Vec<Noted>,
    pub(super) outbox: Vec<Parcel>,
    /// Counts changes of what people see that are no messages.
    stirred: u64,
}

impl State {
    pub(super) fn new(setup: Arc<Setup>, around: &Surroundings) -> Self {
        let mint = Mint::new(Arc::clone(&around.entropy));
        let app = App {
            id: mint.id("A"),
            bot: mint.id("B"),
            user: mint.id("U"),
            name: setup.name.clone(),
            team: mint.id("T"),
            domain: "town".to_owned(),
            token: mint.secret(),
        };
        Self {
            setup,
            clock: Arc::clone(&around.clock),
            mint,
            world: World::new(app),
            route: Route::default(),
            links: Links::default(),
            hooks: Hooks::default(),
            screens: Screens::default(),
            stirred: 0,
            faults: Faults::default(),
            meter: Meter::default(),
            journal: Vec::new(),
            outbox: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> Time {
        self.clock.now()
    }

    /// Something changed that people see and that is no message: a screen, who is who.
    pub(super) const fn stir(&mut self) {
        self.stirred += 1;
    }

    /// Grows with every change that people see.
    pub(super) fn turn(&self) -> u64 {
        self.world.last_change() + self.stirred
    }

    pub(super) fn note(&mut self, entry: Entry) {
        let at = self.now();
        self.journal.push(Noted { at, entry });
    }

    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.note(Entry::Complaint(text.into()));
    }

    /// Gives a message its `ts`, keeps it, and tells the app about it as an event.
    pub(super) fn post(&mut self, mut message: Message) -> Message {
        let now = self.now();
        message.at.ts = self.mint.ts(now);
        blocks::keep(&mut message.blocks, &self.mint);
        let change = self.world.post(message, now);
        self.announce(&change, None);
        change.message
    }

    /// Changes a message and tells the app about it.
    pub(super) fn update(
        &mut self,
        at: &MessageRef,
        change: impl FnOnce(&mut Message),
    ) -> Option<Message> {
        let now = self.now();
        let before = self.world.message(at)?.clone();
        let mint = &self.mint;
        let change = self.world.update(at, now, |message| {
            change(message);
            blocks::keep(&mut message.blocks, mint);
        })?;
        self.announce(&change, Some(&before));
        Some(change.message)
    }

    /// Removes a message and tells the app about it.
    pub(super) fn delete(&mut self, at: &MessageRef) -> Option<Message> {
        let now = self.now();
        let change = self.world.delete(at, now)?;
        self.announce(&change, None);
        Some(change.message)
    }

    fn announce(&mut self, change: &Change, before: Option<&Message>) {
        let events = super::events::of_change(&self.world, &self.setup.scopes, change, before);
        for event in events {
            let parcel = self.event(event);
            self.outbox.push(parcel);
        }
    }

    /// The direct conversation with somebody, opened if there is none.
    pub(super) fn open_direct(&mut self, person: &str) -> String {
        if let Some(open) = self.world.direct(person) {
            return open.id.clone();
        }
        let kind = Kind::Direct(person.to_owned());
        let mut channel = Channel::new(self.mint.id("D"), "", kind, self.now());
        channel.members = [person.to_owned(), self.world.app.user.clone()].into();
        let id = channel.id.clone();
        self.world.channels.push(channel);
        self.stir();
        id
    }

    /// Slackbot tells one person something that only they see.
    pub(super) fn tell_privately(&mut self, person: &str, channel: &str, text: &str) {
        self.post(Message::by(SLACKBOT, channel, text).only_for(person));
    }
}
