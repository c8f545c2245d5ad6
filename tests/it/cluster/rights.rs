//! Permissions: the code's table, the manifest and the calls that are really made agree, and the bot
//! can do nothing more.

use std::collections::BTreeSet;

use drawbridge::cluster::{
    Asked, NAMESPACED_NEEDS, NEEDS, Need, OPTIONAL_NEEDS, OPTIONAL_REAPER_NEEDS, REAPER_NEEDS,
};
use drawbridge::objects::Kind;
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

/// A right on some objects only names them.
fn named(resource: &str, names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [] => resource.to_owned(),
        names => format!("{resource}[{}]", names.join(",")),
    }
}

fn needed(table: &'static [Need]) -> BTreeSet<(String, Right)> {
    let each = |need: &'static Need| {
        let resource = named(need.resource, need.names);
        let of = move |verb: &&str| (need.role.to_owned(), right(need.group, &resource, verb));
        need.verbs.iter().map(of)
    };
    table.iter().flat_map(each).collect()
}

/// The rows of one kind.
fn of_kind(table: &'static [(Kind, &'static [Need])], kind: Kind) -> &'static [Need] {
    table.iter().find(|(of, _)| *of == kind).unwrap().1
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|t| t.as_str().unwrap().to_owned())
        .collect()
}

/// What the ClusterRoles of a file hold.
fn granted(manifests: &str) -> BTreeSet<(String, Right)> {
    let mut granted = BTreeSet::new();
    for role in documents(manifests) {
        if role["kind"] == "ClusterRole" {
            let name = role["metadata"]["name"].as_str().unwrap();
            for rule in role["rules"].as_array().unwrap() {
                let held = rights_of(rule).into_iter();
                granted.extend(held.map(|right| (name.to_owned(), right)));
            }
        }
    }
    granted
}

fn rights_of(rule: &Value) -> Vec<Right> {
    assert!(rule.get("nonResourceURLs").is_none());
    let names = rule.get("resourceNames").map(texts).unwrap_or_default();
    let mut rights = Vec::new();
    for group in texts(&rule["apiGroups"]) {
        for resource in texts(&rule["resources"]) {
            for verb in texts(&rule["verbs"]) {
                rights.push(right(&group, &named(&resource, &names), &verb));
            }
        }
    }
    rights
}

/// What a component adds to the role of the reaper's account.
fn added_to_the_reaper(component: &str) -> BTreeSet<(String, Right)> {
    let component = documents(component).remove(0);
    let patches = component["patches"].as_array().unwrap().clone();
    let of_role = patches.iter().filter(|patch| {
        patch["target"] == json!({"kind": "ClusterRole", "name": "drawbridge-reaper"})
    });
    let operations = of_role.flat_map(|patch| {
        let operations = documents(patch["patch"].as_str().unwrap()).remove(0);
        operations.as_array().unwrap().clone()
    });
    operations
        .flat_map(|one| {
            assert_eq!(
                (&one["op"], &one["path"]),
                (&json!("add"), &json!("/rules/-"))
            );
            rights_of(&one["value"])
        })
        .map(|right| ("drawbridge-reaper".to_owned(), right))
        .collect()
}

#[test]
fn the_components_grant_what_the_tables_say_and_nothing_more() {
    let components = [
        (
            Kind::CiliumNetworkPolicy,
            include_str!("../../../manifests/components/cilium/access.yaml"),
            include_str!("../../../manifests/components/cilium/kustomization.yaml"),
        ),
        (
            Kind::RoleBinding,
            include_str!("../../../manifests/components/role-binding-grants/access.yaml"),
            include_str!("../../../manifests/components/role-binding-grants/kustomization.yaml"),
        ),
    ];
    for (kind, access, component) in components {
        assert_eq!(
            granted(access),
            needed(of_kind(OPTIONAL_NEEDS, kind)),
            "{kind}"
        );
        let reaper = needed(of_kind(OPTIONAL_REAPER_NEEDS, kind));
        assert_eq!(added_to_the_reaper(component), reaper, "{kind}");
    }
    let tables = [OPTIONAL_NEEDS, OPTIONAL_REAPER_NEEDS].map(|table| table.len());
    assert_eq!(tables, [components.len(); 2]);
}

#[test]
fn the_manifests_grant_what_the_tables_say_and_nothing_more() {
    let rbac = include_str!("../../../manifests/rbac.yaml");
    assert_eq!(granted(rbac), needed(NEEDS));
    let reaper = include_str!("../../../manifests/components/reaper-cronjob/access.yaml");
    assert_eq!(granted(reaper), needed(REAPER_NEEDS));
}

