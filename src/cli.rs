//! The command line (DESIGN §4): what each command is given, and its exit status.
//!
//! Exit status: 0 done, 1 a refusal or a failed expectation, 2 wrong usage or configuration,
//! 3 unavailable or timed out. A command that `request` runs passes its own on; where it cannot be run, 127: it is
//! not found, 126: it cannot be executed.

pub mod approve;
pub mod check;
pub mod demo;
pub mod doctor;
pub mod done;
pub mod explain;
mod folder;
pub mod ledger;
mod observing;
mod picture;
pub mod plan;
pub mod reach;
pub mod reap;
pub mod report;
pub mod request;
pub mod serve;
pub mod simulate;
pub mod slack_manifest;
pub mod storms;
mod workspace;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::sim::town::Hardship;

/// Time-bound network access to Kubernetes workloads, asked and approved in Slack.
#[derive(Debug, Parser)]
#[command(name = "drawbridge", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the bot; Slack, store and clusters come from the environment.
    Serve,
    /// Live in a simulated town in the browser: no account, no cluster, no Redis.
    Demo(demo::Given),
    /// Run scenario files on a manual clock and print their transcripts; or storms, in which people act and things
    /// break at random, and check what they leave.
    Simulate {
        /// Make everything hard on purpose: every step done twice (`repeat`), the first answer to every
        /// call lost (`lose-answers`), or a crash after every commit (`crash`).
        #[arg(long, value_name = "NAME", value_parser = hardship)]
        hardship: Option<Hardship>,
        /// Scenario files.
        #[arg(required_unless_present = "storms", conflicts_with = "storms")]
        files: Vec<PathBuf>,
        /// Storms in place of files.
        #[command(flatten)]
        weather: Option<storms::Given>,
    },
    /// Validate templates, rules and the configuration's files.
    Check {
        /// Folder of rules; default: `DRAWBRIDGE_RULES`.
        #[arg(long)]
        rules: Option<PathBuf>,
        /// Folder of templates; default: `DRAWBRIDGE_TEMPLATES`, else the embedded ones.
        #[arg(long)]
        templates: Option<PathBuf>,
        /// Print the JSON Schema of both kinds, for editors, and do nothing else.
        #[arg(long)]
        schema: bool,
        /// Also ask Slack and the on-call sources whether everybody and everything that rules name is
        /// there. Takes `SLACK_BOT_TOKEN`; changes nothing.
        #[arg(long, conflicts_with = "schema")]
        online: bool,
    },
    /// Check Slack, the store, clusters and rules from here, and say what to do about what is wrong.
    Doctor(doctor::Given),
    /// Print the Slack app's manifest, to be pasted at api.slack.com/apps.
    SlackManifest(slack_manifest::Given),
    /// Show what can talk to what, and for one flow why.
    Reach(reach::Given),
    /// Show the gate that would be applied for an ask, and what it would change.
    Plan(plan::Given),
    /// Say what the rules say to an ask, and why; touches nothing.
    Explain(explain::Given),
    /// Ask a running bot for a path, as a service; wait for it, and run a command while it is open.
    Request(request::Given),
    /// Close a path that is not needed any more, or take back a request that waits.
    Done(done::Given),
    /// Approve a request while Slack is away, as a service that the rule names for that.
    Approve(approve::Given),
    /// Close overdue gates once and exit; needs only the cluster.
    Reap,
    /// Show how access was asked for and used, from the ledger: a page, a spreadsheet, or JSON.
    Report(report::Given),
    /// Verify, export or sign the ledger of everything that happened.
    #[command(subcommand)]
    Ledger(ledger::Given),
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Done.
    Done,
    /// A refusal, a finding or a failed expectation.
    No,
    /// Wrong usage or configuration.
    Misused,
    /// Something needed was unavailable or too slow.
    Unavailable,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(match status {
            Status::Done => 0,
            Status::No => 1,
            Status::Misused => 2,
            Status::Unavailable => 3,
        })
    }
}

/// The hardship of that name.
fn hardship(name: &str) -> Result<Hardship, String> {
    let named = |hardship: &Hardship| hardship.name() == name;
    Hardship::ALL.into_iter().find(named).ok_or_else(|| {
        let names = Hardship::ALL.map(Hardship::name);
        format!("there are only {}", names.join(", "))
    })
}

/// Runs the program.
pub fn main() -> ExitCode {
    let command = Cli::parse().command;
    let status = match command {
        Command::Serve => serve::run(),
        Command::Demo(given) => demo::run(&given),
        Command::Simulate {
            weather: Some(weather),
            ..
        } => storms::run(&weather),
        Command::Simulate {
            hardship, files, ..
        } => simulate::run(&files, hardship),
        Command::Check { schema: true, .. } => {
            say(crate::rules::SCHEMA);
            Status::Done
        }
        Command::Check {
            rules,
            templates,
            online,
            ..
        } => check::run(rules, templates, online),
        Command::Doctor(given) => doctor::run(&given),
        Command::SlackManifest(given) => slack_manifest::run(&given),
        Command::Reach(given) => reach::run(&given),
        Command::Plan(given) => plan::run(&given),
        Command::Explain(given) => explain::run(&given),
        Command::Request(given) => return request::run(&given),
        Command::Done(given) => done::run(&given),
        Command::Approve(given) => approve::run(&given),
        Command::Reap => reap::run(),
        Command::Report(given) => report::run(&given),
        Command::Ledger(given) => ledger::run(&given),
    };
    status.into()
}

/// Prints a line for the person at the terminal. A reader that went away (`| head`) is no fault.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// Prints a problem for the person at the terminal.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
