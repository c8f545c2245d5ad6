//! What may be written of the ledger, and every problem with it.

use super::*;

fn settings(yaml: &str) -> (Settings, Vec<String>) {
    let written: Written = serde_saphyr::from_str(yaml).unwrap();
    read(&written, &|name| {
        let value = match name {
            "LEDGER_KEY" => "07".repeat(32),
            "SHORT" => "do-not-print".to_owned(),
            "TOKEN" => "do-not-print".to_owned(),
            "AUDIT_REDIS" => "rediss://:do-not-print@audit.example:6380/2".to_owned(),
            "CLUSTER" => "redis://a:1,b:2".to_owned(),
            _ => return None,
        };
        Some(value)
    })
}

#[test]
fn nothing_written_keeps_records_longer_than_a_year_and_signs_nothing() {
    let (settings, problems) = settings("{}");
    assert_eq!(problems, [""; 0]);
    assert_eq!(settings.keep, Some(Seconds::hours(400 * 24)));
    assert!(settings.signer.is_none() && settings.sinks.is_empty());
    assert_eq!(settings.heads, Deposit::Log);
}

#[test]
fn everything_that_can_be_written_is_read_and_no_secret_is_printed() {
    let (settings, problems) = settings(
        "key: {env: LEDGER_KEY}\n\
         heads: {every: 12h, to: {url: 'https://heads.example/x?k=do-not-print', token: {env: TOKEN}}}\n\
         keep: 90d\n\
         sinks:\n\
         \x20 file: {file: /var/log/drawbridge.jsonl}\n\
         \x20 out: {stdout: true}\n\
         \x20 siem: {url: 'https://siem.example/do-not-print', token: {env: TOKEN}}\n\
         \x20 audit: {redis: {env: AUDIT_REDIS}, stream: drawbridge}\n",
    );
    assert_eq!(problems, [""; 0]);
    assert_eq!(settings.every, Seconds::hours(12));
    assert_eq!(settings.keep, Some(Seconds::hours(90 * 24)));
    assert!(matches!(settings.heads, Deposit::Http(_)));
    let kinds = settings.sinks.values().map(|place| match place {
        Place::File(_) => "file",
        Place::Stdout => "stdout",
        Place::Http(_) => "http",
        Place::Stream { .. } => "stream",
    });
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        ["stream", "file", "stdout", "http"]
    );
    let printed = format!("{settings:?}");
    assert!(!printed.contains("do-not-print"), "{printed}");
    assert!(!printed.contains(&"07".repeat(32)), "{printed}");
    assert_eq!(self::settings("keep: forever").0.keep, None);
    let century = self::settings("keep: 36525d").0.keep;
    assert_eq!(century, Some(Seconds::hours(36_525 * 24)));
}

