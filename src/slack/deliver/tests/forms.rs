//! Forms and typeaheads are answered with their acknowledgement; what cannot be is said otherwise.

use slack_morphism::prelude::*;

use super::*;
use crate::slack::testing::Log;
use crate::view::{Choice, Screen};

fn made(kind: &str, more: Value) -> Delivery {
    let mut payload = json!({"type": kind, "trigger_id": "t.1", "callback_id": "ask",
        "user": {"id": "UDANA"}, "team": {"id": "T1"}, "action_id": "to", "value": "ord"});
    let fields = more.as_object().unwrap().clone();
    payload.as_object_mut().unwrap().extend(fields);
    delivery(Kind::Interaction, payload)
}

fn submission() -> Delivery {
    made("view_submission", json!({"view": {"id": "V1"}}))
}

fn typed() -> Delivery {
    made("block_suggestion", json!({"view": {"id": "V1"}}))
}

/// Everything that is done where no channel is.
fn nowhere() -> [Delivery; 4] {
    let button = json!({"view": {"id": "V1"}, "actions": [{"action_id": "a"}]});
    let home = json!({"type": "app_home_opened", "tab": "home", "user": "UDANA"});
    let archived = json!({"type": "channel_archive", "channel": "C1", "user": "UDANA"});
    let event = |event: Value| delivery(Kind::Event, json!({"event_id": "Ev1", "event": event}));
    [
        made("block_actions", button),
        made("shortcut", json!({})),
        event(home),
        event(archived),
    ]
}

fn on_message() -> Delivery {
    let more = json!({"channel": {"id": "C1"}, "message_ts": "7.1",
        "message": {"ts": "7.1", "thread_ts": "5.1", "text": "x"}});
    made("message_action", more)
}

fn answering(seconds: u64, answer: Ack) -> Town {
    Town::with(FakeReceiver {
        takes: Duration::from_secs(seconds),
        answers: Some(answer),
        ..FakeReceiver::default()
    })
}

fn wrong() -> Ack {
    Ack::Wrong([("to-1".to_owned(), "no service `ord`".to_owned())].into())
}

fn form() -> Ack {
    let modal = SlackModalView::new("Ask".into(), Vec::new());
    Ack::Show(Box::new(Screen(SlackView::Modal(modal))))
}

fn home() -> Ack {
    let home = SlackHomeView::new(Vec::new());
    Ack::Show(Box::new(Screen(SlackView::Home(home))))
}

fn options() -> Ack {
    Ack::Options(vec![Choice::new("orders/db", "s1")])
}

fn private() -> Ack {
    Ack::Private(message("asked"))
}

/// What the acknowledgement carries.
fn carried(answer: Answer) -> Ack {
    match answer {
        Answer::With(ack, _) => ack,
        Answer::Empty => Ack::Silent,
        Answer::Withheld => panic!("withheld"),
    }
}

