//! `drawbridge plan`: the gate that would be applied, and what it would change. Touches nothing.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::picture::{self, Nothing};
use super::{Status, complain, say};
use crate::app::planned::{self, Gate};
use crate::clock::{Clock, SystemClock};
use crate::config;
use crate::entropy::Entropy;
use crate::grammar::{self, Length, Phrase, Terms};
use crate::id::Shard;
use crate::netpol::open::{Open, words};
use crate::netpol::{Flow, Marks, NoGate, Opened, PortSet, Said, Snapshot, Warning, marks};
use crate::objects::Manifest;
use crate::rules::{self, GateSpec};
use crate::units::Seconds;

/// How long a plan is for that names no length: the default of the template `connect`.
const LENGTH: Seconds = Seconds::minutes(30);

/// Pairs of workloads in one line before the rest is counted.
const MOST_PAIRS: usize = 5;

/// What `plan` is given.
#[derive(Debug, Args)]
pub struct Given {
    /// The ask, as typed in chat: "shop/web to orders/db:5432 for 30m because INC-42".
    ask: String,
    /// Folder of YAML or JSON manifests; without it the live cluster is read.
    #[arg(long, value_name = "DIR")]
    manifests: Option<PathBuf>,
    /// How to print it.
    #[arg(short, long, default_value = "yaml")]
    output: Form,
    /// Put on the marks by which gates are told and closed: for the day the bot is down, apply the
    /// output, and `drawbridge reap` closes it.
    #[arg(long)]
    marks: bool,
}

/// How `plan` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// The objects, with the change as comments above them.
    Yaml,
    /// One object: verdict, objects and change.
    Json,
}

/// An ask, read.
struct Ask {
    gate: GateSpec,
    terms: Terms,
}

/// What came of it.
struct Plan {
    verdict: &'static str,
    reason: String,
    effect: &'static str,
    objects: Vec<Value>,
    opens: Vec<Opened>,
    /// Whether what opens was computed.
    computed: bool,
}

/// Runs the command.
pub fn run(given: &Given) -> Status {
    let ask = match read(&given.ask) {
        Ok(ask) => ask,
        Err(problem) => {
            complain(&problem);
            return Status::Misused;
        }
    };
    let cluster = ask.terms.cluster.as_deref();
    let cluster = cluster.filter(|_| given.manifests.is_none());
    let snapshot = match picture::take(given.manifests.as_deref(), cluster) {
        Ok(snapshot) => snapshot,
        Err(Nothing(status)) => return status,
    };
    let plan = make(&snapshot, &ask, given.marks);
    match given.output {
        Form::Json => say(&as_json(&plan).to_string()),
        Form::Yaml => say(as_yaml(&plan).trim_end()),
    }
    if plan.verdict == "refused" {
        Status::No
    } else {
        Status::Done
    }
}

/// Reads the ask; templates are the embedded ones or those of `DRAWBRIDGE_TEMPLATES`.
fn read(text: &str) -> Result<Ask, String> {
    let hinted = |message: String, hint: Option<String>| match hint {
        Some(hint) => format!("{message}; {hint}"),
        None => message,
    };
    match grammar::parse(text).map_err(|error| error.to_string())? {
        Phrase::Ask(ask) => Ok(Ask {
            gate: GateSpec::Connect {
                from: ask.from,
                to: ask.to,
                ports: ask.ports,
            },
            terms: ask.terms,
        }),
        Phrase::Using(ask) => {
            let env = config::environment();
            let folder = env
                .get("DRAWBRIDGE_TEMPLATES")
                .filter(|path| !path.is_empty());
            let folder = folder.map(PathBuf::from);
            let loaded = super::check::load(folder.as_deref(), None, &super::check::allowed(&env))?;
            let filled = rules::fill(&loaded.rules, &ask.template, &ask.inputs)
                .map_err(|problem| hinted(problem.message, problem.hint))?;
            Ok(Ask {
                gate: filled.gate,
                terms: ask.terms,
            })
        }
        _ => Err("this is no ask; write `shop/web to orders/db:5432`".to_owned()),
    }
}

fn make(snapshot: &Snapshot, ask: &Ask, marked: bool) -> Plan {
    let refused = |reason: String, effect| Plan {
        verdict: "refused",
        reason,
        effect,
        objects: Vec::new(),
        opens: Vec::new(),
        computed: true,
    };
    let planned = match planned::plan_on(snapshot, &ask.gate) {
        Ok(planned) => planned,
        Err(problem) => return refused(problem.message, "expected"),
    };
    match planned.built {
        Ok(gate) => granted(ask, &planned.flow, gate, marked),
        Err(open @ NoGate::AlreadyOpen { .. }) => Plan {
            verdict: "already_open",
            ..refused(open.to_string(), "expected")
        },
        Err(no_gate) => {
            let effect = match &no_gate {
                NoGate::Denied { .. } => "doubtful",
                NoGate::Untold { .. } => "unknown",
                _ => "expected",
            };
            refused(no_gate.to_string(), effect)
        }
    }
}

fn granted(ask: &Ask, flow: &Flow, gate: Gate, marked: bool) -> Plan {
    let mut reason = vec![does(&gate)];
    reason.extend(gate.effect.warnings.iter().map(warning));
    Plan {
        verdict: "grant",
        reason: reason.join("; "),
        effect: gate.effect.outlook.word(),
        objects: dressed(&gate.objects, ask, flow, marked),
        opens: gate.effect.opens,
        computed: gate.effect.stated.is_empty(),
    }
}

