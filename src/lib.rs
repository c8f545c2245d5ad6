#![doc = include_str!("ARCHITECTURE.md")]

// core
pub mod audit;
pub mod doctor;
pub mod grammar;
pub mod id;
pub mod lane;
pub mod manifest;
pub mod netpol;
pub mod notes;
pub mod objects;
pub mod report;
pub mod request;
pub mod retry;
pub mod rules;
pub mod secret;
pub mod units;
pub mod view;
pub mod written;
pub mod zone;

// adapters
pub mod client;
pub mod cluster;
mod documents;
pub mod metrics;
pub mod oidc;
pub mod oncall;
pub mod slack;
pub mod store;
pub mod traces;

// runtime
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod digest;
pub mod entropy;
pub mod http;
pub mod lanes;
pub mod ledger;
pub mod reaper;
pub mod reload;
pub mod run;
pub mod telemetry;

// the simulated town
pub mod demo;
pub mod sim;
