//! What is told of a server.

use super::super::State;
use super::*;

const WELL: &[(&str, &str)] = &[
    ("redis_version", "7.4.1"),
    ("aof_enabled", "1"),
    ("aof_last_write_status", "ok"),
    ("maxmemory", "1000"),
    ("maxmemory_policy", "noeviction"),
    ("role", "master"),
    ("connected_slaves", "1"),
    ("min_slaves_good_slaves", "1"),
];

fn server(changes: &[(&str, &str)]) -> Server {
    let fields = WELL.iter().chain(changes);
    Server {
        name: "r1:6379".to_owned(),
        info: fields
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect(),
        skew: Some(0),
        user: Some("drawbridge".to_owned()),
        refused: Some(Vec::new()),
    }
}

fn states(server: &Server) -> Vec<(&'static str, State)> {
    let wrong = |f: &Finding| f.state != State::Ok;
    let found = one(server, "ACL");
    found
        .iter()
        .filter(|f| wrong(f))
        .map(|f| (f.check, f.state))
        .collect()
}

#[test]
fn a_durable_server_is_well() {
    assert!(states(&server(&[])).is_empty());
    let valkey = server(&[("valkey_version", "8.1.0"), ("redis_version", "7.2.4")]);
    assert!(states(&valkey).is_empty());
}

#[test]
fn each_risk_is_a_line_of_its_own() {
    for (changes, check, state) in [
        (&[("redis_version", "6.2.14")][..], "version", State::Fail),
        (&[("redis_version", "what")][..], "version", State::Fail),
        (&[("aof_enabled", "0")][..], "persistence", State::Fail),
        (
            &[("aof_last_write_status", "err")][..],
            "persistence",
            State::Fail,
        ),
        (
            &[("maxmemory_policy", "allkeys-lru")][..],
            "eviction",
            State::Fail,
        ),
        (
            &[("maxmemory_policy", "allkeys-lru"), ("maxmemory", "0")][..],
            "eviction",
            State::Warn,
        ),
        (&[("role", "slave")][..], "replicas", State::Fail),
        (&[("connected_slaves", "0")][..], "replicas", State::Warn),
    ] {
        assert_eq!(states(&server(changes)), [(check, state)], "{changes:?}");
    }
    let mut alone = server(&[("connected_slaves", "2")]);
    alone.info.remove("min_slaves_good_slaves");
    assert_eq!(states(&alone), [("replicas", State::Warn)]);
}

#[test]
fn clocks_apart_are_told_by_how_far() {
    for (skew, wrong) in [
        (Some(5), None),
        (Some(6), Some(State::Warn)),
        (Some(61), Some(State::Fail)),
        (None, Some(State::Unknown)),
    ] {
        let seen = Server {
            skew,
            ..server(&[])
        };
        let expected: Vec<_> = wrong.map(|state| ("clock", state)).into_iter().collect();
        assert_eq!(states(&seen), expected, "{skew:?}");
    }
}

#[test]
fn a_server_that_tells_nothing_is_not_known_and_never_well() {
    let silent = Server::default();
    let found = one(&silent, "ACL");
    assert!(
        found
            .iter()
            .all(|f| f.state == State::Unknown && f.mend.is_some()),
        "{found:?}"
    );
}

#[test]
fn a_user_that_lacks_a_command_fails_and_default_is_told() {
    let lacking = Server {
        refused: Some(vec!["WAIT".to_owned()]),
        ..server(&[])
    };
    assert_eq!(states(&lacking), [("commands", State::Fail)]);
    let default = Server {
        user: Some("default".to_owned()),
        ..server(&[])
    };
    assert_eq!(states(&default), [("user", State::Warn)]);
}

#[test]
fn a_redis_that_is_away_is_one_line() {
    let away = || No::Away("refused".to_owned());
    let seen = Observed {
        scripts: Err(away()),
        servers: Err(away()),
        acl: String::new(),
    };
    assert!(matches!(&judge(&seen)[..], [one] if one.state == State::Fail));
}

#[test]
fn a_file_that_is_not_there_yet_is_not_known() {
    let state = |opened: Option<Answer<()>>| sqlite(opened.as_ref(), "x.db")[0].state;
    assert_eq!(state(Some(Ok(()))), State::Ok);
    assert_eq!(state(None), State::Unknown);
    let refused = No::Refused("not ours".to_owned());
    assert_eq!(state(Some(Err(refused))), State::Fail);
}
