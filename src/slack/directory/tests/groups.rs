//! Groups that are no user groups: members of channels, and whoever is on call.

use super::*;

fn channel(id: &str, is_member: bool) -> Script {
    Script::Say(
        json!({"ok": true, "channel": {"id": id, "name": "orders", "is_member": is_member}}),
    )
}

fn joined() -> Script {
    Script::Say(
        json!({"ok": true, "channels": [{"id": "C1", "name": "orders"}],
        "response_metadata": {"next_cursor": ""}}),
    )
}

fn present<const N: usize>(members: [&str; N], next: &str) -> Script {
    Script::Say(json!({"ok": true, "members": members.to_vec(),
        "response_metadata": {"next_cursor": next}}))
}

async fn members_of(directory: &Directory, key: &str) -> Option<BTreeSet<UserId>> {
    let roll = directory.roll(&ids([]), &handles([key]), NOW).await;
    let members = roll.unwrap().groups.remove(key);
    members.map(Arc::unwrap_or_clone)
}

#[tokio::test(start_paused = true)]
async fn members_of_a_channel_are_read_page_by_page_by_name_and_by_id() {
    let (fake, api) = FakeSlack::start();
    fake.always("users.conversations", joined());
    fake.always("users.info", user("U"));
    fake.always("conversations.info", channel("C1", true));
    let directory = Directory::new(api);
    for key in ["#orders", "#C1"] {
        let pages = [present(["UBOT", "UDANA"], "more"), present(["ULEE"], "")];
        fake.script("conversations.members", pages);
        let all = members_of(&directory, key).await;
        assert_eq!(all, Some(ids(["UBOT", "UDANA", "ULEE"])), "{key}");
    }
    let calls = fake.calls("conversations.members");
    let asked = |name: &str| {
        calls
            .iter()
            .map(|c| c.body[name].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(asked("channel"), ["C1", "C1", "C1", "C1"]);
    assert_eq!(
        asked("cursor"),
        [json!(null), json!("more"), json!(null), json!("more")]
    );
    let hour = Seconds::hours(1);
    directory
        .roll(&ids([]), &handles(["#orders"]), hour)
        .await
        .unwrap();
    assert_eq!(fake.calls("conversations.members").len(), 4, "remembered");
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_cannot_be_counted_on_is_absent() {
    let (fake, api) = FakeSlack::start();
    fake.always("users.conversations", joined());
    fake.always("conversations.members", present(["UDANA"], ""));
    let directory = Directory::new(api);
    assert_eq!(
        members_of(&directory, "#elsewhere").await,
        None,
        "we are not in it"
    );
    fake.script(
        "conversations.info",
        [channel("C2", false), Script::Refuse("channel_not_found")],
    );
    assert_eq!(
        members_of(&directory, "#C2").await,
        None,
        "we are not in it"
    );
    assert_eq!(members_of(&directory, "#C3").await, None, "there is none");
    assert!(fake.calls("conversations.members").is_empty());
    for code in ["channel_not_found", "missing_scope", "fetch_members_failed"] {
        fake.script("conversations.members", [Script::Refuse(code)]);
        assert_eq!(members_of(&directory, "#orders").await, None, "{code}");
    }
    let crowd: Vec<String> = (0..200).map(|n| format!("U{n}")).collect();
    let page = json!({"ok": true, "members": crowd, "response_metadata": {"next_cursor": "x"}});
    fake.script(
        "conversations.members",
        (0..6).map(|_| Script::Say(page.clone())),
    );
    assert_eq!(members_of(&directory, "#orders").await, None, "too many");
    assert!(members_of(&directory, "#orders").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_slack_that_is_away_is_an_error_and_no_empty_channel() {
    let (fake, api) = FakeSlack::start();
    fake.always("users.conversations", Script::Status(500));
    let roll = Directory::new(api)
        .roll(&ids([]), &handles(["#orders"]), NOW)
        .await;
    assert!(matches!(roll, Err(SlackError::Away { .. })), "{roll:?}");
}

mod on_call {
    use axum::Router;
    use axum::routing::get;
    use hyper_util::rt::TokioIo;
    use hyper_util::service::TowerToHyperService;
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::clock::{Clock, VirtualClock};
    use crate::oncall::Source;
    use crate::slack::Wire;
    use crate::units::Time;

    /// A source of this answer, or one that is broken.
    fn source(answer: Option<Value>, fallback: Option<&str>) -> OnCall {
        let (wire, mut listener) = Wire::memory();
        let says =
            move || async move { answer.map(axum::Json).ok_or(http::StatusCode::BAD_GATEWAY) };
        let router = Router::new().route("/orders", get(says));
        let (tracker, serving) = (TaskTracker::new(), TaskTracker::new());
        tracker.spawn(async move {
            while let Some(stream) = listener.accept().await {
                let service = TowerToHyperService::new(router.clone());
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                serving.spawn(async move { connection.await.ok() });
            }
        });
        let source = Source {
            url: "https://oncall.example/orders".parse().unwrap(),
            token: None,
            timeout: Duration::from_secs(2),
            cache: Seconds(60),
            fallback: fallback.map(str::to_owned),
        };
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(Time::UNIX_EPOCH));
        OnCall::new(&[("orders".to_owned(), source)].into(), &wire, &clock)
    }

    fn lookup(id: &str) -> Script {
        Script::Say(json!({"ok": true, "user": {"id": id}}))
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_on_call_is_a_group_of_the_roll() {
        let (fake, api) = FakeSlack::start();
        fake.always("users.info", user("ULEE"));
        let on_call = source(Some(json!({"users": ["ULEE"]})), None);
        let directory = Directory::with_on_call(api, on_call);
        let wanted = handles(["oncall:orders", "oncall:nothing"]);
        let roll = directory.roll(&ids([]), &wanted, NOW).await.unwrap();
        assert_eq!(
            roll.groups,
            [("oncall:orders".to_owned(), Arc::new(ids(["ULEE"])))].into()
        );
        assert!(roll.counts(&UserId("ULEE".to_owned())));
        assert!(fake.calls("usergroups.list").is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn addresses_are_looked_up_and_unknown_ones_are_nobody() {
        let (fake, api) = FakeSlack::start();
        fake.always("users.info", user("ULEE"));
        fake.script(
            "users.lookupByEmail",
            [lookup("ULEE"), Script::Refuse("users_not_found")],
        );
        let on_call = source(Some(json!({"emails": ["lee@x.org", "who@x.org"]})), None);
        let directory = Directory::with_on_call(api, on_call);
        for _ in 0..2 {
            assert_eq!(
                members_of(&directory, "oncall:orders").await,
                Some(ids(["ULEE"]))
            );
        }
        assert_eq!(fake.calls("users.lookupByEmail").len(), 2, "remembered");
    }

    #[tokio::test(start_paused = true)]
    async fn without_an_answer_the_fallback_is_asked_else_the_group_is_absent() {
        let emails = || Some(json!({"emails": ["lee@x.org"]}));
        for (answer, fallback, expected) in [
            (None, Some("@Security"), Some(ids(["UMIA"]))),
            (None, None, None),
            (None, Some("@gone"), None),
            (emails(), Some("@security"), Some(ids(["UMIA"]))),
            (emails(), None, None),
        ] {
            let (fake, api) = FakeSlack::start();
            fake.always("usergroups.list", groups());
            fake.always("usergroups.users.list", members(["UMIA"]));
            fake.always("users.info", user("UMIA"));
            fake.always("users.lookupByEmail", Script::Refuse("missing_scope"));
            let directory = Directory::with_on_call(api, source(answer, fallback));
            assert_eq!(
                members_of(&directory, "oncall:orders").await,
                expected,
                "{fallback:?}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn neither_source_nor_fallback_makes_the_roll_an_error() {
        let (fake, api) = FakeSlack::start();
        fake.always("usergroups.list", Script::Status(500));
        let directory = Directory::with_on_call(api, source(None, Some("@security")));
        assert_eq!(members_of(&directory, "oncall:orders").await, None);
    }
}
