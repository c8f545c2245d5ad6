//! What tests of this module share, and the tests that go through all of it.

pub(crate) mod fixtures;

mod beyond;
mod corners;
mod grants;
mod live;
mod marks;
mod oracle;
mod partly;
mod plan;
mod properties;
mod reach;
mod resolve;
mod resolve_ports;
mod selection;
mod stated;
mod tiers;
mod town;
