//! What can talk to what, and the smallest set of NetworkPolicies that opens one flow.
//!
//! Pure: computes values from a [`Snapshot`]; applying them is the cluster adapter's. It must never
//! plan an object that isolates a pod which no policy isolated before (promise 3).
//!
//! From the bottom up: [`selector`], [`portset`] and [`address`] are the sets that policies speak in;
//! [`snapshot`] and [`policy`] are the cluster in the form it is judged in; [`evaluate`] judges one
//! pair of ends; [`lineup`] and [`mod@reach`] judge a flow; [`mod@resolve`] finds what people name;
//! [`mod@build`] plans a gate and its [`effect`]; [`marks`] and [`mod@plan`] keep gates told apart and
//! reconciled.

pub mod address;
pub mod build;
pub mod calico;
pub mod check;
mod cilium;
pub mod effect;
pub mod evaluate;
mod fields;
pub mod flow;
pub mod judge;
pub mod lineup;
pub mod live;
pub mod lone;
pub mod marks;
pub mod open;
pub mod plan;
pub mod policy;
pub mod portset;
pub mod reach;
pub mod resolve;
pub mod rule;
pub mod selector;
pub mod snapshot;
pub mod stated;
pub mod table;
pub mod tier;

#[cfg(test)]
pub(crate) mod tests;

pub use build::{Built, NoGate, build};
pub use effect::{Effect, Opened, Said, StatedObject, Warning};
pub use flow::{Flow, PortRange, Side, SideRef};
pub use live::{Finding, judge_again};
pub use lone::isolated_alone;
pub use marks::Marks;
pub use plan::plan;
pub use portset::PortSet;
pub use reach::{Openness, Reach, reach, reach_with_gates};
pub use resolve::{Unresolved, resolve, resolve_end, resolve_to_look};
pub use snapshot::{Object, ObjectKey, Snapshot};
pub use stated::state;
pub use table::{Table, standing_table, table};
