//! Kinds that gates may be made of beside NetworkPolicies: a cluster may not have them, and we may not see them.

use std::sync::Arc;
use std::time::Duration;

use drawbridge::cluster::{Cluster, ClusterError, ObjectRef, Scope, Sees, Withdrawn};
use drawbridge::objects::Kind;
use drawbridge::sim::cluster::{Fault, On};
use k8s_openapi::api::rbac::v1::RoleBinding;
use kube::api::{Api, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use super::arena::{Arena, contract, until};
use crate::servers::kube::{KubeServer, Who};

const BINDINGS: &str =
    include_str!("../../../manifests/components/role-binding-grants/access.yaml");
const CILIUM: &str = include_str!("../../../manifests/components/cilium/access.yaml");
const DEFINITIONS: &str = include_str!("../../admission/definitions.yaml");

/// The cases that need every kind: the real server of these is one that has them.
macro_rules! with_every_kind {
    ($($case:ident),* $(,)?) => {
        mod every_in_process {
            $(#[tokio::test(start_paused = true)]
            async fn $case() {
                super::$case(super::Arena::in_process().await).await;
            })*
        }
        mod every_over_tcp {
            $(#[tokio::test]
            async fn $case() {
                super::$case(super::Arena::over_tcp().await).await;
            })*
        }
        mod every_real {
            $(#[tokio::test]
            async fn $case() {
                super::$case(super::real_with_every_kind().await).await;
            })*
        }
    };
}

contract!(an_absent_kind_does_not_delay_the_first_picture);

with_every_kind!(
    a_role_binding_is_applied_read_back_and_withdrawn_by_uid,
    the_role_of_a_binding_never_changes,
    a_binding_that_is_wrong_is_refused,
    a_role_that_may_not_be_bound_is_refused_with_what_to_name,
    managed_lists_every_kind_that_is_there,
    what_somebody_adds_to_a_binding_is_seen,
);

/// A server with Cilium's kind, the components' roles, and something in the role `view`: no controller puts it
/// there.
async fn everything() -> &'static KubeServer {
    static SERVER: OnceCell<KubeServer> = OnceCell::const_new();
    SERVER
        .get_or_init(|| async {
            let server = KubeServer::start().await;
            for manifests in [DEFINITIONS, BINDINGS, CILIUM] {
                server.apply(manifests).await;
            }
            let lists = |resource: &str| json!([{"apiGroups": [""], "resources": [resource], "verbs": ["list"]}]);
            // Aggregated by a controller elsewhere.
            let view = json!({"aggregationRule": null, "rules": lists("pods")});
            let admin = server.client(Who::Admin).await;
            let roles: Api<k8s_openapi::api::rbac::v1::ClusterRole> = Api::all(admin);
            let by = PatchParams::default();
            roles.patch("view", &by, &Patch::Merge(view)).await.unwrap();
            let strong = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
                "metadata": {"name": "strong"}, "rules": lists("secrets"),
            });
            server.apply(&strong.to_string()).await;
            server
        })
        .await
}

async fn real_with_every_kind() -> Arena {
    let arena = Arena::on(everything().await).await;
    for role in ["drawbridge-grant-cilium", "drawbridge-grant-role-bindings"] {
        let bindings: Api<RoleBinding> = Api::namespaced(arena.admin.clone(), &arena.namespace);
        let binding = json!({
            "metadata": {"name": role},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"kind": "ServiceAccount", "name": "drawbridge", "namespace": "drawbridge"}],
        });
        let binding = serde_json::from_value(binding).unwrap();
        bindings
            .create(&Default::default(), &binding)
            .await
            .unwrap();
    }
    // The API server learns of bindings by a watch of its own.
    for resource in ["rolebindings", "ciliumnetworkpolicies"] {
        let group = match resource {
            "rolebindings" => "rbac.authorization.k8s.io",
            _ => "cilium.io",
        };
        let here = Some(arena.namespace.as_str());
        let asked = drawbridge::cluster::Asked::new("patch", group, resource, here);
        until(async {
            while !arena.bot.may(&asked).await.unwrap() {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
    arena
}

/// A gate that is a RoleBinding, with all marks.
pub(super) fn binding(arena: &Arena, n: usize, role: &str) -> Value {
    json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": arena.gate(n)["metadata"],
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "dana@example.com"}],
    })
}

