//! `drawbridge done ID`: a service needs its path no more.

use clap::Args;

use super::Status;
use super::request::{Form, Server, one_call};
use crate::client::{Client, Patience};
use crate::grammar::length;
use crate::units::Seconds;

/// What `done` is given.
#[derive(Debug, Args)]
pub struct Given {
    /// The request: an id such as `k7m3xq`.
    id: String,
    /// For how long to try to reach the bot. Default: 1m.
    #[arg(long, value_name = "LENGTH", value_parser = length::read)]
    timeout: Option<Seconds>,
    #[command(flatten)]
    server: Server,
    /// How to print it.
    #[arg(short, long, default_value = "text")]
    output: Form,
}

/// Runs the command. What is over already is no failure.
pub fn run(given: &Given) -> Status {
    let call = async |client: &Client, patience: &Patience<'_>| {
        patience
            .persist(async || client.done(&given.id).await)
            .await
    };
    one_call(&given.server, given.output, given.timeout, call)
}
