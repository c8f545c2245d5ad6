//! Histories, people and groups; tokens, scopes, rates and argument forms.

use std::collections::BTreeSet;

use super::*;

#[tokio::test(start_paused = true)]
async fn tokens_are_checked_and_each_method_wants_its_own() {
    let slack = town();
    let with = |token: &'static str, method: &'static str| {
        let slack = slack.clone();
        async move {
            let path = format!("/api/{method}");
            let mut request = post(&path, "application/json", token, "{}".into());
            if token.is_empty() {
                request.headers_mut().remove("authorization");
            }
            send(connect(&slack), request).await.unwrap()
        }
    };
    assert_eq!(with("", "auth.test").await.error(), "not_authed");
    assert_eq!(
        with("xoxb-other", "auth.test").await.error(),
        "invalid_auth"
    );
    assert_eq!(
        with("xapp-town-app", "auth.test").await.error(),
        "not_allowed_token_type"
    );
    let wrong = with("xoxb-town-bot", "apps.connections.open").await;
    assert_eq!(wrong.error(), "not_allowed_token_type");
    let unknown = with("xoxb-town-bot", "chat.frobnicate").await;
    assert_eq!(unknown.error(), "unknown_method");
    let me = with("xoxb-town-bot", "auth.test").await;
    let scopes = me.headers["x-oauth-scopes"].to_str().unwrap().to_owned();
    assert!(scopes.contains("chat:write"));
    assert_eq!(me.ok()["user_id"], json!(id(&slack, "drawbridge")));
}

#[tokio::test(start_paused = true)]
async fn json_is_passed_over_by_methods_that_want_a_form() {
    let slack = town();
    let dana = id(&slack, "dana");
    let by_json = call(&slack, "users.info", json!({"user": dana})).await;
    assert_eq!(by_json.error(), "invalid_arguments");
    let by_form = form(&slack, "users.info", &format!("user={dana}"))
        .await
        .ok();
    assert_eq!(by_form["user"]["tz"], json!("Europe/Berlin"));
    let path = format!("/api/users.info?user={dana}");
    let token = slack.setup().bot_token.clone();
    let by_query = send(
        connect(&slack),
        post(&path, "text/plain", &token, String::new()),
    )
    .await;
    by_query.unwrap().ok();
    let broken = post("/api/auth.test", "application/json", &token, "{".into());
    assert_eq!(
        send(connect(&slack), broken).await.unwrap().error(),
        "invalid_json"
    );
    let list = post("/api/auth.test", "application/json", &token, "[]".into());
    assert_eq!(
        send(connect(&slack), list).await.unwrap().error(),
        "json_not_object"
    );
}

