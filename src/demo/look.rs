//! The town as the page reads it: one function a section, each from the town to JSON.

pub(super) mod clock;
pub(super) mod cluster;
mod flows;
pub(super) mod health;
pub(super) mod ledger;
pub(super) mod small_talk;
pub(super) mod workspace;
