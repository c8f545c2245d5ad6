//! The only reader of the environment. Reads everything, reports every problem at once, and prints
//! secrets as `***`.

pub mod client;
pub mod clusters;
mod digest;
mod file;
pub mod ledger;
pub mod oidc;
mod on_call;
pub mod online;
mod problems;
mod roles;
mod sections;
mod settings;
mod slack;
mod telemetry;
pub mod vars;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::PathBuf;

use regex::Regex;

use crate::grammar::length;
use crate::oidc::Issuer;
use crate::oncall::Source;
use crate::secret::Secret;
use crate::slack::SlackConfig;
use crate::traces::Otlp;
use crate::units::Seconds;

pub use clusters::ClusterChoice;
pub use problems::Problems;
pub use sections::look;
pub use settings::settings;

/// Everything that `serve` can be told.
#[derive(Debug)]
pub struct Config {
    /// Tokens and where Slack is.
    pub slack: SlackConfig,
    /// Which store.
    pub store: StoreChoice,
    /// At least one cluster; one named `default` unless a file names others.
    pub clusters: Vec<ClusterChoice>,
    /// Folder of templates; `None`: the embedded ones.
    pub templates: Option<PathBuf>,
    /// Folder of rules; `None`: there are none, and every ask is refused.
    pub rules: Option<PathBuf>,
    /// Label keys whose values rules may put into group names.
    pub label_keys: Vec<String>,
    /// ClusterRoles that templates may give for a while.
    pub cluster_roles: BTreeSet<String>,
    /// Sources that tell who is on call, by the names that rules use.
    pub on_call: BTreeMap<String, Source>,
    /// Issuers of tokens from outside the clusters, by the names that rules use.
    pub oidc: BTreeMap<String, Issuer>,
    /// The channel (`#platform`) that hears of broken rules; `None`: only the log does.
    pub alerts: Option<String>,
    /// When and where the weekly digest is told; `None`: nowhere.
    pub digest: Option<crate::digest::Weekly>,
    /// Where traces go; `None`: nowhere.
    pub otlp: Option<Otlp>,
    /// Where the ledger goes, what signs its heads, how long it is kept.
    pub ledger: crate::ledger::settings::Settings,
    /// Hard maximum of any gate from its creation.
    pub max_lifetime: Seconds,
    /// Channels whose name matches belong to incidents.
    pub incident_channels: Option<Regex>,
    /// Where health, Slack's deliveries and the API are served.
    pub listen: SocketAddr,
}

/// Which store keeps the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreChoice {
    /// Redis or Valkey.
    Redis(Secret),
    /// A file of this process alone.
    Sqlite(PathBuf),
}

/// The rest of the configuration, in the YAML file that `DRAWBRIDGE_CONFIG` names.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ConfigFile {
    #[serde(default)]
    label_keys: Vec<String>,
    cluster_roles: Option<Vec<String>>,
    #[serde(default)]
    on_call: BTreeMap<String, on_call::Written>,
    #[serde(default)]
    oidc: BTreeMap<String, oidc::Written>,
    alerts: Option<String>,
    digest: Option<digest::Written>,
    #[serde(default)]
    telemetry: telemetry::Written,
    #[serde(default)]
    ledger: ledger::Written,
}

/// The environment of this process.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the reader that everybody else asks"
)]
pub fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads the configuration of `serve` from an environment.
///
/// # Errors
/// All problems at once: missing and malformed values, unreadable files, unknown `DRAWBRIDGE_` names.
pub fn read(env: &BTreeMap<String, String>) -> Result<Config, Problems> {
    let mut reader = Reader {
        env,
        problems: vars::unknown(env),
    };
    let slack = reader.slack();
    let store = reader.store();
    let clusters = reader.clusters();
    let file = reader.sections();
    let templates = reader.folder("DRAWBRIDGE_TEMPLATES");
    let rules = reader.folder("DRAWBRIDGE_RULES");
    let max_lifetime = reader.max_lifetime();
    let incident_channels = reader.optional("DRAWBRIDGE_INCIDENT_CHANNELS", |text| {
        Regex::new(text).map_err(|_| "is not a regular expression".to_owned())
    });
    let listen = reader.parsed("DRAWBRIDGE_LISTEN", |text| {
        text.parse()
            .map_err(|_| "is not an address and port such as 0.0.0.0:8080".to_owned())
    });
    match (max_lifetime, listen, store, reader.problems.is_empty()) {
        (Some(max_lifetime), Some(listen), Some(store), true) => Ok(Config {
            slack,
            store,
            clusters,
            templates,
            rules,
            label_keys: file.label_keys,
            cluster_roles: file.cluster_roles,
            on_call: file.on_call,
            oidc: file.oidc,
            alerts: file.alerts,
            digest: file.digest,
            otlp: file.otlp,
            ledger: file.ledger,
            max_lifetime,
            incident_channels,
            listen,
        }),
        _ => Err(Problems(reader.problems)),
    }
}

