//! `drawbridge doctor`: asks Slack, the store, the clusters and the rules' folder how they stand, and says
//! what to do about what is wrong. It changes nothing; `--greet` alone posts one message.

mod gates;
mod kinds;
mod kubernetes;
mod slack;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::json;
use tabwriter::TabWriter;

use super::{Status, check, complain, say};
use crate::config::online::Online;
use crate::config::vars::VARS;
use crate::config::{self, ClusterChoice, StoreChoice};
use crate::doctor::{self, Finding, rules};
use crate::objects::Kind;
use crate::rules::{Problem, Severity};
use crate::units::Seconds;

/// What `doctor` is given.
#[derive(Debug, Args)]
pub struct Given {
    /// Also write one message to this member (`U…`), to see whether the messages tab is on.
    #[arg(long, value_name = "MEMBER")]
    greet: Option<String>,
    /// A table for people, or JSON.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Output {
    Table,
    Json,
}

/// What of the configuration can be read: a part that cannot keeps no other from being looked at.
struct Read {
    problems: Vec<String>,
    online: Option<Online>,
    store: Option<StoreChoice>,
    clusters: Vec<ClusterChoice>,
    max: Seconds,
}

/// Runs the command.
pub fn run(given: &Given) -> Status {
    let env = config::environment();
    // What fails is told as a finding: no log of the same beside it.
    crate::telemetry::start(env.get("RUST_LOG").map_or("off", String::as_str));
    let read = read(&env);
    let mut found = doctor::configuration(&read.problems);
    let asked = people(&env, &read, given).and_then(|(mut people, used)| {
        found.append(&mut people);
        machines(&env, &read, &used)
    });
    match asked {
        Ok(mut machines) => found.append(&mut machines),
        Err(error) => {
            complain(&format!("cannot start: {error}"));
            return Status::Unavailable;
        }
    }
    found.sort_by_key(|finding| finding.area);
    let printed = match given.output {
        Output::Table => table(&found, io::stdout().lock()),
        Output::Json => as_json(&found),
    };
    // A reader that went away (`| head`) is no fault.
    drop(printed);
    match (read.problems.is_empty(), doctor::failing(&found)) {
        (false, _) => Status::Misused,
        (true, true) => Status::No,
        (true, false) => Status::Done,
    }
}

fn read(env: &BTreeMap<String, String>) -> Read {
    let by_parts = |problems| {
        // A name that nobody reads is told above, and spoils no part.
        let mut env = env.clone();
        env.retain(|name, _| VARS.iter().any(|var| var.name == name));
        let clusters = config::clusters_only(&env).ok();
        let max = clusters.as_ref().map(|(_, max)| *max);
        Read {
            problems,
            online: config::online::read(&env).ok(),
            store: config::store_only(&env).ok(),
            clusters: clusters.map(|(all, _)| all).unwrap_or_default(),
            max: max.unwrap_or(Seconds::hours(24)),
        }
    };
    match config::read(env) {
        Ok(config) => Read {
            problems: Vec::new(),
            online: Some(Online {
                slack: config.slack,
                on_call: config.on_call,
            }),
            store: Some(config.store),
            clusters: config.clusters,
            max: config.max_lifetime,
        },
        Err(problems) => by_parts(problems.0),
    }
}

/// Slack, and the rules, whose names Slack knows; and the kinds that their templates make.
fn people(
    env: &BTreeMap<String, String>,
    read: &Read,
    given: &Given,
) -> io::Result<(Vec<Finding>, BTreeSet<Kind>)> {
    let folder = |name| check::folder(env, None, name);
    let loaded = check::load(
        folder("DRAWBRIDGE_TEMPLATES").as_deref(),
        folder("DRAWBRIDGE_RULES").as_deref(),
        &check::allowed(env),
    );
    let mut found = Vec::new();
    let mut names = None;
    if let Some(online) = &read.online {
        let loaded = loaded.as_ref().ok();
        let (seen, told) = slack::observe(online, given.greet.as_deref(), loaded)?;
        found.extend(doctor::slack::judge(&seen));
        names = told;
    }
    let used = match &loaded {
        Ok(loaded) => loaded.rules.kinds_offered(),
        Err(_) => BTreeSet::new(),
    };
    let (loaded, files) = match &loaded {
        Ok(loaded) => {
            let counts = (loaded.rules.rules().len(), loaded.rules.templates().count());
            (Ok(counts), told(&loaded.problems))
        }
        Err(why) => (Err(why.clone()), Vec::new()),
    };
    found.extend(rules::judge(&rules::Observed {
        loaded,
        files,
        names,
    }));
    Ok((found, used))
}

/// The store and all clusters at the same time: one that is away delays no other.
fn machines(
    env: &BTreeMap<String, String>,
    read: &Read,
    used: &BTreeSet<Kind>,
) -> io::Result<Vec<Finding>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(async {
        let store = async {
            match &read.store {
                Some(choice) => store::findings(choice).await,
                None => Vec::new(),
            }
        };
        let clusters = read.clusters.iter();
        let clusters = clusters.map(|choice| kubernetes::findings(choice, env, (read.max, used)));
        let (mut found, clusters) = futures::join!(store, futures::future::join_all(clusters));
        found.extend(clusters.into_iter().flatten());
        found
    }))
}

/// Problems as the judge takes them.
fn told(problems: &[Problem]) -> Vec<rules::Told> {
    let one = |problem: &Problem| rules::Told {
        place: problem.place.to_string(),
        is_error: problem.severity == Severity::Error,
        message: problem.message.clone(),
        hint: problem.hint.clone(),
    };
    problems.iter().map(one).collect()
}

/// One line a finding, and under each that is not well what to do.
fn table(found: &[Finding], out: impl Write) -> io::Result<()> {
    let mut out = TabWriter::new(out).padding(2);
    writeln!(out, "STATE\tAREA\tOF\tCHECK\tFOUND")?;
    for finding in found {
        let Finding {
            area,
            of,
            check,
            state,
            why,
            mend,
        } = finding;
        // What servers say can hold anything, tabs and line breaks too.
        let why = plain(why);
        let (state, area) = (state.name(), area.name());
        writeln!(out, "{state}\t{area}\t{}\t{check}\t{why}", plain(of))?;
        if let Some(mend) = mend {
            writeln!(out, "\t\t\t\t-> {}", plain(mend))?;
        }
    }
    let mut out = out
        .into_inner()
        .map_err(|error| io::Error::other(error.to_string()))?;
    writeln!(out, "{}", doctor::tally(found))?;
    out.flush()
}

fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

fn as_json(found: &[Finding]) -> io::Result<()> {
    let report = json!({"ok": !doctor::failing(found), "findings": found});
    say(&serde_json::to_string_pretty(&report)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Area, State};

    #[test]
    fn the_table_says_under_each_line_that_is_not_well_what_to_do() {
        let finding = |state, mend: Option<&str>| Finding {
            area: Area::Store,
            of: "redis".to_owned(),
            check: "version",
            state,
            why: "6.2\u{1b}[31m\tred".to_owned(),
            mend: mend.map(str::to_owned),
        };
        let mut out = Vec::new();
        let found = [
            finding(State::Ok, None),
            finding(State::Fail, Some("upgrade")),
        ];
        table(&found, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 5, "{text}");
        assert!(text.contains("-> upgrade"), "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert!(text.ends_with("2 checks: 1 ok, 0 to look at, 1 failing, 0 not known\n"));
    }
}
