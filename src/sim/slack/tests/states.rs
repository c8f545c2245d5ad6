//! What is put in, kept and carried along: in messages for each person, in forms for their app.

use super::elements::{case, menus, option, options, pickers, plain, post_blocks};
use super::forms::trigger;
use super::*;
use crate::sim::slack::{Spot, Where};

#[tokio::test(start_paused = true)]
async fn each_person_has_their_own_state_in_a_message_and_it_lives_on() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let menu = json!({"type": "static_select", "action_id": "it", "options": options()});
    let go = json!({"type": "button", "action_id": "go", "text": plain("Go")});
    let blocks = json!([{"type": "actions", "block_id": "its", "elements": [menu, go]}]);
    let at = post_blocks(&slack, blocks.clone()).await;
    let spot = Spot::new(Where::Message(at.clone()), "its", "it");
    let chosen = async |bot: &mut Socket<DuplexStream>, who: &str| {
        slack.click(who, &at, "Go").unwrap();
        let sent = bot.take("interactive").await;
        sent["state"]["values"]["its"]["it"]["selected_option"]["value"].clone()
    };
    slack.use_element("dana", &spot, &json!("b")).unwrap();
    bot.take("interactive").await;
    slack.click("lee", &at, "C").unwrap();
    bot.take("interactive").await;
    assert_eq!(chosen(&mut bot, "dana").await, json!("b"));
    assert_eq!(chosen(&mut bot, "lee").await, json!("c"));
    assert_eq!(chosen(&mut bot, "gus").await, json!(null));
    let update =
        |blocks: Value| json!({"channel": at.channel, "ts": at.ts, "text": "x", "blocks": blocks});
    call(&slack, "chat.update", update(blocks.clone()))
        .await
        .ok();
    assert_eq!(
        chosen(&mut bot, "dana").await,
        json!("b"),
        "both ids are as before"
    );
    let mut fewer = blocks;
    fewer[0]["elements"][0]["options"] = json!([option("a"), option("c")]);
    call(&slack, "chat.update", update(fewer)).await.ok();
    assert_eq!(
        chosen(&mut bot, "dana").await,
        json!(null),
        "it is not offered any more"
    );
    assert_eq!(chosen(&mut bot, "lee").await, json!("c"));
}

#[tokio::test(start_paused = true)]
async fn inputs_of_forms_tell_the_app_only_where_it_asked_for_that() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let input = |block: &str, dispatch: bool, element: Value| {
        json!({"type": "input", "block_id": block, "label": plain(block), "optional": true,
               "dispatch_action": dispatch, "element": element})
    };
    let text = json!({"type": "plain_text_input", "action_id": "it"});
    let menu = json!({"type": "static_select", "action_id": "it", "options": options()});
    let view = json!({
        "type": "modal", "title": plain("Ask"), "submit": plain("Ask"), "private_metadata": "k7m3xq",
        "blocks": [input("quiet", false, text.clone()), input("loud", true, text),
                   input("menu", true, menu)],
    });
    let trigger = trigger(&slack, &mut bot).await;
    let body = json!({"trigger_id": trigger, "view": view});
    let opened = call(&slack, "views.open", body).await.ok()["view"].clone();
    let view_id = opened["id"].as_str().unwrap();
    let spot = |block: &str| Spot::new(Where::View(view_id.to_owned()), block, "it");
    let put = |block: &str, value: Value| slack.use_element("dana", &spot(block), &value).unwrap();
    put("quiet", json!("unsaid"));
    put("loud", json!("said"));
    let sent = bot.take("interactive").await;
    assert_eq!(sent["type"], json!("block_actions"));
    assert_eq!(sent["actions"][0]["value"], json!("said"));
    assert_eq!(
        sent["container"],
        json!({"type": "view", "view_id": view_id})
    );
    assert_eq!(sent["view"]["private_metadata"], json!("k7m3xq"));
    assert_eq!(sent["view"]["hash"], opened["hash"]);
    let values = &sent["view"]["state"]["values"];
    assert_eq!(
        values["quiet"]["it"]["value"],
        json!("unsaid"),
        "the state is carried along"
    );
    for absent in ["channel", "message", "response_url", "state"] {
        assert_eq!(sent.get(absent), None, "{absent}");
    }
    put("menu", json!("a"));
    put("menu", json!(null));
    for chosen in [option("a"), json!(null)] {
        let sent = bot.take("interactive").await;
        assert_eq!(sent["actions"][0]["selected_option"], chosen);
    }
    let me = id(&slack, "dana");
    let shown = &slack.screens()["forms"][&me]["view"]["state"]["values"];
    assert_eq!(shown["loud"]["it"]["value"], json!("said"));
}

