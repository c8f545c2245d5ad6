//! What people name, and what it turns out to be.

use serde_json::json;

use super::fixtures::{Fixture, app, ask, cluster, endpoint, namespace, pod, service, workload};
use crate::netpol::snapshot::Snapshot;
use crate::netpol::{Flow, SideRef, Unresolved};

pub(super) fn town(more: impl IntoIterator<Item = Fixture>) -> Snapshot {
    let base = [
        namespace("shop"),
        namespace("orders"),
        app("shop", "web")
            .owner("StatefulSet", "web")
            .ip("10.0.0.1"),
        app("orders", "db")
            .owner("StatefulSet", "db")
            .port("pg", 5432)
            .ip("10.0.0.2"),
    ];
    cluster(base.into_iter().chain(more))
}

pub(super) fn refused(town: &Snapshot, text: &str) -> (String, Option<String>) {
    let refusal = ask(town, text).unwrap_err();
    (refusal.to_string(), refusal.hint())
}

/// The pods, workloads and selector of the target.
pub(super) fn target(flow: &Flow) -> (Vec<&str>, Vec<&str>, serde_json::Value) {
    let SideRef::Pods {
        selector,
        pods,
        workloads,
        ..
    } = &flow.to.at
    else {
        panic!("{flow:?}");
    };
    (
        pods.iter().map(String::as_str).collect(),
        workloads.iter().map(String::as_str).collect(),
        serde_json::to_value(selector).unwrap(),
    )
}

pub(super) fn port_texts(flow: &Flow) -> Vec<String> {
    flow.ports.iter().map(ToString::to_string).collect()
}

#[test]
fn a_name_is_a_workload_then_a_pod_then_a_service() {
    let front = || {
        service("orders", "x")
            .selects("app", "db")
            .leads(80, json!(5432))
    };
    let alone = || pod("orders", "x").label("app", "alone");
    let owned = || {
        pod("orders", "x-0")
            .label("app", "x")
            .owner("StatefulSet", "x")
    };
    for (more, expected) in [
        (vec![front(), alone(), owned()], "orders/StatefulSet/x"),
        (vec![front(), alone()], "orders/Pod/x"),
        (vec![front()], "orders/StatefulSet/db"),
    ] {
        let flow = ask(&town(more), "shop/web orders/x :80").unwrap();
        assert_eq!(target(&flow).1, [expected]);
        assert_eq!(flow.to.label, "orders/x");
    }
}

#[test]
fn two_kinds_of_one_name_are_asked_back() {
    let town = town([pod("orders", "d")
        .label("app", "db2")
        .owner("Deployment", "db")]);
    let refusal = ask(&town, "shop/web orders/db :5432").unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "`orders/db` could be more than one thing"
    );
    let hint = refusal.hint().unwrap();
    assert_eq!(
        hint,
        "say which: `orders/deployment/db`, `orders/statefulset/db`"
    );
    for choice in refusal.endpoints() {
        assert!(ask(&town, &format!("shop/web {choice} :5432")).is_ok());
    }
}

#[test]
fn a_workload_is_selected_by_its_own_selector() {
    let hashed = |hash: &str| {
        let name = format!("api-{hash}");
        let labelled = pod("orders", &name)
            .label("app", "api")
            .label("tier", "back");
        let owned = labelled
            .label("pod-template-hash", hash)
            .owner("ReplicaSet", &name);
        let set = workload("ReplicaSet", "orders", &name).owner("Deployment", "api");
        [
            owned,
            set.selects("app", "api").selects("pod-template-hash", hash),
        ]
    };
    let deployment = workload("Deployment", "orders", "api").selects("tier", "back");
    let both: Vec<Fixture> = hashed("1").into_iter().chain(hashed("2")).collect();

    let flow = ask(&town(both.clone()), "shop/web orders/api :80").unwrap();
    assert_eq!(
        target(&flow),
        (
            vec!["api-1", "api-2"],
            vec!["orders/Deployment/api"],
            json!({"matchLabels": {"app": "api"}}),
        )
    );
    let own = town(both.into_iter().chain([deployment]));
    let flow = ask(&own, "shop/web orders/api :80").unwrap();
    assert_eq!(target(&flow).2, json!({"matchLabels": {"tier": "back"}}));
    let flow = ask(&own, "shop/web orders/replicaset/api-2 :80").unwrap();
    assert_eq!(target(&flow).0, ["api-2"]);
    assert_eq!(
        target(&flow).2,
        json!({"matchLabels": {"app": "api", "pod-template-hash": "2"}})
    );
}

