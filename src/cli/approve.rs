//! `drawbridge approve ID`: approval while Slack is away, by a service that the rule names for that.

use clap::Args;

use super::Status;
use super::request::{Form, Server, one_call};
use crate::client::{Client, Patience};
use crate::grammar::length;
use crate::units::Seconds;

/// What `approve` is given.
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

/// Runs the command. Repeating it is harmless: one service has one vote.
pub fn run(given: &Given) -> Status {
    let call = async |client: &Client, patience: &Patience<'_>| {
        patience
            .persist(async || client.approve(&given.id).await)
            .await
    };
    one_call(&given.server, given.output, given.timeout, call)
}
