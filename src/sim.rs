//! The simulated town: Slack and a cluster on the wire, people, and stories that play in it.
//!
//! Serves demo, scenarios and tests. `serve` never touches it.

pub mod cluster;
pub mod scenario;
pub mod slack;
pub mod storm;
pub mod town;