#[test]
fn without_its_object_a_workload_is_selected_by_what_its_pods_share() {
    let replica = |n: &str| {
        app("orders", &format!("q-{n}"))
            .label("app", "q")
            .label("role", "x")
            .owner("StatefulSet", "q")
            .label("statefulset.kubernetes.io/pod-name", &format!("q-{n}"))
            .label("apps.kubernetes.io/pod-index", n)
            .label("controller-revision-hash", "q-5f")
    };
    let flow = ask(&town([replica("0"), replica("1")]), "shop/web orders/q :80").unwrap();
    assert_eq!(
        target(&flow).2,
        json!({"matchLabels": {"app": "q", "role": "x"}})
    );

    let alone = ask(
        &town([replica("0"), replica("1")]),
        "shop/web orders/pod/q-1 :80",
    )
    .unwrap();
    assert_eq!(
        target(&alone).2,
        json!({"matchLabels": {
            "app": "q", "role": "x", "statefulset.kubernetes.io/pod-name": "q-1",
        }})
    );
}

#[test]
fn runs_of_a_cron_job_are_one_workload_and_a_job_keeps_its_name() {
    let run = |n: &str| {
        pod("orders", &format!("r{n}"))
            .label("app", "backup")
            .label("job-name", &format!("backup-{n}"))
            .owner("Job", &format!("backup-{n}"))
    };
    let cron = workload("CronJob", "orders", "backup");
    for runs in [vec![run("1")], vec![run("1"), run("2")]] {
        let town = town(runs.into_iter().chain([cron.clone()]));
        let flow = ask(&town, "shop/web orders/cronjob/backup :80").unwrap();
        assert_eq!(target(&flow).2, json!({"matchLabels": {"app": "backup"}}));
    }
    let flow = ask(&town([run("1")]), "shop/web orders/job/backup-1 :80").unwrap();
    assert_eq!(
        target(&flow).2,
        json!({"matchLabels": {"app": "backup", "job-name": "backup-1"}})
    );
}

