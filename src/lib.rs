//! Time-bound network access to Kubernetes workloads, asked and approved in Slack.

pub mod app;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod entropy;
pub mod grammar;
pub mod http;
pub mod id;
pub mod lane;
pub mod lanes;
pub mod netpol;
pub mod reaper;
pub mod request;
pub mod retry;
pub mod rules;
pub mod run;
pub mod secret;
pub mod sim;
pub mod slack;
pub mod store;
pub mod telemetry;
pub mod units;
pub mod view;
