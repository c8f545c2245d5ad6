//! What `check --online` and `explain` need of the environment: Slack's Web API, the configuration file, and
//! for how long any path may be open.

use std::collections::BTreeMap;

use super::{Problems, Reader, vars};
use crate::oncall::Source;
use crate::slack::SlackConfig;
use crate::units::Seconds;

/// Whom they ask.
#[derive(Debug)]
pub struct Online {
    /// The bot's token and where Slack is; nothing is received.
    pub slack: SlackConfig,
    /// Sources that tell who is on call, by name.
    pub on_call: BTreeMap<String, Source>,
}

/// Reads it.
///
/// # Errors
/// All problems at once.
pub fn read(env: &BTreeMap<String, String>) -> Result<Online, Problems> {
    let mut reader = Reader {
        env,
        problems: vars::unknown(env),
    };
    let slack = reader.slack_calls();
    let file = reader.file();
    let on_call = reader.on_call(&file);
    if reader.problems.is_empty() {
        Ok(Online { slack, on_call })
    } else {
        Err(Problems(reader.problems))
    }
}

/// The names of the on-call sources, for commands that read nothing else; problems of the file are told by
/// [`look`](super::look) and when `serve` reads it.
pub fn on_call_names(env: &BTreeMap<String, String>) -> Vec<String> {
    let mut reader = Reader {
        env,
        problems: Vec::new(),
    };
    reader.file().on_call.into_keys().collect()
}

/// The hard maximum of any gate.
///
/// # Errors
/// All problems at once.
pub fn max_lifetime(env: &BTreeMap<String, String>) -> Result<Seconds, Problems> {
    let mut reader = Reader {
        env,
        problems: vars::unknown(env),
    };
    match (reader.max_lifetime(), reader.problems.is_empty()) {
        (Some(max), true) => Ok(max),
        _ => Err(Problems(reader.problems)),
    }
}