#[test]
fn a_deployment_is_found_though_only_hashed_pods_were_seen() {
    let hashed = pod("orders", "p")
        .label("app", "api")
        .label("pod-template-hash", "7d")
        .owner("ReplicaSet", "api-7d");
    let town = town([hashed]);
    for text in [
        "orders/api",
        "orders/deployment/api",
        "orders/replicaset/api-7d",
    ] {
        assert!(
            ask(&town, &format!("shop/web {text} :80")).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn unknown_names_are_answered_with_the_nearest() {
    let town = town([pod("shop", "d")
        .label("app", "d")
        .owner("Deployment", "cart")]);
    for (text, message, hint) in [
        (
            "shop/web ordres/db :1",
            "there is no namespace `ordres`",
            "did you mean `orders`?",
        ),
        (
            "shop/web orders/dbs :1",
            "there is nothing called `orders/dbs`",
            "did you mean `orders/db`?",
        ),
        (
            "shop/wbe orders/db :1",
            "there is nothing called `shop/wbe`",
            "did you mean `shop/web`?",
        ),
        (
            "orders/cart orders/db :1",
            "there is nothing called `orders/cart`",
            "did you mean `shop/cart`?",
        ),
        (
            "shop/web orders/deployment/db :1",
            "there is nothing called `orders/deployment/db`",
            "did you mean `orders/db`?",
        ),
        (
            "shop/app=wbe orders/db :1",
            "no running pod matches `shop/app=wbe`",
            "did you mean `shop/app=web`?",
        ),
        (
            "shop/web orders/db :pgg",
            "`orders/db` has no port `pgg`",
            "did you mean `pg`?",
        ),
        (
            "shop/web orders/db :http",
            "`orders/db` has no port `http`",
            "it has: `5432`, `pg`",
        ),
    ] {
        let (said, hinted) = refused(&town, text);
        assert_eq!(said, message);
        assert_eq!(hinted.as_deref(), Some(hint), "{text}");
    }
}

#[test]
fn what_does_not_run_is_said_to_not_run() {
    for idle in [
        workload("Deployment", "orders", "x"),
        pod("orders", "x").phase("Succeeded"),
        pod("orders", "x-0").owner("StatefulSet", "x").deleting(),
        service("orders", "x").selects("app", "nobody"),
    ] {
        let (said, hint) = refused(&town([idle]), "shop/web orders/x :80");
        assert_eq!(said, "`orders/x` has no running pods");
        assert_eq!(hint.as_deref(), Some("ask again when it runs"));
    }
}

#[test]
fn pods_on_the_hosts_network_are_refused_with_their_address() {
    let host = app("orders", "agent")
        .host_network()
        .ip("192.168.0.1")
        .node("n", "192.168.0.1");
    let (said, hint) = refused(&town([host]), "shop/web orders/agent :80");
    let reason = "`orders/agent` runs on the host's network, which network policies do not govern";
    assert_eq!(said, reason);
    assert_eq!(
        hint.as_deref(),
        Some("name its node's address instead: `192.168.0.1`")
    );
}

#[test]
fn services_that_lead_nowhere_known_are_refused() {
    let external = service("orders", "saas")
        .spec("type", json!("ExternalName"))
        .spec("externalName", json!("db.example.com"));
    let (said, hint) = refused(&town([external]), "shop/web orders/saas :443");
    let reason = "`orders/saas` is an ExternalName service: it stands for `db.example.com` outside the cluster";
    assert_eq!(said, reason);
    assert!(hint.is_some());

    let manual = service("orders", "manual").leads(80, json!(null));
    let (said, _) = refused(&town([manual]), "shop/web orders/manual :80");
    assert!(said.contains("without a selector"), "{said}");

    let front = service("orders", "front")
        .selects("app", "db")
        .leads(80, json!("pg"));
    let (said, hint) = refused(&town([front]), "orders/front shop/web :80");
    assert!(said.contains("it receives connections"), "{said}");
    assert_eq!(
        hint.as_deref(),
        Some("name the workload behind it: `orders/db`")
    );
}

#[test]
fn labels_mean_every_pod_that_has_them() {
    let more = ["x", "y"].map(|name| pod("orders", name).label("tier", "back").label("app", name));
    let flow = ask(&town(more), "shop/web orders/tier=back :80").unwrap();
    assert_eq!(
        target(&flow),
        (
            vec!["x", "y"],
            vec!["orders/Pod/x", "orders/Pod/y"],
            json!({"matchLabels": {"tier": "back"}}),
        )
    );
    assert_eq!(flow.to.label, "orders/tier=back");
}

#[test]
fn addresses_are_outside_or_named_by_what_they_are() {
    let front = service("orders", "front")
        .selects("app", "db")
        .leads(80, json!("pg"))
        .spec("clusterIP", json!("10.96.0.7"));
    let town = town([front]);
    let flow = ask(&town, "203.0.113.7/24 orders/db :5432").unwrap();
    let block = "203.0.113.0/24".parse().unwrap();
    assert_eq!(flow.from.at, SideRef::Addresses(block));

    let of_pod = ask(&town, "10.0.0.1 orders/db :5432").unwrap_err();
    assert_eq!(
        of_pod.to_string(),
        "`10.0.0.1` is the address of a pod of `shop/web`, and will change"
    );
    assert_eq!(of_pod.endpoints(), [endpoint("shop/web")]);

    let of_service = ask(&town, "shop/web 10.96.0.7 :80").unwrap_err();
    assert_eq!(
        of_service.hint().as_deref(),
        Some("ask for `orders/service/front` instead")
    );

    for (text, expected) in [
        (
            "203.0.113.7 198.51.100.1 :443",
            "neither `203.0.113.7` nor `198.51.100.1` is in the cluster",
        ),
        (
            "shop/web 203.0.113.7",
            "no port was named, and `203.0.113.7` declares none",
        ),
        (
            "shop/web 203.0.113.7 :https",
            "`203.0.113.7` has no port `https`",
        ),
    ] {
        let (said, hint) = refused(&town, text);
        assert!(said.starts_with(expected), "{said}");
        assert!(hint.is_some());
    }
}

#[test]
fn the_source_is_judged_first() {
    let refusal = ask(&town([]), "nowhere/x nowhere/y :1").unwrap_err();
    assert!(matches!(refusal, Unresolved::UnknownNamespace { .. }));
    assert!(
        refused(&town([]), "shop/x orders/y :1")
            .0
            .contains("shop/x")
    );
}
