//! What is told of a workspace.

use super::super::State;
use super::*;

fn whole() -> Observed {
    let wanted = |scope, optional| Wanted { scope, optional };
    Observed {
        looks_right: true,
        team: Ok("Acme".to_owned()),
        scopes: Ok(Some(
            ["chat:write", "commands", "users:read.email"]
                .map(str::to_owned)
                .into(),
        )),
        wanted: vec![
            wanted("chat:write", false),
            wanted("commands", false),
            wanted("users:read.email", true),
        ],
        delivery: Delivery::Socket {
            looks_right: true,
            opened: Ok(()),
        },
        groups: Ok(3),
        greeted: Some(Ok(())),
    }
}

fn refused<T>(code: &str) -> Answer<T> {
    Err(No::Refused(code.to_owned()))
}

/// The states of the lines about one check.
fn states(seen: &Observed, check: &str) -> Vec<State> {
    let found = judge(seen);
    let of = found.iter().filter(|f| f.check == check);
    of.map(|f| f.state).collect()
}

#[test]
fn an_app_as_its_manifest_says_is_well() {
    let found = judge(&whole());
    assert_eq!(found.len(), 5);
    assert!(found.iter().all(|f| f.state == State::Ok), "{found:?}");
}

#[test]
fn a_token_that_is_not_accepted_is_the_only_line() {
    for team in [
        refused("invalid_auth"),
        Err(No::Away("timed out".to_owned())),
    ] {
        let found = judge(&Observed { team, ..whole() });
        assert!(
            matches!(&found[..], [one] if one.state == State::Fail),
            "{found:?}"
        );
    }
}

#[test]
fn a_persons_token_is_refused_although_slack_takes_it() {
    let seen = Observed {
        looks_right: false,
        ..whole()
    };
    assert_eq!(states(&seen, "bot token"), [State::Fail]);
}

#[test]
fn scopes_that_lack_fail_and_scopes_that_are_too_many_are_told() {
    let with = |scopes: &[&str]| {
        let scopes = scopes.iter().map(|s| (*s).to_owned()).collect();
        states(
            &Observed {
                scopes: Ok(Some(scopes)),
                ..whole()
            },
            "bot scopes",
        )
    };
    assert_eq!(with(&["commands", "users:read.email"]), [State::Fail]);
    assert_eq!(with(&["chat:write", "commands"]), [State::Ok, State::Warn]);
    let admin = ["chat:write", "commands", "users:read.email", "admin"];
    assert_eq!(with(&admin), [State::Ok, State::Warn]);
    let seen = Observed {
        scopes: Ok(None),
        ..whole()
    };
    assert_eq!(states(&seen, "bot scopes"), [State::Unknown]);
}

#[test]
fn deliveries_that_cannot_come_fail() {
    let socket = |looks_right, opened| Delivery::Socket {
        looks_right,
        opened,
    };
    for (delivery, state) in [
        (socket(false, refused("not_authed")), State::Fail),
        (socket(true, refused("missing_scope")), State::Fail),
        (socket(true, Err(No::Away("x".to_owned()))), State::Fail),
        (Delivery::Http, State::Unknown),
        (Delivery::Neither, State::Fail),
    ] {
        let seen = Observed {
            delivery,
            ..whole()
        };
        assert_eq!(states(&seen, "deliveries"), [state], "{seen:?}");
    }
}

#[test]
fn a_plan_without_user_groups_is_no_failure_and_a_missing_scope_is() {
    for (groups, state) in [
        (Ok(0), State::Warn),
        (refused("plan_upgrade_required"), State::Warn),
        (refused("missing_scope"), State::Fail),
        (Err(No::Away("x".to_owned())), State::Unknown),
    ] {
        let seen = Observed { groups, ..whole() };
        assert_eq!(states(&seen, "user groups"), [state]);
    }
}

#[test]
fn the_messages_tab_is_known_only_by_a_message() {
    for (greeted, state) in [
        (None, State::Unknown),
        (Some(refused("messages_tab_disabled")), State::Fail),
        (Some(refused("user_not_found")), State::Fail),
    ] {
        let seen = Observed { greeted, ..whole() };
        assert_eq!(states(&seen, "messages tab"), [state]);
    }
}
