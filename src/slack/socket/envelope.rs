//! The frames of Socket Mode (docs.slack.dev, using Socket Mode).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::slack::deliver::{Body, Delivery, Kind};
use crate::slack::inbound::Ack;

/// A frame as Slack sends it. Every field may be missing: new kinds must not break the connection.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Frame {
    #[serde(rename = "type")]
    kind: Option<String>,
    envelope_id: Option<String>,
    accepts_response_payload: Option<bool>,
    payload: Option<Value>,
    /// Why Slack wants to end the connection.
    reason: Option<String>,
    /// 1 to 3 when Slack repeats what nobody acknowledged. Nothing is dropped for it: the repetition
    /// may be the only delivery that arrived.
    retry_attempt: Option<u32>,
    retry_reason: Option<String>,
}

/// What a frame says.
#[derive(Debug)]
pub(super) enum Said {
    /// The connection is ready.
    Hello,
    /// The connection will end: why.
    Disconnect(String),
    /// A delivery to be acknowledged.
    Deliver(Envelope),
    /// An envelope of a kind that nobody knows; acknowledged all the same.
    Unknown {
        envelope: Option<String>,
        kind: String,
    },
}

/// A delivery and how it may be acknowledged.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) id: String,
    pub(super) takes_payload: bool,
    pub(super) delivery: Delivery,
}

/// Envelope types, by what they carry.
const KINDS: [(&str, Kind); 3] = [
    ("events_api", Kind::Event),
    ("interactive", Kind::Interaction),
    ("slash_commands", Kind::Command),
];

/// Reads a frame; text that is no JSON object is an unknown one.
pub(super) fn read(text: &str) -> Said {
    let Ok(frame) = serde_json::from_str::<Frame>(text) else {
        return Said::Unknown {
            envelope: None,
            kind: "malformed frame".to_owned(),
        };
    };
    let kind = frame.kind.unwrap_or_default();
    match (kind.as_str(), frame.envelope_id) {
        ("hello", _) => Said::Hello,
        ("disconnect", _) => Said::Disconnect(frame.reason.unwrap_or_default()),
        (name, Some(id)) => {
            let known = KINDS.iter().find(|(known, _)| *known == name);
            let (Some((_, kind)), Some(payload)) = (known, frame.payload) else {
                return Said::Unknown {
                    envelope: Some(id),
                    kind: format!("envelope {kind}"),
                };
            };
            if frame.retry_attempt.unwrap_or(0) > 0 {
                let (attempt, reason) = (frame.retry_attempt, frame.retry_reason);
                tracing::info!(?attempt, ?reason, "Slack repeats a delivery");
            }
            Said::Deliver(Envelope {
                takes_payload: frame.accepts_response_payload.unwrap_or(false),
                delivery: Delivery {
                    kind: *kind,
                    payload,
                    envelope: Some(id.clone()),
                },
                id,
            })
        }
        (_, None) => Said::Unknown {
            envelope: None,
            kind: format!("frame {kind}"),
        },
    }
}

/// An acknowledgement, as the text of a frame.
pub(super) fn acknowledgement(envelope: &str, answer: Option<&Ack>) -> String {
    #[derive(Serialize)]
    struct Acknowledgement<'a> {
        envelope_id: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        payload: Option<Body<'a>>,
    }
    let whole = Acknowledgement {
        envelope_id: envelope,
        payload: answer.and_then(Body::of),
    };
    // An answer that cannot be written as JSON does not exist; an acknowledgement is still owed.
    serde_json::to_string(&whole)
        .unwrap_or_else(|_| serde_json::json!({ "envelope_id": envelope }).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slack::testing::message;

    #[test]
    fn frames_of_all_kinds_are_told_apart() {
        let said = |text: &str| format!("{:?}", read(text));
        assert!(matches!(
            read(r#"{"type":"hello","num_connections":1}"#),
            Said::Hello
        ));
        assert!(matches!(
            read(r#"{"type":"disconnect","reason":"warning","debug_info":{}}"#),
            Said::Disconnect(reason) if reason == "warning"
        ));
        let command = r#"{"type":"slash_commands","envelope_id":"e1","accepts_response_payload":true,"payload":{"text":"x"}}"#;
        assert!(matches!(
            read(command),
            Said::Deliver(e) if e.takes_payload && e.id == "e1" && e.delivery.kind == Kind::Command
        ));
        assert!(said(r#"{"type":"new_thing","envelope_id":"e2","payload":{}}"#).contains("e2"));
        assert!(said(r#"{"type":null,"envelope_id":null}"#).contains("Unknown"));
        assert!(said("not json").contains("malformed frame"));
    }

    #[test]
    fn an_acknowledgement_names_its_envelope_and_carries_the_answer() {
        assert_eq!(acknowledgement("e1", None), r#"{"envelope_id":"e1"}"#);
        let answer = Ack::Private(message("hi"));
        let with: Value = serde_json::from_str(&acknowledgement("e1", Some(&answer))).unwrap();
        assert_eq!(with["payload"]["response_type"], "ephemeral");
        assert_eq!(with["payload"]["text"], "hi");
        let closes: Value =
            serde_json::from_str(&acknowledgement("e1", Some(&Ack::Close))).unwrap();
        assert_eq!(closes["payload"]["response_action"], "clear");
    }
}