/// An account that reads only some namespaces: the read role there, one role for the Namespace itself, and one in
/// the cluster for the policies that have no namespace, which holds nothing that the read role does not.
#[test]
fn the_namespaced_component_grants_a_part_of_the_read_role_in_the_cluster() {
    let access = include_str!("../../../manifests/components/namespaced/access.yaml");
    let (wide, rest): (BTreeSet<_>, BTreeSet<_>) = granted(access)
        .into_iter()
        .partition(|(role, _)| role == "drawbridge-read-cluster-policies");
    assert_eq!(rest, needed(NAMESPACED_NEEDS));
    let read = needed(NEEDS).into_iter().map(|(_, right)| right);
    let read: BTreeSet<Right> = read.collect();
    let outside = [
        "namespaces",
        "pods",
        "services",
        "networkpolicies",
        "ciliumnetworkpolicies",
    ];
    for (_, right) in &wide {
        assert!(read.contains(right), "{right:?}");
        assert!(!outside.contains(&right.1.as_str()), "{right:?}");
    }
    assert_eq!(wide.len(), 12, "five kinds, one of them in two groups");
}

/// What the program takes, what `bind` lets it give, and what the admission policy lets pass.
#[test]
fn the_cluster_roles_that_may_be_given_are_the_same_everywhere() {
    let usual = drawbridge::rules::Allowed::default().cluster_roles;
    let usual: Vec<&str> = usual.iter().map(String::as_str).collect();
    assert_eq!(usual, ["view"]);
    let rows = of_kind(OPTIONAL_NEEDS, Kind::RoleBinding);
    let bound = rows
        .iter()
        .find(|need| need.verbs.contains(&"bind"))
        .unwrap();
    assert_eq!(bound.names, usual);
    let admission =
        include_str!("../../../manifests/components/role-binding-grants/admission.yaml");
    let policy = documents(admission).remove(0);
    let validations = policy["spec"]["validations"].as_array().unwrap();
    let texts = validations
        .iter()
        .map(|one| one["expression"].as_str().unwrap());
    let lists: Vec<&str> = texts
        .filter_map(|text| {
            text.split_once("object.roleRef.name in [")?
                .1
                .split_once(']')
        })
        .map(|(list, _)| list)
        .collect();
    let list: Vec<String> = usual.iter().map(|name| format!("'{name}'")).collect();
    assert_eq!(lists, [list.join(", ")]);
}

/// The calls so far, as RBAC sees them.
fn made(sim: &drawbridge::sim::cluster::SimCluster) -> BTreeSet<Right> {
    let calls = sim.take_calls();
    let rights = calls
        .iter()
        .map(|call| right(call.group, call.resource, call.verb));
    rights.collect()
}

/// What a table holds, whatever the role.
fn rights(table: &'static [Need]) -> BTreeSet<Right> {
    needed(table).into_iter().map(|(_, right)| right).collect()
}

#[tokio::test(start_paused = true)]
async fn closing_needs_what_the_reapers_account_has() {
    let arena = Arena::in_process().await;
    for gate in [
        arena.gate(0),
        super::kinds::names(&arena, 1),
        super::kinds::binding(&arena, 2, "view"),
    ] {
        arena.bot.apply(&gate, None).await.unwrap();
    }
    arena.sim().take_calls();
    for found in arena.bot.managed().await.unwrap().objects {
        arena.bot.withdraw_if(&found.at, |_| true).await.unwrap();
    }
    let mut needed = rights(REAPER_NEEDS);
    for (_, needs) in OPTIONAL_REAPER_NEEDS {
        needed.extend(rights(needs));
    }
    assert_eq!(made(arena.sim()), needed);
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
    let mut made = made(sim);
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
    let mut needed = rights(NEEDS);
    for (_, needs) in OPTIONAL_NEEDS {
        let looks = |right: &Right| matches!(right.2.as_str(), "list" | "watch");
        needed.extend(rights(needs).into_iter().filter(looks));
    }
    assert_eq!(made, needed);
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
async fn a_server_says_its_version_and_whom_it_takes_us_for() {
    let bot = "system:serviceaccount:drawbridge:drawbridge";
    let (real, simulated) = (Arena::real().await, Arena::over_tcp().await);
    for (arena, account) in [(real, bot), (simulated, "admin")] {
        assert!(arena.bot.version().await.unwrap().starts_with("v1."));
        assert_eq!(arena.bot.myself().await.unwrap(), account);
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
