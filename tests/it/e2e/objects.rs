//! Templates with objects of their own, on a real API server with everything installed as it ships: a role is
//! given for a while and taken back, and a name outside is opened through Cilium's kind.

use k8s_openapi::api::authorization::v1::SubjectAccessReview;
use k8s_openapi::api::rbac::v1::ClusterRole;
use kube::api::{Api, Patch, PatchParams, PostParams};
use serde_json::{Value, json};

use super::bot::Bot;
use super::plan::{Keeper, Plan};
use super::reaper_job::{installed, job};
use super::wait::{SOON, reached, until, within};
use super::world::World;
use crate::servers::kube::documents;

const BINDINGS: &str = "role-binding-grants";
const CILIUM: &str = "cilium";

const BINDING_TEMPLATE: &str = "apiVersion: drawbridge.dev/v1alpha1
kind: AccessTemplate
metadata: {name: view-for-a-while}
spec:
  summary: Let one person look into a namespace
  inputs:
    namespace: {type: string, pattern: '[a-z0-9-]+', description: which namespace}
    user: {type: string, pattern: '[a-z]+@example\\.com', description: the person}
  duration: {default: 1m, min: 2s, max: 1h}
  gate:
    objects:
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: RoleBinding
        metadata: {namespace: '${namespace}'}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
        subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: '${user}'}]
";

const CILIUM_TEMPLATE: &str = "apiVersion: drawbridge.dev/v1alpha1
kind: AccessTemplate
metadata: {name: name-outside}
spec:
  summary: Let one workload reach a name outside
  inputs:
    from: {type: workload, description: where connections come from}
    host: {type: string, pattern: '[a-z.]+', description: the whole name}
    port: {type: ports, default: '443', description: ports out there}
  duration: {default: 1m, min: 2s, max: 1h}
  gate:
    objects:
      - apiVersion: cilium.io/v2
        kind: CiliumNetworkPolicy
        metadata: {namespace: '${from.namespace}'}
        spec:
          enableDefaultDeny: {ingress: false, egress: false}
          endpointSelector: '${from.selector}'
          egress:
            - toFQDNs: [{matchName: '${host}'}]
              toPorts: [{ports: '${port.cilium}'}]
            - toEndpoints:
                - matchLabels: {'k8s:io.kubernetes.pod.namespace': kube-system, 'k8s:k8s-app': kube-dns}
              toPorts:
                - ports: [{port: '53', protocol: ANY}]
                  rules: {dns: [{matchPattern: '*'}]}
";

