//! Time-bound network access to Kubernetes workloads, asked and approved in Slack.

pub mod audit;
pub mod clock;
pub mod cluster;
pub mod entropy;
pub mod grammar;
pub mod id;
pub mod lane;
pub mod netpol;
pub mod request;
pub mod retry;
pub mod rules;
pub mod secret;
pub mod sim;
pub mod slack;
pub mod store;
pub mod units;
pub mod view;
