//! The town and screens sections: who lives in the workspace, where they talk, what they have open.

use serde_json::{Value, json};

use crate::demo::play::{Play, Stage};
use crate::grammar;
use crate::sim::slack::{Channel, Group, Kind, Person, Standing};

pub(in crate::demo) fn look(stage: &Stage, play: &Play) -> Value {
    let slack = &play.town.slack;
    let groups = slack.groups();
    let people: Vec<Value> = slack.people().iter().map(|p| person(p, &groups)).collect();
    let channels: Vec<Value> = slack.channels().iter().map(channel).collect();
    let listed: Vec<Value> = groups
        .iter()
        .map(|group| {
            json!({
                "id": group.id, "handle": group.handle, "members": group.members,
                "disabled": group.disabled,
            })
        })
        .collect();
    let (slack_at, kubernetes_at) = stage.addresses();
    let address =
        |at: Option<std::net::SocketAddr>, path: &str| at.map(|at| format!("http://{at}{path}"));
    json!({
        "people": people,
        "groups": listed,
        "channels": channels,
        "app": app(play),
        "rules_yaml": play.town.rules_text(),
        "can": {"hurry": stage.is_embedded(), "break": stage.is_embedded()},
        "addresses": {
            "slack": address(slack_at, "/api"), "kubernetes": address(kubernetes_at, ""),
        },
    })
}

fn app(play: &Play) -> Value {
    let bot = play.town.slack.bot();
    let phrases = grammar::table::PHRASES
        .iter()
        .map(|entry| json!({"usage": entry.usage, "meaning": entry.meaning}));
    let phrases: Vec<Value> = phrases.collect();
    let usage = grammar::table::PHRASES.first().map(|entry| entry.usage);
    let setup = play.town.slack.setup();
    let command = |name: &String| json!({"name": name, "usage": usage, "phrases": phrases});
    let commands: Vec<Value> = setup.commands.iter().map(command).collect();
    json!({
        "id": bot.as_ref().map(|bot| &bot.team), "user": bot.as_ref().map(|bot| &bot.id),
        "name": setup.name, "commands": commands,
        "shortcuts": setup.message_shortcuts.iter().map(shortcut).collect::<Vec<_>>(),
    })
}

/// A message shortcut with the name that the README gives it.
fn shortcut(callback: &String) -> Value {
    let name = if callback == crate::view::form::id::ASK {
        "Ask for access"
    } else {
        callback
    };
    json!({"callback_id": callback, "name": name})
}

fn person(person: &Person, groups: &[Group]) -> Value {
    let member = |group: &&Group| group.members.contains(&person.id);
    let handles: Vec<&str> = groups
        .iter()
        .filter(member)
        .map(|group| group.handle.as_str())
        .collect();
    let standing = match person.standing {
        Standing::Member => "member",
        Standing::Guest => "guest",
        Standing::SingleChannelGuest => "single_channel_guest",
        Standing::Stranger => "stranger",
        Standing::Bot => "bot",
        Standing::Deactivated => "deactivated",
    };
    let bot = person.standing == Standing::Bot;
    json!({
        "id": person.id, "name": person.name, "real_name": person.real_name, "standing": standing,
        "zone": person.zone.name(), "groups": handles, "bot": bot,
        "playable": !bot && person.standing != Standing::Deactivated,
    })
}

fn channel(channel: &Channel) -> Value {
    let (kind, with) = match &channel.kind {
        Kind::Public => ("public", None),
        Kind::Private => ("private", None),
        Kind::Direct(person) => ("direct", Some(person)),
    };
    json!({
        "id": channel.id, "name": channel.name, "kind": kind, "person": with,
        "members": channel.members, "archived": channel.archived,
    })
}

pub(in crate::demo) fn screens(play: &Play) -> Value {
    play.town.slack.screens()
}
