//! Permissions: the code's table, the manifest and the calls that are really made agree, and the bot
//! can do nothing more.

use std::collections::BTreeSet;

use drawbridge::cluster::{Asked, NEEDS};
use drawbridge::sim::cluster::Verb;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use serde_json::{Value, json};

use super::arena::Arena;
use crate::servers::kube::documents;

/// Group, resource, verb.
type Right = (String, String, String);

fn right(group: &str, resource: &str, verb: &str) -> Right {
    (group.to_owned(), resource.to_owned(), verb.to_owned())
}

fn needed() -> BTreeSet<(String, Right)> {
    let each = |need: &'static drawbridge::cluster::Need| {
        let of = move |verb: &&str| (need.role.to_owned(), right(need.group, need.resource, verb));
        need.verbs.iter().map(of)
    };
    NEEDS.iter().flat_map(each).collect()
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn the_manifest_grants_what_the_table_says_and_nothing_more() {
    let mut granted = BTreeSet::new();
    for role in documents(include_str!("../../../manifests/rbac.yaml")) {
        if role["kind"] != "ClusterRole" {
            continue;
        }
        let name = role["metadata"]["name"].as_str().unwrap();
        for rule in role["rules"].as_array().unwrap() {
            assert!(rule.get("nonResourceURLs").is_none());
            for group in texts(&rule["apiGroups"]) {
                for resource in texts(&rule["resources"]) {
                    for verb in texts(&rule["verbs"]) {
                        granted.insert((name.to_owned(), right(&group, &resource, &verb)));
                    }
                }
            }
        }
    }
    assert_eq!(granted, needed());
}

#[tokio::test(start_paused = true)]
async fn the_calls_that_are_made_are_the_ones_in_the_table() {
    let arena = Arena::in_process().await;
    let sim = arena.sim();
    sim.take_calls();
    arena.watched().await;
    arena.bot.survey().await.unwrap();
    arena.bot.managed().await.unwrap();
    arena.bot.rehearse(&arena.gate(0)).await.unwrap();
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.bot.withdraw(&arena.at(0)).await.unwrap();
    let mut made: BTreeSet<Right> = sim
        .take_calls()
        .iter()
        .map(|call| right(call.group, call.resource, call.verb))
        .collect();
    // An apply that creates is checked as both; reviews are answered and not recorded.
    assert_eq!(Verb::Apply.name(), "patch");
    made.insert(right("networking.k8s.io", "networkpolicies", "create"));
    made.insert(right("authentication.k8s.io", "tokenreviews", "create"));
    // The simulator is no Calico: its kinds are looked for and not there.
    for group in ["crd.projectcalico.org", "projectcalico.org"] {
        for kind in ["networkpolicies", "globalnetworkpolicies"] {
            made.extend(["list", "watch"].map(|verb| right(group, kind, verb)));
        }
    }
    assert_eq!(made, needed().into_iter().map(|(_, right)| right).collect());
}

#[tokio::test]
async fn the_bot_may_do_what_it_must_and_nothing_else() {
    let arena = Arena::real().await;
    let here = Some(arena.namespace.as_str());
    for need in NEEDS {
        for verb in need.verbs {
            let asked = Asked::new(verb, need.group, need.resource, here);
            assert!(arena.bot.may(&asked).await.unwrap(), "{asked}");
        }
    }
    let elsewhere = Some("kube-system");
    let policies = ("networking.k8s.io", "networkpolicies");
    let forbidden = [
        ("create", policies, elsewhere),
        ("patch", policies, elsewhere),
        ("delete", policies, elsewhere),
        ("update", policies, here),
        ("deletecollection", policies, here),
        ("get", ("", "secrets"), here),
        ("list", ("", "secrets"), None),
        ("get", ("", "nodes"), None),
        ("create", ("", "pods"), here),
        ("create", ("", "pods/exec"), here),
        ("create", ("", "serviceaccounts/token"), here),
        (
            "create",
            ("rbac.authorization.k8s.io", "rolebindings"),
            here,
        ),
        ("patch", ("rbac.authorization.k8s.io", "clusterroles"), None),
        (
            "get",
            (
                "admissionregistration.k8s.io",
                "validatingadmissionpolicies",
            ),
            None,
        ),
        ("impersonate", ("", "users"), None),
        ("patch", ("apps", "deployments"), here),
    ];
    for (verb, (group, resource), namespace) in forbidden {
        let asked = Asked::new(verb, group, resource, namespace);
        assert!(!arena.bot.may(&asked).await.unwrap(), "{asked}");
    }
}

#[tokio::test]
async fn a_namespace_that_did_not_opt_in_is_refused_with_what_to_bind() {
    let arena = Arena::real().await;
    let mut gate = arena.gate(0);
    gate["metadata"]["namespace"] = json!("default");
    let refused = arena.bot.apply(&gate, None).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "not permitted in the cluster: patch networkpolicies.networking.k8s.io in namespace \
         `default`; bind the ClusterRole `drawbridge-grant` there"
    );
}

#[tokio::test]
async fn a_real_token_is_vouched_for_by_its_audience_only() {
    let arena = Arena::real().await;
    let accounts: Api<ServiceAccount> = Api::namespaced(arena.admin.clone(), &arena.namespace);
    let account = serde_json::from_value(json!({"metadata": {"name": "deployer"}})).unwrap();
    let account = accounts
        .create(&PostParams::default(), &account)
        .await
        .unwrap();
    let issue = async |audience: &str| {
        let spec = TokenRequestSpec {
            audiences: Some(vec![audience.to_owned()]),
            ..TokenRequestSpec::default()
        };
        let request = TokenRequest {
            spec: Some(spec),
            ..TokenRequest::default()
        };
        let by = PostParams::default();
        accounts
            .create_token_request("deployer", &by, &request)
            .await
            .unwrap()
            .status
            .unwrap()
            .token
            .unwrap()
    };
    let token = issue("drawbridge").await;
    let vouched = arena
        .bot
        .whose(&token, "drawbridge")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (vouched.namespace.as_str(), vouched.name.as_str()),
        (arena.namespace.as_str(), "deployer")
    );
    assert_eq!(Some(vouched.uid), account.metadata.uid);
    assert!(vouched.token_id.unwrap().starts_with("JTI="));
    for (token, audience) in [
        (issue("https://kubernetes.default.svc").await, "drawbridge"),
        (token, "another"),
        ("junk".to_owned(), "drawbridge"),
        ("admin-token".to_owned(), "drawbridge"),
        ("admin-token".to_owned(), "https://kubernetes.default.svc"),
    ] {
        assert_eq!(
            arena.bot.whose(&token, audience).await.unwrap(),
            None,
            "{audience}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_simulated_token_is_vouched_for_in_the_same_way() {
    let arena = Arena::in_process().await;
    let token = arena.sim().issue_token("ci", "deployer", "drawbridge");
    let vouched = arena
        .bot
        .whose(&token, "drawbridge")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (vouched.namespace.as_str(), vouched.name.as_str()),
        ("ci", "deployer")
    );
    assert!(vouched.token_id.unwrap().starts_with("JTI="));
    assert_eq!(arena.bot.whose(&token, "another").await.unwrap(), None);
    assert_eq!(arena.bot.whose("junk", "drawbridge").await.unwrap(), None);
}
