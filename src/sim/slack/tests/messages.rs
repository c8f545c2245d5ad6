//! `chat.*`, response URLs, and what Slack refuses in them.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_message_is_posted_with_named_blocks_and_seen_by_the_members() {
    let slack = town();
    let at = post_card(&slack, "#payments").await;
    let seen = slack.seen_by("lee");
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].at, at);
    assert_eq!(seen[0].lines, ["*Open?*", "[Approve] [Deny]"]);
    assert_eq!(seen[0].buttons, ["Approve", "Deny"]);
    assert!(slack.seen_by("sam").is_empty(), "sam is not in the channel");
    let message = slack.message(&at).unwrap();
    assert!(message.blocks.iter().all(|b| b["block_id"].is_string()));
    assert_eq!(slack.audience(&message), ["dana", "lee", "gus"]);
}

#[tokio::test(start_paused = true)]
async fn places_the_bot_cannot_write_to_are_refused_each_with_its_code() {
    let slack = town();
    slack
        .add_channel("old", Kind::Public, &["drawbridge"])
        .unwrap();
    slack.archive("old", true).unwrap();
    for (channel, error) in [
        (id(&slack, "#random"), "not_in_channel"),
        (id(&slack, "#cellar"), "channel_not_found"),
        ("CNOWHERE".to_owned(), "channel_not_found"),
        (id(&slack, "#old"), "is_archived"),
        (id(&slack, "olga"), "channel_not_found"),
        ("UNOBODY".to_owned(), "channel_not_found"),
    ] {
        let answer = call(
            &slack,
            "chat.postMessage",
            json!({"channel": channel, "text": "x"}),
        )
        .await;
        assert_eq!(answer.error(), error, "{channel}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_id_opens_a_direct_conversation_but_cannot_be_updated_through() {
    let slack = town();
    let dana = id(&slack, "dana");
    let body = json!({"channel": dana, "text": "hello"});
    let posted = call(&slack, "chat.postMessage", body).await.ok();
    let channel = posted["channel"].as_str().unwrap();
    assert!(channel.starts_with('D'));
    let update = |channel: &str| json!({"channel": channel, "ts": posted["ts"], "text": "changed"});
    let by_user = call(&slack, "chat.update", update(&dana)).await;
    assert_eq!(by_user.error(), "channel_not_found");
    call(&slack, "chat.update", update(channel)).await.ok();
    assert_eq!(slack.seen_by("dana")[0].lines, ["changed"]);
    assert_eq!(slack.seen_by("dana")[0].place, "DM");
}

#[tokio::test(start_paused = true)]
async fn text_without_blocks_drops_the_blocks_and_metadata_stays_until_cleared() {
    let slack = town();
    let body = json!({
        "channel": id(&slack, "#payments"), "text": "t", "blocks": card("v"),
        "metadata": {"event_type": "card", "event_payload": {"id": "k7m3xq"}},
    });
    let posted = call(&slack, "chat.postMessage", body).await.ok();
    let at = super::super::MessageRef {
        channel: posted["channel"].as_str().unwrap().into(),
        ts: posted["ts"].as_str().unwrap().into(),
    };
    let update = |more: Value| {
        let mut body = json!({"channel": at.channel, "ts": at.ts, "text": "decided"});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        body
    };
    call(&slack, "chat.update", update(json!({}))).await.ok();
    let message = slack.message(&at).unwrap();
    assert!(message.blocks.is_empty() && message.edited && message.metadata.is_some());
    call(&slack, "chat.update", update(json!({"metadata": {}})))
        .await
        .ok();
    assert_eq!(slack.message(&at).unwrap().metadata, None);
}

#[tokio::test(start_paused = true)]
async fn only_the_bots_own_visible_messages_can_be_updated() {
    let slack = town();
    let foreign = slack.say("dana", "#payments", "mine").unwrap();
    let body = json!({"channel": foreign.channel, "user": id(&slack, "dana"), "text": "psst"});
    let ephemeral = call(&slack, "chat.postEphemeral", body).await.ok();
    for (ts, error) in [
        (json!(foreign.ts), "cant_update_message"),
        (ephemeral["message_ts"].clone(), "cant_update_message"),
        (json!("1.000001"), "message_not_found"),
    ] {
        let body = json!({"channel": foreign.channel, "ts": ts, "text": "x"});
        assert_eq!(call(&slack, "chat.update", body).await.error(), error);
    }
    let own = post_card(&slack, "#payments").await;
    let update = |text: String| json!({"channel": own.channel, "ts": own.ts, "text": text});
    let long = call(&slack, "chat.update", update("x".repeat(4001))).await;
    assert_eq!(long.error(), "msg_too_long");
    let nothing = json!({"channel": own.channel, "ts": own.ts});
    assert_eq!(
        call(&slack, "chat.update", nothing).await.error(),
        "no_text"
    );
}

#[tokio::test(start_paused = true)]
async fn ephemerals_reach_one_member_and_nobody_else() {
    let slack = town();
    let channel = id(&slack, "#payments");
    let to = |who: &str| json!({"channel": channel, "user": id(&slack, who), "text": "psst"});
    call(&slack, "chat.postEphemeral", to("lee")).await.ok();
    let outsider = call(&slack, "chat.postEphemeral", to("sam")).await;
    assert_eq!(outsider.error(), "user_not_in_channel");
    assert!(slack.seen_by("lee")[0].private);
    assert!(slack.seen_by("dana").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_has_no_content_or_a_wrong_form_is_refused() {
    let slack = unhurried_town();
    let channel = id(&slack, "#payments");
    for (more, error) in [
        (json!({}), "no_text"),
        (json!({"text": ""}), "no_text"),
        (json!({"text": "t", "blocks": {}}), "invalid_blocks_format"),
        (
            json!({"text": "t", "blocks": "[{"}),
            "invalid_blocks_format",
        ),
        (
            json!({"text": "t", "blocks": [{"type": "nonsense"}]}),
            "invalid_blocks",
        ),
        (
            json!({"text": "t", "markdown_text": "m"}),
            "markdown_text_conflict",
        ),
        (
            json!({"text": "t", "metadata": "{"}),
            "invalid_metadata_format",
        ),
        (
            json!({"text": "t", "metadata": {"event_type": 1}}),
            "invalid_metadata_schema",
        ),
        (
            json!({"text": "t", "thread_ts": "1.000001"}),
            "cannot_reply_to_message",
        ),
    ] {
        let mut body = more.clone();
        body["channel"] = json!(channel);
        assert_eq!(
            call(&slack, "chat.postMessage", body).await.error(),
            error,
            "{more}"
        );
    }
    let answer = call(&slack, "chat.postMessage", json!({"text": "t"})).await;
    assert_eq!(answer.error(), "invalid_arguments");
    let why = &answer.body["response_metadata"]["messages"];
    assert_eq!(*why, json!(["[ERROR] missing required field: channel"]));
}

#[tokio::test(start_paused = true)]
async fn blocks_without_text_are_warned_of_and_complained_about() {
    let slack = town();
    let body = json!({"channel": id(&slack, "#payments"), "blocks": card("v")});
    let answer = call(&slack, "chat.postMessage", body).await.ok();
    assert_eq!(answer["warning"], json!("missing_text_in_message"));
    assert_eq!(slack.complaints().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn stray_brackets_and_references_to_nobody_are_complained_about() {
    let slack = unhurried_town();
    let channel = id(&slack, "#payments");
    let lee = id(&slack, "lee");
    let good = format!("<@{lee}> a -&gt; b\n&gt; not\n> quoted <https://x.example|x>");
    call(
        &slack,
        "chat.postMessage",
        json!({"channel": channel, "text": good}),
    )
    .await
    .ok();
    assert_eq!(slack.complaints(), Vec::<String>::new());
    for bad in ["a -> b", "<@UNOBODY>", "<!subteam^SNONE>", "<odd>", "a < b"] {
        let before = slack.complaints().len();
        let body = json!({"channel": lee, "text": bad});
        call(&slack, "chat.postMessage", body).await.ok();
        assert_eq!(slack.complaints().len(), before + 1, "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn replies_hang_under_parents_only() {
    let slack = town();
    let parent = slack.say("dana", "#payments", "parent").unwrap();
    let reply = slack.reply("lee", &parent, "reply").unwrap();
    let under = |ts: &str| json!({"channel": parent.channel, "text": "x", "thread_ts": ts});
    call(&slack, "chat.postMessage", under(&parent.ts))
        .await
        .ok();
    let wrong = call(&slack, "chat.postMessage", under(&reply.ts)).await;
    assert_eq!(wrong.error(), "cannot_reply_to_message");
}

#[tokio::test(start_paused = true)]
async fn a_response_url_works_five_times_in_thirty_minutes() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let at = post_card(&slack, "#payments").await;
    bot.take("events_api").await;
    slack.click("lee", &at, "Approve").unwrap();
    let url = bot.take("interactive").await["response_url"]
        .as_str()
        .unwrap()
        .to_owned();
    for n in 0..5 {
        let answer = respond(&slack, &url, json!({"text": format!("answer {n}")})).await;
        assert_eq!((answer.status, answer.body), (200, json!("ok")));
    }
    let sixth = respond(&slack, &url, json!({"text": "six"})).await;
    assert_eq!((sixth.status, sixth.body), (404, json!("used_url")));
    assert!(
        slack
            .seen_by("dana")
            .iter()
            .all(|seen| !seen.says("answer"))
    );
    assert_eq!(
        slack
            .seen_by("lee")
            .iter()
            .filter(|s| s.says("answer"))
            .count(),
        5
    );

    slack.click("lee", &at, "Deny").unwrap();
    let url = bot.take("interactive").await["response_url"]
        .as_str()
        .unwrap()
        .to_owned();
    tokio::time::sleep(std::time::Duration::from_secs(1801)).await;
    let late = respond(&slack, &url, json!({"text": "late"})).await;
    assert_eq!((late.status, late.body), (404, json!("expired_url")));
}

#[tokio::test(start_paused = true)]
async fn a_response_url_can_replace_and_delete_the_original_even_an_ephemeral_one() {
    let slack = town();
    let mut bot = socket(&slack).await;
    let body = json!({"channel": id(&slack, "#payments"), "user": id(&slack, "lee"),
                      "text": "open?", "blocks": card("v")});
    call(&slack, "chat.postEphemeral", body).await.ok();
    let card = slack.newest_with("lee", "Approve").unwrap();
    slack.click("lee", &card.at, "Approve").unwrap();
    let click = bot.take("interactive").await;
    assert_eq!(click["container"]["is_ephemeral"], json!(true));
    assert_eq!(
        click.get("message"),
        None,
        "ephemeral messages are not sent along"
    );
    let url = click["response_url"].as_str().unwrap();
    let replace = json!({"replace_original": true, "text": "done"});
    assert_eq!(respond(&slack, url, replace).await.status, 200);
    assert_eq!(slack.seen_by("lee")[0].lines, ["done"]);
    let bad = json!({"text": "t", "blocks": [{"type": "nonsense"}]});
    assert_eq!(respond(&slack, url, bad).await.status, 400);
    respond(&slack, url, json!({"delete_original": true})).await;
    assert!(slack.seen_by("lee").is_empty());
}

#[tokio::test(start_paused = true)]
async fn without_a_messages_tab_nobody_is_written_to_directly() {
    let slack = town_with(Setup {
        messages_tab: false,
        ..Setup::default()
    });
    let dana = id(&slack, "dana");
    let opened = call(&slack, "conversations.open", json!({"users": dana}))
        .await
        .ok();
    for channel in [&json!(dana), &opened["channel"]["id"]] {
        let to = |more: Value| {
            let mut body = json!({"channel": channel, "text": "hello"});
            if !more.is_null() {
                body["user"] = more;
            }
            body
        };
        let refused = call(&slack, "chat.postMessage", to(json!(null))).await;
        assert_eq!(refused.error(), "messages_tab_disabled");
        let refused = call(&slack, "chat.postEphemeral", to(json!(dana))).await;
        assert_eq!(refused.error(), "messages_tab_disabled");
    }
    let refused = slack.dm("dana", "hello").unwrap_err();
    assert_eq!(refused.to_string(), "the app takes no direct messages");
    let body = json!({"channel": id(&slack, "#payments"), "text": "hello"});
    call(&slack, "chat.postMessage", body).await.ok();
}
