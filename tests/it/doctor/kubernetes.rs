//! What it says about a cluster: rights that lack, rights that are too many, and whose they are.

use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use kube::api::{Api, DeleteParams};
use serde_json::{Value, json};

use super::report::doctor;
use crate::cluster::arena::Arena;
use crate::e2e::plan::{Keeper, Plan};
use crate::e2e::town::Town;
use crate::e2e::world::World;
use crate::servers::kube::{KubeServer, Who};

async fn world() -> World {
    let plan = Plan {
        keeper: Keeper::Sqlite,
        ..Plan::default()
    };
    World::new(plan).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_is_warned_that_the_answers_are_not_about_the_bot() {
    let mut world = world().await;
    let admin = KubeServer::shared().await.kubeconfig(Who::Admin);
    let admin = admin.to_str().unwrap().to_owned();
    world.env.insert("KUBECONFIG".to_owned(), admin);
    let found = doctor(&world.env, &[]).await;
    let account = found.told("account");
    assert!(account[0].starts_with("warn: `admin` is no ServiceAccount"));
    assert!(
        found
            .mends("account")
            .contains("kubectl -n drawbridge exec")
    );
    assert_eq!(found.told("nothing more"), ["warn: may also do everything"]);
    assert!(found.told("admission")[0].starts_with("unknown: "));
    assert_eq!(found.told("permissions").len(), 1);
    assert_eq!(found.code, 0, "{found:?}");
    world.ends_well().await;
}

async fn unbind(town: &Town, role: &str) {
    let bindings: Api<ClusterRoleBinding> = Api::all(town.admin.clone());
    let name = format!("{}-{role}", town.name);
    let at_once = DeleteParams::default();
    bindings.delete(&name, &at_once).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_right_that_lacks_is_a_line_with_the_role_that_holds_it() {
    let world = world().await;
    unbind(&world.town, "drawbridge-tokenreview").await;
    let found = doctor(&world.env, &[]).await;
    // Only services need it.
    assert_eq!(
        found.told("permissions"),
        ["warn: may not create tokenreviews.authentication.k8s.io"]
    );
    assert!(
        found
            .mends("permissions")
            .contains("`drawbridge-tokenreview`")
    );
    unbind(&world.town, "drawbridge-read").await;
    let found = doctor(&world.env, &[]).await;
    let told = found.told("permissions");
    for line in [
        "fail: may not list pods",
        "fail: may not watch networkpolicies.networking.k8s.io",
        "warn: may not list ciliumnetworkpolicies.cilium.io",
    ] {
        assert!(told.iter().any(|found| found == line), "{line}: {told:#?}");
    }
    assert!(found.mends("permissions").contains("`drawbridge-read`"));
    assert!(found.told("namespaces")[0].starts_with("unknown: "));
    world.ends_well().await;
}

/// Lets the bot do this in a namespace.
async fn lets(town: &Town, namespace: &str, name: &str, rule: &Value) -> [String; 2] {
    let meta = json!({"name": name, "namespace": namespace});
    town.put(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": meta, "rules": [rule],
    }))
    .await;
    town.put(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": meta,
        "subjects": [{"kind": "ServiceAccount", "name": town.name, "namespace": "drawbridge"}],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
    }))
    .await;
    [namespace.to_owned(), name.to_owned()]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_that_are_too_many_are_told_also_those_in_the_namespace_of_the_bot() {
    let world = world().await;
    let (town, name) = (&world.town, format!("{}-too-much", world.town.name));
    let secrets = json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]});
    let [namespace, name] = lets(town, "drawbridge", &name, &secrets).await;
    let found = doctor(&world.env, &[]).await;
    assert_eq!(
        found.told("nothing more"),
        ["fail: may also get secrets in namespace `drawbridge`"]
    );
    let remove = async |kind: &str| {
        let group = "rbac.authorization.k8s.io/v1";
        town.remove(group, kind, &namespace, &name).await;
    };
    remove("RoleBinding").await;
    remove("Role").await;
    let all = json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]});
    let [namespace, name] = lets(town, "drawbridge", &name, &all).await;
    let found = doctor(&world.env, &[]).await;
    let everything = "fail: may also do everything in namespace `drawbridge`";
    assert_eq!(found.told("nothing more"), [everything]);
    // It may open paths there as well, and then it can be rehearsed nowhere else: told all the same.
    assert!(found.told("namespaces")[0].contains("drawbridge"));
    for kind in ["RoleBinding", "Role"] {
        let group = "rbac.authorization.k8s.io/v1";
        town.remove(group, kind, &namespace, &name).await;
    }
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_where_it_could_open_and_not_close_fails() {
    let world = world().await;
    let town = &world.town;
    let group = "rbac.authorization.k8s.io/v1";
    for namespace in [&town.shop, &town.orders] {
        town.remove(group, "RoleBinding", namespace, "drawbridge-grant")
            .await;
    }
    let found = doctor(&world.env, &[]).await;
    let told = found.told("namespaces");
    assert!(told[0].starts_with("warn: none of "), "{told:?}");
    assert!(found.mends("namespaces").contains("manifests/opt-in.yaml"));
    assert!(found.told("admission")[0].starts_with("unknown: "));
    assert_eq!(found.code, 0, "{found:?}");
    let half = json!({
        "apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"],
        "verbs": ["create", "patch"],
    });
    lets(town, &town.shop, "half", &half).await;
    let found = doctor(&world.env, &[]).await;
    let half = format!("fail: in `{}` it may not delete NetworkPolicies", town.shop);
    assert_eq!(found.told("namespaces"), [half]);
    assert_eq!(found.code, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_refuses_the_token_or_is_away_is_one_line() {
    let world = world().await;
    let path = world.env["KUBECONFIG"].clone();
    let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let change = |pointer: &str, value: Value| {
        let mut file = file.clone();
        *file.pointer_mut(pointer).unwrap() = value;
        std::fs::write(&path, file.to_string()).unwrap();
    };
    // A port of the system, where nobody listens.
    change("/clusters/0/cluster/server", json!("https://127.0.0.1:1"));
    let found = doctor(&world.env, &[]).await;
    assert_eq!(found.area("kubernetes"), ["version: fail"]);
    assert!(found.mends("version").contains("`KUBECONFIG`"));
    change("/users/0/user/token", json!("of-nobody-at-all"));
    let found = doctor(&world.env, &[]).await;
    assert_eq!(found.area("kubernetes"), ["version: fail"]);
    assert!(found.told("version")[0].starts_with("fail: refused: "));
    change("/users/0/user", file["users"][0]["user"].clone());
    world.ends_well().await;
}

/// The first step from the demo to production: everything is simulated, and looked at all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demos_cluster_takes_everybody_for_an_administrator() {
    let mut world = world().await;
    let arena = Arena::over_tcp().await;
    let server = arena.config.as_ref().unwrap().cluster_url.to_string();
    let kubeconfig = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "demo",
        "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo"}}],
        "clusters": [{"name": "demo", "cluster": {"server": server}}],
        "users": [{"name": "demo", "user": {}}],
    });
    let path = world.folder.path().join("demo.kubeconfig");
    std::fs::write(&path, kubeconfig.to_string()).unwrap();
    let path = path.to_str().unwrap().to_owned();
    world.env.insert("KUBECONFIG".to_owned(), path);
    let found = doctor(&world.env, &[]).await;
    assert_eq!(
        found.area("kubernetes"),
        [
            "version: ok",
            "account: warn",
            "permissions: ok",
            "namespaces: ok",
            "nothing more: warn",
            "admission: unknown",
            "enforcement: unknown"
        ]
    );
    assert_eq!(found.code, 0, "{found:?}");
    world.ends_well().await;
}