#[tokio::test(start_paused = true)]
async fn a_form_gets_response_urls_for_the_conversations_it_asked_for() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let element =
        json!({"type": "conversations_select", "action_id": "it", "response_url_enabled": true});
    let view = json!({
        "type": "modal", "title": plain("Ask"), "submit": plain("Ask"),
        "blocks": [{"type": "input", "block_id": "its", "label": plain("Where"), "element": element}],
    });
    let trigger = trigger(&slack, &mut bot).await;
    let body = json!({"trigger_id": trigger, "view": view});
    call(&slack, "views.open", body).await.ok();
    slack.submit("dana", &[("it", "#random")]).unwrap();
    let sent = bot.take("interactive").await;
    let url = &sent["response_urls"][0];
    assert_eq!(url["channel_id"], json!(id(&slack, "#random")));
    let answer = json!({"text": "asked", "response_type": "in_channel"});
    respond(&slack, url["response_url"].as_str().unwrap(), answer).await;
    assert!(slack.seen_by("lee").pop().unwrap().says("asked"));
}

#[tokio::test(start_paused = true)]
async fn the_state_names_every_element_from_the_start_empty_ones_with_null_or_nothing() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let mut cases = menus();
    cases.extend(pickers(&slack));
    let of = |kind: &str, field| case(json!({"type": kind}), json!(null), field, json!(null));
    cases.push(of("plain_text_input", "value"));
    cases.push(of("external_select", "selected_option"));
    cases.push(of("multi_external_select", "selected_options"));
    let inputs: Vec<Value> = cases
        .iter()
        .enumerate()
        .map(|(n, case)| {
            let mut element = case.element.clone();
            element["action_id"] = json!("it");
            json!({"type": "input", "block_id": n.to_string(), "label": plain("L"), "element": element})
        })
        .collect();
    let view =
        json!({"type": "modal", "title": plain("Ask"), "submit": plain("Ask"), "blocks": inputs});
    let trigger = trigger(&slack, &mut bot).await;
    let opened = call(
        &slack,
        "views.open",
        json!({"trigger_id": trigger, "view": view}),
    )
    .await
    .ok();
    for (n, case) in cases.iter().enumerate() {
        let kind = case.element["type"].as_str().unwrap();
        let several = kind.starts_with("multi_") || kind == "checkboxes";
        let mut empty = json!({"type": kind});
        empty[case.field] = if several { json!([]) } else { json!(null) };
        let values = &opened["view"]["state"]["values"];
        assert_eq!(values[n.to_string()]["it"], empty, "{kind}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_form_may_begin_with_the_conversation_it_was_opened_in() {
    let slack = unhurried_town();
    let mut bot = socket(&slack).await;
    let element = json!({"type": "conversations_select", "action_id": "it",
                         "default_to_current_conversation": true});
    let input =
        json!({"type": "input", "block_id": "its", "label": plain("Where"), "element": element});
    let view =
        json!({"type": "modal", "title": plain("Ask"), "submit": plain("Ask"), "blocks": [input]});
    let trigger = trigger(&slack, &mut bot).await;
    let body = json!({"trigger_id": trigger, "view": view});
    let opened = call(&slack, "views.open", body).await.ok()["view"].clone();
    let chosen = &opened["state"]["values"]["its"]["it"]["selected_conversation"];
    assert_eq!(*chosen, json!(id(&slack, "#payments")));
    assert_eq!(slack.form("dana").unwrap().lines, ["Where: [#payments]"]);
}
