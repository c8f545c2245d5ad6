//! The part of the configuration file that says where the ledger goes, what signs its heads, and how long
//! it is kept.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::on_call::{TokenFrom, is_name, length_of, token, url};
use super::{ConfigFile, Problems, Reader, StoreChoice, vars};
use crate::audit::heads::Signer;
use crate::ledger::settings::{Deposit, EVERY, KEEP, Place, Server, Settings};
use crate::secret::Secret;
use crate::units::Seconds;

/// As it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    key: Option<KeyFrom>,
    heads: Option<HeadsWritten>,
    keep: Option<String>,
    #[serde(default)]
    sinks: BTreeMap<String, PlaceWritten>,
}

/// Where the key is: exactly one of the two.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFrom {
    env: Option<String>,
    file: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadsWritten {
    every: Option<String>,
    to: Option<PlaceWritten>,
}

/// Exactly one of `file`, `stdout`, `log`, `url`, `redis`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceWritten {
    file: Option<PathBuf>,
    #[serde(default)]
    stdout: bool,
    #[serde(default)]
    log: bool,
    url: Option<String>,
    token: Option<TokenFrom>,
    redis: Option<TokenFrom>,
    stream: Option<String>,
}

/// A place of either kind.
enum Somewhere {
    Log,
    Place(Place),
}

/// Looks a variable of the environment up.
type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The settings, and every problem with them as a sentence that begins after the variable's name.
fn read(written: &Written, value: Lookup<'_>) -> (Settings, Vec<String>) {
    let mut problems = Vec::new();
    let mut say = |part: &str, problem: String| {
        problems.push(format!("has a problem with `ledger.{part}`: {problem}"));
    };
    let mut settings = Settings::default();
    if let Some(from) = &written.key {
        match signer(from, value) {
            Ok(signer) => settings.signer = Some(signer),
            Err(why) => say("key", why),
        }
    }
    if let Some(heads) = &written.heads {
        let (min, max) = (Seconds::hours(1), Seconds::hours(7 * 24));
        match length_of(heads.every.as_deref(), EVERY, min, max) {
            Ok(every) => settings.every = every,
            Err(why) => say("heads.every", format!("it {why}")),
        }
        match heads.to.as_ref().map(|to| place(to, value)) {
            None | Some(Ok(Somewhere::Log)) => {}
            Some(Ok(Somewhere::Place(Place::File(path)))) => settings.heads = Deposit::File(path),
            Some(Ok(Somewhere::Place(Place::Http(to)))) => settings.heads = Deposit::Http(to),
            Some(Ok(Somewhere::Place(_))) => {
                say(
                    "heads.to",
                    "a head goes to a `file`, a `url` or the `log`".to_owned(),
                );
            }
            Some(Err(why)) => say("heads.to", why),
        }
        if written.key.is_none() {
            say("heads", "without `ledger.key` no head is signed".to_owned());
        }
    }
    match kept(written.keep.as_deref()) {
        Ok(keep) => settings.keep = keep,
        Err(why) => say("keep", format!("it {why}")),
    }
    for (name, written) in &written.sinks {
        let part = format!("sinks.{name}");
        if !is_name(name) {
            say(&part, "use a-z, 0-9 and - in its name".to_owned());
        }
        match place(written, value) {
            Ok(Somewhere::Place(place)) => drop(settings.sinks.insert(name.clone(), place)),
            Ok(Somewhere::Log) => say(&part, "use `stdout`: the log is for heads".to_owned()),
            Err(why) => say(&part, why),
        }
    }
    (settings, problems)
}

/// How long records are kept; `None`: for ever. In days alone: other lengths end at a year, which is too
/// short here.
fn kept(text: Option<&str>) -> Result<Option<Seconds>, String> {
    let days = match text {
        None => return Ok(Some(KEEP)),
        Some("forever") => return Ok(None),
        Some(text) => text.strip_suffix('d').and_then(|days| days.parse().ok()),
    };
    match days {
        Some(days @ 1..=36_525) => Ok(Some(Seconds::hours(24_u64.saturating_mul(days)))),
        _ => Err("must be 1d to 36525d, or `forever`".to_owned()),
    }
}

