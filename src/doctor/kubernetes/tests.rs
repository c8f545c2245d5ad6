//! What is told of a cluster.

use super::*;

const ACCOUNT: &str = "system:serviceaccount:drawbridge:drawbridge";

fn gate(wrong: Option<&'static str>, taken: Answer<()>) -> Rehearsed {
    Rehearsed { wrong, taken }
}

fn refused<T>(words: &str) -> Answer<T> {
    Err(No::Refused(words.to_owned()))
}

fn whole() -> Observed {
    let opted = Opted {
        namespace: "orders".to_owned(),
        missing: vec![],
    };
    Observed {
        cluster: "prod-eu".to_owned(),
        version: Ok("v1.36.3".to_owned()),
        account: Ok(ACCOUNT.to_owned()),
        missing: Ok(vec![]),
        opted: Ok((vec![opted], 12, 12)),
        needless: Ok(vec![]),
        rehearsed: vec![
            gate(None, Ok(())),
            gate(Some("without an expiry"), refused("no expiry")),
        ],
        agents: Some(["cilium".to_owned()].into()),
        stated: vec![],
    }
}

/// Every line that is not well.
fn wrong(seen: &Observed) -> Vec<(&'static str, State)> {
    let found = judge(seen);
    assert!(found.iter().all(|f| f.of == "prod-eu"));
    let wrong = found.iter().filter(|f| f.state != State::Ok);
    wrong.map(|f| (f.check, f.state)).collect()
}

#[test]
fn a_cluster_as_the_manifests_make_it_is_well() {
    assert!(wrong(&whole()).is_empty());
    assert_eq!(judge(&whole()).len(), 7);
}

#[test]
fn a_cluster_that_is_away_is_one_line() {
    let version = Err(No::Away("timed out".to_owned()));
    let seen = Observed { version, ..whole() };
    assert!(matches!(&judge(&seen)[..], [one] if one.state == State::Fail));
}

#[test]
fn versions_are_read_as_providers_write_them() {
    for (text, state) in [
        ("v1.30.0", None),
        ("v1.31.2-eks-1a2b3c", None),
        ("v1.33+", None),
        ("v1.29.9", Some(State::Fail)),
        ("unknown", Some(State::Unknown)),
    ] {
        let seen = Observed {
            version: Ok(text.to_owned()),
            ..whole()
        };
        let expected: Vec<_> = state.map(|state| ("version", state)).into_iter().collect();
        assert_eq!(wrong(&seen), expected, "{text}");
    }
}

#[test]
fn a_missing_right_fails_unless_the_bot_works_without_it() {
    let right = |optional| Right {
        words: "list pods".to_owned(),
        role: "drawbridge-read",
        optional,
    };
    let seen = Observed {
        missing: Ok(vec![right(false), right(true)]),
        ..whole()
    };
    let expected = [("permissions", State::Fail), ("permissions", State::Warn)];
    assert_eq!(wrong(&seen), expected);
}

#[test]
fn a_namespace_where_gates_open_and_cannot_close_fails() {
    let half = Opted {
        namespace: "orders".to_owned(),
        missing: vec!["delete"],
    };
    let seen = Observed {
        opted: Ok((vec![half], 12, 12)),
        ..whole()
    };
    assert_eq!(wrong(&seen), [("namespaces", State::Fail)]);
    let none = Observed {
        opted: Ok((vec![], 200, 900)),
        ..whole()
    };
    let expected = [("namespaces", State::Warn), ("namespaces", State::Unknown)];
    assert_eq!(wrong(&none), expected);
}

#[test]
fn needless_power_fails_for_the_bot_and_is_told_of_a_person() {
    let needless = || Ok(vec!["list secrets".to_owned()]);
    let seen = Observed {
        needless: needless(),
        ..whole()
    };
    assert_eq!(wrong(&seen), [("nothing more", State::Fail)]);
    let person = Observed {
        needless: needless(),
        account: Ok("kubernetes-admin".to_owned()),
        ..whole()
    };
    let expected = [
        ("account", State::Warn),
        ("nothing more", State::Warn),
        ("admission", State::Unknown),
    ];
    assert_eq!(wrong(&person), expected);
}

#[test]
fn admission_fails_where_a_bad_gate_is_taken_or_a_good_one_refused() {
    let with = |rehearsed| {
        let seen = Observed {
            rehearsed,
            ..whole()
        };
        wrong(&seen)
    };
    let bad = Some("open to the whole world");
    assert_eq!(with(vec![gate(bad, Ok(()))]), [("admission", State::Fail)]);
    assert_eq!(
        with(vec![gate(None, refused("quota"))]),
        [("admission", State::Fail)]
    );
    let away = gate(None, Err(No::Away("timed out".to_owned())));
    assert_eq!(with(vec![away]), [("admission", State::Unknown)]);
    assert_eq!(with(vec![]), [("admission", State::Unknown)]);
}
