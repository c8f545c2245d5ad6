//! The Kubernetes adapter's contract: the same cases against the simulated API server, in this
//! process and over TCP, and against a real one.

mod arena;
mod door;
mod faults;
mod gates;
mod manifests;
mod parity;
mod policies;
mod protocol;
mod rights;
mod sight;