/// Reads what `reap` needs: the clusters and the hard maximum.
///
/// # Errors
/// All problems at once.
pub fn clusters_only(
    env: &BTreeMap<String, String>,
) -> Result<(Vec<ClusterChoice>, Seconds), Problems> {
    let mut reader = Reader {
        env,
        problems: vars::unknown(env),
    };
    let clusters = reader.clusters();
    match (reader.max_lifetime(), reader.problems.is_empty()) {
        (Some(max), true) => Ok((clusters, max)),
        _ => Err(Problems(reader.problems)),
    }
}

/// Reads only where documents are kept.
///
/// # Errors
/// All problems at once.
pub fn store_only(env: &BTreeMap<String, String>) -> Result<StoreChoice, Problems> {
    let mut reader = Reader {
        env,
        problems: vars::unknown(env),
    };
    match (reader.store(), reader.problems.is_empty()) {
        (Some(store), true) => Ok(store),
        _ => Err(Problems(reader.problems)),
    }
}

/// The label keys that rules may put into names, for commands that read nothing else; problems of the
/// file are told by [`look`] and when `serve` reads it.
pub fn label_keys(env: &BTreeMap<String, String>) -> Vec<String> {
    Reader {
        env,
        problems: Vec::new(),
    }
    .file()
    .label_keys
}

/// The ClusterRoles that templates may give, likewise.
pub fn cluster_roles(env: &BTreeMap<String, String>) -> BTreeSet<String> {
    let mut reader = Reader {
        env,
        problems: Vec::new(),
    };
    let file = reader.file();
    reader.cluster_roles(&file)
}

struct Reader<'a> {
    env: &'a BTreeMap<String, String>,
    problems: Vec<String>,
}

impl Reader<'_> {
    /// The value set, or the default of the table; empty counts as not set.
    fn value(&self, name: &str) -> Option<String> {
        let set = self
            .env
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned();
        set.or_else(|| vars::default_of(name).map(str::to_owned))
    }

    fn problem(&mut self, name: &str, problem: &str) {
        self.problems.push(format!("`{name}` {problem}"));
    }

    fn optional<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.value(name)?;
        parse(&text)
            .map_err(|problem| self.problem(name, &problem))
            .ok()
    }

    fn parsed<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if self.value(name).is_none() {
            self.problem(name, "is not set");
        }
        self.optional(name, parse)
    }

    fn max_lifetime(&mut self) -> Option<Seconds> {
        self.parsed("DRAWBRIDGE_MAX_LIFETIME", |text| {
            length::read(text).map_err(|error| error.to_string())
        })
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.value(name).map(Secret::new)
    }

    fn store(&mut self) -> Option<StoreChoice> {
        let choice = self.value("DRAWBRIDGE_STORE")?;
        match choice.split_once(':') {
            None if choice == "redis" => self.redis().map(StoreChoice::Redis),
            Some(("sqlite", path)) if !path.is_empty() => Some(StoreChoice::Sqlite(path.into())),
            _ => {
                self.problem("DRAWBRIDGE_STORE", "must be `redis` or `sqlite:PATH`");
                None
            }
        }
    }

    /// The address can hold a password: a problem with it never repeats it.
    fn redis(&mut self) -> Option<Secret> {
        let address = self.secret("REDIS_URL")?;
        match crate::store::redis::check_address(address.expose()) {
            Ok(()) => Some(address),
            Err(problem) => {
                self.problem("REDIS_URL", &problem);
                None
            }
        }
    }

    fn clusters(&mut self) -> Vec<ClusterChoice> {
        let Some(path) = self.value("DRAWBRIDGE_CLUSTERS") else {
            return vec![ClusterChoice::default_one()];
        };
        match file::read(&path).and_then(|text| clusters::parse(&text)) {
            Ok(clusters) => clusters,
            Err(problem) => {
                self.problem("DRAWBRIDGE_CLUSTERS", &problem);
                Vec::new()
            }
        }
    }

    fn file(&mut self) -> ConfigFile {
        let Some(path) = self.value("DRAWBRIDGE_CONFIG") else {
            return ConfigFile::default();
        };
        let parsed = file::read(&path)
            .and_then(|text| file::yaml(&text).map_err(|error| format!("`{path}`: {error}")));
        parsed.unwrap_or_else(|problem| {
            self.problem("DRAWBRIDGE_CONFIG", &problem);
            ConfigFile::default()
        })
    }

    fn folder(&mut self, name: &str) -> Option<PathBuf> {
        self.optional(name, |text| {
            let path = PathBuf::from(text);
            if path.is_dir() {
                Ok(path)
            } else {
                Err(format!("is not a folder: `{text}`"))
            }
        })
    }
}

#[cfg(test)]
mod tests;
