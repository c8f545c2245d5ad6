//! The table of environment variables. README and `.env.example` are checked against it.

use std::collections::BTreeMap;

/// One variable.
#[derive(Debug, Clone, Copy)]
pub struct Var {
    /// Its name.
    pub name: &'static str,
    /// Its value when it is not set; `None`: nothing.
    pub default: Option<&'static str>,
    /// What it is for, one line.
    pub meaning: &'static str,
}

const fn var(name: &'static str, default: Option<&'static str>, meaning: &'static str) -> Var {
    Var {
        name,
        default,
        meaning,
    }
}

/// Every variable that Drawbridge reads.
pub const VARS: &[Var] = &[
    var(
        "SLACK_BOT_TOKEN",
        None,
        "Bot token (`xoxb-…`), needed always",
    ),
    var(
        "SLACK_APP_TOKEN",
        None,
        "App-level token (`xapp-…`); set: Socket Mode",
    ),
    var(
        "SLACK_SIGNING_SECRET",
        None,
        "Signing secret; set: signed HTTP at `/slack/…`",
    ),
    var(
        "SLACK_API_URL",
        Some("https://slack.com/api"),
        "Slack's Web API, no trailing slash",
    ),
    var(
        "REDIS_URL",
        Some("redis://127.0.0.1:6379"),
        "Redis or Valkey, 7.0 or later",
    ),
    var(
        "DRAWBRIDGE_STORE",
        Some("redis"),
        "`redis`, or `sqlite:PATH` for a single replica",
    ),
    var(
        "KUBECONFIG",
        None,
        "Kubernetes client configuration; in a pod: the service account",
    ),
    var(
        "DRAWBRIDGE_CLUSTERS",
        None,
        "YAML file naming several clusters",
    ),
    var(
        "DRAWBRIDGE_TEMPLATES",
        None,
        "Folder of templates; not set: the embedded ones",
    ),
    var(
        "DRAWBRIDGE_RULES",
        None,
        "Folder of rules; not set: every ask is refused",
    ),
    var(
        "DRAWBRIDGE_CONFIG",
        None,
        "YAML file for the rest (label keys, on-call sources, alerts, digest, OIDC issuers, ledger, traces)",
    ),
    var(
        "DRAWBRIDGE_MAX_LIFETIME",
        Some("24h"),
        "Hard maximum of any gate from its creation",
    ),
    var(
        "DRAWBRIDGE_INCIDENT_CHANNELS",
        None,
        "Pattern of incident channels' names",
    ),
    var(
        "DRAWBRIDGE_LISTEN",
        Some("0.0.0.0:8080"),
        "Health, metrics, the API for services, Slack's signed deliveries",
    ),
    var(
        "DRAWBRIDGE_SERVER",
        Some("http://drawbridge.drawbridge.svc"),
        "Where `request`, `done` and `approve` find the bot",
    ),
    var(
        "DRAWBRIDGE_TOKEN_FILE",
        Some("/var/run/secrets/drawbridge/token"),
        "File with the token that they send",
    ),
    var(
        "DRAWBRIDGE_REQUEST_ID",
        None,
        "Set by `request … -- COMMAND` for the command: the open request",
    ),
    var(
        "DRAWBRIDGE_EXPIRES_AT",
        None,
        "Set by `request … -- COMMAND` for the command: when the path closes (RFC 3339)",
    ),
    var("RUST_LOG", Some("info"), "Log filter"),
];

/// The default of a variable.
pub fn default_of(name: &str) -> Option<&'static str> {
    VARS.iter()
        .find(|var| var.name == name)
        .and_then(|var| var.default)
}

/// A problem for every `DRAWBRIDGE_` name that is not in the table: a typing mistake must not
/// silently weaken a setting.
pub fn unknown(env: &BTreeMap<String, String>) -> Vec<String> {
    let known = |name: &str| VARS.iter().any(|var| var.name == name);
    let unknown = env
        .keys()
        .filter(|name| name.starts_with("DRAWBRIDGE_") && !known(name) && !is_service_link(name));
    unknown
        .map(|name| format!("`{name}` is unknown{}", nearest(name)))
        .collect()
}

/// What the kubelet sets in every pod of a namespace with a Service `drawbridge`, or one whose name begins
/// so ([service links]).
///
/// [service links]: https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
fn is_service_link(name: &str) -> bool {
    let ends = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT"];
    let within = ["_SERVICE_PORT_", "_PORT_"];
    ends.iter().any(|end| name.ends_with(end)) || within.iter().any(|part| name.contains(part))
}

fn nearest(name: &str) -> String {
    let best = VARS
        .iter()
        .map(|var| (strsim::damerau_levenshtein(name, var.name), var.name))
        .min()
        .filter(|(distance, _)| *distance <= 4);
    best.map(|(_, near)| format!(": did you mean `{near}`?"))
        .unwrap_or_default()
}