/// Everything that was said to anybody.
fn said(town: &Town) -> Vec<Value> {
    let calls = ["chat.postMessage", "chat.postEphemeral", "response_url"];
    let calls = calls.map(|method| town.fake.calls(method));
    calls.into_iter().flatten().map(|call| call.body).collect()
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_a_form_rides_on_its_acknowledgement() {
    for answer in [wrong(), form(), Ack::Close, Ack::Silent] {
        let town = answering(1, answer.clone());
        let taken = town.deliverer.take(submission()).await;
        assert_eq!(carried(taken), answer);
        town.stop().await;
        assert!(said(&town).is_empty(), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_private_answer_to_a_form_closes_it_and_comes_as_a_direct_message() {
    for takes in [1, 9] {
        let town = answering(takes, private());
        let taken = town.deliverer.take(submission()).await;
        assert_eq!(taken, Answer::Empty);
        let posted = town.fake.called("chat.postMessage", 1).await;
        assert_eq!(posted[0].body["channel"], "UDANA");
        assert_eq!(posted[0].body["text"], "asked");
        town.stop().await;
        assert_eq!(said(&town).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_whose_work_is_slow_closes_and_is_answered_in_words() {
    for (answer, words) in [
        (wrong(), Some("no service `ord`")),
        (form(), Some("closed")),
        (Ack::Close, None),
        (Ack::Silent, None),
    ] {
        let town = answering(9, answer.clone());
        let start = Instant::now();
        assert_eq!(town.deliverer.take(submission()).await, Answer::Empty);
        assert_eq!(start.elapsed(), PATIENCE);
        assert_eq!(town.deliverer.tally().late.get(), 1);
        town.stop().await;
        let said = said(&town);
        match words {
            Some(words) => {
                assert_eq!(said.len(), 1);
                assert_eq!(said[0]["channel"], "UDANA");
                assert!(said[0]["text"].as_str().unwrap().contains("was closed"));
                assert!(said[0].to_string().contains(words), "{}", said[0]);
            }
            None => assert!(said.is_empty(), "{answer:?}: {said:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_typeahead_gets_its_options_in_time_or_none() {
    let town = answering(1, options());
    assert_eq!(carried(town.deliverer.take(typed()).await), options());
    let nothing = Ack::Options(Vec::new());
    for (takes, answer) in [(9, options()), (0, Ack::Silent), (0, private())] {
        let town = answering(takes, answer.clone());
        let taken = town.deliverer.take(typed()).await;
        assert_eq!(carried(taken), nothing, "{answer:?}");
        town.stop().await;
        assert!(said(&town).is_empty(), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_channel_is_a_private_answer_is_a_direct_message() {
    for delivery in nowhere() {
        let town = answering(0, private());
        let shown = delivery.payload.to_string();
        assert_eq!(
            town.deliverer.take(delivery).await,
            Answer::Empty,
            "{shown}"
        );
        town.stop().await;
        let said = said(&town);
        assert_eq!(said.len(), 1, "{shown}");
        assert_eq!(said[0]["channel"], "UDANA", "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shortcut_on_a_message_is_answered_beside_it_first() {
    let town = answering(0, private());
    town.deliverer.take(on_message()).await;
    town.stop().await;
    let beside = &town.fake.calls("chat.postEphemeral")[0].body;
    assert_eq!(
        (&beside["channel"], &beside["user"], &beside["thread_ts"]),
        (&json!("C1"), &json!("UDANA"), &json!("5.1"))
    );
    assert_eq!(said(&town).len(), 1);
    let town = answering(0, private());
    town.fake
        .always("chat.postEphemeral", Script::Refuse("not_in_channel"));
    town.deliverer.take(on_message()).await;
    town.stop().await;
    assert_eq!(
        town.fake.calls("chat.postMessage")[0].body["channel"],
        "UDANA"
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_fit_is_dropped_with_a_warning() {
    let nobody = json!({"event_id": "Ev1", "event": {"type": "channel_archive", "channel": "C1"}});
    let archived = || delivery(Kind::Event, nobody.clone());
    let home_opened = || nowhere()[2].clone();
    for (delivery, answer) in [
        (command(), options()),
        (command(), wrong()),
        (command(), Ack::Close),
        (mention(), form()),
        (event("Ev1"), wrong()),
        (home_opened(), home()),
        (submission(), options()),
        (submission(), home()),
        (submission(), Ack::Wrong([].into())),
        (archived(), private()),
    ] {
        let (log, guard) = Log::capture();
        let town = answering(0, answer.clone());
        assert_eq!(town.deliverer.take(delivery).await, Answer::Empty);
        town.stop().await;
        assert!(said(&town).is_empty(), "{answer:?}");
        assert!(log.text().contains("does not fit"), "{answer:?}");
        assert!(
            !log.text().contains("no service"),
            "nothing typed is logged"
        );
        drop(guard);
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_acknowledgement_could_not_carry_is_brought_otherwise() {
    for (answer, said_later) in [(wrong(), 1), (form(), 1), (Ack::Close, 0)] {
        let town = answering(0, answer);
        let Answer::With(ack, reply) = town.deliverer.take(submission()).await else {
            panic!("nothing to carry")
        };
        town.deliverer.send_later(ack, reply);
        town.stop().await;
        assert_eq!(said(&town).len(), said_later);
    }
}
