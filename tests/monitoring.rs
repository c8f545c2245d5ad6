//! What is measured, what is drawn and what alerts: none of them may name what another does not have.
//!
//! The stories play in the simulated town; what Prometheus would read is read strictly, and every query is
//! parsed by a real parser of its language.

#![cfg(test)]

#[path = "monitoring/exposition.rs"]
mod exposition;
#[path = "monitoring/manifests.rs"]
mod manifests;
#[path = "monitoring/promtool.rs"]
mod promtool;
#[path = "monitoring/query.rs"]
mod query;
#[path = "monitoring/story.rs"]
mod story;
