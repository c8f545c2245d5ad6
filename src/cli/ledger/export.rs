//! `drawbridge ledger export`: the records on the standard output.

use std::io::{self, ErrorKind, Write};

use anyhow::{Context as _, Result};

use super::Output;
use crate::audit::export::{Typed, csv_names, csv_row, without_typed};
use crate::audit::verify::{Check, Extent};
use crate::audit::{End, Head, Record};
use crate::cli::{Status, complain};
use crate::ledger::name;
use crate::store::{MAX_READ, Store};
use crate::units::Time;

/// What is wanted.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The form.
    pub(super) output: Output,
    /// Only from the first record on that is not older than this.
    pub(super) since: Option<Time>,
    /// Without what people typed.
    pub(super) without_typed: bool,
}

impl Wanted {
    const fn typed(&self) -> Typed {
        match self.without_typed {
            true => Typed::LeftOut,
            false => Typed::Kept,
        }
    }
}

/// Writes the records. They are verified on the way: what is wrong is exported as it is, and told.
///
/// # Errors
/// The store failed, or a record cannot be read.
pub(super) async fn run(store: &dyn Store, wanted: &Wanted) -> Result<Status> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = write(store, wanted, &mut out).await;
    match written.and_then(|status| Ok(out.flush().map(|()| status)?)) {
        // A reader that went away (`| head`) is no fault.
        Err(error) if is_gone(&error) => Ok(Status::Done),
        done => done,
    }
}

fn is_gone(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<io::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

async fn write(store: &dyn Store, wanted: &Wanted, out: &mut impl Write) -> Result<Status> {
    let tail = store.head().await?;
    let newest = tail.head.unwrap_or_else(Head::origin);
    let mut last = tail.before.unwrap_or_else(Head::origin);
    let mut before = None;
    let mut check = Check::of(Extent::Growing);
    if wanted.output == Output::Csv {
        out.write_all(csv_names(wanted.typed())?.as_bytes())?;
    }
    while last.seq < newest.seq {
        let page = store.records(last.seq, MAX_READ).await?;
        if page.is_empty() {
            break;
        }
        for line in page {
            let record: Record = serde_json::from_str(&line)
                .with_context(|| format!("the record after {} cannot be read", last.seq))?;
            if before.is_none() && is_older(&record, wanted.since) {
                last = record.head();
                continue;
            }
            if before.is_none() {
                before = Some(Head {
                    seq: record.seq.saturating_sub(1),
                    hash: record.prev.clone(),
                });
            }
            for finding in check.record(line.as_bytes()) {
                complain(&finding.to_string());
            }
            out.write_all(text(&record, line, wanted)?.as_bytes())?;
            last = record.head();
        }
    }
    if wanted.output == Output::Jsonl && !wanted.without_typed {
        let chain = name::of(store).await?.unwrap_or_default();
        let end = End::of(&chain, &before.unwrap_or_else(|| last.clone()), &last)?;
        writeln!(out, "{}", end.line()?)?;
    }
    Ok(match check.report().findings {
        0 => Status::Done,
        _ => Status::No,
    })
}

fn is_older(record: &Record, since: Option<Time>) -> bool {
    let at = record
        .event
        .get("at")
        .and_then(|at| at.as_str()?.parse::<Time>().ok());
    matches!((at, since), (Some(at), Some(since)) if at < since)
}

fn text(record: &Record, line: String, wanted: &Wanted) -> Result<String> {
    Ok(match (wanted.output, wanted.typed()) {
        (Output::Csv, typed) => csv_row(record, typed)?,
        (Output::Jsonl, Typed::Kept) => line + "\n",
        (Output::Jsonl, Typed::LeftOut) => without_typed(record)? + "\n",
    })
}
