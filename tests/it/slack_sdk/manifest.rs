//! What `drawbridge slack-manifest` prints is a manifest as Slack's official types have it.

use std::process::{Command, Output};

use drawbridge::sim::slack::Setup;
use serde_json::{Value, json};

use super::check::{Fault, faults};

fn prints(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_drawbridge"));
    let command = command.arg("slack-manifest").args(args).env_clear();
    command.output().unwrap()
}

fn text(args: &[&str]) -> String {
    let output = prints(args);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn manifest(args: &[&str]) -> Value {
    let args = [args, &["-o", "json"]].concat();
    serde_json::from_str(&text(&args)).unwrap()
}

fn judged(manifests: &[Value]) -> Vec<Fault> {
    let line = |payload| json!({"crossing": "manifest", "name": "", "payload": payload});
    faults(&manifests.iter().map(line).collect::<Vec<_>>())
}

const FORMS: [&[&str]; 3] = [&[], &["--http"], &["--http", "https://bot.example.org"]];

#[test]
fn slack_takes_every_form_of_the_manifest() {
    let found = judged(&FORMS.map(manifest));
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn yaml_and_json_say_the_same() {
    for form in FORMS {
        let yaml: Value = serde_saphyr::from_str(&text(form)).unwrap();
        assert_eq!(yaml, manifest(form), "{form:?}");
    }
}

/// A check that finds nothing wrong with anything would be worth nothing.
#[test]
fn what_slack_would_refuse_is_found() {
    let changes = [
        ("/oauth_config/scopes/bot/0", json!("everything:read")),
        (
            "/settings/event_subscriptions/bot_events/0",
            json!("weather"),
        ),
        ("/features/shortcuts/0/type", json!("local")),
        (
            "/features/shortcuts/0/name",
            json!("Ask for access to a database"),
        ),
        ("/features/slash_commands/0/command", json!("access")),
        ("/features/slash_commands/0/should_escape", json!("yes")),
        ("/features/bot_user/display_name", json!("The Drawbridge")),
        ("/display_information", json!({"description": "no name"})),
        ("/settings/socket_mode_enabled", json!(false)),
        ("/settings", json!({"socket": true})),
    ];
    let changed = changes.map(|(place, value)| {
        let mut manifest = manifest(&[]);
        *manifest.pointer_mut(place).expect(place) = value;
        manifest
    });
    let found = judged(&changed);
    for (number, manifest) in changed.iter().enumerate() {
        let of_it = |fault: &Fault| fault.number == number;
        assert!(found.iter().any(of_it), "{manifest:#}");
    }
}

#[test]
fn the_simulated_slack_has_the_app_of_the_manifest() {
    let (manifest, setup) = (manifest(&[]), Setup::default());
    let names = |place: &str| -> Vec<&str> {
        let listed = manifest.pointer(place).unwrap().as_array().unwrap();
        listed.iter().map(|name| name.as_str().unwrap()).collect()
    };
    let scopes: Vec<&str> = setup.scopes.iter().map(String::as_str).collect();
    assert_eq!(names("/oauth_config/scopes/bot"), scopes);
    let features = &manifest["features"];
    let command = features["slash_commands"][0]["command"].as_str().unwrap();
    assert!(setup.commands.iter().eq([command]));
    for shortcut in features["shortcuts"].as_array().unwrap() {
        let id = shortcut["callback_id"].as_str().unwrap();
        let known = match shortcut["type"].as_str().unwrap() {
            "global" => &setup.shortcuts,
            _ => &setup.message_shortcuts,
        };
        assert!(known.iter().eq([id]), "{shortcut}");
    }
}

#[test]
fn an_address_that_slack_cannot_call_is_wrong_usage() {
    for address in [
        "bot.example.org",
        "ftp://bot.example.org",
        "https://bot.example.org/",
    ] {
        let output = prints(&["--http", address]);
        assert_eq!(output.status.code(), Some(2), "{address}");
        assert!(output.stdout.is_empty(), "{address}");
    }
}
