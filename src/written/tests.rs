//! What of a later version's document survives being changed by this one.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::*;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Paper {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note_on_it: Option<String>,
    state: Stage,
    votes: Vec<Vote>,
    status: Vec<Status>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "camelCase")]
enum Stage {
    Pending { since: u32 },
    Active { warned: bool },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Vote {
    by: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Status {
    Posting { since: u32 },
    Posted { ts: String },
}

fn later() -> Value {
    json!({
        "id": "k7m3xq", "format": 1, "mood": {"deep": [1, null]},
        "state": {"is": "pending", "since": 3, "until": 9},
        "votes": [{"by": "lee", "weight": 2}, {"by": "kim"}, {"by": "max", "weight": 3}],
        "status": [{"posting": {"since": 1, "tries": 4}}],
    })
}

fn paper(whole: &Value) -> Read<Paper> {
    read(&whole.to_string()).unwrap()
}

fn written(read: &Read<Paper>) -> Value {
    serde_json::from_str(&write(&read.value, &read.rest).unwrap()).unwrap()
}

#[test]
fn an_unknown_field_is_written_back_wherever_it_stood() {
    let read = paper(&later());
    assert!(!read.rest.is_empty());
    assert_eq!(written(&read), later());
}

#[test]
fn what_this_version_wrote_has_nothing_unknown() {
    let value = paper(&later()).value;
    let own = write(&value, &Rest::default()).unwrap();
    let read: Read<Paper> = super::read(&own).unwrap();
    assert_eq!((read.value, read.rest.is_empty()), (value, true));
}

#[test]
fn what_this_version_knows_is_as_it_says() {
    let mut read = paper(&later());
    read.value.id = "other".into();
    read.value.note_on_it = Some("seen".into());
    let now = written(&read);
    assert_eq!(
        (&now["id"], &now["note_on_it"]),
        (&json!("other"), &json!("seen"))
    );
    assert_eq!(now["mood"], later()["mood"]);
    // A known field that is taken away stays away.
    let mut again = paper(&now);
    again.value.note_on_it = None;
    assert_eq!(written(&again).get("note_on_it"), None);
}

#[test]
fn what_stood_in_a_shape_goes_with_the_shape() {
    let mut read = paper(&later());
    read.value.state = Stage::Active { warned: false };
    read.value.status = vec![Status::Posted { ts: "1.2".into() }];
    let now = written(&read);
    assert_eq!(now["state"], json!({"is": "active", "warned": false}));
    assert_eq!(now["status"], json!([{"posted": {"ts": "1.2"}}]));
    assert_eq!(now["mood"], later()["mood"]);
}

#[test]
fn an_element_keeps_its_own_while_others_come_and_go() {
    let mut read = paper(&later());
    read.value.votes.remove(0);
    let by = "new".to_owned();
    read.value.votes.push(Vote { by });
    let now = written(&read);
    let expected = json!([{"by": "kim"}, {"by": "max", "weight": 3}, {"by": "new"}]);
    assert_eq!(now["votes"], expected);
}

#[test]
fn a_later_format_is_left_alone_whatever_it_holds() {
    for format in [json!(2), json!(u64::MAX), json!("2"), json!(-1), json!([])] {
        let mut whole = later();
        whole["format"] = format.clone();
        let read = read::<Paper>(&whole.to_string());
        assert!(matches!(read, Err(Unread::Later(_))), "{format}");
    }
    for format in [json!(1), json!(0), json!(null)] {
        let mut whole = later();
        whole["format"] = format.clone();
        assert!(read::<Paper>(&whole.to_string()).is_ok(), "{format}");
    }
}

#[test]
fn an_unknown_word_is_left_alone_too() {
    let mut whole = later();
    whole["state"] = json!({"is": "frozen"});
    let read = read::<Paper>(&whole.to_string());
    assert!(matches!(read, Err(Unread::Unknown(_))), "{read:?}");
}

#[test]
fn a_note_is_told_from_a_request_without_reading_it() {
    let outside = |text| {
        let seen = look(text);
        (seen.format, seen.is_note)
    };
    assert_eq!(outside(r#"{"note": "trail"}"#), (1, true));
    assert_eq!(
        outside(r#"{"note": {"of": "tomorrow"}, "format": 7}"#),
        (7, true)
    );
    assert_eq!(outside(r#"{"id": "k7m3xq"}"#), (1, false));
    for damaged in ["", "[]", "{", "null", "\"note\""] {
        assert_eq!(outside(damaged), (1, false), "{damaged}");
    }
}
