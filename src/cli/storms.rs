//! `drawbridge simulate --storms N`: random days on a manual clock, the promises checked after each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use super::{Status, complain, say};
use crate::sim::storm::{self, Class, Happened, Plan};

/// What the command is given.
#[derive(Debug, Clone, clap::Args)]
pub struct Given {
    /// Let that many storms rage, one for each seed from `--seed` on.
    #[arg(long, value_name = "N")]
    storms: u64,
    /// The first seed.
    #[arg(long, value_name = "S", default_value_t = 0, requires = "storms")]
    seed: u64,
    /// Kinds of faults that are left out, with commas between them.
    #[arg(long, value_name = "FAULT,…", value_delimiter = ',', value_parser = Class::named)]
    without: Vec<Class>,
    /// Of a storm that breaks a promise, show the shortest that still does.
    #[arg(long)]
    shrink: bool,
}

/// In so many storms everything happens, or they do not say that a promise holds.
const ENOUGH: u64 = 1000;

/// Runs the command: one line for each storm that broke a promise, then how many did and what happened in all of
/// them. A single storm is told in full.
pub fn run(given: &Given) -> Status {
    let (next, broken) = (AtomicU64::new(0), AtomicU64::new(0));
    let happened = Mutex::default();
    let work = || {
        loop {
            let n = next.fetch_add(1, Ordering::SeqCst);
            if n >= given.storms {
                return;
            }
            let seed = given.seed.wrapping_add(n);
            if !withstood(given, seed, &happened) {
                broken.fetch_add(1, Ordering::SeqCst);
            }
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    let broken = broken.into_inner();
    say(&format!(
        "{} storms, {broken} broke a promise",
        given.storms
    ));
    let happened = happened
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner);
    say(&happened.to_string());
    let missing = match given.storms >= ENOUGH && given.without.is_empty() {
        true => happened.missing(),
        false => Vec::new(),
    };
    if !missing.is_empty() {
        complain(&format!("it never happened: {}", missing.join(", ")));
    }
    match broken == 0 && missing.is_empty() {
        true => Status::Done,
        false => Status::No,
    }
}

/// Whether every promise held; else says which did not, and how to see it again.
fn withstood(given: &Given, seed: u64, happened: &Mutex<Happened>) -> bool {
    let plan = Plan::drawn(seed, &given.without);
    let told = match storm::rage(&plan, None) {
        Ok(after) => {
            let mut all = happened.lock().unwrap_or_else(PoisonError::into_inner);
            all.add(&after.happened);
            drop(all);
            if given.storms == 1 {
                say(&plan.lines().join("\n"));
                say(&after.transcript);
            }
            after.wrong.join("; ")
        }
        Err(error) => format!("the town broke down: {error:#}"),
    };
    if told.is_empty() {
        return true;
    }
    complain(&format!("seed {seed}: {told}; see {}", again(given, seed)));
    if given.shrink
        && let Err(error) = shortest(&plan)
    {
        complain(&format!("seed {seed}: cannot be made shorter: {error:#}"));
    }
    false
}

/// The command that shows one storm again.
fn again(given: &Given, seed: u64) -> String {
    let mut again = format!("drawbridge simulate --storms 1 --seed {seed}");
    if !given.without.is_empty() {
        let names: Vec<&str> = given.without.iter().map(|class| class.name()).collect();
        again.push_str(&format!(" --without {}", names.join(",")));
    }
    again
}

fn shortest(plan: &Plan) -> Result<()> {
    if let Some((shortest, after)) = storm::shrink(plan, None)? {
        say(&format!("seed {}, as short as it gets:", plan.seed));
        say(&shortest.lines().join("\n"));
        say(&after.wrong.join("\n"));
    }
    Ok(())
}
