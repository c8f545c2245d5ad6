//! What RBAC gives the accounts is what they use, by the API server's own log of the whole main job: nothing
//! is missing, and nothing could be taken away.

use std::collections::BTreeSet;

use drawbridge::cluster::{NEEDS, Need, REAPER_NEEDS};
use http::Request;
use serde_json::Value;

use super::jobs::{Job, with_a_job};
use super::plan::Plan;
use super::reaper_job::{installed, job as reaper_job};
use super::wait::{SOON, reached, until, within};
use super::world::World;
use crate::servers::audit::Used;
use crate::servers::kube::{KubeServer, Who, documents};
use crate::servers::kubectl::{apply, rendered};

/// Every kind that not every cluster has: those that are not there are not asked for.
const OPTIONAL: &str = include_str!("../../admission/optional-kinds.yaml");

const BOT: &str = "system:serviceaccount:drawbridge:drawbridge";
const REAPER: &str = "system:serviceaccount:drawbridge:drawbridge-reaper";

/// What every account may read of any server: which kinds there are.
const DISCOVERY: &[&str] = &["system:discovery", "system:public-info-viewer"];

/// Role, group, resource, verb.
type Right = (String, String, String, String);

/// An API server with everything installed as it ships, and a log.
pub(crate) async fn server() -> KubeServer {
    let server = KubeServer::audited().await;
    let output = apply(&server, &["--force-conflicts"], &rendered("manifests/base"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    server.apply(OPTIONAL).await;
    let admin = server.client(Who::Admin).await;
    for kind in documents(OPTIONAL) {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let spec = &kind["spec"];
        let version = text(&spec["versions"][0]["name"]);
        let (group, plural) = (text(&spec["group"]), text(&spec["names"]["plural"]));
        let path = format!("/apis/{group}/{version}/{plural}");
        let served = until(async || {
            let request = Request::get(&path).body(Vec::new()).unwrap();
            admin.request_text(request).await.ok()
        });
        within(SOON, &path, served).await;
    }
    // Where the bot looks for them.
    let listed = until(async || {
        let request = Request::get("/apis").body(Vec::new()).unwrap();
        let groups = admin.request_text(request).await.ok()?;
        let all = documents(OPTIONAL);
        let mut names = all.iter().map(|kind| kind["spec"]["group"].to_string());
        names.all(|name| groups.contains(&name)).then_some(())
    });
    within(SOON, "the groups are listed", listed).await;
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_accounts_use_every_right_that_they_have_and_ask_for_no_other() {
    let plan = Plan {
        audited: true,
        ..Plan::default()
    };
    let (mut world, mut bot, job) = with_a_job(plan).await;
    asked_extended_and_done(&world).await;
    asked_by_a_job(&mut world, &job).await;
    denied_and_expired(&world).await;
    // What is open when the bot dies is the reaper's.
    let (_, gates) = world.opens("3s").await;
    bot.kill();
    let token = installed(&world).await;
    let (args, env) = reaper_job(&world, &token);
    let bots_own = std::mem::replace(&mut world.env, env);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    reached(gates[0].expires_at()).await;
    // The binding of the account is known to the server a moment after it is there.
    until(async || {
        let code = world.run(&args).ended(SOON).await.code();
        (code == Some(0)).then_some(())
    })
    .await;
    world.gates.all_gone(SOON).await;
    world.env = bots_own;
    let since = world.listen();
    let mut bot = world.serve().await;
    since.told("dana", "Expired and closed").await;
    bot.terminate();
    bot.ends_with(Some(0)).await;
    world.own_api().fence().await;
    let mut log = world.own_api().audit();
    log.retain(|used| used.user != "admin");
    holds(&world, &log).await;
    world.ends_well().await;
}

/// A person's path from the ask to *I'm done*, extended in between.
async fn asked_extended_and_done(world: &World) {
    let (_, gates) = world.opens("5m").await;
    let id = gates[0].request().to_owned();
    let since = world.listen();
    world.types("dana", &format!("extend {id} for 10m because INC-42"));
    let card = since.card().await;
    world.clicks("lee", &card, "Approve");
    let end = gates[0].expires_at();
    let extended = world.gates.until(SOON, "both ends are moved", |lives| {
        let later = lives.iter().filter(|gate| gate.gone.is_none());
        (later.filter(|gate| gate.expires_at() > end).count() == 2).then_some(())
    });
    extended.await;
    // Whichever of the two holds it now ends it.
    for gate in world.gates.here() {
        world.types("dana", &format!("done {}", gate.request()));
    }
    world.gates.all_gone(SOON).await;
}

/// A service's path, asked for with a token that the API server vouches for.
async fn asked_by_a_job(world: &mut World, job: &Job) {
    let since = world.listen();
    let mut client = job.starts(world, &["request", &job.ask, "--wait"]);
    let card = since.card().await;
    world.clicks("lee", &card, "Approve");
    client.ends_with(Some(0)).await;
    let gates = world.gates.open(2).await;
    let mut client = job.starts(world, &["done", gates[0].request()]);
    client.ends_with(Some(0)).await;
    world.gates.all_gone(SOON).await;
}

/// One that is denied, and one that the bot's own reaper closes at its end.
async fn denied_and_expired(world: &World) {
    let card = world.asks("dana", "5m").await;
    world.denies("lee", &card).await;
    world.shows(&card, "lee", "*Refused* by").await;
    world.opens("3s").await;
    world.gates.all_gone(SOON).await;
}

/// What the API server holds for an account: the rules of every role that is bound to it.
async fn granted(admin: &kube::Client, account: &str) -> BTreeSet<Right> {
    let listed = async |plural: &str| {
        let path = format!("/apis/rbac.authorization.k8s.io/v1/{plural}");
        let request = Request::get(path).body(Vec::new()).unwrap();
        let text = admin.request_text(request).await.unwrap();
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"].as_array().unwrap().clone()
    };
    let mut bindings = listed("clusterrolebindings").await;
    bindings.extend(listed("rolebindings").await);
    let roles = listed("clusterroles").await;
    let mut rights = BTreeSet::new();
    for binding in bindings.iter().filter(|one| is_bound(one, account)) {
        // Neither a Role nor a role that is not there is bound to it.
        let bound = |role: &&Value| role["metadata"]["name"] == binding["roleRef"]["name"];
        assert_eq!(binding["roleRef"]["kind"], "ClusterRole");
        rights.extend(held(roles.iter().find(bound).unwrap()));
    }
    rights
}

/// Whether a binding names the account.
fn is_bound(binding: &Value, account: &str) -> bool {
    let mut subjects = binding["subjects"].as_array().into_iter().flatten();
    subjects.any(|subject| {
        let text = |name: &str| subject[name].as_str().unwrap_or_default();
        let named = format!(
            "system:serviceaccount:{}:{}",
            text("namespace"),
            text("name")
        );
        (text("kind") == "ServiceAccount" && named == account) || text("name") == account
    })
}

/// The rights of a role.
fn held(role: &Value) -> BTreeSet<Right> {
    let texts = |value: &Value| -> Vec<String> { serde_json::from_value(value.clone()).unwrap() };
    let name = role["metadata"]["name"].as_str().unwrap();
    let mut rights = BTreeSet::new();
    for rule in role["rules"].as_array().unwrap() {
        for group in texts(&rule["apiGroups"]) {
            for resource in texts(&rule["resources"]) {
                for verb in texts(&rule["verbs"]) {
                    rights.insert((name.to_owned(), group.clone(), resource.clone(), verb));
                }
            }
        }
    }
    rights
}

/// What the tables say of an account.
fn tabled(table: &[Need]) -> BTreeSet<Right> {
    let each = |need: &Need| -> Vec<Right> {
        let text = |text: &str| text.to_owned();
        let row = |verb: &&str| {
            (
                text(need.role),
                text(need.group),
                text(need.resource),
                text(verb),
            )
        };
        need.verbs.iter().map(row).collect()
    };
    table.iter().flat_map(each).collect()
}

/// What an account used. An apply that creates is one event, and was checked as both.
fn used(log: &[Used], account: &str) -> BTreeSet<Right> {
    let mut rights = BTreeSet::new();
    for one in log.iter().filter(|one| one.user == account) {
        let discovers = one.resource.is_empty() && DISCOVERY.contains(&one.role.as_str());
        // Whether a kind that not every cluster has may be listed is asked before it is: everybody may ask that.
        let asks = one.resource == "selfsubjectaccessreviews" && one.role == "system:basic-user";
        if discovers || asks {
            continue;
        }
        let right = |verb: &str| {
            let (role, group) = (one.role.clone(), one.group.clone());
            (role, group, one.resource.clone(), verb.to_owned())
        };
        rights.insert(right(&one.verb));
        if one.verb == "patch" && one.code == 201 {
            rights.insert(right("create"));
        }
    }
    rights
}

/// The log of the whole job, against what is granted.
async fn holds(world: &World, log: &[Used]) {
    let refused: Vec<&Used> = log
        .iter()
        .filter(|one| one.role.is_empty() || [401, 403].contains(&one.code))
        .collect();
    assert!(
        refused.is_empty(),
        "asked for and not granted: {refused:#?}"
    );
    for (account, table) in [(BOT, NEEDS), (REAPER, REAPER_NEEDS)] {
        let granted = granted(&world.town.admin, account).await;
        let used = used(log, account);
        let unused: Vec<&Right> = granted.difference(&used).collect();
        assert!(unused.is_empty(), "{account} does not use: {unused:#?}");
        let more: Vec<&Right> = used.difference(&granted).collect();
        assert!(more.is_empty(), "{account} uses in other ways: {more:#?}");
        assert_eq!(granted, tabled(table), "{account}");
    }
    let strangers = log
        .iter()
        .filter(|one| ![BOT, REAPER].contains(&one.user.as_str()));
    assert_eq!(strangers.count(), 0);
    let towns = [&world.town.shop, &world.town.orders].map(|name| Some(name.clone()));
    for one in log.iter().filter(|one| one.role == "drawbridge-grant") {
        assert!(towns.contains(&one.namespace), "{one:?}");
    }
}
