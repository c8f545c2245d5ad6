//! A cluster of which only some namespaces may be read: an account that is let into them by
//! `manifests/components/namespaced`, and into nothing else.

use std::sync::Arc;
use std::time::Duration;

use drawbridge::clock::SystemClock;
use drawbridge::cluster::watch::WATCH_FOR;
use drawbridge::cluster::{Cluster, NEEDS, Scope};
use drawbridge::objects::Kind;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::api::{Api, PostParams};
use kube::config::AuthInfo;
use serde_json::{Value, json};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::arena::{Arena, contract, until};
use crate::servers::kube::{KubeServer, documents};

/// How often a level is looked at that nothing tells of.
const LOOK: Duration = Duration::from_millis(20);

const ACCESS: &str = include_str!("../../../manifests/components/namespaced/access.yaml");
const OPT_IN: &str = include_str!("../../../manifests/components/namespaced/opt-in.yaml");

contract!(
    the_picture_holds_the_named_namespaces_and_nothing_else,
    gates_of_two_namespaces_do_not_push_each_other_out,
    a_namespace_that_may_not_be_read_is_named,
    what_is_ours_is_found_where_the_account_may_look,
    a_namespace_that_may_not_be_listed_hides_no_other,
);

/// A second namespace of the arena's.
fn second(arena: &Arena) -> String {
    format!("{}-b", arena.namespace)
}

/// The bot, let into the arena's two namespaces, and told to read these.
async fn narrow(arena: &Arena, named: &[&str]) -> Narrow {
    let name = second(arena);
    let made = serde_json::from_value(json!({"metadata": {"name": name, "labels": {"team": "b"}}}));
    let namespaces: Api<Namespace> = Api::all(arena.admin.clone());
    let parameters = PostParams::default();
    namespaces
        .create(&parameters, &made.unwrap())
        .await
        .unwrap();
    let named: Vec<String> = named.iter().map(|&name| name.to_owned()).collect();
    let bot = match &arena.sim {
        Some(sim) => {
            let needs = NEEDS
                .iter()
                .filter(|need| lives_in_a_namespace(need.resource));
            for need in needs {
                sim.forbid_in_whole("list", need.resource);
                sim.forbid_in_whole("watch", need.resource);
            }
            arena.bot.clone()
        }
        None => let_in(arena, &[&arena.namespace, &name]).await,
    };
    let bot = bot.scoped(Scope::of(Some(&named)));
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    bot.start(&tracker, &stop);
    Narrow {
        bot,
        stop: stop.drop_guard(),
    }
}

/// A bot that watches, until it is dropped.
struct Narrow {
    bot: Cluster,
    #[expect(dead_code, reason = "ends the watches")]
    stop: DropGuard,
}

impl Narrow {
    /// Waits until what it sees fits.
    async fn sees(&self, fits: impl Fn(&Cluster) -> bool) {
        let mut changes = self.bot.changes();
        until(async {
            while !fits(&self.bot) {
                changes.changed().await.unwrap();
            }
        })
        .await;
    }

