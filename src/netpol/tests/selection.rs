//! Whom a gate selects: the pods that were asked for, others that look the same, and those that must
//! never be selected.

use serde_json::{Value, json};

use super::fixtures::{Fixture, app, ask, deny, pod, policy};
use super::grants::{gate, opens, plan, shape, spec, town};
use crate::netpol::snapshot::Object;
use crate::netpol::{NoGate, Warning, build};

/// `web2` shares `app: web` with `web`, and no policy isolates it.
fn twins(isolating: &[Value]) -> Vec<Fixture> {
    let twin = pod("a", "web2").label("app", "web").label("v", "2");
    let web = app("a", "web").label("v", "1").port("http", 8080);
    let policies = isolating.iter().enumerate().map(|(n, subject)| {
        policy(
            "a",
            &format!("p{n}"),
            json!({"podSelector": subject, "policyTypes": ["Ingress"]}),
        )
    });
    [web, twin].into_iter().chain(policies).collect()
}

#[test]
fn a_selector_that_hits_an_unisolated_twin_is_narrowed_to_what_isolates_the_target() {
    let town = town(twins(&[json!({"matchLabels": {"v": "1"}})]));
    let built = plan(&town, "b/cli a/app=web :8080").unwrap();
    assert_eq!(shape(&built), ["a Ingress"]);
    let narrowed = json!({"matchLabels": {"app": "web", "v": "1"}});
    assert_eq!(spec(&built.objects[0])["podSelector"], narrowed);
    assert_eq!(
        built.effect.opens,
        [opens("b/Pod/cli", "a/Pod/web", &["TCP 8080"])]
    );
}

#[test]
fn what_would_isolate_somebody_is_refused_by_name() {
    let third = pod("a", "web3").label("app", "web").label("w", "3");
    let isolating = [
        json!({"matchLabels": {"v": "1"}}),
        json!({"matchLabels": {"w": "3"}}),
    ];
    let town = town(twins(&isolating).into_iter().chain([third]));
    let refusal = plan(&town, "b/cli a/app=web :8080").unwrap_err();
    assert!(matches!(&refusal, NoGate::WouldIsolate { .. }), "{refusal}");
    assert_eq!(
        refusal.to_string(),
        "opening this would cut off `a/Pod/web2`, which no policy isolates for ingress now"
    );
    assert!(refusal.hint().is_some());
}

#[test]
fn an_isolated_twin_that_nobody_asked_for_is_named() {
    let owned = |name: &str, of: &str| {
        pod("a", name)
            .label("app", "shared")
            .owner("StatefulSet", of)
    };
    let more = [owned("x-0", "x"), owned("y-0", "y"), deny("a", "d")];
    let built = plan(&town(more), "b/cli a/x :8080").unwrap();
    let both = ["a/StatefulSet/x", "a/StatefulSet/y"];
    let expected = both.map(|to| opens("b/Pod/cli", to, &["TCP 8080"]));
    assert_eq!(built.effect.opens, expected);
    let also = Warning::AlsoMatches {
        workloads: vec!["a/StatefulSet/y".into()],
    };
    assert_eq!(built.effect.warnings, [also]);
    assert_eq!(built.effect.to_pods, 1);
}

#[test]
fn a_twin_of_the_source_is_named_too() {
    let owned = |name: &str, of: &str| {
        pod("b", name)
            .label("app", "shared")
            .owner("Deployment", of)
    };
    let more = [owned("x-0", "x"), owned("y-0", "y"), deny("a", "d")];
    let built = plan(&town(more), "b/x a/web :8080").unwrap();
    let also = Warning::AlsoMatches {
        workloads: vec!["b/Deployment/y".into()],
    };
    assert_eq!(built.effect.warnings, [also]);
}

#[test]
fn a_bare_pod_is_pinned_by_what_it_lacks() {
    let more = [
        app("b", "cli").label("debug", "yes"),
        pod("b", "other")
            .label("app", "cli")
            .label("debug", "yes")
            .label("canary", ""),
        pod("b", "third")
            .label("app", "cli")
            .label("debug", "yes")
            .label("canary", "1"),
        deny("a", "d"),
    ];
    let built = gate(more).unwrap();
    let source = &spec(&built.objects[0])["ingress"][0]["from"][0]["podSelector"];
    assert_eq!(
        *source,
        json!({
            "matchLabels": {"app": "cli", "debug": "yes"},
            "matchExpressions": [{"key": "canary", "operator": "DoesNotExist"}],
        })
    );
    assert_eq!(built.effect.opens.len(), 1);
}

#[test]
fn a_pod_that_labels_cannot_tell_apart_is_refused() {
    let refusal = gate([pod("b", "cli2").label("app", "cli"), deny("a", "d")]).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "`b/cli` cannot be opened alone: its labels also match `b/Pod/cli2`"
    );
}

#[test]
fn a_pod_without_labels_is_refused() {
    let town = town([pod("b", "bare"), deny("a", "d")]);
    let refusal = plan(&town, "b/bare a/web :8080").unwrap_err();
    assert!(matches!(refusal, NoGate::NoLabels { .. }), "{refusal}");
    let open = plan(&town, "b/bare c/cli :8080").unwrap_err();
    assert!(
        matches!(open, NoGate::AlreadyOpen { .. }),
        "what is open needs no labels: {open}"
    );
}

#[test]
fn a_stored_flow_follows_its_workload_and_ends_with_it() {
    let replica = |name: &str| {
        pod("b", name)
            .label("app", "job")
            .owner("StatefulSet", "job")
    };
    let mut town = town([replica("job-0"), deny("a", "d")]);
    let flow = ask(&town, "b/job a/web :8080").unwrap();
    town.apply(replica("job-1").into());
    town.remove(&Object::from(replica("job-0")).key());
    assert_eq!(
        build(&town, &flow).unwrap().effect.from_pods,
        1,
        "a new replica is meant as well"
    );
    town.remove(&Object::from(replica("job-1")).key());
    let refusal = build(&town, &flow).unwrap_err();
    assert_eq!(refusal.to_string(), "`b/job` has no running pods");
}
