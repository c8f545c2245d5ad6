//! Acknowledgements: in time, once, and never instead of the work.

use serde_json::{Value, json};
use tokio::time::Instant;

use super::reply::WORKING;
use super::*;
use crate::slack::testing::{FakeReceiver, Log, Script, Town, message};

mod forms;

fn event(id: &str) -> Delivery {
    event_by("UDANA", id)
}

fn event_by(user: &str, id: &str) -> Delivery {
    let event = json!({"type": "message", "channel_type": "im", "user": user, "channel": "D1",
        "text": "mine", "ts": "7.1"});
    delivery(
        Kind::Event,
        json!({"event_id": id, "team_id": "T1", "event": event}),
    )
}

fn mention() -> Delivery {
    let event = json!({"type": "app_mention", "user": "UDANA", "channel": "C1", "text": "mine",
        "ts": "7.1"});
    delivery(
        Kind::Event,
        json!({"event_id": "Ev1", "team_id": "T1", "event": event}),
    )
}

fn command() -> Delivery {
    delivery(
        Kind::Command,
        json!({"text": "mine", "user_id": "UDANA", "team_id": "T1",
        "channel_id": "C1", "trigger_id": "t.1", "response_url": "http://slack.sim/respond/1"}),
    )
}

fn delivery(kind: Kind, payload: Value) -> Delivery {
    Delivery {
        kind,
        payload,
        envelope: None,
    }
}

fn slow(seconds: u64, says: Option<&str>) -> Town {
    Town::with(FakeReceiver {
        takes: Duration::from_secs(seconds),
        says: says.map(message),
        breaks: false,
        ..FakeReceiver::default()
    })
}

fn text(answer: &Answer) -> Option<&str> {
    match answer {
        Answer::With(Ack::Private(message), _) => Some(&message.text),
        Answer::With(..) | Answer::Empty | Answer::Withheld => None,
    }
}

#[tokio::test(start_paused = true)]
async fn a_quick_answer_rides_on_a_commands_acknowledgement() {
    let town = slow(1, Some("done"));
    let answer = town.deliverer.take(command()).await;
    assert_eq!(text(&answer), Some("done"));
    town.stop().await;
    assert!(town.fake.calls("response_url").is_empty(), "said once");
}