/// What a gate is made of: the sides on which policies open, or the objects that are applied as written.
fn does(gate: &Gate) -> String {
    if gate.effect.stated.is_empty() {
        let sides: Vec<&str> = gate.objects.iter().filter_map(side_of).collect();
        return format!("opens {}", sides.join(" and "));
    }
    let objects = gate.effect.stated.iter().map(|object| {
        let says = object.says.iter().map(|part| match part {
            Said::Words(text) | Said::Typed(text) => text.as_str(),
        });
        let says: Vec<&str> = says.collect();
        let says = says.join(" ");
        format!("{} in {}: {says}", object.kind, object.namespace)
    });
    let objects: Vec<String> = objects.collect();
    format!("applies as written {}", objects.join(" and "))
}

/// A gate in one line: which sides, what opens, and what is to be expected.
pub(super) fn preview(gate: &Gate) -> String {
    let effect = &gate.effect;
    let mut parts = vec![does(gate)];
    if effect.stated.is_empty() {
        let pair = |pair: &Opened| format!("{} -> {}: {}", pair.from, pair.to, words(&pair.set()));
        let mut pairs: Vec<String> = effect.opens.iter().map(pair).collect();
        let more = pairs.len().saturating_sub(MOST_PAIRS);
        pairs.truncate(MOST_PAIRS);
        if more > 0 {
            pairs.push(format!("and {more} more pairs"));
        }
        parts.push(pairs.join(", "));
    }
    parts.extend(effect.warnings.iter().map(warning));
    parts.push(format!("cuts nothing; effect {}", effect.outlook.word()));
    parts.join("; ")
}

fn side_of(object: &Manifest) -> Option<&'static str> {
    let spec = object.as_policy()?.spec?;
    Some(match spec.egress {
        Some(_) => "egress of the source",
        None => "ingress of the target",
    })
}

fn warning(warning: &Warning) -> String {
    match warning {
        Warning::AlsoMatches { workloads } => format!("also matches {}", workloads.join(", ")),
        Warning::WideBlock { block } => format!("`{block}` is a wide block"),
        Warning::Denied { by } => format!("may not work: denied by {}", by.join(", ")),
        Warning::Unknown { what } => format!("not known: {}", what.join(", ")),
        Warning::NotAllRead { block } => {
            format!("pods of namespaces that are not read may have addresses of `{block}`")
        }
        Warning::WideSelection { side, pods } => format!("`{side}` means {pods} pods"),
        Warning::Grows { side } => format!("pods that get the labels later join `{side}`"),
        Warning::AddressMayBeRewritten => {
            "the address may be rewritten on its way in: perhaps nothing will match".to_owned()
        }
        Warning::NotComputed { kinds } => {
            format!("what these give is not computed: {}", kinds.join(", "))
        }
    }
}

/// The objects as they are applied: with a name, and with the marks where they are wanted.
fn dressed(objects: &[Manifest], ask: &Ask, flow: &Flow, marked: bool) -> Vec<Value> {
    let numbered = objects.iter().zip(1_usize..);
    if !marked {
        let named = |(object, n): (&Manifest, usize)| {
            let mut object = Value::from(object.clone());
            if let Some(fields) = object.get_mut("metadata").and_then(Value::as_object_mut) {
                fields.insert("name".to_owned(), format!("drawbridge-plan-{n}").into());
            }
            object
        };
        return numbered.map(named).collect();
    }
    let entropy = Entropy::from_os();
    let shard = Shard::all().next().unwrap_or_default();
    let request = entropy.request_id(shard);
    let now = SystemClock.now();
    let length = match ask.terms.length {
        None => LENGTH,
        Some(Length::For(seconds)) => seconds,
        Some(Length::Until { hour, minute }) => grammar::until(hour, minute, now, None),
    };
    let user = config::environment().get("USER").cloned();
    let ports: Vec<String> = flow.ports.iter().map(ToString::to_string).collect();
    let marks = Marks {
        request: request.clone(),
        expires_at: length.after(now),
        requested_by: user.unwrap_or_else(|| "unknown".to_owned()),
        approved_by: "break-glass".to_owned(),
        reason: ask.terms.reason.clone().unwrap_or_default(),
        flow: format!(
            "{} → {} {}",
            flow.from.label,
            flow.to.label,
            ports.join(", ")
        )
        .trim_end()
        .to_owned(),
        card: None,
    };
    numbered
        .map(|(object, n)| {
            let name = marks::object_name(&request, n, &entropy.suffix());
            marks::dress(object, &name, &marks)
        })
        .collect()
}

fn as_json(plan: &Plan) -> Value {
    let opens = plan
        .opens
        .iter()
        .map(|pair| json!({"from": pair.from, "to": pair.to, "open": Open::from(&pair.set())}));
    json!({
        "verdict": plan.verdict,
        "reason": plan.reason,
        "objects": plan.objects,
        "opens": opens.collect::<Vec<_>>(),
        "cuts": [],
        "effect": plan.effect,
    })
}

/// Comments that say what it is, then the objects: fit for `kubectl apply -f -`.
fn as_yaml(plan: &Plan) -> String {
    let mut text = format!("# {}: {}\n", plan.verdict.replace('_', " "), plan.reason);
    for pair in &plan.opens {
        let set: PortSet = pair.set();
        text += &format!("# opens {} -> {}: {}\n", pair.from, pair.to, words(&set));
    }
    if plan.verdict == "grant" {
        let computed = if plan.computed { "" } else { "not computed; " };
        text += &format!("# {computed}cuts nothing; effect {}\n", plan.effect);
    }
    for object in &plan.objects {
        text += "---\n";
        text += &serde_saphyr::to_string(object).unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests;
