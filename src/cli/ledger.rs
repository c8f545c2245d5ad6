//! `drawbridge ledger`: whether the record of everything is whole, the record for others, and its head.

mod export;
mod verify;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use clap::{Subcommand, ValueEnum};

use super::{Status, complain, say};
use crate::clock::{Clock, SystemClock};
use crate::config::{self, StoreChoice};
use crate::grammar::length;
use crate::ledger::heads;
use crate::store::Store;
use crate::store::redis::RedisStore;
use crate::store::sqlite::SqliteStore;
use crate::units::Seconds;

/// What is done with the ledger.
#[derive(Debug, Subcommand)]
pub enum Given {
    /// Find changed, missing, reordered, doubled or cut-off records; exit status 1 if there are any.
    Verify {
        /// An export, or `-` for the standard input; not given: the ledger of the configured store.
        file: Option<PathBuf>,
        /// A file of signed heads: also finds a ledger that was cut off or rewritten as a whole.
        #[arg(long, value_name = "FILE")]
        head: Option<PathBuf>,
        /// The public key that the heads must be signed with, hex or base64; not given: any key, which
        /// proves little.
        #[arg(long, value_name = "KEY", requires = "head")]
        key: Option<String>,
        /// FILE is what a sink writes, without an end line: a missing end shows only with `--head`.
        #[arg(long, requires = "file")]
        growing: bool,
    },
    /// Write the records to the standard output.
    Export {
        /// As lines that can be verified, or for a spreadsheet.
        #[arg(short, long, value_enum, default_value = "jsonl")]
        output: Output,
        /// Only what happened since then (`30d`).
        #[arg(long, value_name = "LENGTH", value_parser = length_read)]
        since: Option<Seconds>,
        /// Leave out what people typed; such an export cannot be verified.
        #[arg(long)]
        without_typed: bool,
    },
    /// Sign the newest record with the configured key and print the signed head.
    Head,
}

/// The form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// JSON Lines.
    Jsonl,
    /// Comma-separated values (RFC 4180).
    Csv,
}

fn length_read(text: &str) -> Result<Seconds, String> {
    length::read(text).map_err(|error| error.to_string())
}

/// Runs the command.
pub fn run(given: &Given) -> Status {
    let env = config::environment();
    crate::telemetry::start(env.get("RUST_LOG").map_or("warn", String::as_str));
    match given {
        Given::Verify {
            file: Some(file),
            head,
            key,
            growing,
        } => verify::file(file, *growing, head.as_deref(), key.as_deref()),
        Given::Verify {
            file: None,
            head,
            key,
            ..
        } => with_store(config::store_only(&env), async |store| {
            verify::store(&*store, head.as_deref(), key.as_deref()).await
        }),
        Given::Export {
            output,
            since,
            without_typed,
        } => with_store(config::store_only(&env), async |store| {
            let now = SystemClock.now();
            let since = since.and_then(|length| now.checked_sub_signed(length.delta()));
            let wanted = export::Wanted {
                output: *output,
                since,
                without_typed: *without_typed,
            };
            export::run(&*store, &wanted).await
        }),
        Given::Head => match config::ledger::only(&env) {
            Err(problems) => misused(&problems),
            Ok((choice, settings)) => {
                let Some(signer) = settings.signer else {
                    return misused(
                        &"nothing to sign with: set `ledger.key` in the file that DRAWBRIDGE_CONFIG names",
                    );
                };
                with_store(Ok(choice), async |store| {
                    let deposited = heads::deposited(&settings.heads).await?;
                    let known = (&heads::Last::default(), deposited);
                    match heads::sign(&*store, &signer, known, SystemClock.now()).await? {
                        Some(signed) => say(&signed.line()?),
                        None => complain("the ledger is empty: there is nothing to sign"),
                    }
                    Ok(Status::Done)
                })
            }
        },
    }
}

fn misused(why: &impl std::fmt::Display) -> Status {
    complain(&why.to_string());
    Status::Misused
}

/// Opens the store for reading, beside whoever serves from it, and does something with it.
fn with_store(
    choice: Result<StoreChoice, config::Problems>,
    work: impl AsyncFnOnce(Arc<dyn Store>) -> Result<Status>,
) -> Status {
    let choice = match choice {
        Ok(choice) => choice,
        Err(problems) => return misused(&problems),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let done = runtime
        .context("cannot start")
        .and_then(|runtime| runtime.block_on(async { work(open(&choice)?).await }));
    done.unwrap_or_else(|error| {
        complain(&format!("drawbridge: {error:#}"));
        Status::Unavailable
    })
}

pub(super) fn open(choice: &StoreChoice) -> Result<Arc<dyn Store>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Ok(match choice {
        StoreChoice::Redis(url) => Arc::new(RedisStore::connect(url.expose())?),
        StoreChoice::Sqlite(path) if !path.exists() => {
            bail!("there is no file `{}`", path.display())
        }
        StoreChoice::Sqlite(path) => {
            Arc::new(SqliteStore::open_read_only(path, clock).context("opening the store")?)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_that_is_not_there_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere.db");
        let problem = open(&StoreChoice::Sqlite(path.clone())).err().unwrap();
        assert_eq!(
            problem.to_string(),
            format!("there is no file `{}`", path.display())
        );
        assert!(!path.exists(), "asking makes none");
    }
}