#[tokio::test(start_paused = true)]
async fn a_slow_command_is_acknowledged_after_two_seconds_and_answered_later() {
    let town = slow(9, Some("done"));
    let start = Instant::now();
    let answer = town.deliverer.take(command()).await;
    assert_eq!(text(&answer), Some(WORKING));
    assert_eq!(start.elapsed(), PATIENCE);
    let later = town.fake.called("response_url", 1).await;
    assert_eq!(later[0].body["text"], "done");
    assert_eq!((later[0].at - start).as_secs(), 9);
    assert_eq!(town.deliverer.tally().late.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_acknowledged_only_when_its_work_is_done() {
    for (takes, waited, answer) in [(1, 1, Answer::Empty), (5, 2, Answer::Withheld)] {
        let town = slow(takes, None);
        let start = Instant::now();
        assert_eq!(town.deliverer.take(event("Ev1")).await, answer);
        assert_eq!(start.elapsed().as_secs(), waited);
        assert_eq!(town.receiver.keys(), ["Ev1"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_to_be_done_again_is_acknowledged_after_two_seconds() {
    let town = slow(5, None);
    let start = Instant::now();
    let event = json!({"type": "message", "channel_type": "im", "user": "UDANA", "channel": "D1",
        "text": "changes", "ts": "7.1"});
    let changes = || {
        delivery(
            Kind::Event,
            json!({"event_id": "Ev1", "team_id": "T1", "event": event}),
        )
    };
    for seconds in [2, 4] {
        assert_eq!(town.deliverer.take(changes()).await, Answer::Empty);
        assert_eq!(start.elapsed().as_secs(), seconds);
    }
    town.stop().await;
    assert_eq!(town.receiver.keys(), ["Ev1"]);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_event_waits_for_the_work_that_has_begun() {
    let town = slow(5, Some("done"));
    let start = Instant::now();
    for answer in [Answer::Withheld, Answer::Withheld, Answer::Empty] {
        assert_eq!(town.deliverer.take(event("Ev1")).await, answer);
    }
    assert_eq!(start.elapsed().as_secs(), 5);
    assert_eq!(town.receiver.keys(), ["Ev1"], "worked on once");
    town.stop().await;
    assert_eq!(town.fake.calls("chat.postMessage").len(), 1, "said once");
}

#[tokio::test(start_paused = true)]
async fn a_repetition_of_work_that_broke_is_not_acknowledged_and_the_next_is_worked_on() {
    let town = Town::with(FakeReceiver {
        takes: Duration::from_secs(3),
        breaks: true,
        ..FakeReceiver::default()
    });
    for _ in 0..3 {
        assert_eq!(town.deliverer.take(event("Ev1")).await, Answer::Withheld);
    }
    assert_eq!(town.receiver.keys(), ["Ev1", "Ev1"]);
}

#[tokio::test(start_paused = true)]
async fn answers_to_messages_come_where_they_were_written() {
    let town = slow(0, Some("hello"));
    town.deliverer.take(event("Ev1")).await;
    town.deliverer.take(mention()).await;
    town.stop().await;
    let direct = &town.fake.calls("chat.postMessage")[0].body;
    assert_eq!(
        (&direct["channel"], &direct["text"]),
        (&json!("D1"), &json!("hello"))
    );
    assert_eq!(direct["metadata"]["event_payload"]["key"], "Ev1");
    let private = &town.fake.calls("chat.postEphemeral")[0].body;
    assert_eq!(
        (&private["channel"], &private["user"]),
        (&json!("C1"), &json!("UDANA"))
    );
    assert_eq!(private["thread_ts"], "7.1");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_refused_in_a_channel_reaches_the_person_directly() {
    let town = slow(0, Some("hello"));
    town.fake
        .always("chat.postEphemeral", Script::Refuse("not_in_channel"));
    town.deliverer.take(mention()).await;
    town.stop().await;
    assert_eq!(
        town.fake.calls("chat.postMessage")[0].body["channel"],
        "UDANA"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_waits_for_a_slack_that_is_busy_and_is_not_doubled_when_unsure() {
    let town = slow(0, Some("hello"));
    town.fake.script(
        "chat.postMessage",
        [Script::Limit(Some(4)), Script::Status(503)],
    );
    town.deliverer.take(event("Ev1")).await;
    let calls = town.fake.called("chat.postMessage", 2).await;
    assert_eq!((calls[1].at - calls[0].at).as_secs(), 4);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(
        town.fake.calls("chat.postMessage").len(),
        2,
        "a 503 may have been posted"
    );
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_breaks_is_not_acknowledged() {
    let town = Town::with(FakeReceiver {
        breaks: true,
        ..FakeReceiver::default()
    });
    assert_eq!(town.deliverer.take(event("Ev1")).await, Answer::Withheld);
    assert_eq!(town.deliverer.tally().withheld.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_taken_without_room_or_while_shutting_down() {
    let town = slow(60, None);
    // Everybody one: a person's own line ends sooner.
    let many = (0..HALL).map(|n| {
        town.deliverer
            .take(event_by(&format!("U{n}"), &format!("Ev{n}")))
    });
    futures::future::join_all(many).await;
    assert_eq!(town.deliverer.tally().taken.get(), HALL as u64);
    assert_eq!(
        town.deliverer.take(event("Ev-more")).await,
        Answer::Withheld
    );
    assert_eq!(town.receiver.keys().len(), ROOM);
    tokio::time::sleep(Duration::from_secs(61)).await;
    town.deliverer.take(event("Ev-again")).await;
    assert_eq!(town.deliverer.tally().taken.get(), HALL as u64 + 1);
    town.cancel.cancel();
    assert_eq!(
        town.deliverer.take(event("Ev-late")).await,
        Answer::Withheld
    );
}

#[tokio::test(start_paused = true)]
async fn one_person_who_floods_hears_it_once_and_others_are_answered_meanwhile() {
    let town = slow(1, Some("done"));
    let flood = (0..1_000).map(|n| town.deliverer.take(event(&format!("Ev{n}"))));
    let other = async {
        let began = Instant::now();
        assert_eq!(
            town.deliverer.take(event_by("USAM", "Ev-sam")).await,
            Answer::Empty
        );
        began.elapsed()
    };
    let (flooded, waited) = tokio::join!(futures::future::join_all(flood), other);
    assert_eq!(waited.as_secs(), 1, "sam waits for dana");
    // What stands in line for longer than an acknowledgement waits is repeated by Slack, and waits on.
    let waits = flooded.iter().filter(|it| **it == Answer::Withheld).count() as u64;
    assert_eq!(waits, town.deliverer.tally().late.get());
    assert!((60..64).contains(&waits), "{waits}");
    assert_eq!(town.deliverer.tally().taken.get(), 65);
    assert_eq!(town.deliverer.tally().crowded.get(), 936);
    // Slack takes one message a second.
    let texts = town.fake.called("chat.postMessage", 66).await;
    assert_eq!(town.receiver.keys().len(), 65);
    let faster = texts.iter().filter(|call| {
        let text = call.body["text"].as_str();
        text.is_some_and(|text| text.starts_with("You ask faster"))
    });
    assert_eq!((faster.count(), texts.len()), (1, 66));
}

#[tokio::test(start_paused = true)]
async fn a_press_beyond_the_line_is_never_acknowledged_without_a_word() {
    let town = slow(1, None);
    let press = |n: usize| {
        let message = json!({"ts": "1.1"});
        delivery(
            Kind::Interaction,
            json!({"type": "block_actions", "trigger_id": format!("t.{n}"), "user": {"id": "UDANA"},
                "team": {"id": "T1"}, "channel": {"id": "C1"}, "message": message,
                "container": {"type": "message", "message_ts": "1.1", "channel_id": "C1"},
                "actions": [{"type": "button", "action_id": "revoke", "value": "k7m3xq.1"}]}),
        )
    };
    let presses = (0..100).map(|n| town.deliverer.take(press(n)));
    let answers = futures::future::join_all(presses).await;
    let heard = answers.iter().filter(|answer| **answer == Answer::Empty);
    let not_taken = answers.iter().filter(|answer| **answer == Answer::Withheld);
    // Those in line, and the one that is answered in words.
    assert_eq!((heard.count(), not_taken.count()), (65, 35));
    tokio::time::sleep(Duration::from_secs(60)).await;
    town.stop().await;
    assert_eq!(town.receiver.keys().len(), 64);
    assert_eq!(town.fake.calls("chat.postEphemeral").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_event_is_not_acknowledged_while_we_do_not_know_who_we_are() {
    let town = slow(0, None);
    town.fake
        .script("auth.test", [Script::Status(500), Script::Status(500)]);
    assert_eq!(town.deliverer.take(event("Ev1")).await, Answer::Withheld);
    assert_eq!(town.deliverer.take(event("Ev1")).await, Answer::Empty);
    assert_eq!(town.receiver.keys(), ["Ev1"]);
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_work_whose_caller_is_gone() {
    let town = slow(7, Some("done"));
    let impatient = tokio::time::timeout(Duration::from_secs(1), town.deliverer.take(command()));
    assert!(impatient.await.is_err());
    town.stop().await;
    assert_eq!(town.fake.calls("response_url")[0].body["text"], "done");
}

#[tokio::test(start_paused = true)]
async fn unknown_deliveries_are_acknowledged_and_counted() {
    let town = slow(0, None);
    for payload in [json!({"type": "dialog_submission"}), json!(7), json!({})] {
        let answer = town
            .deliverer
            .take(delivery(Kind::Interaction, payload))
            .await;
        assert_eq!(answer, Answer::Empty);
    }
    assert_eq!(town.deliverer.tally().unknown.get(), 3);
    assert!(town.receiver.seen().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_name_of_an_unknown_delivery_is_kept_short() {
    let (log, _guard) = Log::capture();
    let town = Town::with(FakeReceiver::default());
    let name = format!("{}hush", "x".repeat(LONGEST_NAME));
    for more in ["", "-again"] {
        let payload = json!({"type": format!("{name}{more}")});
        town.deliverer
            .take(delivery(Kind::Interaction, payload))
            .await;
    }
    assert_eq!(town.deliverer.tally().unknown.get(), 2);
    let log = log.text();
    assert_eq!(log.matches("unknown delivery").count(), 1, "{log}");
    assert!(!log.contains("hush"), "{log}");
}