    /// Looks until what is asked holds, for what no change tells of.
    async fn looks(&self, holds: impl Fn(&Cluster) -> bool) {
        while !holds(&self.bot) {
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn is_ready(&self) {
        self.sees(|bot| bot.snapshot().is_ok()).await;
    }
}

/// On a real server: an account with the component's roles in these namespaces, and no others.
async fn let_in(arena: &Arena, namespaces: &[&str]) -> Cluster {
    let account = format!("{}-narrow", arena.namespace);
    let subject = json!([{
        "kind": "ServiceAccount", "name": account, "namespace": arena.namespace,
    }]);
    let mut given = documents(ACCESS);
    for namespace in namespaces {
        for mut binding in documents(OPT_IN) {
            binding["metadata"]["namespace"] = json!(namespace);
            given.push(binding);
        }
    }
    for object in &mut given {
        if object.get("subjects").is_some() {
            let role = object["roleRef"]["name"].as_str().unwrap();
            object["metadata"]["name"] = json!(format!("{account}-{role}"));
            object["subjects"] = subject.clone();
        }
    }
    let texts: Vec<String> = given.iter().map(Value::to_string).collect();
    KubeServer::shared()
        .await
        .apply(&texts.join("\n---\n"))
        .await;

    let accounts: Api<ServiceAccount> = Api::namespaced(arena.admin.clone(), &arena.namespace);
    let parameters = PostParams::default();
    let made = serde_json::from_value(json!({"metadata": {"name": account}})).unwrap();
    accounts.create(&parameters, &made).await.unwrap();
    let any = TokenRequest::default();
    let token = accounts
        .create_token_request(&account, &parameters, &any)
        .await;
    let mut config = arena.config.clone().unwrap();
    config.auth_info = AuthInfo {
        token: Some(token.unwrap().status.unwrap().token.unwrap().into()),
        ..AuthInfo::default()
    };
    Cluster::connect("narrow", &config, Arc::new(SystemClock)).unwrap()
}

/// Kinds that only a list of a namespace may be asked for.
fn lives_in_a_namespace(resource: &str) -> bool {
    let wide = [
        "admin",
        "baseline",
        "cluster",
        "ciliumcluster",
        "global",
        "tokenreviews",
    ];
    !wide.iter().any(|start| resource.starts_with(start))
}

/// The arena's gate, in another namespace.
fn gate_in(arena: &Arena, namespace: &str) -> Value {
    let mut gate = arena.gate(0);
    gate["metadata"]["namespace"] = json!(namespace);
    gate
}

async fn the_picture_holds_the_named_namespaces_and_nothing_else(arena: Arena) {
    let narrow = narrow(&arena, &[&second(&arena)]).await;
    narrow.is_ready().await;
    arena.foreign("not-looked-at").await;
    let there: Api<NetworkPolicy> = Api::namespaced(arena.admin.clone(), &second(&arena));
    let policy = json!({"metadata": {"name": "theirs"}, "spec": {"podSelector": {}}});
    let policy = serde_json::from_value(policy).unwrap();
    there.create(&PostParams::default(), &policy).await.unwrap();
    let sees = |bot: &Cluster| {
        let snapshot = bot.snapshot().unwrap();
        let space = snapshot.space(&second(&arena));
        space.is_some_and(|space| space.policies.contains_key("theirs"))
    };
    narrow.sees(sees).await;
    let snapshot = narrow.bot.snapshot().unwrap();
    assert_eq!(snapshot.namespaces().collect::<Vec<_>>(), [second(&arena)]);
    assert_eq!(snapshot.namespace_labels(&second(&arena))["team"], "b");
    assert!(snapshot.reads(&second(&arena)) && !snapshot.reads(&arena.namespace));
    assert_eq!(narrow.bot.troubles(), []);
    let surveyed = narrow.bot.survey().await.unwrap();
    assert_eq!(surveyed, *snapshot, "one look sees the same");
}

async fn gates_of_two_namespaces_do_not_push_each_other_out(arena: Arena) {
    let narrow = narrow(&arena, &[&arena.namespace, &second(&arena)]).await;
    narrow.is_ready().await;
    let both = [arena.gate(0), gate_in(&arena, &second(&arena))];
    for gate in &both {
        narrow.bot.apply(gate, None).await.unwrap();
    }
    narrow.sees(|bot| bot.managed_now().len() == 2).await;
    // Both namespaces are listed once more, and neither list takes the other's for gone.
    let swept = narrow.bot.last_sweep().unwrap();
    let mut removals = narrow.bot.removals();
    let again = narrow.looks(|bot| bot.last_sweep().unwrap() > swept);
    tokio::time::timeout(2 * WATCH_FOR, again)
        .await
        .expect("a second sweep");
    assert_eq!(narrow.bot.managed_now().len(), 2);
    assert!(removals.try_recv().is_err(), "nothing was removed");
}

async fn a_namespace_that_may_not_be_read_is_named(arena: Arena) {
    let narrow = narrow(&arena, &[&second(&arena), "default"]).await;
    if let Some(sim) = &arena.sim {
        sim.forbid("list", "pods", Some("default"));
    }
    let named = |bot: &Cluster| {
        let missing = bot.snapshot().map_err(|not| not.to_string());
        missing.is_err_and(|words| {
            words.contains("pods in default (")
                && words.contains("drawbridge-read")
                && !words.contains(&second(&arena))
        })
    };
    until(narrow.looks(named)).await;
}

async fn what_is_ours_is_found_where_the_account_may_look(arena: Arena) {
    let narrow = narrow(&arena, &[&arena.namespace, &second(&arena)]).await;
    let both = [arena.gate(0), gate_in(&arena, &second(&arena))];
    for gate in &both {
        narrow.bot.apply(gate, None).await.unwrap();
    }
    let found = narrow.bot.managed().await.unwrap();
    assert_eq!(found.objects.len(), 2);
    for object in found.objects {
        narrow.bot.withdraw(&object.at).await.unwrap();
    }
    assert_eq!(narrow.bot.managed().await.unwrap().objects, []);
}

async fn a_namespace_that_may_not_be_listed_hides_no_other(arena: Arena) {
    let named = ["default", &arena.namespace, &second(&arena)];
    let narrow = narrow(&arena, &named).await;
    if let Some(sim) = &arena.sim {
        sim.forbid("list", "networkpolicies", Some("default"));
    }
    let both = [arena.gate(0), gate_in(&arena, &second(&arena))];
    for gate in &both {
        narrow.bot.apply(gate, None).await.unwrap();
    }
    let found = narrow.bot.managed().await.unwrap();
    assert_eq!(found.objects.len(), 2);
    let (kind, why) = &found.failures[0];
    assert_eq!(*kind, Kind::NetworkPolicy);
    assert!(
        why.contains("networkpolicies") && why.contains("default"),
        "{why}"
    );
    assert!(
        !found.looked_at(Kind::NetworkPolicy),
        "nothing is concluded"
    );
    for object in found.objects {
        narrow.bot.withdraw(&object.at).await.unwrap();
    }
}