#[test]
fn every_problem_is_named_and_holds_no_secret() {
    for (yaml, words) in [
        (
            "key: {env: NOT_SET}",
            "`ledger.key`: its variable `NOT_SET` is not set",
        ),
        ("key: {env: SHORT}", "what `SHORT` holds is no key"),
        ("key: {}", "`ledger.key`: write one of `env`, `file`"),
        ("key: {env: LEDGER_KEY, file: /x}", "write one of `env`"),
        (
            "key: {file: /no/such/key}",
            "cannot read `/no/such/key`: entity not found",
        ),
        (
            "{key: {env: LEDGER_KEY}, heads: {every: 1m}}",
            "`ledger.heads.every`: it must be 1 h to 7 d",
        ),
        (
            "{key: {env: LEDGER_KEY}, heads: {to: {stdout: true}}}",
            "a `file`, a `url` or the `log`",
        ),
        (
            "heads: {to: {log: true}}",
            "without `ledger.key` no head is signed",
        ),
        ("keep: 1h", "`ledger.keep`: it must be 1d to 36525d"),
        ("keep: 0d", "`ledger.keep`: it must be 1d"),
        ("keep: 36526d", "or `forever`"),
        ("keep: soon", "`ledger.keep`: it must be"),
        ("sinks: {Audit: {stdout: true}}", "use a-z"),
        ("sinks: {a: {}}", "`ledger.sinks.a`: write one of"),
        ("sinks: {a: {stdout: true, file: /x}}", "write one of"),
        ("sinks: {a: {log: true}}", "use `stdout`"),
        ("sinks: {a: {file: ''}}", "`file` is empty"),
        ("sinks: {a: {url: 'http://siem.example'}}", "must be https"),
        (
            "sinks: {a: {file: /x, token: {env: TOKEN}}}",
            "`token` goes with `url`",
        ),
        (
            "sinks: {a: {url: 'https://x', token: {env: NOT_SET}}}",
            "`NOT_SET` is not set",
        ),
        ("sinks: {a: {redis: {env: AUDIT_REDIS}}}", "go together"),
        ("sinks: {a: {stdout: true, stream: x}}", "go together"),
        (
            "sinks: {a: {redis: {env: CLUSTER}, stream: x}}",
            "one server",
        ),
        (
            "sinks: {a: {redis: {env: SHORT}, stream: x}}",
            "must be `redis://HOST:PORT`",
        ),
    ] {
        let (_, problems) = settings(yaml);
        assert_eq!(problems.len(), 1, "{yaml}: {problems:?}");
        assert!(problems[0].contains(words), "{yaml}: {problems:?}");
        assert!(!problems[0].contains("do-not-print"), "{problems:?}");
    }
    let (_, all) = settings("{key: {env: NOT_SET}, keep: 1h, sinks: {a: {}, b: {}}}");
    assert_eq!(all.len(), 4, "all at once: {all:?}");
}

#[test]
fn a_key_may_be_in_a_file_with_a_line_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "07".repeat(32) + "\n").unwrap();
    let (found, problems) = settings(&format!("key: {{file: {}}}", path.display()));
    assert_eq!(problems, [""; 0]);
    let (other, _) = settings("key: {env: LEDGER_KEY}");
    let public = |settings: Settings| settings.signer.unwrap().public();
    assert_eq!(public(found), public(other));

    std::fs::write(&path, "do-not-print").unwrap();
    let (_, problems) = settings(&format!("key: {{file: {}}}", path.display()));
    assert!(problems[0].contains("holds is no key"), "{problems:?}");
    assert!(!problems[0].contains("do-not-print"), "{problems:?}");
}

/// The example that an administrator copies: every key of it is read, and it has every key.
#[test]
fn the_example_is_read_as_it_stands_and_names_every_key() {
    let example = include_str!("../../../manifests/examples/ledger.yaml");
    let mut file: ConfigFile = serde_saphyr::from_str(example).unwrap();
    let key = file.ledger.key.take().unwrap();
    assert!(key.file.is_some(), "a mounted secret");
    file.ledger.key = Some(KeyFrom {
        env: Some("LEDGER_KEY".to_owned()),
        file: None,
    });
    let (settings, problems) = read(&file.ledger, &|name| {
        let value = match name {
            "LEDGER_KEY" => "07".repeat(32),
            "SIEM_TOKEN" | "HEADS_TOKEN" => "a-token".to_owned(),
            "AUDIT_REDIS" => "rediss://audit.example:6380".to_owned(),
            _ => return None,
        };
        Some(value)
    });
    assert_eq!(problems, [""; 0]);
    let usual = Settings::default();
    assert_eq!((settings.keep, settings.every), (usual.keep, usual.every));
    assert!(matches!(settings.heads, Deposit::Http(_)));
    assert_eq!(settings.sinks.len(), 4);
    for key in [
        "key", "file", "env", "heads", "every", "to", "log", "keep", "sinks", "stdout", "url",
        "token", "redis", "stream",
    ] {
        assert!(example.contains(&format!("{key}:")), "`{key}` is not shown");
    }
}
