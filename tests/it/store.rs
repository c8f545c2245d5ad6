//! The stores: one contract, every product; then what only one of them has.

mod appender;
mod cluster;
mod conformance;
mod faulty;
mod harness;
mod history;
mod limited;
mod link;
mod lints;
mod memory;
mod redis;
mod sqlite;
mod steps;
mod valkey;
