//! The stores: one contract, every product; then what only one of them has.

mod cluster;
mod conformance;
mod harness;
mod history;
mod link;
mod lints;
mod memory;
mod redis;
mod sqlite;
mod steps;
mod valkey;
