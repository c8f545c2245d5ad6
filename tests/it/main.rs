//! All integration tests in one binary: one link step, and the servers they start are shared code.
//!
//! What needs a server fails when the server is missing, and says how to get it; nothing is skipped.
#![cfg(test)]

mod client;
mod cluster;
mod commands;
mod demo;
mod doctor;
mod e2e;
mod examples;
mod ledger;
mod pages;
mod release;
mod servers;
mod slack_sdk;
mod store;