/// A gate that is a CiliumNetworkPolicy, with all marks.
pub(super) fn names(arena: &Arena, n: usize) -> Value {
    json!({
        "apiVersion": "cilium.io/v2", "kind": "CiliumNetworkPolicy",
        "metadata": arena.gate(n)["metadata"],
        "spec": {
            "enableDefaultDeny": {"ingress": false, "egress": false},
            "endpointSelector": {"matchLabels": {"app": "web"}},
            "egress": [{
                "toFQDNs": [{"matchName": "api.example.com"}],
                "toPorts": [{"ports": [{"port": "443", "protocol": "TCP"}]}],
            }],
        },
    })
}

async fn a_role_binding_is_applied_read_back_and_withdrawn_by_uid(arena: Arena) {
    let gate = binding(&arena, 0, "view");
    arena.bot.rehearse(&gate).await.unwrap();
    let at = ObjectRef::of_manifest(&gate).unwrap();
    assert_eq!(arena.bot.read(&at).await.unwrap(), None, "rehearsed only");
    let applied = arena.bot.apply(&gate, None).await.unwrap();
    assert!(applied.created);
    let again = arena.bot.apply(&gate, Some(&applied.uid)).await.unwrap();
    assert_eq!(again.resource_version, applied.resource_version);
    let seen = arena.bot.read(&at).await.unwrap().unwrap();
    for field in ["roleRef", "subjects"] {
        assert_eq!(seen.manifest[field], gate[field]);
    }
    assert!(seen.bears_our_marks());
    let at = at.with_uid(applied.uid);
    assert_eq!(arena.bot.withdraw(&at).await.unwrap(), Withdrawn::Closed);
    assert_eq!(arena.bot.read(&at).await.unwrap(), None);
}

async fn the_role_of_a_binding_never_changes(arena: Arena) {
    let applied = arena.bot.apply(&binding(&arena, 0, "view"), None).await;
    let uid = applied.unwrap().uid;
    // A role without rules may be bound by everybody who may write bindings.
    let other = binding(&arena, 0, "not-there");
    let refused = arena.admin_applies(&other).await;
    assert!(refused.contains("cannot change roleRef"), "{refused}");
    let seen = arena.bot.managed().await.unwrap().objects;
    let mine = seen.iter().find(|it| it.uid() == uid).unwrap();
    assert_eq!(mine.manifest["roleRef"]["name"], "view");
}

async fn a_binding_that_is_wrong_is_refused(arena: Arena) {
    let cases = [
        (
            json!({"subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": ""}]}),
            "subjects[0].name: Required value",
        ),
        (
            json!({"subjects": [{"apiGroup": "", "kind": "Robot", "name": "r2"}]}),
            "subjects[0].kind: Unsupported value: \"Robot\"",
        ),
        (
            json!({"subject": []}),
            ".subject: field not declared in schema",
        ),
    ];
    for (change, words) in cases {
        let mut gate = binding(&arena, 0, "view");
        for (field, value) in change.as_object().unwrap() {
            gate[field] = value.clone();
        }
        match arena.bot.apply(&gate, None).await {
            Err(ClusterError::Invalid(said)) => assert!(said.contains(words), "{said}"),
            other => panic!("{change}: {other:?}"),
        }
    }
}

async fn a_role_that_may_not_be_bound_is_refused_with_what_to_name(arena: Arena) {
    if let Some(sim) = &arena.sim {
        sim.forbid("bind", "clusterroles", None);
    }
    let gate = binding(&arena, 0, "strong");
    let refused = [
        arena.bot.rehearse(&gate).await.unwrap_err(),
        arena.bot.apply(&gate, None).await.unwrap_err(),
    ];
    for error in refused {
        assert_eq!(
            error.to_string(),
            format!(
                "not permitted in the cluster: patch rolebindings.rbac.authorization.k8s.io in namespace `{}` with \
                 this role; name it under `bind` in the ClusterRole `drawbridge-grant-role-bindings` and bind that \
                 there",
                arena.namespace
            )
        );
    }
}

async fn managed_lists_every_kind_that_is_there(arena: Arena) {
    let gates = [arena.gate(0), names(&arena, 1), binding(&arena, 2, "view")];
    for gate in &gates {
        arena.bot.apply(gate, None).await.unwrap();
    }
    let managed = arena.bot.managed().await.unwrap();
    assert_eq!(managed.unseen, []);
    let mine = managed.objects.iter();
    let mine = mine.filter(|it| it.at.namespace == arena.namespace);
    let kinds: Vec<&str> = mine.map(|it| it.at.kind.as_str()).collect();
    assert_eq!(kinds, Kind::ALL.map(Kind::name));
    assert_eq!(arena.bot.gates(Kind::RoleBinding), Sees::NotYet);
    arena.watched().await;
    arena.managed(|mine| mine.len() == 3).await;
    assert_eq!(Kind::ALL.map(|kind| arena.bot.gates(kind)), [Sees::Yes; 3]);
    for gate in &gates {
        let at = ObjectRef::of_manifest(gate).unwrap();
        assert_eq!(arena.bot.withdraw(&at).await.unwrap(), Withdrawn::Closed);
    }
    arena.managed(<[_]>::is_empty).await;
}

