//! Who is who: standing, groups, freshness.

mod groups;

use serde_json::{Value, json};

use super::*;
use crate::slack::testing::{FakeSlack, Script};

const NOW: Seconds = Seconds(0);

fn ids<const N: usize>(ids: [&str; N]) -> BTreeSet<UserId> {
    ids.into_iter().map(|id| UserId(id.to_owned())).collect()
}

fn handles<const N: usize>(handles: [&str; N]) -> BTreeSet<String> {
    handles.into_iter().map(ToOwned::to_owned).collect()
}

fn user(id: &str) -> Script {
    Script::Say(
        json!({"ok": true, "user": {"id": id, "team_id": "T1", "name": id.to_lowercase(),
        "tz": "Europe/Berlin", "profile": {"display_name": "", "real_name": "Dana Doe"}}}),
    )
}

fn groups() -> Script {
    Script::Say(json!({"ok": true, "usergroups": [
        {"id": "S1", "handle": "Orders-Oncall", "date_delete": 0, "user_count": "2"},
        {"id": "S2", "handle": "security", "date_delete": null},
        {"id": "S3", "handle": "gone", "date_delete": 1_700_000_000}]}))
}

fn members<const N: usize>(members: [&str; N]) -> Script {
    Script::Say(json!({"ok": true, "users": members.to_vec()}))
}

