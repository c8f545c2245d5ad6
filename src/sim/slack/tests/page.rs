//! What a page draws and does: who is there, what is on the screens, and the refusals people read.

use super::*;
use crate::sim::slack::{MessageRef, Spot, Where};

#[tokio::test(start_paused = true)]
async fn a_page_reads_who_is_there_and_hears_of_every_change() {
    let slack = town();
    let names: Vec<_> = slack.people().into_iter().map(|p| p.name).collect();
    let expected = [
        "slackbot",
        "drawbridge",
        "dana",
        "lee",
        "gus",
        "sam",
        "olga",
    ];
    assert_eq!(names, expected);
    assert_eq!(slack.groups()[0].handle, "orders-oncall");
    assert_eq!(slack.channels().len(), 4);
    let mut news = slack.follow();
    let heard = |news: &mut tokio::sync::watch::Receiver<u64>| {
        let heard = news.has_changed().unwrap();
        news.mark_unchanged();
        heard
    };
    slack.join("gus", "#random").unwrap();
    assert!(heard(&mut news));
    slack.set_standing("lee", Standing::Deactivated).unwrap();
    assert!(heard(&mut news));
    slack.add_group("payments-oncall", &["dana"]).unwrap();
    assert!(heard(&mut news));
    slack.dm("dana", "help").unwrap();
    assert!(heard(&mut news));
    slack.fail_next("users.info", 1, &super::super::Fault::ServerError);
    assert!(!heard(&mut news), "nobody sees a fault that waits");
}

#[test]
fn acts_read_as_the_page_writes_them() {
    let read = |text: &str| serde_json::from_str::<Spot>(text).unwrap();
    let message = MessageRef {
        channel: "C1".to_owned(),
        ts: "1.000001".to_owned(),
    };
    let spot = read(
        r#"{"where":{"message":{"channel":"C1","ts":"1.000001"}},"block_id":"b","action_id":"a","value":null}"#,
    );
    assert_eq!(spot, Spot::new(Where::Message(message), "b", "a"));
    let spot = read(r#"{"where":{"view":"V1"},"block_id":"b","action_id":"a","query":"ord"}"#);
    assert_eq!(spot, Spot::new(Where::View("V1".to_owned()), "b", "a"));
}

#[tokio::test(start_paused = true)]
async fn people_use_only_what_they_see() {
    let slack = town();
    let at = post_card(&slack, "#vault").await;
    let block_id = slack.message(&at).unwrap().blocks[1]["block_id"].clone();
    let block_id = block_id.as_str().unwrap();
    let spot = |action: &str| Spot::new(Where::Message(at.clone()), block_id, action);
    let refused = |person: &str, spot: &Spot, value: Value| {
        slack
            .use_element(person, spot, &value)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused("lee", &spot("approve"), json!(null)),
        format!("lee sees no message {at}")
    );
    assert_eq!(
        refused("nobody", &spot("approve"), json!(null)),
        "there is nobody called `nobody`"
    );
    assert_eq!(
        refused("dana", &spot("more"), json!(null)),
        format!("there is nothing to use at `{block_id}` `more`")
    );
    assert_eq!(
        refused("dana", &spot("approve"), json!("x")),
        "a button takes no value"
    );
    let view = Spot::new(Where::View("V1".to_owned()), "b", "a");
    assert_eq!(
        refused("dana", &view, json!(null)),
        "dana sees no view `V1`"
    );
    slack
        .use_element("dana", &spot("approve"), &json!(null))
        .unwrap();
}