async fn what_somebody_adds_to_a_binding_is_seen(arena: Arena) {
    arena.watched().await;
    let gate = binding(&arena, 0, "view");
    arena.bot.apply(&gate, None).await.unwrap();
    arena.managed(|mine| mine.len() == 1).await;
    let mut more = gate.clone();
    let subjects = more["subjects"].as_array_mut().unwrap();
    let mut eve = subjects[0].clone();
    eve["name"] = json!("eve@example.com");
    subjects.push(eve);
    let done = arena.admin_applies(&more).await;
    assert_eq!(done, "");
    let two = |mine: &[drawbridge::cluster::SeenObject]| {
        let subjects = mine.first().map(|it| it.manifest["subjects"].clone());
        subjects.is_some_and(|all| all.as_array().is_some_and(|all| all.len() == 2))
    };
    arena.managed(two).await;
}

async fn an_absent_kind_does_not_delay_the_first_picture(arena: Arena) {
    if let Some(sim) = &arena.sim {
        sim.serve_group("cilium.io", false);
        sim.forbid("list", "rolebindings", None);
    }
    arena.bot.apply(&arena.gate(0), None).await.unwrap();
    arena.watched().await;
    arena.managed(|mine| mine.len() == 1).await;
    assert_eq!(
        Kind::ALL.map(|kind| arena.bot.gates(kind)),
        [Sees::Yes, Sees::Absent, Sees::Forbidden]
    );
    assert_eq!(arena.bot.troubles(), []);
    let managed = arena.bot.managed().await.unwrap();
    assert_eq!(
        managed.unseen,
        [
            (Kind::CiliumNetworkPolicy, Sees::Absent),
            (Kind::RoleBinding, Sees::Forbidden)
        ]
    );
    assert!(managed.looked_at(Kind::NetworkPolicy));
    assert!(
        managed
            .objects
            .iter()
            .any(|it| it.at.namespace == arena.namespace)
    );
    if let Some(sim) = &arena.sim {
        let refused = sim.take_calls().into_iter().find(|call| call.code == 403);
        assert_eq!(
            refused, None,
            "nothing is tried that is known to be refused"
        );
    }
}

/// A right that is taken away is no removal: what was open is still open.
#[tokio::test(start_paused = true)]
async fn a_forbidden_kind_is_named_and_its_known_gates_are_kept() {
    let arena = Arena::in_process().await;
    let sim = arena.sim();
    arena
        .bot
        .apply(&binding(&arena, 0, "view"), None)
        .await
        .unwrap();
    arena.watched().await;
    arena.managed(|mine| mine.len() == 1).await;
    let mut removals = arena.bot.removals();
    for verb in ["list", "watch"] {
        sim.forbid(verb, "rolebindings", None);
    }
    sim.drop_watches();
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    while arena.bot.gates(Kind::RoleBinding) != Sees::Forbidden {
        minutes.tick().await;
    }
    let swept = arena.bot.last_sweep();
    tokio::time::sleep(Duration::from_secs(150)).await;
    assert!(arena.bot.last_sweep() > swept, "readiness goes on");
    assert!(arena.bot.snapshot().is_ok());
    assert_eq!(arena.bot.managed_now().len(), 1);
    assert!(removals.try_recv().is_err());
    let managed = arena.bot.managed().await.unwrap();
    assert_eq!(managed.unseen, [(Kind::RoleBinding, Sees::Forbidden)]);
    // Nor is it gone to whoever reads it.
    let at = arena.bot.managed_now().remove(0).at.clone();
    let read = arena.bot.read(&at).await;
    assert!(
        matches!(read, Err(ClusterError::Forbidden { .. })),
        "{read:?}"
    );
    sim.heal();
    tokio::time::sleep(Duration::from_secs(61)).await;
    assert_eq!(arena.bot.gates(Kind::RoleBinding), Sees::Yes);
}

