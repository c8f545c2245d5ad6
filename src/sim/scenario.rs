//! Scenario files: a story as text that is a test, a bug report and documentation at once.
//!
//! [`parse()`] reads the text, [`play()`] acts it out in a [`crate::sim::town::Town`] on a manual clock
//! and returns the transcript with what was not as expected. The forms of lines are the tables
//! [`forms::acts()`], [`forms::EXPECTATIONS`] and [`forms::PLAIN_EXPECTATIONS`]; people read them in
//! `tests/scenarios/README.md`, which [`manual`] writes.
//!
//! Some promises are checked when any story ends, whatever it tells (`scenario/end.rs`): Slack had nothing to
//! complain about, nothing of ours is left in the cluster, every gate was approved and closed in
//! time, and every message is current; and (`scenario/ledger.rs`) everything that happened is in the
//! ledger, once.

mod act;
mod end;
mod expect;
mod flood;
pub mod forms;
pub(in crate::sim) mod ledger;
pub mod manual;
pub mod parse;
mod pattern;
pub mod play;
mod screens;
mod service;
mod stage;
pub mod story;
#[cfg(test)]
mod tests;
mod words;

pub use parse::{StoryError, parse};
pub use play::{Failure, Played, Scene, play};
pub use story::{Act, Expectation, Line, Story, Way};
