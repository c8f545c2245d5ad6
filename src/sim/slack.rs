//! Slack, simulated on the wire: Web API, Socket Mode and signed HTTP for one workspace and one app.
//!
//! It keeps the bot honest: it knows nothing of the bot's client library, speaks only documented
//! shapes and error codes, and refuses whatever Slack refuses. It must never be more forgiving than
//! Slack: where Slack's behaviour is not documented, the harsher reading is taken.
//!
//! A [`Slack`] is a cheap handle. Scenarios and tests act through it as people do ([`Slack::say`],
//! [`Slack::command`], [`Slack::click`], [`Slack::fill`], [`Slack::submit`]), a page by ids
//! ([`Slack::use_element`], [`Slack::submit_view`], [`Slack::suggest`]). They read what each person
//! sees ([`Slack::seen_by`], [`Slack::screens`], [`Slack::changes_since`]) and break things
//! ([`Slack::fail_next`], [`Slack::fail_deliveries`], [`Slack::drop_sockets`]). The bot reaches it
//! through [`Slack::serve_stream`] or [`Slack::serve_tcp`].
//!
//! Everything is repeatable: time comes from the [`Clock`], ids from the [`Entropy`].

mod act;
mod blocks;
mod cannot;
mod commands;
mod deliver;
mod element;
mod events;
mod faults;
mod forge;
mod forms;
mod home;
mod hooks;
mod interactions;
mod journal;
mod labels;
mod look;
mod markup;
mod message;
mod mint;
mod page;
mod people;
mod place;
mod render;
mod screens;
mod serve;
mod setup;
mod shortcuts;
mod socket;
mod state;
mod suggest;
mod surface;
mod tape;
mod town;
mod web;
mod wire;
mod world;

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::entropy::Entropy;

pub use cannot::Cannot;
pub use faults::{Fault, Met, Mishap};
pub use forge::FormForgery;
pub use forms::Form;
pub use journal::{Carried, Entry, Noted};
pub use look::{Seen, button};
pub use message::{Change, Changed, Message, MessageRef};
pub use people::{Person, Standing};
pub use place::{Spot, Where};
pub use setup::{Limits, Paths, Route, Setup, Timing};
pub use tape::{Crossing, Tape, Taped};
pub use world::{Channel, Group, Kind};

use state::State;

/// What the simulator needs from the process around it.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Message timestamps, expiries and rate limits follow it.
    pub clock: Arc<dyn Clock>,
    /// Draws ids, tickets and the connection an envelope goes to.
    pub entropy: Arc<Entropy>,
    /// Every task is spawned here.
    pub tracker: TaskTracker,
    /// Ends all connections and deliveries.
    pub stop: CancellationToken,
}

/// One simulated workspace with the app installed.
#[derive(Debug, Clone)]
pub struct Slack {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    setup: Arc<Setup>,
    around: Surroundings,
    state: Mutex<State>,
    /// Grows with every change that people see; readers wait on it.
    changed: watch::Sender<u64>,
}

impl Slack {
    /// A workspace with the app, its bot user and nobody else in it.
    pub fn new(setup: Setup, around: Surroundings) -> Self {
        let setup = Arc::new(setup);
        let state = State::new(Arc::clone(&setup), &around);
        let shared = Shared {
            setup,
            around,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// How this Slack was set up.
    pub fn setup(&self) -> &Setup {
        &self.shared.setup
    }

    fn around(&self) -> &Surroundings {
        &self.shared.around
    }

    fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(
            &self
                .shared
                .state
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Changes what nobody looks at and nothing follows from: faults, sockets, counters.
    fn with_quietly<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        act(&mut state)
    }

    /// Changes the workspace, then wakes readers and sends what the change gives rise to.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self
            .shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let out = act(&mut state);
        let parcels = std::mem::take(&mut state.outbox);
        let last = state.turn();
        drop(state);
        self.shared.changed.send_if_modified(|seen| {
            // Another thread may have told of a later change already.
            let news = *seen < last;
            *seen = last.max(*seen);
            news
        });
        for parcel in parcels {
            self.send(parcel);
        }
        out
    }
}