/// Whatever becomes of one kind, gates of the others are found, and soon.
#[tokio::test(start_paused = true)]
async fn a_kind_that_cannot_be_listed_hides_no_other() {
    for (plural, fault) in [
        ("networkpolicies", Fault::Status(500)),
        ("networkpolicies", Fault::Hang),
        ("rolebindings", Fault::Hang),
        ("ciliumnetworkpolicies", Fault::Broken),
    ] {
        let arena = Arena::in_process().await;
        for gate in [arena.gate(0), names(&arena, 1), binding(&arena, 2, "view")] {
            arena.bot.apply(&gate, None).await.unwrap();
        }
        let many: Vec<String> = (0..30).map(|n| format!("empty-{n}")).collect();
        let named: Vec<String> = many.into_iter().chain([arena.namespace.clone()]).collect();
        for places in [None, Some(&named[..])] {
            let bot = arena.bot.clone().scoped(Scope::of(places));
            arena.sim().fail_next(1000, On::Kind(plural), fault);
            let began = tokio::time::Instant::now();
            let managed = bot.managed().await.unwrap();
            let took = began.elapsed();
            assert!(
                took <= Duration::from_secs(20),
                "{plural} {fault:?}: {took:?}"
            );
            let found = managed.objects.iter().map(|it| it.at.kind.as_str());
            let others = Kind::ALL.into_iter().filter(|kind| kind.plural() != plural);
            let others: Vec<&str> = others.map(Kind::name).collect();
            assert_eq!(found.collect::<Vec<_>>(), others, "{plural} {fault:?}");
            let failed = managed
                .failures
                .iter()
                .all(|(kind, _)| kind.plural() == plural);
            assert!(
                failed && !managed.failures.is_empty(),
                "{:?}",
                managed.failures
            );
            arena.sim().heal();
        }
    }
}

/// One that may be listed and not watched is as good as forbidden, and no storm of calls.
#[tokio::test(start_paused = true)]
async fn a_kind_that_may_only_be_listed_is_looked_for_once_a_minute() {
    let arena = Arena::in_process().await;
    arena.sim().forbid("watch", "rolebindings", None);
    arena.watched().await;
    arena.sim().take_calls();
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(arena.bot.gates(Kind::RoleBinding), Sees::Forbidden);
    let calls = arena.sim().take_calls();
    let looked = calls.iter().filter(|call| call.resource == "rolebindings");
    assert!(
        (8..=12).contains(&looked.count()),
        "a list and a watch each minute"
    );
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_goes_takes_its_gates_with_it_and_ends_no_grant() {
    let arena = Arena::in_process().await;
    arena.bot.apply(&names(&arena, 0), None).await.unwrap();
    arena.watched().await;
    arena.managed(|mine| mine.len() == 1).await;
    let at = arena.bot.managed_now().remove(0).at.clone();
    arena.sim().serve_group("cilium.io", false);
    arena.managed_at_last(<[_]>::is_empty).await;
    assert_eq!(arena.bot.gates(Kind::CiliumNetworkPolicy), Sees::Absent);
    let read = arena.bot.read(&at).await;
    assert!(matches!(read, Err(ClusterError::Nowhere(_))), "{read:?}");
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_is_installed_later_is_followed_within_a_minute() {
    let arena = Arena::in_process().await;
    arena.sim().serve_group("cilium.io", false);
    arena.watched().await;
    arena.sim().serve_group("cilium.io", true);
    arena.bot.apply(&names(&arena, 0), None).await.unwrap();
    arena.managed_at_last(|mine| mine.len() == 1).await;
}

/// The same on a real server, which learns the kind while the bot runs.
#[tokio::test]
async fn a_definition_that_is_installed_later_is_followed_within_a_minute() {
    let server = KubeServer::start().await;
    let config = server.config(Who::Admin).await;
    let clock = Arc::new(drawbridge::clock::SystemClock);
    let bot = Cluster::connect("real", &config, clock).unwrap();
    let (tracker, stop) = <(
        tokio_util::task::TaskTracker,
        tokio_util::sync::CancellationToken,
    )>::default();
    bot.start(&tracker, &stop);
    let mut changes = bot.changes();
    until(async {
        while bot.snapshot().is_err() {
            changes.changed().await.unwrap();
        }
    })
    .await;
    assert_eq!(bot.gates(Kind::CiliumNetworkPolicy), Sees::Absent);
    server.apply(DEFINITIONS).await;
    let within = Duration::from_secs(90);
    let followed = tokio::time::timeout(within, async {
        while bot.gates(Kind::CiliumNetworkPolicy) != Sees::Yes {
            changes.changed().await.unwrap();
        }
    });
    followed.await.expect("followed within a minute");
    stop.cancel();
}
