//! What the environment may say, and what is said about the rest.

use super::*;
use crate::cluster::Scope;

fn env(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect()
}

const MINIMAL: [(&str, &str); 2] = [
    ("SLACK_BOT_TOKEN", "xoxb-secret-1"),
    ("SLACK_APP_TOKEN", "xapp-secret-2"),
];

#[test]
fn two_tokens_are_enough() {
    let config = read(&env(&MINIMAL)).unwrap();
    assert_eq!(config.max_lifetime, Seconds::hours(24));
    assert_eq!(config.listen.port(), 8080);
    assert_eq!(config.clusters, [ClusterChoice::default_one()]);
}

#[test]
fn secrets_are_never_printed() {
    let mut pairs = env(&MINIMAL);
    pairs.insert("REDIS_URL".into(), "redis://:secret-3@cache:6379".into());
    let printed = format!("{:?}", read(&pairs).unwrap());
    assert!(!printed.contains("secret-"), "{printed}");
}

#[test]
fn all_problems_are_reported_at_once() {
    let problems = read(&env(&[
        ("DRAWBRIDGE_LISTEN", "here"),
        ("DRAWBRIDGE_STORE", "mongodb"),
        ("DRAWBRIDGE_MAX_LIFETIME", "-5m"),
        ("DRAWBRIDGE_RULES", "/no/such/folder"),
        ("DRAWBRIDGE_INCIDENT_CHANNELS", "("),
        ("DRAWBRIDGE_RULE", "x"),
        ("SLACK_API_URL", "http://example.com/api"),
    ]))
    .unwrap_err();
    for name in [
        "SLACK_BOT_TOKEN",
        "SLACK_APP_TOKEN",
        "SLACK_API_URL",
        "DRAWBRIDGE_LISTEN",
        "DRAWBRIDGE_STORE",
        "DRAWBRIDGE_MAX_LIFETIME",
        "DRAWBRIDGE_RULES",
        "DRAWBRIDGE_INCIDENT_CHANNELS",
    ] {
        assert!(
            problems
                .0
                .iter()
                .any(|p| p.starts_with(&format!("`{name}`"))),
            "{name}: {problems}"
        );
    }
    assert!(
        problems
            .0
            .contains(&"`DRAWBRIDGE_RULE` is unknown: did you mean `DRAWBRIDGE_RULES`?".into())
    );
}

#[test]
fn what_the_kubelet_sets_for_our_own_service_is_no_mistake() {
    let links = [
        "DRAWBRIDGE_SERVICE_HOST",
        "DRAWBRIDGE_SERVICE_PORT",
        "DRAWBRIDGE_SERVICE_PORT_HTTP",
        "DRAWBRIDGE_PORT",
        "DRAWBRIDGE_PORT_80_TCP",
        "DRAWBRIDGE_PORT_80_TCP_ADDR",
        "DRAWBRIDGE_REDIS_SERVICE_HOST",
        "DRAWBRIDGE_REDIS_PORT_6379_TCP_PROTO",
    ];
    let env = links.map(|name| (name.to_owned(), "x".to_owned()));
    assert_eq!(vars::unknown(&env.into()), Vec::<String>::new());
}

#[test]
fn the_example_of_clusters_is_read_as_it_stands() {
    let example = include_str!("../../manifests/examples/clusters.yaml");
    let clusters = clusters::parse(example).unwrap();
    assert_eq!(clusters.len(), 2);
    assert_eq!(clusters::shared_audience(&clusters), None);
    let shared = "clusters:\n  - {name: a, context: x}\n  - {name: b, context: y}\n";
    let shared = clusters::shared_audience(&clusters::parse(shared).unwrap()).unwrap();
    assert!(
        shared.starts_with("`a` and `b` share the audience `drawbridge`"),
        "{shared}"
    );
}

#[test]
fn a_file_of_clusters_is_checked() {
    let good = "clusters:\n  - {name: prod-eu, context: eu}\n  - {name: prod-us, context: us, tokenFile: /t}\n";
    assert_eq!(clusters::parse(good).unwrap().len(), 2);
    let part = "clusters: [{name: a, namespaces: [shop, orders]}]";
    let part = clusters::parse(part).unwrap().swap_remove(0);
    assert_ne!(part.scope(), Scope::Whole);
    for (bad, word) in [
        ("clusters: []", "no cluster"),
        (
            "clusters: [{name: a, context: x}, {name: a, context: y}]",
            "twice",
        ),
        (
            "clusters: [{name: a, context: x}, {name: b, context: x}]",
            "the wrong one",
        ),
        (
            "clusters: [{name: a, tokenFile: /t}]",
            "without the context",
        ),
        ("clusters: [{name: 'A b'}]", "use a-z"),
        ("clusters: [{name: a, namespaces: []}]", "1 to 50"),
        ("clusters: [{name: a, namespaces: [shop, shop]}]", "twice"),
        ("clusters: [{name: a, namespaces: ['*']}]", "use a-z"),
        ("clusters: [{name: a, namespaces: ['-x']}]", "use a-z"),
        ("clusters: [{name: a, tokn: x}]", "not as documented"),
    ] {
        assert!(clusters::parse(bad).unwrap_err().contains(word), "{bad}");
    }
}

#[test]
fn the_file_names_who_is_on_call_and_who_hears_of_broken_rules() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let with = |text: &str| {
        std::fs::write(file.path(), text).unwrap();
        let mut pairs = env(&MINIMAL);
        let path = file.path().to_str().unwrap().to_owned();
        pairs.insert("DRAWBRIDGE_CONFIG".into(), path);
        pairs.insert("ONCALL_TOKEN".into(), "secret-4".into());
        (
            read(&pairs),
            online::read(&pairs),
            online::on_call_names(&pairs),
        )
    };
    let good = "labelKeys: [team]\nalerts: '#platform'\nonCall:\n  orders: {url: 'https://x/', \
                token: {env: ONCALL_TOKEN}}\n";
    let (config, online, names) = with(good);
    let config = config.unwrap();
    assert_eq!(config.alerts.as_deref(), Some("#platform"));
    assert_eq!(names, ["orders"]);
    assert_eq!(online.unwrap().on_call, config.on_call);
    assert!(!format!("{config:?}").contains("secret-"));
    for (bad, word) in [
        ("alerts: platform", "`alerts` must be a channel"),
        ("onCall: {orders: {url: 'http://x/'}}", "must be https"),
        ("onCall: {orders: {}}", "url"),
        (
            "onCall: {orders: {url: 'https://x/', token: secret-5}}",
            "DRAWBRIDGE_CONFIG",
        ),
        ("onCalls: {}", "onCalls"),
    ] {
        let problems = with(bad).0.unwrap_err();
        assert_eq!(problems.0.len(), 1, "{bad}: {problems}");
        assert!(problems.0[0].contains(word), "{bad}: {problems}");
        assert!(!problems.0[0].contains("secret-"), "{problems}");
    }
}

#[test]
fn asking_slack_takes_one_token_and_no_way_in() {
    let pairs = env(&[("SLACK_BOT_TOKEN", "xoxb-secret-1")]);
    assert!(online::read(&pairs).is_ok());
    let problems = online::read(&env(&[])).unwrap_err();
    assert_eq!(problems.0, ["`SLACK_BOT_TOKEN` is not set"]);
}
