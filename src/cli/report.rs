//! `drawbridge report`: how access was asked for and used, from the ledger; for a browser, a spreadsheet or
//! a program. It reads, and changes nothing.

mod period;
mod source;
#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};

use super::{Status, complain};
use crate::clock::{Clock as _, SystemClock};
use crate::config;
use crate::report::figures::Figures;
use crate::report::page::{TOP, page};
use crate::report::sheet::sheet;
use crate::report::{Choices, Report};
use crate::units::Time;
use crate::zone::Zone;

use period::{Edge, Since};

/// What stands for the standard input.
const STDIN: &str = "-";

/// What `report` is given.
#[derive(Debug, Args)]
pub struct Given {
    /// An exported ledger (JSON Lines), or `-` for the standard input; without it the ledger of the
    /// configured store.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// How to print it.
    #[arg(short, long, value_enum, default_value = "html")]
    output: Form,
    /// How long before the end the period begins (`30d`), or its first day or instant (`2026-11-01`,
    /// `2026-11-01T09:00:00Z`).
    #[arg(long, value_name = "LENGTH|DATE", value_parser = period::read_since, default_value = "90d")]
    since: Since,
    /// The last day, or the first instant after the period; default: now.
    #[arg(long, value_name = "DATE", value_parser = period::read)]
    until: Option<Edge>,
    /// The time zone of days and weeks, as in the IANA database: `Europe/Berlin`.
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    zone: Zone,
    /// Flows of the cluster (JSON Lines as `hubble observe -o jsonpb` prints them), or `-`: tells which
    /// grants nobody used.
    #[arg(long, value_name = "FILE")]
    flows: Option<PathBuf>,
    /// How many rows each list of the page shows; CSV and JSON have all.
    #[arg(long, value_name = "N", default_value_t = TOP)]
    rows: usize,
}

/// How `report` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One page with charts that needs nothing else.
    Html,
    /// One long table.
    Csv,
    /// One object.
    Json,
}

/// Runs the command.
pub fn run(given: &Given) -> Status {
    let env = config::environment();
    crate::telemetry::start(env.get("RUST_LOG").map_or("warn", String::as_str));
    let choices = match choices(given, SystemClock.now()) {
        Ok(choices) => choices,
        Err(problem) => return misused(&problem),
    };
    let mut report = Report::new(choices);
    let read = match &given.file {
        Some(file) => match source::lines(file, |line| report.line(line)) {
            Err(error) => return misused(&format!("{error:#}")),
            read => read,
        },
        None => match config::store_only(&env) {
            Ok(choice) => source::store(&choice, &mut report),
            Err(problems) => return misused(&problems.to_string()),
        },
    };
    if let (Ok(()), Some(flows)) = (&read, &given.flows)
        && let Err(error) = source::lines(flows, |line| report.traffic(line))
    {
        return misused(&format!("{error:#}"));
    }
    match read.and_then(|()| told(given, report)) {
        Ok(text) => printed(&text),
        Err(error) => {
            complain(&format!("{error:#}"));
            Status::Unavailable
        }
    }
}

fn misused(problem: &str) -> Status {
    complain(problem);
    Status::Misused
}

/// The period and the rest of what the report is about.
fn choices(given: &Given, now: Time) -> Result<Choices, String> {
    let is_stdin = |file: &Option<PathBuf>| file.as_deref() == Some(Path::new(STDIN));
    if is_stdin(&given.file) && is_stdin(&given.flows) {
        return Err("the ledger and the flows cannot both come from the standard input".to_owned());
    }
    let (from, until) = period::between(given.since, given.until, given.zone, now)?;
    Ok(Choices {
        zone: given.zone,
        traffic: given.flows.is_some(),
        ..Choices::between(from, until)
    })
}

/// The report as it is printed.
///
/// # Errors
/// What was read is no ledger.
fn told(given: &Given, report: Report) -> Result<String> {
    let source = report.source();
    let (records, unreadable) = (source.records, source.unreadable);
    match (&given.file, records, unreadable) {
        (Some(_), 0, _) => complain("no record was read: the file is empty"),
        (None, 0, _) => complain("no record was read: nothing has happened yet"),
        (_, all, bad) if all == bad => {
            bail!("none of {all} lines is a record\nhint: `drawbridge ledger export` writes them")
        }
        (_, all, bad) if bad > 0 => {
            complain(&format!(
                "{bad} of {all} records could not be read and are left out"
            ));
        }
        _ => {}
    }
    written(&report.finish(), given)
}

fn written(figures: &Figures, given: &Given) -> Result<String> {
    Ok(match given.output {
        Form::Html => page(figures, given.rows),
        Form::Csv => sheet(figures)?,
        Form::Json => serde_json::to_string_pretty(figures)? + "\n",
    })
}

fn printed(text: &str) -> Status {
    let mut out = io::stdout().lock();
    let done = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    match done.context("cannot print") {
        Ok(()) => Status::Done,
        // A reader that went away (`| head`) is no fault.
        Err(error) if is_gone(&error) => Status::Done,
        Err(error) => {
            complain(&format!("{error:#}"));
            Status::Unavailable
        }
    }
}

fn is_gone(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
