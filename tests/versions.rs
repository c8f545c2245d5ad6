//! What every released version wrote is read by this one: documents, events, ledgers, objects and buttons. And what
//! a later version writes is kept by this one, or left to it.
//!
//! `tests/versions/<version>/` is what the stories of that version wrote, in the smallest selection that shows every
//! field and every word. `tests/versions/add` makes the folder of the version that is checked out; a folder is
//! never edited after its release, which `tests/versions/digests` holds.

#![cfg(test)]

#[path = "versions/add.rs"]
mod add;
#[path = "versions/corpus.rs"]
mod corpus;
#[path = "versions/going_on.rs"]
mod going_on;
#[path = "versions/reading.rs"]
mod reading;
#[path = "versions/recorder.rs"]
mod recorder;
#[path = "versions/rolling.rs"]
mod rolling;
#[path = "versions/shown.rs"]
mod shown;