/// A problem with the key never repeats it.
fn signer(from: &KeyFrom, value: Lookup<'_>) -> Result<Signer, String> {
    let (place, secret) = match (&from.env, &from.file) {
        (Some(env), None) => {
            let env = env.clone();
            (env.clone(), secret(&TokenFrom { env }, value)?)
        }
        (None, Some(path)) => {
            let place = path.display().to_string();
            let text = std::fs::read_to_string(path);
            let text = text.map_err(|error| format!("cannot read `{place}`: {}", error.kind()))?;
            (place, Secret::new(text))
        }
        _ => return Err("write one of `env`, `file`".to_owned()),
    };
    Signer::read(secret.expose()).map_err(|why| format!("what `{place}` holds {why}"))
}

fn secret(from: &TokenFrom, value: Lookup<'_>) -> Result<Secret, String> {
    let set = value(&from.env).filter(|text| !text.is_empty());
    let set = set.ok_or_else(|| format!("its variable `{}` is not set", from.env))?;
    Ok(Secret::new(set))
}

fn place(written: &PlaceWritten, value: Lookup<'_>) -> Result<Somewhere, String> {
    let kinds = [
        written.file.is_some(),
        written.stdout,
        written.log,
        written.url.is_some(),
        written.redis.is_some(),
    ];
    if kinds.into_iter().filter(|is| *is).count() != 1 {
        return Err("write one of `file`, `stdout`, `log`, `url`, `redis`".to_owned());
    }
    if written.token.is_some() && written.url.is_none() {
        return Err("`token` goes with `url`".to_owned());
    }
    if written.stream.is_some() != written.redis.is_some() {
        return Err("`redis` and `stream` go together".to_owned());
    }
    let place = match (&written.file, &written.url, &written.redis) {
        (Some(path), ..) if path.as_os_str().is_empty() => {
            return Err("`file` is empty".to_owned());
        }
        (Some(path), ..) => Place::File(path.clone()),
        (_, Some(address), _) => {
            let token = written.token.as_ref().map(|from| token(from, value));
            let url = url(address)?;
            let token = token.transpose()?;
            Place::Http(Server { url, token })
        }
        (.., Some(redis)) => Place::Stream {
            redis: address(redis, value)?,
            key: written.stream.clone().unwrap_or_default(),
        },
        _ if written.log => return Ok(Somewhere::Log),
        _ => Place::Stdout,
    };
    Ok(Somewhere::Place(place))
}

/// The address of one Redis. A problem with it never repeats it.
fn address(from: &TokenFrom, value: Lookup<'_>) -> Result<Secret, String> {
    let secret = secret(from, value)?;
    let text = secret.expose();
    let scheme = text.split("://").next().unwrap_or_default();
    let one = !text.contains(',') && !text.contains("cluster=true");
    if matches!(scheme, "redis" | "rediss") && one && url::Url::parse(text).is_ok() {
        return Ok(secret);
    }
    Err(format!(
        "what `{}` holds must be `redis://HOST:PORT` or `rediss://…`, one server",
        from.env
    ))
}

impl Reader<'_> {
    /// Where the ledger goes, what signs its heads, how long it is kept.
    pub(super) fn ledger(&mut self, file: &ConfigFile) -> Settings {
        let (settings, problems) = read(&file.ledger, &|name| self.value(name));
        for problem in &problems {
            self.problem("DRAWBRIDGE_CONFIG", problem);
        }
        settings
    }
}

/// Reads what `ledger head` needs: the store, and what signs.
///
/// # Errors
/// All problems at once.
pub fn only(env: &BTreeMap<String, String>) -> Result<(StoreChoice, Settings), Problems> {
    let mut reader = Reader {
        env,
        problems: vars::unknown(env),
    };
    let store = reader.store();
    let file = reader.file();
    let settings = reader.ledger(&file);
    match (store, reader.problems.is_empty()) {
        (Some(store), true) => Ok((store, settings)),
        _ => Err(Problems(reader.problems)),
    }
}
