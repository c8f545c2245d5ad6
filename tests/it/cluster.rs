//! The Kubernetes adapter's contract: the same cases against the simulated API server, in this
//! process and over TCP, and against a real one.

mod admission;
pub(crate) mod arena;
mod door;
mod faults;
mod forbidden;
mod gates;
mod kinds;
mod manifests;
mod namespaced;
mod parity;
mod policies;
mod protocol;
mod rights;
mod sight;
