//! What of the configuration goes on record: digests of everything that is no secret.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Reader, vars};
use crate::audit::SettingRef;

/// Variables that hold secrets, or may: they are not on record at all. A short secret can be found by its
/// digest.
const SECRETS: &[&str] = &[
    "SLACK_BOT_TOKEN",
    "SLACK_APP_TOKEN",
    "SLACK_SIGNING_SECRET",
    "REDIS_URL",
];

/// Files whose text is a setting, not their path.
const FILES: &[&str] = &["DRAWBRIDGE_CONFIG", "DRAWBRIDGE_CLUSTERS"];

/// Every setting by name, defaults too: the variables' values, and the texts of the configuration's files.
/// Rules and templates are on record for themselves.
pub fn settings(env: &BTreeMap<String, String>) -> Vec<SettingRef> {
    let reader = Reader {
        env,
        problems: Vec::new(),
    };
    let all = vars::VARS.iter().map(|var| var.name);
    let told = all.filter(|name| !secret(name)).filter_map(|name| {
        let value = reader.value(name)?;
        let value = match FILES.contains(&name) {
            true => super::file::read(&value).ok()?,
            false => value,
        };
        Some(SettingRef {
            name: name.to_owned(),
            digest: hex(&Sha256::digest(value.as_bytes())),
        })
    });
    told.collect()
}

/// By name, or by what names of secrets look like: a variable that comes later is not forgotten.
fn secret(name: &str) -> bool {
    let looks = ["TOKEN", "SECRET", "PASSWORD", "KEY"];
    SECRETS.contains(&name) || looks.iter().any(|word| name.contains(word))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(set: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = set.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let env: BTreeMap<String, String> = pairs.collect();
        let settings = settings(&env).into_iter();
        settings.map(|one| (one.name, one.digest)).collect()
    }

    #[test]
    fn another_value_has_another_digest_and_no_secret_has_one() {
        let usual = told(&[]);
        assert!(usual.contains_key("DRAWBRIDGE_MAX_LIFETIME"), "{usual:?}");
        let other = told(&[
            ("DRAWBRIDGE_MAX_LIFETIME", "8h"),
            ("REDIS_URL", "redis://:p@h"),
        ]);
        let changed = usual
            .iter()
            .filter(|(name, digest)| other.get(*name) != Some(digest));
        let changed: Vec<_> = changed.map(|(name, _)| name.as_str()).collect();
        assert_eq!(changed, ["DRAWBRIDGE_MAX_LIFETIME"]);
        let everything: Vec<(&str, &str)> = vars::VARS
            .iter()
            .map(|var| (var.name, "something"))
            .collect();
        let everything = told(&everything);
        for name in SECRETS {
            assert!(!everything.contains_key(*name), "{name}");
        }
    }

    #[test]
    fn a_file_is_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.yaml");
        let digest = |text: &str| {
            std::fs::write(&path, text).unwrap();
            let told = told(&[("DRAWBRIDGE_CONFIG", path.to_str().unwrap())]);
            told["DRAWBRIDGE_CONFIG"].clone()
        };
        let first = digest("alerts: '#a'");
        assert_ne!(digest("alerts: '#b'"), first);
        assert_eq!(digest("alerts: '#a'"), first);
    }
}