/// A rule for one template, for whatever it changes in one namespace.
fn rule(template: &str, namespace: &str) -> String {
    format!(
        "apiVersion: drawbridge.dev/v1alpha1
kind: AccessRule
metadata: {{name: objects}}
spec:
  match: {{templates: [{template}], when: \"to.namespace == '{namespace}'\"}}
  requesters: {{slack: {{usergroups: [\"@backend\"]}}}}
  stages: [{{name: owners, from: {{usergroups: [\"@orders-oncall\"]}}}}]
  limits: {{max: 1h}}
  channel: \"#access-orders\"
"
    )
}

/// A file of a component.
fn component(name: &str, file: &str) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::read_to_string(format!("{root}/manifests/components/{name}/{file}.yaml")).unwrap()
}

/// A world with a component installed, its role bound in a namespace, and a template with its rule.
async fn world(component_name: &str, role: &str, template: &str) -> World {
    let plan = Plan {
        audited: true,
        keeper: Keeper::Sqlite,
        ..Plan::default()
    };
    let mut world = World::new(plan).await;
    for file in ["access", "admission"] {
        world
            .own_api()
            .apply(&component(component_name, file))
            .await;
    }
    let namespace = match component_name {
        BINDINGS => world.town.orders.clone(),
        _ => world.town.shop.clone(),
    };
    world
        .town
        .put(json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": role, "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [world.town.bot()],
        }))
        .await;
    let name = documents(template).remove(0)["metadata"]["name"].clone();
    let name = name.as_str().unwrap();
    let write =
        |path: &str, text: &str| std::fs::write(world.folder.path().join(path), text).unwrap();
    write("templates/objects.yaml", template);
    write("rules/objects.yaml", &rule(name, &namespace));
    world.cluster_was_changed().await;
    world
}

/// Changes a ClusterRole as an administrator does.
async fn change_role(world: &World, name: &str, patch: Value) {
    let roles: Api<ClusterRole> = Api::all(world.town.admin.clone());
    let by = PatchParams::default();
    roles.patch(name, &by, &Patch::Merge(patch)).await.unwrap();
}

/// Whether the API server lets a person list pods in a namespace.
async fn may_list_pods(world: &World, user: &str, namespace: &str) -> bool {
    let act = json!({"group": "", "resource": "pods", "verb": "list", "namespace": namespace});
    may(world, user, act).await
}

/// Waits until the bot may, or may not, bind the role `view` where it opted in.
async fn may_bind_is(world: &World, wanted: bool) {
    let bot = format!("system:serviceaccount:drawbridge:{}", world.town.account);
    let act = json!({
        "group": "rbac.authorization.k8s.io", "resource": "clusterroles", "name": "view", "verb": "bind",
        "namespace": world.town.orders,
    });
    let so = until(async || (may(world, &bot, act.clone()).await == wanted).then_some(()));
    within(SOON, &format!("the bot may bind: {wanted}"), so).await;
}

async fn may(world: &World, user: &str, act: Value) -> bool {
    let question = json!({"spec": {"user": user, "resourceAttributes": act}});
    let question: SubjectAccessReview = serde_json::from_value(question).unwrap();
    let reviews: Api<SubjectAccessReview> = Api::all(world.town.admin.clone());
    let answer = reviews.create(&PostParams::default(), &question).await;
    answer.unwrap().status.unwrap().allowed
}

/// Waits until it is so: the authorizer learns of bindings by a watch of its own.
async fn may_list_pods_is(world: &World, user: &str, wanted: bool) {
    let orders = world.town.orders.clone();
    let so = until(async || (may_list_pods(world, user, &orders).await == wanted).then_some(()));
    within(SOON, &format!("{user} may list pods: {wanted}"), so).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_is_given_for_a_while_and_taken_back() {
    let mut world = world(BINDINGS, "drawbridge-grant-role-bindings", BINDING_TEMPLATE).await;
    // Aggregated by a controller elsewhere; without rules everybody may bind it, and it gives nothing.
    // More than the bot may do itself.
    let lists =
        json!([{"apiGroups": [""], "resources": ["configmaps", "pods"], "verbs": ["list"]}]);
    change_role(
        &world,
        "view",
        json!({"aggregationRule": null, "rules": lists}),
    )
    .await;
    let binder = documents(&component(BINDINGS, "access"));
    let binder = binder
        .iter()
        .find(|it| it["metadata"]["name"] == "drawbridge-grant-role-bindings");
    let rules = binder.unwrap()["rules"].clone();
    let without_bind: Vec<&Value> = rules.as_array().unwrap().iter().take(1).collect();
    let name = "drawbridge-grant-role-bindings";
    change_role(&world, name, json!({"rules": without_bind})).await;
    may_bind_is(&world, false).await;
    let _bot = world.serve().await;
    let orders = world.town.orders.clone();
    let dana = "dana@example.com";
    assert!(!may_list_pods(&world, dana, &orders).await);
    let ask =
        format!("using view-for-a-while namespace={orders} user={dana} for 5s because INC-42");

    // Nobody hands out what they do not have, unless `bind` lets them: said before anybody is asked.
    let since = world.listen();
    world.types("dana", &ask);
    let said = since.answered("dana", "under `bind`").await;
    assert!(said.says("Nothing") || said.says("not"), "{said:?}");
    assert_eq!(world.gates.lives(), []);

    change_role(&world, name, json!({"rules": rules})).await;
    may_bind_is(&world, true).await;
    let since = world.listen();
    world.types("dana", &ask);
    let card = since.card().await;
    assert!(card.says("ClusterRole") && card.says("view"), "{card:?}");
    assert!(card.says("not computed") && card.says(dana), "{card:?}");
    assert_eq!(world.gates.lives(), []);
    let since = world.listen();
    world.clicks("lee", &card, "Approve");
    let gates = world.gates.open(1).await;
    assert_eq!(
        (gates[0].kind, gates[0].namespace.as_str()),
        ("RoleBinding", orders.as_str())
    );
    assert_eq!(gates[0].object["roleRef"]["name"], "view");
    assert_eq!(gates[0].object["subjects"][0]["name"], dana);
    since.told("dana", "Applied").await;
    may_list_pods_is(&world, dana, true).await;
    assert!(!may_list_pods(&world, "eve@example.com", &orders).await);
    assert!(!may_list_pods(&world, dana, &world.town.shop).await);
    since.told("dana", "Expired and closed").await;
    may_list_pods_is(&world, dana, false).await;
    world.gates.all_gone(SOON).await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_who_is_added_to_a_given_role_ends_it() {
    let mut world = world(BINDINGS, "drawbridge-grant-role-bindings", BINDING_TEMPLATE).await;
    let _bot = world.serve().await;
    let orders = world.town.orders.clone();
    let ask = format!(
        "using view-for-a-while namespace={orders} user=dana@example.com for 5m because INC-42"
    );
    let since = world.listen();
    world.types("dana", &ask);
    let card = since.card().await;
    world.clicks("lee", &card, "Approve");
    let gates = world.gates.open(1).await;
    since.told("dana", "Applied").await;
    let bindings: Api<k8s_openapi::api::rbac::v1::RoleBinding> =
        Api::namespaced(world.town.admin.clone(), &orders);
    let mut subjects = gates[0].object["subjects"].as_array().unwrap().clone();
    let mut eve = subjects[0].clone();
    eve["name"] = json!("eve@example.com");
    subjects.push(eve);
    let patch = Patch::Merge(json!({"subjects": subjects}));
    let by = PatchParams::default();
    bindings.patch(&gates[0].name, &by, &patch).await.unwrap();
    since.told("dana", "Closed early").await;
    world.gates.all_gone(SOON).await;
    world.ends_well().await;
}

/// The bot dies while it is open; the account of the CronJob closes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_outside_is_opened_through_cilium_and_closed_without_a_bot() {
    let mut world = world(CILIUM, "drawbridge-grant-cilium", CILIUM_TEMPLATE).await;
    let mut bot: Bot = world.serve().await;
    let shop = world.town.shop.clone();
    let ask =
        format!("using name-outside from={shop}/web host=api.example.com for 5s because INC-42");
    let since = world.listen();
    world.types("dana", &ask);
    let card = since.card().await;
    assert!(
        card.says("api.example.com") && card.says("not computed"),
        "{card:?}"
    );
    world.clicks("lee", &card, "Approve");
    let gates = world.gates.open(1).await;
    since.told("dana", "Applied").await;
    bot.kill();
    let gate = &gates[0];
    assert_eq!(
        (gate.kind, gate.namespace.as_str()),
        ("CiliumNetworkPolicy", shop.as_str())
    );
    let spec = &gate.object["spec"];
    assert_eq!(
        spec["enableDefaultDeny"],
        json!({"ingress": false, "egress": false})
    );
    assert_eq!(
        spec["endpointSelector"]["matchLabels"],
        json!({"app": "web"})
    );
    assert_eq!(
        spec["egress"][0]["toFQDNs"],
        json!([{"matchName": "api.example.com"}])
    );
    let token = installed(&world).await;
    lets_the_reaper(&world).await;
    let (args, env) = job(&world, &token);
    let bots_own = std::mem::replace(&mut world.env, env);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    reached(gate.expires_at()).await;
    until(async || {
        world.run(&args).ended(SOON).await;
        world.gates.here().is_empty().then_some(())
    })
    .await;
    world.env = bots_own;
    let since = world.listen();
    let _bot = world.serve().await;
    since.told("dana", "Expired and closed").await;
    assert!(world.gates.lives()[0].late() >= chrono::TimeDelta::zero());
    world.ends_well().await;
}

/// What could not be seen afterwards could not be closed either: refused before anybody is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_without_the_kind_or_the_right_to_see_it_says_so() {
    let mut world = World::new(Plan::default()).await;
    let (shop, orders) = (world.town.shop.clone(), world.town.orders.clone());
    let write =
        |path: &str, text: &str| std::fs::write(world.folder.path().join(path), text).unwrap();
    write("templates/a.yaml", BINDING_TEMPLATE);
    write("templates/b.yaml", CILIUM_TEMPLATE);
    write("rules/a.yaml", &rule("view-for-a-while", &orders));
    let b = rule("name-outside", &shop).replace("name: objects", "name: outside");
    write("rules/b.yaml", &b);
    let _bot = world.serve().await;
    for (ask, words) in [
        (
            format!("using view-for-a-while namespace={orders} user=dana@example.com for 1m"),
            "Drawbridge may not see RoleBindings on this cluster",
        ),
        (
            format!("using name-outside from={shop}/web host=api.example.com for 1m"),
            "this cluster has no CiliumNetworkPolicies",
        ),
    ] {
        let since = world.listen();
        world.types("dana", &ask);
        since.answered("dana", words).await;
    }
    assert_eq!(world.gates.lives(), []);
    world.ends_well().await;
}

/// What the component adds to the role of the reaper's account.
async fn lets_the_reaper(world: &World) {
    let roles: Api<ClusterRole> = Api::all(world.town.admin.clone());
    let role = roles.get("drawbridge-reaper").await.unwrap();
    let mut rules = serde_json::to_value(role.rules.unwrap()).unwrap();
    let component = documents(&component(CILIUM, "kustomization")).remove(0);
    for patch in component["patches"].as_array().unwrap() {
        if patch["target"]["kind"] == "ClusterRole" {
            let added = documents(patch["patch"].as_str().unwrap()).remove(0);
            rules
                .as_array_mut()
                .unwrap()
                .push(added[0]["value"].clone());
        }
    }
    change_role(world, "drawbridge-reaper", json!({"rules": rules})).await;
}
