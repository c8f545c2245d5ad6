//! Rules about the Lua scripts that no compiler keeps.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store")
}

fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == ending) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            found.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

/// All scripts: name and text.
fn scripts() -> Vec<(String, String)> {
    let found = files(&source().join("redis"), "lua");
    assert!(found.len() >= 8, "the scripts are elsewhere");
    found
}

/// A script without its comments.
fn code(text: &str) -> String {
    let comment = Regex::new("--.*").unwrap();
    comment.replace_all(text, "").into_owned()
}

#[test]
fn every_script_says_what_it_does_and_takes() {
    for (name, text) in scripts() {
        let header: Vec<&str> = text
            .lines()
            .take_while(|line| line.starts_with("--"))
            .collect();
        for (n, word) in [(0, name.as_str()), (1, "purpose"), (2, "KEYS")] {
            let line = header.get(n).copied().unwrap_or_default();
            assert!(line.starts_with(&format!("-- {word}")), "{name}: {line}");
        }
        for word in ["-- ARGV ", "-- returns "] {
            assert!(
                header.iter().any(|line| line.starts_with(word)),
                "{name}: no {word}"
            );
        }
    }
}

#[test]
fn keys_stand_in_their_calls_as_literals() {
    let call = Regex::new(r"redis\.p?call\(([^,)]*)(?:, *([^,)]*))?").unwrap();
    let literal = Regex::new(r"^KEYS\[[1-9]\]$").unwrap();
    let names = Regex::new(r"redis\.p?call").unwrap();
    let any = Regex::new(r"KEYS(\[[1-9]\])?").unwrap();
    for (name, text) in scripts() {
        let code = code(&text);
        for found in any.captures_iter(&code) {
            assert!(found.get(1).is_some(), "{name}: KEYS used as a value");
        }
        for found in call.captures_iter(&code) {
            let command = &found[1];
            assert!(
                command.starts_with('\''),
                "{name}: {command} is no literal command"
            );
            let key = found.get(2).map_or("", |key| key.as_str());
            assert!(
                command == "'TIME'" || literal.is_match(key),
                "{name}: {command} on {key}"
            );
        }
        // All calls were seen: none hides behind another name.
        let calls = names.find_iter(&code).count();
        assert_eq!(calls, call.captures_iter(&code).count(), "{name}");
    }
}

#[test]
fn scripts_use_known_commands_only() {
    let known = [
        "EXISTS",
        "GET",
        "HDEL",
        "HGET",
        "HMGET",
        "HSET",
        "LLEN",
        "RPUSH",
        "SET",
        "TIME",
        "TYPE",
        "XADD",
        "XREVRANGE",
        "XTRIM",
        "ZADD",
        "ZRANGE",
        "ZREM",
        "ZREMRANGEBYRANK",
        "ZSCORE",
    ];
    let command = Regex::new(r"redis\.p?call\('(\w+)'").unwrap();
    let mut used = BTreeSet::new();
    for (_, text) in scripts() {
        used.extend(
            command
                .captures_iter(&code(&text))
                .map(|found| found[1].to_owned()),
        );
    }
    assert_eq!(used, known.map(str::to_owned).into());
}

#[test]
fn nothing_blocks_and_nothing_listens() {
    let banned = Regex::new(
        r#"(?i)["'](b[lrz](mpop|pop|move|poplpush|popmin|popmax)\w*|xread\w*|p?subscribe|ssubscribe|monitor)["']"#,
    )
    .unwrap();
    let mut all = scripts();
    all.extend(files(&source().join("redis"), "rs"));
    all.extend(files(&source(), "rs"));
    for (name, text) in all {
        let found = banned.find(&text).map(|found| found.as_str());
        assert_eq!(found, None, "{name}");
    }
}

#[test]
fn keys_are_named_in_one_file() {
    for (name, text) in files(&source().join("redis"), "rs") {
        let names_keys = text.contains("{{drawbridge");
        assert_eq!(names_keys, name == "keys.rs", "{name}");
    }
}
