//! The app as Slack knows it: scopes, events, command and shortcuts in one list, from which the manifest
//! that people paste, README's "Installing" and `doctor` come.
//!
//! Form: Slack's manifest schema, version 2 (`_metadata.major_version`).

use serde_json::{Value, json};

/// One permission of the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scope {
    /// Slack's name.
    pub name: &'static str,
    /// Only some features need it: people may take it away.
    pub optional: bool,
}

const fn needed(name: &'static str) -> Scope {
    Scope {
        name,
        optional: false,
    }
}

/// What the bot's token may do, in Slack's order of names.
pub const SCOPES: [Scope; 13] = [
    needed("app_mentions:read"),
    needed("channels:history"),
    needed("channels:read"),
    needed("chat:write"),
    needed("commands"),
    needed("groups:history"),
    needed("groups:read"),
    needed("im:history"),
    needed("im:read"),
    needed("im:write"),
    needed("usergroups:read"),
    needed("users:read"),
    // On-call sources may answer with addresses instead of member ids, and whoever is given a role is known by it.
    Scope {
        name: "users:read.email",
        optional: true,
    },
];

/// What Slack tells us of; the deliverer ignores all else.
pub const EVENTS: [&str; 5] = [
    "app_home_opened",
    "app_mention",
    "channel_archive",
    "group_archive",
    "message.im",
];

/// The slash command.
pub const COMMAND: &str = "/access";

/// The name of both shortcuts; at most 24 characters.
pub const SHORTCUT: &str = "Ask for access";

/// The callback id of both shortcuts and of the form that they open.
pub const CALLBACK: &str = "ask";

/// How deliveries come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mode {
    /// Socket Mode: no address, an app-level token.
    Socket,
    /// Signed HTTP at this address (`https://…`, without a final slash).
    Http(String),
}

/// The manifest, as JSON; YAML says the same.
pub fn manifest(mode: &Mode) -> Value {
    let scopes: Vec<&str> = SCOPES.iter().map(|scope| scope.name).collect();
    let mut command = json!({
        "command": COMMAND,
        "description": "Ask for a path between two workloads, for a time",
        "usage_hint": "shop/web to orders/db:5432 for 30m because INC-42",
        "should_escape": true,
    });
    let mut events = json!({"bot_events": EVENTS});
    let mut interactivity = json!({"is_enabled": true});
    if let Mode::Http(base) = mode {
        set(&mut command, "url", format!("{base}/slack/commands"));
        set(&mut events, "request_url", format!("{base}/slack/events"));
        let interactions = format!("{base}/slack/interactions");
        set(&mut interactivity, "request_url", interactions.clone());
        set(&mut interactivity, "message_menu_options_url", interactions);
    }
    json!({
        "_metadata": {"major_version": 2, "minor_version": 0},
        "display_information": {
            "name": "Drawbridge",
            "description": "Time-bound network access to workloads, asked and approved here",
        },
        "features": {
            "app_home": {
                "home_tab_enabled": true,
                "messages_tab_enabled": true,
                "messages_tab_read_only_enabled": false,
            },
            // Small letters: Slack's documentation allows no others here.
            "bot_user": {"display_name": "drawbridge", "always_online": true},
            "shortcuts": [shortcut("global"), shortcut("message")],
            "slash_commands": [command],
        },
        "oauth_config": {"scopes": {"bot": scopes}},
        "settings": {
            "event_subscriptions": events,
            "interactivity": interactivity,
            "org_deploy_enabled": false,
            "socket_mode_enabled": *mode == Mode::Socket,
            "token_rotation_enabled": false,
        },
    })
}

fn shortcut(kind: &str) -> Value {
    let description = match kind {
        "message" => "Ask for access with this message as the reason",
        _ => "Open the form that asks for access",
    };
    json!({
        "name": SHORTCUT,
        "type": kind,
        "callback_id": CALLBACK,
        "description": description,
    })
}

fn set(object: &mut Value, key: &str, text: String) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), text.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://drawbridge.example.com";

    /// Addresses anywhere in a manifest.
    fn addresses(value: &Value) -> usize {
        value.to_string().matches(BASE).count()
    }

    #[test]
    fn socket_mode_names_no_address() {
        let manifest = manifest(&Mode::Socket);
        assert_eq!(addresses(&manifest), 0);
        assert_eq!(manifest["settings"]["socket_mode_enabled"], true);
        assert_eq!(
            manifest["settings"]["interactivity"],
            json!({"is_enabled": true})
        );
    }

    #[test]
    fn http_names_the_routes_that_are_served() {
        let manifest = manifest(&Mode::Http(BASE.to_owned()));
        assert_eq!(addresses(&manifest), 4);
        let settings = &manifest["settings"];
        assert_eq!(settings["socket_mode_enabled"], false);
        assert_eq!(
            settings["event_subscriptions"]["request_url"],
            format!("{BASE}/slack/events")
        );
        for url in ["request_url", "message_menu_options_url"] {
            assert_eq!(
                settings["interactivity"][url],
                format!("{BASE}/slack/interactions")
            );
        }
        let command = &manifest["features"]["slash_commands"][0];
        assert_eq!(command["url"], format!("{BASE}/slack/commands"));
        assert_eq!(command["should_escape"], true);
    }

    #[test]
    fn both_modes_differ_in_nothing_but_addresses_and_the_switch() {
        let socket = manifest(&Mode::Socket);
        let http = manifest(&Mode::Http(BASE.to_owned()));
        assert_eq!(socket["oauth_config"], http["oauth_config"]);
        assert_eq!(
            socket["features"]["shortcuts"],
            http["features"]["shortcuts"]
        );
        assert_eq!(
            socket["settings"]["event_subscriptions"]["bot_events"],
            http["settings"]["event_subscriptions"]["bot_events"]
        );
    }

    /// Limits of Slack's schema, version 2.
    #[test]
    fn every_text_is_as_long_as_slack_takes() {
        let manifest = manifest(&Mode::Socket);
        let short = |value: &Value, most: usize| {
            let text = value.as_str().unwrap();
            assert!((1..=most).contains(&text.chars().count()), "{text}");
        };
        short(&manifest["display_information"]["name"], 35);
        short(&manifest["display_information"]["description"], 140);
        for shortcut in manifest["features"]["shortcuts"].as_array().unwrap() {
            short(&shortcut["name"], 24);
            short(&shortcut["description"], 150);
        }
        short(&manifest["features"]["slash_commands"][0]["command"], 32);
    }

    /// README names them all, so that nobody who does it by hand gets another app.
    #[test]
    fn the_readme_names_the_same_scopes_events_command_and_shortcuts() {
        let readme = include_str!("../../README.md");
        let step = readme.split("## Installing").nth(1).unwrap();
        let step: String = step.split("\n### ").next().unwrap().to_owned();
        let words: std::collections::BTreeSet<&str> = step
            .split(|c: char| c.is_whitespace() || "`,();".contains(c))
            .collect();
        for scope in SCOPES {
            assert!(words.contains(scope.name), "{}", scope.name);
        }
        for name in EVENTS.iter().chain(&[COMMAND, CALLBACK]) {
            assert!(words.contains(name), "{name}");
        }
        assert!(step.contains(&format!("*{SHORTCUT}*")));
        let scopes = words
            .iter()
            .filter(|w| w.ends_with(":read") || w.ends_with(":write") || w.ends_with(":history"));
        for scope in scopes.filter(|w| **w != "connections:write") {
            assert!(SCOPES.iter().any(|s| s.name == *scope), "{scope}");
        }
    }
}
