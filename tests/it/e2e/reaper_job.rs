//! The reaper's CronJob: an account that may list and delete closes what is overdue while no bot runs, and
//! can do nothing else.

use std::sync::Arc;

use drawbridge::clock::SystemClock;
use drawbridge::cluster::{Asked, Cluster, NEEDS, REAPER_NEEDS};
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, RoleBinding};
use kube::api::{Api, DeleteParams, PostParams};
use serde_json::{Value, json};

use super::bot::Env;
use super::plan::Plan;
use super::wait::{SOON, reached};
use super::world::World;
use crate::servers::kube::{Who, documents};

const ACCESS: &str = include_str!("../../../manifests/components/reaper-cronjob/access.yaml");
const ADMISSION: &str = include_str!("../../../manifests/components/reaper-cronjob/admission.yaml");
const CRON_JOB: &str = include_str!("../../../manifests/components/reaper-cronjob/cron-job.yaml");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reapers_account_alone_closes_what_is_overdue_while_no_bot_runs() {
    let plan = Plan {
        own_api: true,
        ..Plan::default()
    };
    let (mut world, mut bot) = World::with_bot(plan).await;
    let (_, gates) = world.opens("3s").await;
    bot.kill();
    let token = installed(&world).await;
    can_do_nothing_else(&world, &token).await;
    let (args, env) = job(&world, &token);
    let bots_own = std::mem::replace(&mut world.env, env);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    world.run(&args).ends_with(Some(0)).await;
    reached(gates[0].expires_at()).await;
    let mut reap = world.run(&args);
    reap.ends_with(Some(0)).await;
    world.gates.all_gone(SOON).await;
    let output = reap.output();
    for gate in gates {
        assert!(output.contains(&gate.name), "{output}");
    }
    world.env = bots_own;
    let since = world.listen();
    let _bot = world.serve().await;
    since.told("dana", "Expired and closed").await;
    for gate in world.gates.lives() {
        assert!(
            gate.late() >= chrono::TimeDelta::zero(),
            "{} went early",
            gate.name
        );
    }
    world.ends_well().await;
}

/// Somebody took its right to look away in one of the namespaces that it is to look at.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_that_it_may_not_look_at_keeps_no_other_from_being_closed() {
    let plan = Plan {
        own_api: true,
        ..Plan::default()
    };
    let (mut world, mut bot) = World::with_bot(plan).await;
    let (_, gates) = world.opens("3s").await;
    bot.kill();
    let token = installed(&world).await;
    let here = [world.town.orders.clone(), world.town.shop.clone()];
    only_in(&world, &here).await;
    let (args, env) = job(&world, &token);
    let bots_own = std::mem::replace(&mut world.env, env);
    let clusters = world.folder.path().join("reaper.clusters.yaml");
    let named = json!({"clusters": [{
        "name": "default",
        "namespaces": ["default", world.town.orders, world.town.shop],
    }]});
    std::fs::write(&clusters, named.to_string()).unwrap();
    let clusters = clusters.display().to_string();
    world.env.insert("DRAWBRIDGE_CLUSTERS".to_owned(), clusters);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    reached(gates[0].expires_at()).await;
    let mut reap = world.run(&args);
    // The Job fails, so that somebody looks at it.
    reap.ends_with(Some(3)).await;
    world.gates.all_gone(SOON).await;
    let output = reap.output();
    assert!(output.contains("NetworkPolicy"), "{output}");
    for gate in gates {
        assert!(
            output.contains(&format!("closed {}", gate.namespace)),
            "{output}"
        );
    }
    for namespace in &here {
        let bindings: Api<RoleBinding> = Api::namespaced(world.town.admin.clone(), namespace);
        let by = DeleteParams::default();
        bindings.delete("drawbridge-reaper", &by).await.unwrap();
    }
    world.env = bots_own;
    let since = world.listen();
    let _bot = world.serve().await;
    since.told("dana", "Expired and closed").await;
    world.ends_well().await;
}

/// Gives the account its role in these namespaces, and no longer in the cluster.
async fn only_in(world: &World, namespaces: &[String]) {
    let admin = &world.town.admin;
    let whole: Api<ClusterRoleBinding> = Api::all(admin.clone());
    let by = DeleteParams::default();
    whole.delete("drawbridge-reaper", &by).await.unwrap();
    for namespace in namespaces {
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
            "metadata": {"name": "drawbridge-reaper", "namespace": namespace},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "drawbridge-reaper"},
            "subjects": [{"kind": "ServiceAccount", "name": "drawbridge-reaper", "namespace": "drawbridge"}],
        });
        world.own_api().apply(&binding.to_string()).await;
    }
}

/// Installs the component as it ships, and gives a token of its account.
pub(super) async fn installed(world: &World) -> String {
    let server = world.own_api();
    server.apply(ACCESS).await;
    server.apply(ADMISSION).await;
    let accounts: Api<ServiceAccount> = Api::namespaced(world.town.admin.clone(), "drawbridge");
    let (by, any) = (PostParams::default(), TokenRequest::default());
    let made = accounts.create_token_request("drawbridge-reaper", &by, &any);
    made.await.unwrap().status.unwrap().token.unwrap()
}

/// Of everything that the bot may do, the account may do what closing takes.
async fn can_do_nothing_else(world: &World, token: &str) {
    let mut config = world.own_api().config(Who::Admin).await;
    config.auth_info.token = Some(token.to_owned().into());
    let account = Cluster::connect("reaper", &config, Arc::new(SystemClock)).unwrap();
    for need in NEEDS {
        for verb in need.verbs {
            let asked = Asked::new(verb, need.group, need.resource, Some(&world.town.orders));
            let closes = REAPER_NEEDS.iter().any(|mine| {
                (mine.group, mine.resource) == (need.group, need.resource)
                    && mine.verbs.contains(verb)
            });
            assert_eq!(account.may(&asked).await.unwrap(), closes, "{asked}");
        }
    }
}

/// Arguments and environment of the job's container.
pub(super) fn job(world: &World, token: &str) -> (Vec<String>, Env) {
    let job = documents(CRON_JOB).remove(0);
    let pod = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    assert_eq!(pod["serviceAccountName"], "drawbridge-reaper");
    let container = &pod["containers"][0];
    let args = serde_json::from_value(container["args"].clone()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let set = container["env"].as_array().unwrap();
    let mut env: Env = set
        .iter()
        .map(|one| (text(&one["name"]), text(&one["value"])))
        .collect();
    let admins = std::fs::read_to_string(world.own_api().kubeconfig(Who::Admin)).unwrap();
    let mut ours: Value = serde_json::from_str(&admins).unwrap();
    ours["users"][0]["user"] = json!({"token": token});
    let path = world.folder.path().join("reaper.kubeconfig");
    std::fs::write(&path, ours.to_string()).unwrap();
    env.insert("KUBECONFIG".to_owned(), path.to_str().unwrap().to_owned());
    (args, env)
}