#[tokio::test(start_paused = true)]
async fn blocks_may_come_as_a_string_in_a_form() {
    let slack = town();
    let channel = id(&slack, "#payments");
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.append_pair("channel", &channel);
    body.append_pair("text", "t")
        .append_pair("blocks", &card("v").to_string());
    form(&slack, "chat.postMessage", &body.finish()).await.ok();
    assert_eq!(slack.seen_by("lee")[0].buttons, ["Approve", "Deny"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_scope_is_named() {
    let scopes = BTreeSet::from(["chat:write".to_owned()]);
    let slack = town_with(Setup {
        scopes,
        ..Setup::default()
    });
    let answer = form(&slack, "users.list", "").await;
    assert_eq!(answer.error(), "missing_scope");
    assert_eq!(answer.body["needed"], json!("users:read"));
    assert_eq!(answer.body["provided"], json!("chat:write"));
    let history = format!("channel={}", id(&slack, "#payments"));
    let answer = form(&slack, "conversations.history", &history).await;
    assert_eq!(answer.error(), "missing_scope");
}

#[tokio::test(start_paused = true)]
async fn more_than_one_message_a_second_to_a_channel_is_too_many() {
    let slack = town();
    let body = |channel: &str| json!({"channel": id(&slack, channel), "text": "x"});
    for _ in 0..slack.setup().limits.channel_burst {
        call(&slack, "chat.postMessage", body("#payments"))
            .await
            .ok();
    }
    let refused = call(&slack, "chat.postMessage", body("#payments")).await;
    assert_eq!(
        (refused.status, &refused.body["error"]),
        (429, &json!("ratelimited"))
    );
    assert_eq!(refused.headers["retry-after"], "1");
    call(&slack, "chat.postMessage", body("#vault")).await.ok();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    call(&slack, "chat.postMessage", body("#payments"))
        .await
        .ok();
}

#[tokio::test(start_paused = true)]
async fn each_method_has_its_rate_a_minute() {
    let slack = town();
    for _ in 0..20 {
        form(&slack, "users.list", "").await.ok();
    }
    let refused = form(&slack, "users.list", "").await;
    assert_eq!(
        (
            refused.status,
            refused.headers["retry-after"].to_str().unwrap()
        ),
        (429, "3")
    );
    form(&slack, "usergroups.list", "").await.ok();
    assert_eq!(slack.calls("users.list"), 21);
}

#[tokio::test(start_paused = true)]
async fn histories_come_newest_first_in_pages_without_replies_and_ephemerals() {
    let slack = town();
    let channel = id(&slack, "#payments");
    let sent: Vec<_> = (0..5)
        .map(|n| slack.say("dana", "#payments", &format!("m{n}")).unwrap())
        .collect();
    slack.reply("lee", &sent[2], "reply").unwrap();
    let psst = json!({"channel": channel, "user": id(&slack, "lee"), "text": "psst"});
    call(&slack, "chat.postEphemeral", psst).await.ok();

    let mut texts = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = format!("channel={channel}&limit=2&cursor={cursor}");
        let page = form(&slack, "conversations.history", &query).await.ok();
        let messages = page["messages"].as_array().unwrap();
        texts.extend(
            messages
                .iter()
                .map(|m| m["text"].as_str().unwrap().to_owned()),
        );
        if page["has_more"] == json!(false) {
            break;
        }
        cursor = page["response_metadata"]["next_cursor"]
            .as_str()
            .unwrap()
            .to_owned();
    }
    assert_eq!(texts, ["m4", "m3", "m2", "m1", "m0"]);

    let (from, to) = (&sent[1].ts, &sent[3].ts);
    let between = |inclusive: bool| {
        format!("channel={channel}&oldest={from}&latest={to}&inclusive={inclusive}")
    };
    let open = form(&slack, "conversations.history", &between(false))
        .await
        .ok();
    assert_eq!(open["messages"].as_array().unwrap().len(), 1);
    let closed = form(&slack, "conversations.history", &between(true))
        .await
        .ok();
    assert_eq!(closed["messages"].as_array().unwrap().len(), 3);
    assert_eq!(closed["messages"][1]["reply_count"], json!(1));
    let bad = format!("channel={channel}&oldest=yesterday");
    let bad = form(&slack, "conversations.history", &bad).await;
    assert_eq!(bad.error(), "invalid_ts_oldest");
}

#[tokio::test(start_paused = true)]
async fn threads_come_parent_first_and_metadata_only_when_asked_for() {
    let slack = town();
    let parent = slack.say("dana", "#payments", "parent").unwrap();
    slack.reply("lee", &parent, "first").unwrap();
    let body = json!({"channel": parent.channel, "thread_ts": parent.ts, "text": "second",
                      "metadata": {"event_type": "card", "event_payload": {"key": "k7m3xq/1"}}});
    call(&slack, "chat.postMessage", body).await.ok();
    let query = format!("channel={}&ts={}", parent.channel, parent.ts);
    let thread = form(&slack, "conversations.replies", &query).await.ok();
    let texts: Vec<_> = thread["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["text"])
        .collect();
    assert_eq!(texts, ["parent", "first", "second"]);
    assert_eq!(thread["messages"][2].get("metadata"), None);
    let query = query + "&include_all_metadata=true";
    let thread = form(&slack, "conversations.replies", &query).await.ok();
    let key = &thread["messages"][2]["metadata"]["event_payload"]["key"];
    assert_eq!(*key, json!("k7m3xq/1"));
    let none = format!("channel={}&ts=1.000001", parent.channel);
    let none = form(&slack, "conversations.replies", &none).await;
    assert_eq!(none.error(), "thread_not_found");
}

#[tokio::test(start_paused = true)]
async fn conversations_are_readable_only_from_inside_and_private_ones_do_not_exist_outside() {
    let slack = town();
    for (method, channel, error) in [
        ("conversations.history", "#random", "not_in_channel"),
        ("conversations.history", "#cellar", "channel_not_found"),
        ("conversations.info", "#cellar", "channel_not_found"),
    ] {
        let query = format!("channel={}", id(&slack, channel));
        assert_eq!(form(&slack, method, &query).await.error(), error);
    }
    let query = format!("channel={}", id(&slack, "#random"));
    let info = form(&slack, "conversations.info", &query).await.ok();
    assert_eq!(info["channel"]["is_member"], json!(false));
}

#[tokio::test(start_paused = true)]
async fn people_come_in_pages_and_groups_with_what_was_asked_for() {
    let slack = town();
    let first = form(&slack, "users.list", "limit=4").await.ok();
    let cursor = first["response_metadata"]["next_cursor"].as_str().unwrap();
    let rest = form(&slack, "users.list", &format!("limit=4&cursor={cursor}"))
        .await
        .ok();
    let names = |page: &Value| -> Vec<String> {
        let members = page["members"].as_array().unwrap();
        members
            .iter()
            .map(|m| m["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&first), ["slackbot", "drawbridge", "dana", "lee"]);
    assert_eq!(names(&rest), ["gus", "sam", "olga"]);
    assert_eq!(rest["response_metadata"]["next_cursor"], json!(""));

    let bare = form(&slack, "usergroups.list", "").await.ok();
    assert_eq!(bare["usergroups"][0].get("users"), None);
    assert_eq!(bare["usergroups"][0].get("user_count"), None);
    let full = form(
        &slack,
        "usergroups.list",
        "include_users=true&include_count=1",
    )
    .await
    .ok();
    assert_eq!(full["usergroups"][0]["users"], json!([id(&slack, "lee")]));
    assert_eq!(full["usergroups"][0]["user_count"], json!(1));

    slack.disable_group("orders-oncall", true).unwrap();
    let none = form(&slack, "usergroups.list", "").await.ok();
    assert_eq!(none["usergroups"], json!([]));
    let group = slack.group("@orders-oncall").unwrap().id;
    let query = format!("usergroup={group}");
    let gone = form(&slack, "usergroups.users.list", &query).await;
    assert_eq!(gone.error(), "no_such_subteam");
}

#[tokio::test(start_paused = true)]
async fn direct_conversations_open_with_active_people_only() {
    let slack = town();
    for (who, error) in [("olga", "user_disabled"), ("slackbot", "user_disabled")] {
        let body = json!({"users": id(&slack, who)});
        assert_eq!(
            call(&slack, "conversations.open", body).await.error(),
            error
        );
    }
    let nobody = call(&slack, "conversations.open", json!({"users": "UNOBODY"})).await;
    assert_eq!(nobody.error(), "user_not_found");
    let nothing = call(&slack, "conversations.open", json!({})).await;
    assert_eq!(nothing.error(), "users_list_not_supplied");
    let body = json!({"users": id(&slack, "dana")});
    let first = call(&slack, "conversations.open", body.clone()).await.ok();
    let again = call(&slack, "conversations.open", body).await.ok();
    assert_eq!(again["already_open"], json!(true));
    assert_eq!(again["channel"]["id"], first["channel"]["id"]);
}

#[tokio::test(start_paused = true)]
async fn members_of_a_channel_come_in_pages_within_slacks_limits() {
    let slack = town();
    let channel = id(&slack, "#payments");
    let members = async |more: &str| {
        let query = format!("channel={channel}{more}");
        form(&slack, "conversations.members", &query).await
    };
    let whole = members("").await.ok();
    assert_eq!(whole["members"].as_array().unwrap().len(), 4);
    assert_eq!(whole["response_metadata"]["next_cursor"], json!(""));
    let (mut read, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = members(&format!("&limit=3&cursor={cursor}")).await.ok();
        read.extend(page["members"].as_array().unwrap().clone());
        cursor = page["response_metadata"]["next_cursor"]
            .as_str()
            .unwrap()
            .to_owned();
        if cursor.is_empty() {
            break;
        }
    }
    assert_eq!(json!(read), whole["members"]);
    for (more, code) in [
        ("&limit=0", "invalid_limit"),
        ("&limit=1001", "invalid_limit"),
        ("&limit=many", "invalid_limit"),
        ("&cursor=else", "invalid_cursor"),
    ] {
        assert_eq!(members(more).await.error(), code, "{more}");
    }
    let closed = format!("channel={}", id(&slack, "#cellar"));
    let refused = form(&slack, "conversations.members", &closed).await;
    assert_eq!(
        refused.error(),
        "channel_not_found",
        "a private channel without us"
    );
}

#[tokio::test(start_paused = true)]
async fn members_of_private_channels_take_a_scope_of_their_own() {
    let mut setup = Setup::default();
    setup.scopes.remove("groups:read");
    let slack = town_with(setup);
    let members = async |name: &str| {
        let query = format!("channel={}", id(&slack, name));
        form(&slack, "conversations.members", &query).await
    };
    members("#payments").await.ok();
    assert_eq!(members("#vault").await.error(), "missing_scope");
}
