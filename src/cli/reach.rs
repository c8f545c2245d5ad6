//! `drawbridge reach`: what can talk to what, as a table of all workloads or for one flow with reasons.

use std::collections::HashMap;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::json;
use tabwriter::TabWriter;

use super::picture::{self, Nothing};
use super::{Status, complain, say};
use crate::grammar::{Endpoint, Ports};
use crate::netpol::open::{Open, words};
use crate::netpol::{self, PortSet, Snapshot, Unresolved};

/// What `reach` is given.
#[derive(Debug, Args)]
pub struct Given {
    /// Folder of YAML or JSON manifests; without it the live cluster is read.
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// The live cluster, where there are several.
    #[arg(long, value_name = "NAME", conflicts_with = "manifests")]
    cluster: Option<String>,
    /// Source: `ns/name`, `ns/kind/name`, `ns/label=value`, an address or a CIDR.
    #[arg(long, value_name = "REF", requires = "to")]
    from: Option<Endpoint>,
    /// Target, in the same form.
    #[arg(long, value_name = "REF", requires = "from")]
    to: Option<Endpoint>,
    /// Port of the target's pods: number, name, range or list, with `/udp` or `/sctp`. A Service's own
    /// port where the target is one. Without it the target's only port.
    #[arg(long, value_name = "P[/PROTO]", requires = "to")]
    port: Option<Ports>,
    /// How to print it.
    #[arg(short, long, default_value = "table")]
    output: Form,
}

/// How `reach` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people.
    Table,
    /// One object a line.
    Json,
}

/// Runs the command.
pub fn run(given: &Given) -> Status {
    let snapshot = match picture::take(given.manifests.as_deref(), given.cluster.as_deref()) {
        Ok(snapshot) => snapshot,
        Err(Nothing(status)) => return status,
    };
    match (&given.from, &given.to) {
        (Some(from), Some(to)) => flow(&snapshot, (from, to, given.port.as_ref()), given.output),
        _ => match table(&snapshot, given.output) {
            Ok(()) => Status::Done,
            // A reader that went away (`| head`) is no fault.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Status::Done,
            Err(error) => {
                complain(&format!("cannot print: {error}"));
                Status::Unavailable
            }
        },
    }
}

fn flow(
    snapshot: &Snapshot,
    (from, to, ports): (&Endpoint, &Endpoint, Option<&Ports>),
    form: Form,
) -> Status {
    let flow = match netpol::resolve_to_look(snapshot, from, to, ports) {
        Ok(flow) => flow,
        Err(problem) => return unresolved(&problem, form),
    };
    let reach = netpol::reach_with_gates(snapshot, &flow);
    let blocked_by = if reach.is_open() {
        Vec::new()
    } else {
        reach.blocked_by()
    };
    match form {
        Form::Json => say(&json!({
            "open": reach.is_open(), "blocked_by": blocked_by, "why": reach.why,
        })
        .to_string()),
        Form::Table => {
            let asked: PortSet = flow.ports.iter().copied().collect();
            let verdict = match reach.openness {
                netpol::Openness::Open => "open",
                netpol::Openness::Partly => "partly open",
                netpol::Openness::Closed if reach.unknown().is_empty() => "closed",
                netpol::Openness::Closed => "not known",
            };
            let (from, to) = (&flow.from.label, &flow.to.label);
            say(&format!("{verdict}: {from} -> {to}, {asked}"));
            reach.why.iter().for_each(|why| say(&format!("  {why}")));
        }
    }
    if reach.is_open() {
        Status::Done
    } else {
        Status::No
    }
}

/// What has no running pod is closed; what is not there is a slip.
fn unresolved(problem: &Unresolved, form: Form) -> Status {
    let idle = matches!(
        problem,
        Unresolved::NoPods { .. } | Unresolved::NoLabelledPods { .. }
    );
    if idle && form == Form::Json {
        say(&json!({"open": false, "blocked_by": [], "why": [problem.to_string()]}).to_string());
    } else {
        complain(&match problem.hint() {
            Some(hint) => format!("{problem}; {hint}"),
            None => problem.to_string(),
        });
    }
    if idle { Status::No } else { Status::Misused }
}

fn table(snapshot: &Snapshot, form: Form) -> io::Result<()> {
    let table = netpol::table(snapshot);
    let out = BufWriter::new(io::stdout().lock());
    match form {
        Form::Json => lines(&table, out),
        Form::Table => columns(&table, out),
    }
}

/// Every ordered pair, one object a line.
fn lines(table: &netpol::Table<'_>, mut out: impl Write) -> io::Result<()> {
    // Few sets of ports occur, and many pairs.
    let mut known: HashMap<PortSet, String> = HashMap::new();
    let mut quoted: HashMap<String, String> = HashMap::new();
    let mut done = Ok(());
    table.each(|row| {
        let mut text = |ports: &PortSet| {
            if let Some(known) = known.get(ports) {
                return known.clone();
            }
            let text = serde_json::to_string(&Open::from(ports)).unwrap_or_default();
            known.insert(ports.clone(), text.clone());
            text
        };
        let open = text(&row.open);
        let optional = |name: &str, ports: &PortSet, text: String| match ports.is_empty() {
            true => String::new(),
            false => format!(",\"{name}\":{text}"),
        };
        let partly = optional("partly", &row.partly, text(&row.partly));
        let unknown = optional("unknown", &row.unknown, text(&row.unknown));
        let mut quote = |name: String| {
            let quote = |name: &String| serde_json::Value::from(name.as_str()).to_string();
            quoted.entry(name).or_insert_with_key(quote).clone()
        };
        let (from, to) = (quote(row.from.to_string()), quote(row.to.to_string()));
        if done.is_ok() {
            done = writeln!(
                out,
                "{{\"from\":{from},\"to\":{to},\"open\":{open}{partly}{unknown}}}"
            );
        }
    });
    done?;
    out.flush()
}

/// The pairs that are not closed, and how many are.
fn columns(table: &netpol::Table<'_>, out: impl Write) -> io::Result<()> {
    let mut out = TabWriter::new(out).padding(2);
    writeln!(out, "FROM\tTO\tOPEN\tONLY SOME PODS\tNOT KNOWN")?;
    let (mut closed, mut all) = (0_usize, 0_usize);
    let mut done = Ok(());
    table.each(|row| {
        all += 1;
        let cells = [&row.open, &row.partly, &row.unknown].map(words);
        if cells.iter().all(String::is_empty) {
            closed += 1;
        } else if done.is_ok() {
            let cells = cells.join("\t");
            done = writeln!(out, "{}\t{}\t{}", row.from, row.to, cells.trim_end());
        }
    });
    done?;
    let mut out = out
        .into_inner()
        .map_err(|error| io::Error::other(error.to_string()))?;
    let (workloads, pods) = (table.workloads().count(), table.pods());
    let some = all - closed;
    writeln!(
        out,
        "{workloads} workloads, {pods} pods: {some} of {all} pairs have something open, {closed} are closed"
    )?;
    out.flush()
}
