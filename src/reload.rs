//! Rules that change while the bot runs: looks at the folders, loads what changed, tells when it is broken.
//!
//! # Guarantees
//! What is broken never comes into force: the last good rules stay. Texts come into force only when two
//! readings in a row are the same, so that a folder in the middle of a change (Kubernetes swaps a symlink)
//! is not taken for rules. A change is seen within [`EVERY`], or at once after SIGHUP.
//!
//! Polled, not watched: kubelet's swaps, network file systems and bind mounts are all seen, and reading a
//! few files costs nothing. It must never judge by itself: texts are loaded by what it was given.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::app::Parts;
use crate::rules::{self, Problem, RuleSet};
use crate::units::{Seconds, Time};
use crate::view::replies;

mod alerts;
#[cfg(test)]
mod tests;
mod texts;

pub use alerts::Alerts;
pub use texts::{Texts, digest, read};

/// How often the folders are looked at. Kubernetes itself takes up to a minute to change them.
pub const EVERY: Seconds = Seconds(5);

/// When a change was seen, it is looked at again after this: long enough for whoever is writing.
const SOON: Seconds = Seconds(2);

/// Problems that are kept for `/readyz`; the log has them all.
const KEPT: usize = 10;

/// Where templates and rules are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Folders {
    /// Templates; `None`: the embedded ones.
    pub templates: Option<PathBuf>,
    /// Rules; `None`: there are none.
    pub rules: Option<PathBuf>,
}

/// Turns texts into rules: what `drawbridge check` does too.
pub type Load = Box<dyn Fn(&[(String, String)]) -> (RuleSet, Vec<Problem>) + Send>;

/// How the rules fare, for people who operate the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// Whether what is in the folders is in force.
    pub ok: bool,
    /// Since when it is so.
    pub since: Time,
    /// Names the texts in force: the first 16 hex digits of their SHA-256.
    pub digest: String,
    /// How many files they are in.
    pub files: usize,
    /// What is wrong in the folders, the first lines of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// Where the standing can be read while the reloader runs.
#[derive(Debug, Clone)]
pub struct Board(Arc<Mutex<Standing>>);

impl Board {
    /// How the rules fare now.
    pub fn standing(&self) -> Standing {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn write(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// What one look found.
#[derive(Debug)]
pub enum Looked {
    /// Nothing new, or a change that is still under way.
    Same,
    /// Other rules, good ones.
    Good {
        /// To be put in force.
        rules: Arc<RuleSet>,
        /// Names their texts.
        digest: String,
        /// Whether the texts before were broken.
        mended: bool,
    },
    /// Other texts, which cannot be used. The rules in force stay.
    Broken {
        /// Names the broken texts.
        digest: String,
        /// Every problem, one a line.
        problems: Vec<String>,
    },
}

/// Looks at the folders.
pub struct Reloader {
    folders: Folders,
    load: Load,
    /// Names what was seen last, good or broken.
    seen: String,
    /// Names what the look before this one found first.
    candidate: Option<String>,
    board: Board,
}

impl std::fmt::Debug for Reloader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reloader")
            .field("folders", &self.folders)
            .field("seen", &self.seen)
            .finish_non_exhaustive()
    }
}

impl Reloader {
    /// Looks for what differs from `texts`, which are in force and were read from these folders.
    pub fn new(folders: Folders, load: Load, texts: &Texts, now: Time) -> Self {
        let seen = digest(texts);
        let standing = Standing {
            ok: true,
            since: now,
            digest: seen.clone(),
            files: texts.len(),
            problems: Vec::new(),
        };
        Self {
            folders,
            load,
            seen,
            candidate: None,
            board: Board(Arc::new(Mutex::new(standing))),
        }
    }

    /// Where to read how the rules fare.
    pub fn board(&self) -> Board {
        self.board.clone()
    }

