//! The environment and the file of the configuration.

use std::collections::BTreeMap;
use std::time::Duration;
use std::{env, fs, process};

use drawbridge::config;

use super::driver::Target;
use super::seeds::Seeds;

/// Inputs are variables, a line each, an empty line, and a file; `{file}` stands for its path.
pub(crate) const SETTINGS: Target = Target {
    name: "",
    run: settings,
    seeds: &[Seeds::Made(seeds)],
    words: &[
        "DRAWBRIDGE_",
        "DRAWBRIDGE_MAX_LIFETIME=",
        "REDIS_URL=rediss://:hush-hush@h:1/0",
        "=",
        "{file}",
        "\n\n",
        "\n",
        "- ",
        "&a ",
        "*a ",
        "[",
        "{",
        "\"",
        "'",
        ": ",
        "sqlite:",
        "24h",
        "999999999999d",
        "0.0.0.0:0",
        "(a{99}){99}",
        "?insecure",
        "@",
        "https://",
        "http://",
        "url: ",
        "null",
        "!!str ",
        "<<: *a\n",
    ],
    largest: 100_000,
    a_byte: Duration::from_micros(100),
    memory: 32 * 1024 * 1024,
};

/// What must never be told.
const SECRETS: [&str; 4] = [
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "ISSUER_TOKEN",
];

fn seeds() -> Vec<Vec<u8>> {
    let whole = "SLACK_BOT_TOKEN=xoxb-hush-hush-1\nSLACK_APP_TOKEN=xapp-hush-hush-2\n\
        SLACK_SIGNING_SECRET=hush-hush-hush-3\nSLACK_API_URL=https://slack.com/api\n\
        REDIS_URL=redis://127.0.0.1:6379\nDRAWBRIDGE_STORE=redis\nDRAWBRIDGE_MAX_LIFETIME=24h\n\
        DRAWBRIDGE_INCIDENT_CHANNELS=^inc-\nDRAWBRIDGE_LISTEN=0.0.0.0:8080\nISSUER_TOKEN=hush-hush-hush-4\n";
    let examples = [
        "clusters",
        "config",
        "digest",
        "ledger",
        "oidc",
        "telemetry",
    ];
    let of = |name: &&str| {
        let path = format!(
            "{}/manifests/examples/{name}.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = fs::read_to_string(path).unwrap();
        let variable = match *name {
            "clusters" => "DRAWBRIDGE_CLUSTERS",
            _ => "DRAWBRIDGE_CONFIG",
        };
        format!("{whole}{variable}={{file}}\n\n{text}").into_bytes()
    };
    examples.iter().map(of).collect()
}

fn settings(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (variables, file) = text.split_once("\n\n").unwrap_or((&text, ""));
    let path = env::temp_dir().join(format!("drawbridge-fuzz-{}.yaml", process::id()));
    fs::write(&path, file).unwrap();
    let value = |value: &str| value.replace("{file}", path.to_str().unwrap());
    let variables = variables.lines().filter_map(|line| line.split_once('='));
    let env: BTreeMap<String, String> = variables
        .map(|(name, v)| (name.to_owned(), value(v)))
        .collect();
    let read = config::read(&env);
    let looked = config::look(&env);
    fs::remove_file(&path).unwrap();
    let mut told: String = looked
        .iter()
        .map(|problem| format!("{problem}\n"))
        .collect();
    match read {
        Ok(config) => told += &format!("{config:?}"),
        Err(problems) => {
            assert!(!problems.0.is_empty(), "(says why)");
            told += &problems.to_string();
        }
    }
    let secrets = SECRETS.iter().filter_map(|name| env.get(*name));
    // Names of fields and of files are told, or nobody would find the slip: what stands there too is no secret.
    let once = |secret: &&String| text.matches(secret.as_str()).count() == 1;
    let secrets = secrets.filter(|secret| secret.contains("hush-hush") && once(secret));
    for secret in secrets {
        assert!(!told.contains(secret.as_str()), "(secrets stay) {told}");
    }
}
