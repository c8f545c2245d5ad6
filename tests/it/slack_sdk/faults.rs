//! The checker is no use if it is blind: faults are seeded into payloads that it found sound, and it has to
//! find each.

use std::collections::BTreeSet;

use drawbridge::sim::slack::{Crossing, Taped};
use serde_json::{Value, json};

use super::check::{assert_sound, faults};
use super::plays::tape_of_a_form;
use super::stories::tape;

/// What is done to a payload, at the place that a JSON pointer names.
enum Seed {
    /// A field is not there.
    Without(&'static str),
    /// A field has another value, or is there at all.
    With(&'static str, Value),
}
use Seed::{With, Without};

#[tokio::test]
async fn every_seeded_fault_is_found() {
    // Stories run on a runtime of their own.
    let mut tape = tokio::task::spawn_blocking(tape).await.unwrap().to_vec();
    tape.extend(tape_of_a_form().await);
    let mut seeded = Vec::new();
    let (mut sound, mut untouched) = (Vec::new(), Vec::new());
    for (crossing, name, at, seed) in seeds() {
        let label = format!("{crossing:?} {name} {at} {}", describe(&seed));
        let fits =
            |t: &&Taped| t.crossing == crossing && t.name == name && suits(&t.payload, at, &seed);
        match tape.iter().find(fits) {
            Some(found) => {
                sound.push(found.clone());
                seeded.push((label, plant(found, at, &seed)));
            }
            None => untouched.push(label),
        }
    }
    assert!(untouched.is_empty(), "nothing to seed: {untouched:#?}");
    assert_sound(&sound);
    let payloads: Vec<Taped> = seeded.iter().map(|(_, taped)| taped.clone()).collect();
    let found = faults(&payloads);
    let numbers: BTreeSet<usize> = found.iter().map(|fault| fault.number).collect();
    let layers: BTreeSet<&str> = found.iter().map(|fault| &*fault.layer).collect();
    let missed: Vec<&String> = (0..seeded.len())
        .filter(|number| !numbers.contains(number))
        .map(|number| &seeded[number].0)
        .collect();
    println!("{} of {} seeded faults found", numbers.len(), seeded.len());
    assert!(missed.is_empty(), "not found: {missed:#?}");
    assert_eq!(
        layers,
        BTreeSet::from(["docs", "sdk", "types"]),
        "each layer sees something"
    );
}

fn describe(seed: &Seed) -> String {
    match seed {
        Without(field) => format!("without {field}"),
        With(field, value) => format!("with {field} {:.40}", value.to_string()),
    }
}

/// Whether a payload has the place, and the field that is to go.
fn suits(payload: &Value, at: &str, seed: &Seed) -> bool {
    let Some(place) = payload.pointer(at).and_then(Value::as_object) else {
        return false;
    };
    match seed {
        Without(field) => place.contains_key(*field),
        With(..) => true,
    }
}

fn plant(sound: &Taped, at: &str, seed: &Seed) -> Taped {
    let mut taped = sound.clone();
    let place = taped
        .payload
        .pointer_mut(at)
        .unwrap()
        .as_object_mut()
        .unwrap();
    match seed {
        Without(field) => place.remove(*field),
        With(field, value) => place.insert((*field).to_owned(), value.clone()),
    };
    taped
}

fn seeds() -> Vec<(Crossing, &'static str, &'static str, Seed)> {
    let mut seeds = Vec::new();
    let mut among = |crossing, list: Vec<(&'static str, &'static str, Seed)>| {
        seeds.extend(
            list.into_iter()
                .map(|(name, at, seed)| (crossing, name, at, seed)),
        );
    };
    among(Crossing::Call, in_what_the_bot_says());
    among(Crossing::Frame, in_deliveries());
    among(Crossing::Answer, in_answers());
    among(Crossing::Ack, in_acknowledgements());
    seeds
}

fn in_what_the_bot_says() -> Vec<(&'static str, &'static str, Seed)> {
    let plain = |text: String| json!({"type": "plain_text", "text": text});
    let blocks = |n: usize| json!(vec![json!({"type": "divider"}); n]);
    let button = |more: Value| {
        let mut button = json!({"type": "button", "action_id": "a", "text": plain("OK".into())});
        button
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        json!([{"type": "actions", "elements": [button]}])
    };
    let header = json!([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}]);
    let section =
        |text: String| json!([{"type": "section", "text": {"type": "mrkdwn", "text": text}}]);
    let post = "chat.postMessage";
    vec![
        (post, "", With("blocks", json!([{"type": "contxt"}]))),
        (post, "", With("blocks", header)),
        (post, "", With("blocks", section("x".repeat(3001)))),
        (post, "", With("blocks", json!([{"type": "section"}]))),
        (post, "", With("blocks", blocks(51))),
        (
            post,
            "",
            With("blocks", button(json!({"style": "default"}))),
        ),
        (post, "", With("blocks", button(json!({"value": 7})))),
        (post, "", With("blocks", button(json!({"disabled": true})))),
        (
            post,
            "",
            With("blocks", button(json!({"text": plain("x".repeat(76))}))),
        ),
        (
            post,
            "",
            With("blocks", button(json!({"value": "x".repeat(2001)}))),
        ),
        (post, "", With("reply_broadcast", json!("perhaps"))),
        (post, "", With("colour", json!("red"))),
        (post, "", Without("channel")),
        ("chat.update", "", Without("ts")),
        ("views.open", "/view", Without("title")),
        ("views.open", "/view", With("title", plain("x".repeat(25)))),
        (
            "views.open",
            "/view",
            With("blocks", json!([{"type": "plain_text_input"}])),
        ),
        (
            "views.open",
            "/view",
            With("private_metadata", json!("x".repeat(3001))),
        ),
        ("views.open", "/view", With("hash", json!("1"))),
    ]
}

fn in_deliveries() -> Vec<(&'static str, &'static str, Seed)> {
    vec![
        ("hello", "", Without("num_connections")),
        ("events_api", "", Without("envelope_id")),
        (
            "events_api",
            "",
            With("accepts_response_payload", json!("no")),
        ),
        ("events_api", "/payload", Without("event_id")),
        ("events_api", "/payload", With("event_time", json!("now"))),
        ("events_api", "/payload/event", Without("ts")),
        ("events_api", "/payload/event", Without("channel")),
        (
            "events_api",
            "/payload/event",
            With("type", json!("massage")),
        ),
        (
            "events_api",
            "/payload/event",
            With("channel_type", json!("room")),
        ),
        ("interactive", "/payload", Without("actions")),
        ("interactive", "/payload", Without("block_id")),
        ("interactive", "/payload", Without("trigger_id")),
        ("interactive", "/payload", Without("response_url")),
        ("interactive", "/payload/user", Without("id")),
        (
            "interactive",
            "/payload/container",
            With("message_ts", json!(12)),
        ),
        ("interactive", "/payload/actions/0", Without("action_ts")),
        ("interactive", "/payload/view", Without("state")),
        ("interactive", "/payload/view", Without("hash")),
        ("slash_commands", "/payload", Without("text")),
        ("slash_commands", "/payload", Without("response_url")),
        (
            "slash_commands",
            "/payload",
            With("is_enterprise_install", json!(false)),
        ),
    ]
}

fn in_acknowledgements() -> Vec<(&'static str, &'static str, Seed)> {
    let option =
        |value: &str| json!([{"text": {"type": "plain_text", "text": "x"}, "value": value}]);
    let nameless = json!([{"value": "x"}]);
    vec![
        ("interactive", "/errors", With("why", json!(7))),
        ("interactive", "", With("response_action", json!("explode"))),
        ("interactive", "", With("options", option(&"x".repeat(151)))),
        ("interactive", "", With("options", nameless)),
        ("slash_commands", "", With("response_type", json!("loud"))),
    ]
}

fn in_answers() -> Vec<(&'static str, &'static str, Seed)> {
    vec![
        ("chat.postMessage", "", Without("ts")),
        ("chat.postMessage", "", With("ok", json!("yes"))),
        ("chat.postMessage", "/message", With("ts", json!(1.5))),
        ("chat.postMessage", "", With("error", json!("no_such_code"))),
        ("chat.update", "", Without("message")),
        ("users.info", "", Without("user")),
        ("users.info", "/user", With("deleted", json!("no"))),
        ("users.info", "/user", Without("profile")),
        ("users.info", "/user", With("is_guest", json!(true))),
        ("usergroups.users.list", "", With("users", json!("U1"))),
        ("usergroups.users.list", "", Without("users")),
        ("views.open", "/view", Without("root_view_id")),
        ("views.open", "/view", With("state", json!("open"))),
        ("apps.connections.open", "", Without("url")),
        ("auth.test", "", Without("bot_id")),
    ]
}
