//! `drawbridge doctor` as somebody runs it: the binary, the simulated Slack, a real Redis and a real API
//! server. Whatever it prints is searched for secrets.

mod kubernetes;
mod report;
mod slack;
mod store;
mod whole;
