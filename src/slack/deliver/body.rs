//! What an acknowledgement carries, in Slack's form: a private message, the fate of a form that was
//! sent off, the options of a typeahead.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::slack::api::PrivateAnswer;
use crate::slack::inbound::Ack;
use crate::view::text::{clip, tidy};
use crate::view::{Choice, Screen};

/// Inputs of one form that can be marked: a form has no more blocks.
const ERRORS: usize = 100;

/// Longest mark of an input, in UTF-16 units. Ours: a longer one pushes the form off the screen.
const ERROR: usize = 150;

/// Options of one answer. (docs.slack.dev, "Select menu element")
const OPTIONS: usize = 100;

/// Under an input that was marked without a word: Slack takes no empty mark.
const UNSAID: &str = "this cannot be used";

/// The payload of an acknowledgement.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(in crate::slack) enum Body<'a> {
    Private(PrivateAnswer<'a>),
    Form(Fate<'a>),
    Options { options: Vec<Offered<'a>> },
}

/// What becomes of a form. (docs.slack.dev, "Modals", `response_action`)
#[derive(Debug, Serialize)]
#[serde(tag = "response_action", rename_all = "lowercase")]
pub(in crate::slack) enum Fate<'a> {
    Errors { errors: BTreeMap<&'a str, String> },
    Update { view: &'a Screen },
    Clear,
}

#[derive(Debug, Serialize)]
pub(in crate::slack) struct Offered<'a> {
    text: Plain<'a>,
    value: &'a str,
}

#[derive(Debug, Serialize)]
struct Plain<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    text: &'a str,
}

impl<'a> Body<'a> {
    /// The payload for this answer; `None`: an empty acknowledgement says it.
    pub(in crate::slack) fn of(ack: &'a Ack) -> Option<Self> {
        Some(match ack {
            Ack::Silent => return None,
            Ack::Private(message) => Self::Private(message.into()),
            Ack::Wrong(why) => {
                let errors = why.iter().take(ERRORS);
                let errors = errors.map(|(block, why)| (block.as_str(), mark(why)));
                Self::Form(Fate::Errors {
                    errors: errors.collect(),
                })
            }
            Ack::Show(screen) => Self::Form(Fate::Update { view: screen }),
            Ack::Close => Self::Form(Fate::Clear),
            Ack::Options(choices) => Self::Options {
                options: choices.iter().take(OPTIONS).map(Offered::from).collect(),
            },
        })
    }
}

fn mark(why: &str) -> String {
    match tidy(why) {
        nothing if nothing.is_empty() => UNSAID.to_owned(),
        // Plain text: back-ticks would be seen as they are.
        why => clip(&why.replace('`', ""), ERROR),
    }
}

impl<'a> From<&'a Choice> for Offered<'a> {
    fn from(choice: &'a Choice) -> Self {
        Self {
            text: Plain {
                kind: "plain_text",
                text: &choice.label,
            },
            value: &choice.value,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use slack_morphism::prelude::*;

    use super::*;
    use crate::slack::testing::message;

    fn written(ack: &Ack) -> Value {
        serde_json::to_value(Body::of(ack).unwrap()).unwrap()
    }

    #[test]
    fn every_answer_is_written_as_slack_takes_it() {
        assert!(Body::of(&Ack::Silent).is_none());
        let private = written(&Ack::Private(message("hi")));
        assert_eq!(private, json!({"response_type": "ephemeral", "text": "hi"}));
        assert_eq!(written(&Ack::Close), json!({"response_action": "clear"}));
        let wrong = Ack::Wrong([("to".to_owned(), "no such service".to_owned())].into());
        assert_eq!(
            written(&wrong),
            json!({"response_action": "errors", "errors": {"to": "no such service"}})
        );
        let modal = SlackModalView::new("Ask".into(), Vec::new());
        let show = written(&Ack::Show(Box::new(Screen(SlackView::Modal(modal)))));
        assert_eq!(show["response_action"], "update");
        assert_eq!(show["view"]["type"], "modal");
        assert_eq!(show["view"]["title"]["text"], "Ask");
        let options = written(&Ack::Options(vec![Choice::new("shop/web", "w1")]));
        let text = json!({"type": "plain_text", "text": "shop/web"});
        assert_eq!(options, json!({"options": [{"text": text, "value": "w1"}]}));
        let none = written(&Ack::Options(Vec::new()));
        assert_eq!(none, json!({"options": []}));
    }

    #[test]
    fn no_answer_exceeds_slacks_limits() {
        let many = |n: usize| (0..n).map(|n| (format!("b{n:03}"), "x".repeat(400)));
        let errors = written(&Ack::Wrong(many(120).collect()))["errors"].clone();
        let errors = errors.as_object().unwrap().clone();
        assert_eq!(errors.len(), 100);
        let length = |text: &Value| text.as_str().unwrap().encode_utf16().count();
        assert!(errors.values().all(|why| length(why) == 150));
        let choices = (0..120).map(|n| Choice::new("x", &n.to_string()));
        let options = written(&Ack::Options(choices.collect()));
        assert_eq!(options["options"].as_array().unwrap().len(), 100);
        let unsaid = written(&Ack::Wrong([("b".to_owned(), " ".to_owned())].into()));
        assert_eq!(unsaid["errors"]["b"], UNSAID);
    }
}