fn record(more: Value) -> UserRecord {
    let mut whole = json!({"id": "U1", "team_id": "T1"});
    let fields = whole.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

#[test]
fn only_active_people_of_our_workspace_are_members() {
    let ours = TeamId("T1".to_owned());
    for (more, expected) in [
        (json!({}), Standing::Member),
        (json!({"deleted": false, "is_bot": null}), Standing::Member),
        (
            json!({"deleted": true, "is_bot": true}),
            Standing::Deactivated,
        ),
        (json!({"is_bot": true}), Standing::Bot),
        (json!({"id": "USLACKBOT"}), Standing::Bot),
        (json!({"is_stranger": true}), Standing::Stranger),
        (json!({"team_id": "T2"}), Standing::Stranger),
        (json!({"team_id": null}), Standing::Stranger),
        (json!({"is_restricted": true}), Standing::Guest),
        (json!({"is_ultra_restricted": true}), Standing::Guest),
        (
            json!({"team_id": "E9", "enterprise_user": {"teams": ["T7", "T1"]}}),
            Standing::Member,
        ),
        (
            json!({"team_id": "E9", "enterprise_user": {"teams": ["T7"]}}),
            Standing::Stranger,
        ),
    ] {
        assert_eq!(
            standing(&record(more.clone()), Some(&ours)),
            expected,
            "{more}"
        );
    }
}

#[test]
fn nobody_is_a_member_of_a_workspace_that_is_not_known() {
    assert_eq!(standing(&record(json!({})), None), Standing::Stranger);
}

#[test]
fn an_address_is_known_where_slack_tells_it() {
    let ours = TeamId("T1".to_owned());
    let user = UserId("U1".to_owned());
    for (profile, expected) in [
        (
            json!({"email": "dana@example.com"}),
            Some("dana@example.com"),
        ),
        (json!({"email": ""}), None),
        (json!({"email": null}), None),
        (json!({}), None),
    ] {
        let record = record(json!({"profile": profile}));
        let person = describe(&user, record, Some(&ours));
        assert_eq!(person.email.as_deref(), expected, "{profile}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_roll_holds_people_groups_and_the_groups_members() {
    let (fake, api) = FakeSlack::start();
    fake.always("usergroups.list", groups());
    fake.script("usergroups.users.list", [members(["ULEE", "UDANA"])]);
    fake.script("users.info", [user("UDANA"), user("ULEE")]);
    let directory = Directory::new(api);
    let roll = directory
        .roll(
            &ids(["UDANA"]),
            &handles(["@orders-ONCALL", "gone", "nowhere"]),
            NOW,
        )
        .await
        .unwrap();
    assert_eq!(roll.groups.keys().collect::<Vec<_>>(), ["orders-oncall"]);
    assert_eq!(*roll.groups["orders-oncall"], ids(["UDANA", "ULEE"]));
    let dana = roll.people.get(&UserId("UDANA".to_owned())).unwrap();
    assert_eq!(
        (dana.name.as_str(), dana.zone.as_deref()),
        ("Dana Doe", Some("Europe/Berlin"))
    );
    assert!(roll.counts(&UserId("ULEE".to_owned())));
    assert_eq!(
        fake.calls("usergroups.users.list").len(),
        1,
        "only the groups in question"
    );
}

#[tokio::test(start_paused = true)]
async fn somebody_who_left_slack_is_absent_and_fails_nobody_else() {
    let (fake, api) = FakeSlack::start();
    fake.script(
        "users.info",
        [Script::Refuse("user_not_found"), user("ULEE")],
    );
    let directory = Directory::new(api);
    let roll = directory
        .roll(&ids(["UGONE", "ULEE"]), &handles([]), NOW)
        .await
        .unwrap();
    assert_eq!(
        roll.people.iter().map(|one| &one.id).collect::<Vec<_>>(),
        [&UserId("ULEE".to_owned())]
    );
    assert!(!roll.counts(&UserId("UGONE".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_member_that_cannot_be_read_fails_nothing_but_a_named_person_does() {
    let (fake, api) = FakeSlack::start();
    fake.always("usergroups.list", groups());
    fake.always("usergroups.users.list", members(["UDANA", "ULEE"]));
    fake.always("users.info", Script::Status(500));
    let directory = Directory::new(api);
    let roll = directory
        .roll(&ids([]), &handles(["security"]), NOW)
        .await
        .unwrap();
    assert_eq!(roll.groups["security"].len(), 2);
    assert!(
        roll.people.iter().next().is_none(),
        "unread members count for nothing"
    );
    let named = directory
        .roll(&ids(["UDANA"]), &handles(["security"]), NOW)
        .await;
    assert!(matches!(named, Err(SlackError::Away { .. })), "{named:?}");
}

#[tokio::test(start_paused = true)]
async fn a_workspace_without_user_groups_has_none() {
    let (fake, api) = FakeSlack::start();
    fake.always("usergroups.list", Script::Refuse("plan_upgrade_required"));
    let roll = Directory::new(api)
        .roll(&ids([]), &handles(["security"]), NOW)
        .await
        .unwrap();
    assert!(roll.groups.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_group_that_vanishes_between_two_reads_is_absent_and_an_empty_one_is_present() {
    let (fake, api) = FakeSlack::start();
    fake.always("usergroups.list", groups());
    fake.script(
        "usergroups.users.list",
        [members([]), Script::Refuse("no_such_subteam")],
    );
    let wanted = handles(["orders-oncall", "security"]);
    let roll = Directory::new(api)
        .roll(&ids([]), &wanted, NOW)
        .await
        .unwrap();
    assert_eq!(
        roll.groups,
        [("orders-oncall".to_owned(), Members::default())].into()
    );
}

#[tokio::test(start_paused = true)]
async fn old_answers_serve_those_who_accept_them() {
    let (fake, api) = FakeSlack::start();
    fake.always("usergroups.list", groups());
    fake.always("usergroups.users.list", members(["ULEE"]));
    fake.always("users.info", user("ULEE"));
    let directory = Directory::new(api);
    let ask = async |fresh| {
        directory
            .roll(&ids(["ULEE"]), &handles(["security"]), fresh)
            .await
    };
    let calls =
        || ["usergroups.list", "usergroups.users.list", "users.info"].map(|m| fake.calls(m).len());
    ask(NOW).await.unwrap();
    ask(Seconds::minutes(1)).await.unwrap();
    assert_eq!(calls(), [1, 1, 1]);
    ask(NOW).await.unwrap();
    assert_eq!(calls(), [2, 2, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_large_group_is_read_in_parts() {
    let (fake, api) = FakeSlack::start();
    let many: Vec<String> = (0..100).map(|n| format!("U{n:03}")).collect();
    fake.always("usergroups.list", groups());
    fake.always(
        "usergroups.users.list",
        Script::Say(json!({"ok": true, "users": many})),
    );
    fake.always("users.info", user("U"));
    let directory = Directory::new(api);
    let mut known = Vec::new();
    for _ in 0..3 {
        let roll = directory
            .roll(&ids([]), &handles(["security"]), Seconds::minutes(1))
            .await;
        known.push(roll.unwrap().people.iter().len());
    }
    assert_eq!(known, [40, 80, 100]);
}

#[tokio::test(start_paused = true)]
async fn members_of_a_small_group_do_not_wait_for_those_of_a_large_one() {
    let (fake, api) = FakeSlack::start();
    let many: Vec<String> = (0..600).map(|n| format!("U{n:03}")).collect();
    fake.always("usergroups.list", groups());
    let users = |users: &[String]| Script::Say(json!({"ok": true, "users": users}));
    let (large, small) = (users(&many), users(&many[595..]));
    fake.script("usergroups.users.list", [large, small]);
    fake.always("users.info", user("U"));
    let directory = Directory::new(api);
    let both = handles(["orders-oncall", "security"]);
    let roll = directory.roll(&ids([]), &both, Seconds::minutes(1)).await;
    let people = roll.unwrap().people;
    assert_eq!(people.iter().len(), 40);
    assert!(
        many[595..]
            .iter()
            .all(|id| people.contains(&UserId(id.clone())))
    );
}

#[tokio::test(start_paused = true)]
async fn a_handle_names_its_group_for_mentions() {
    let (fake, api) = FakeSlack::start();
    fake.always("usergroups.list", groups());
    let directory = Directory::new(api);
    let found = directory
        .group_id("@ORDERS-oncall", Seconds::minutes(5))
        .await;
    assert_eq!(found, Ok(Some("S1".to_owned())));
    assert_eq!(
        directory.group_id("nobody", Seconds::minutes(5)).await,
        Ok(None)
    );
    assert_eq!(fake.calls("usergroups.list").len(), 1);
}