    /// One look. Blocks on the file system.
    pub fn look(&mut self, now: Time) -> Looked {
        let first = texts::read(&self.folders);
        if first != texts::read(&self.folders) {
            // Somebody is writing: the next look sees what they wrote.
            return Looked::Same;
        }
        let (name, loaded) = match first {
            Ok(texts) => {
                let name = digest(&texts);
                if name == self.seen {
                    return Looked::Same;
                }
                let (rules, problems) = (self.load)(&texts);
                let loaded = match rules.sealed() || !rules::usable(&problems) {
                    true => Err(lines(problems)),
                    false => Ok((rules, texts.len())),
                };
                (name, loaded)
            }
            Err(problem) => (
                digest(&vec![(String::new(), problem.clone())]),
                Err(vec![problem]),
            ),
        };
        if name == self.seen {
            return Looked::Same;
        }
        // Twice the same, a look apart: what is being written is not put in force half done.
        if self.candidate.as_ref() != Some(&name) {
            self.candidate = Some(name);
            return Looked::Same;
        }
        self.candidate = None;
        self.seen.clone_from(&name);
        match loaded {
            Ok((rules, files)) => self.good(rules, name, files, now),
            Err(problems) => self.broken(problems, name, now),
        }
    }

    fn good(&self, rules: RuleSet, digest: String, files: usize, now: Time) -> Looked {
        let mended = !self.board.standing().ok;
        self.board.write(|standing| {
            *standing = Standing {
                ok: true,
                since: now,
                digest: digest.clone(),
                files,
                problems: Vec::new(),
            };
        });
        let rules = Arc::new(rules);
        Looked::Good {
            rules,
            digest,
            mended,
        }
    }

    fn broken(&self, problems: Vec<String>, digest: String, now: Time) -> Looked {
        self.board.write(|standing| {
            if standing.ok {
                standing.since = now;
            }
            standing.ok = false;
            standing.problems = problems.iter().take(KEPT).cloned().collect();
        });
        Looked::Broken { digest, problems }
    }

    /// Looks every [`EVERY`] and whenever `asked`, until told to stop.
    pub async fn run(
        self,
        parts: Arc<Parts>,
        mut alerts: Alerts,
        asked: Arc<Notify>,
        stop: CancellationToken,
    ) {
        let mut reloader = self;
        loop {
            let every = if reloader.candidate.is_some() {
                SOON
            } else {
                EVERY
            };
            let next = every.after(parts.clock.now());
            tokio::select! {
                () = stop.cancelled() => return,
                () = parts.clock.sleep_until(next) => {}
                () = asked.notified() => {}
            }
            let now = parts.clock.now();
            // Files can be slow; the workers beside us must not wait for them.
            let look = tokio::task::spawn_blocking(move || {
                let looked = reloader.look(now);
                (reloader, looked)
            });
            let looked = match look.await {
                Ok((back, looked)) => {
                    reloader = back;
                    looked
                }
                Err(error) => {
                    tracing::error!(%error, "the rules are not looked at any more");
                    return;
                }
            };
            take(&parts, &mut alerts, looked, now);
            alerts.send(&parts.slack).await;
        }
    }
}

/// Puts good rules in force and says what happened.
fn take(parts: &Parts, alerts: &mut Alerts, looked: Looked, now: Time) {
    match looked {
        Looked::Same => {}
        Looked::Good {
            rules,
            digest,
            mended,
        } => {
            tracing::info!(
                digest,
                rules = rules.rules().len(),
                "other rules are in force"
            );
            parts.put_in_force(rules);
            if mended {
                let message = replies::rules_mended(&digest);
                alerts.want(message, &format!("rules-good-{digest}"), now);
            }
        }
        Looked::Broken { digest, problems } => {
            let report = problems.join("\n");
            tracing::error!(
                digest,
                report,
                "the changed rules are broken, the last good ones stay"
            );
            let message = replies::rules_broken(&problems);
            alerts.want(message, &format!("rules-broken-{digest}"), now);
        }
    }
}

/// One line each, errors first: warnings must not crowd them out where only the first are shown.
fn lines(mut problems: Vec<Problem>) -> Vec<String> {
    problems.sort_by(|a, b| (a.severity, &a.place).cmp(&(b.severity, &b.place)));
    problems.iter().map(ToString::to_string).collect()
}
