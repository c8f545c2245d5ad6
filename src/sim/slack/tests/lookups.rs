//! Typeahead: the app is asked for options while somebody types.

use std::time::Duration;

use super::*;
use crate::sim::slack::{MessageRef, Spot, Where};

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text})
}

fn option(value: &str) -> Value {
    json!({"text": plain(&value.to_uppercase()), "value": value})
}

async fn menu(slack: &Slack, more: Value) -> Spot {
    let mut element = json!({"type": "external_select", "action_id": "it", "min_query_length": 1});
    for (name, value) in more.as_object().unwrap() {
        element[name] = value.clone();
    }
    let blocks = json!([{"type": "actions", "block_id": "its", "elements": [element]}]);
    let body = json!({"channel": id(slack, "#payments"), "text": "x", "blocks": blocks});
    let answer = call(slack, "chat.postMessage", body).await.ok();
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let at = MessageRef {
        channel: text("channel"),
        ts: text("ts"),
    };
    Spot::new(Where::Message(at), "its", "it")
}

/// Types, answers like this, and says what came of it.
async fn looked_up(
    slack: &Slack,
    bot: &mut Socket<DuplexStream>,
    spot: &Spot,
    answer: Value,
) -> Result<Value, String> {
    let app = async {
        loop {
            let envelope = bot.next().await.unwrap();
            let asked = envelope["payload"]["type"] == json!("block_suggestion");
            bot.acknowledge(&envelope, asked.then(|| answer.clone()))
                .await;
            if asked {
                return envelope;
            }
        }
    };
    let (offered, _) = tokio::join!(slack.suggest("dana", spot, "ord"), app);
    offered.map_err(|cannot| cannot.to_string())
}

#[tokio::test(start_paused = true)]
async fn the_app_is_asked_and_what_it_offers_can_be_chosen() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let spot = menu(&slack, json!({})).await;
    let early = slack.use_element("dana", &spot, &json!("db")).unwrap_err();
    assert_eq!(early.to_string(), "`db` is not offered, only []");
    let answer = json!({"options": [option("db"), option("api")]});
    let offered = looked_up(&slack, &mut bot, &spot, answer).await.unwrap();
    assert_eq!(
        offered,
        json!({"options": [option("db"), option("api")], "groups": []})
    );
    slack.use_element("dana", &spot, &json!("db")).unwrap();
    let sent = bot.take("interactive").await;
    assert_eq!(sent["actions"][0]["selected_option"], option("db"));
    assert!(
        slack.use_element("lee", &spot, &json!("db")).is_err(),
        "lee was offered nothing"
    );
    let groups = json!([{"label": plain("orders"), "options": [option("cache")]}]);
    let offered = looked_up(&slack, &mut bot, &spot, json!({"option_groups": groups})).await;
    assert_eq!(offered.unwrap(), json!({"options": [], "groups": groups}));
    slack.use_element("dana", &spot, &json!("cache")).unwrap();
    assert_eq!(slack.complaints(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_lookup_carries_the_query_and_where_it_is_typed_and_no_trigger() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let spot = menu(&slack, json!({})).await;
    bot.take("events_api").await;
    let asking = slack.clone();
    let typed = spot.clone();
    let tracker = slack.around().tracker.clone();
    let asked = tracker.spawn(async move { asking.suggest("dana", &typed, "ord").await });
    let envelope = bot.next().await.unwrap();
    assert_eq!(envelope["accepts_response_payload"], json!(true));
    let payload = &envelope["payload"];
    assert_eq!(payload["value"], json!("ord"));
    assert_eq!(payload["block_id"], json!("its"));
    assert_eq!(payload["action_id"], json!("it"));
    assert_eq!(payload["container"]["type"], json!("message"));
    assert_eq!(payload.get("trigger_id"), None);
    assert_eq!(payload.get("response_url"), None);
    bot.acknowledge(&envelope, Some(json!({"options": []})))
        .await;
    assert_eq!(
        asked.await.unwrap().unwrap(),
        json!({"options": [], "groups": []})
    );
}

#[tokio::test(start_paused = true)]
async fn bad_answers_to_a_lookup_offer_nothing_and_are_complained_about() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let spot = menu(&slack, json!({})).await;
    let many: Vec<_> = (0..101).map(|n| option(&n.to_string())).collect();
    let answers = [
        (json!({}), "must provide one of options, option_groups"),
        (
            json!({"options": [], "option_groups": []}),
            "must provide one of",
        ),
        (json!({"options": many}), "no more than 100 items allowed"),
        (
            json!({"options": [{"text": plain("x")}]}),
            "missing required field: value",
        ),
        (
            json!({"options": [], "text": "hi"}),
            "invalid additional property: text",
        ),
    ];
    for (n, (answer, why)) in answers.into_iter().enumerate() {
        let refused = looked_up(&slack, &mut bot, &spot, answer)
            .await
            .unwrap_err();
        assert!(
            refused.starts_with("no options came: ") && refused.contains(why),
            "{refused}"
        );
        assert_eq!(slack.complaints().len(), n + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lookup_waits_three_seconds_and_is_not_repeated() {
    let slack = unhurried_town();
    let spot = menu(&slack, json!({})).await;
    let nobody = slack.suggest("dana", &spot, "ord").await.unwrap_err();
    assert_eq!(nobody.to_string(), "no options came: the app is not there");
    let bot = socket(&slack).await;
    let began = tokio::time::Instant::now();
    let late = slack.suggest("dana", &spot, "ord").await.unwrap_err();
    assert_eq!(
        late.to_string(),
        "no options came: the app did not answer in time"
    );
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    drop(bot);
}

#[tokio::test(start_paused = true)]
async fn a_short_query_asks_nobody_and_other_menus_have_no_search() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let spot = menu(&slack, json!({"min_query_length": 3})).await;
    bot.take("events_api").await;
    let offered = slack.suggest("dana", &spot, "or").await.unwrap();
    assert_eq!(offered, json!({"options": [], "groups": [], "least": 3}));
    let silence = tokio::time::timeout(Duration::from_secs(60), bot.next()).await;
    assert!(silence.is_err());
    let other = Spot::new(spot.at.clone(), "its", "other");
    assert!(slack.suggest("dana", &other, "ord").await.is_err());
    assert!(
        slack.suggest("sam", &spot, "ord").await.is_err(),
        "sam does not see it"
    );
}

#[tokio::test(start_paused = true)]
async fn what_was_chosen_of_an_earlier_search_can_be_kept_beside_new_ones() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let several = json!({"type": "multi_external_select"});
    let spot = menu(&slack, several).await;
    let first = json!({"options": [option("db")]});
    looked_up(&slack, &mut bot, &spot, first).await.unwrap();
    slack.use_element("dana", &spot, &json!(["db"])).unwrap();
    bot.take("interactive").await;
    let second = json!({"options": [option("api")]});
    looked_up(&slack, &mut bot, &spot, second).await.unwrap();
    slack
        .use_element("dana", &spot, &json!(["db", "api"]))
        .unwrap();
    let sent = bot.take("interactive").await;
    let chosen = &sent["actions"][0]["selected_options"];
    assert_eq!(*chosen, json!([option("db"), option("api")]));
}
