//! Two clusters, each a real API server. One of them stops answering while there is more to close in it than
//! the workers could do at once.

use std::time::Duration;

use drawbridge::sim::slack::Seen;
use drawbridge::units::Time;
use serde_json::{Value, json};

use super::bot::Bot;
use super::gates::{Gate, Gates};
use super::plan::Plan;
use super::town::Town;
use super::wait::{ANSWER, API_BACK, NORMALLY, SLACK, SOON, now, reached, until, within};
use super::world::World;
use crate::servers::kube::{KubeServer, Who};

/// More than the workers do at once in one process.
const DUE_THERE: usize = 40;

/// How soon a path is open after the last approval, in a cluster that answers.
const OPENED: Duration = Duration::from_secs(3);

/// When a list that hangs is given up: the other cluster must not wait for that.
const GIVEN_UP: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_hangs_delays_no_other() {
    let (mut world, other) = two_clusters().await;
    let mut bot = world.serve().await;
    let ready = bot.ready_is(200, SOON).await;
    assert_eq!(names(&ready), ["one", "two"]);
    which_cluster_is_asked_back(&world).await;
    open_on(&world, "one", "10m").await;
    other.has_more_to_close_than_there_are_workers(&world).await;
    other.server.freeze();
    let since = world.listen();

    other.everything_there_is_overdue().await;
    an_ask_there_is_answered(&world).await;
    for _ in 0..3 {
        path_here_opens_and_closes(&world).await;
    }
    path_here_ends_on_time(&world).await;
    reaping_here_waits_for_nobody(&mut world).await;
    away_is_told_by_name(&mut bot).await;
    // The one that ended here, in a message and perhaps in a thread.
    let ends_told = since.count("dana", "Expired and closed");
    assert!(ends_told <= 2, "{ends_told} ends were told");
    other.comes_back_and_closes_all(&world).await;
    world.gates.all_gone(SOON).await;
    world.ends_well().await;
}

/// The cluster that will hang.
struct Other {
    server: KubeServer,
    gates: Gates,
}

/// A world whose bot is told of two clusters, the second with the same town in it.
async fn two_clusters() -> (World, Other) {
    let plan = Plan {
        // `reap` with a life of a second would find other tests' gates on the shared server.
        own_api: true,
        rate_limits: false,
        ..Plan::default()
    };
    let (mut world, server) = tokio::join!(World::new(plan), KubeServer::start());
    let town = Town::build(server.client(Who::Admin).await, &world.town.name).await;
    let gates = Gates::watch(&town.admin, &[&town.shop, &town.orders]);
    let token = town.token().await;
    let file = |name: &str| world.folder.path().join(name);
    let read =
        |path| -> Value { serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap() };
    let one = read(file("kubeconfig"));
    let mut two = read(server.kubeconfig(Who::Admin));
    two["users"][0]["user"] = json!({"token": token});
    std::fs::write(file("kubeconfig"), both(&one, &two).to_string()).unwrap();
    let clusters = json!({"clusters": [
        // First, so that whoever takes them one after the other waits for it.
        {"name": "two", "context": "two", "audience": "drawbridge-two"},
        {"name": "one", "context": "one", "audience": "drawbridge-one"},
    ]});
    let path = file("clusters.yaml");
    std::fs::write(&path, clusters.to_string()).unwrap();
    let path = path.to_str().unwrap().to_owned();
    world.env.insert("DRAWBRIDGE_CLUSTERS".to_owned(), path);
    (world, Other { server, gates })
}

/// One kubeconfig with a context for each.
fn both(one: &Value, two: &Value) -> Value {
    let each = [("one", one), ("two", two)];
    let list = |kind: &str, entry: &str| -> Vec<Value> {
        let from =
            |(name, file): &(&str, &Value)| json!({"name": name, entry: file[kind][0][entry]});
        each.iter().map(from).collect()
    };
    let contexts = ["one", "two"]
        .map(|name| json!({"name": name, "context": {"cluster": name, "user": name}}));
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "one", "contexts": contexts,
        "clusters": list("clusters", "cluster"), "users": list("users", "user"),
    })
}

fn names(ready: &Value) -> Vec<&str> {
    let clusters = ready["clusters"].as_array().unwrap();
    clusters
        .iter()
        .map(|cluster| cluster["name"].as_str().unwrap())
        .collect()
}

async fn which_cluster_is_asked_back(world: &World) {
    let since = world.listen();
    world.types(
        "dana",
        &format!("{} for 5m because INC-42", world.path_text()),
    );
    let said = since.answered("dana", "two").await;
    assert!(said.says("one"), "{said:?}");
}

async fn ask_on(world: &World, cluster: &str, length: &str) -> Seen {
    let since = world.listen();
    let text = format!(
        "{} on {cluster} for {length} because INC-42",
        world.path_text()
    );
    world.types("dana", &text);
    since.card().await
}

/// Asks in the cluster that answers and opens, within what is promised; the requester's message of the open
/// path, and the two gates as they came.
async fn open_on(world: &World, cluster: &str, length: &str) -> (Seen, Vec<Gate>) {
    let here = world.gates.here().len();
    let asked = now();
    let card = ask_on(world, cluster, length).await;
    soon_after(asked, ANSWER, "the card");
    let (since, clicked) = (world.listen(), now());
    world.clicks("lee", &card, "Approve");
    let gates = world.gates.open(here + 2).await.split_off(here);
    for gate in &gates {
        let took = (gate.came - clicked).to_std().unwrap_or_default();
        assert!(took <= OPENED + SLACK, "opened {took:?} after the approval");
    }
    since.told("dana", "Applied").await;
    // The message of this path, not of one that was opened before.
    let request = gates[0].request();
    let open = world.slack.until(|slack| {
        let mut seen = slack.seen_by("dana").into_iter();
        seen.find(|it| it.says(request) && it.buttons.contains(&"I'm done".to_owned()))
    });
    (within(SOON, "the requester may end it", open).await, gates)
}

fn soon_after(start: Time, bound: Duration, what: &str) {
    let took = (now() - start).to_std().unwrap();
    assert!(took <= bound + SLACK, "{what} came after {took:?}");
}

async fn path_here_opens_and_closes(world: &World) {
    let here = world.gates.here().len();
    let (granted, _) = open_on(world, "one", "5m").await;
    let done = now();
    world.clicks("dana", &granted, "I'm done");
    world.gates.open(here).await;
    soon_after(done, NORMALLY, "the closing");
}

async fn path_here_ends_on_time(world: &World) {
    let here = world.gates.here().len();
    let since = world.listen();
    let (_, gates) = open_on(world, "one", "4s").await;
    world.gates.open(here).await;
    for gate in world.gates.lives() {
        if gates.iter().any(|mine| mine.uid == gate.uid) {
            let late = gate.late().to_std().unwrap();
            assert!(late <= NORMALLY + SLACK, "{} went {late:?} late", gate.name);
        }
    }
    since.told("dana", "Expired and closed").await;
}

/// What is planned on a picture that is new enough is put before its approvers.
async fn an_ask_there_is_answered(world: &World) {
    let asked = now();
    let card = ask_on(world, "two", "5m").await;
    soon_after(asked, ANSWER, "the card");
    world.denies("lee", &card).await;
}

/// The detail tells which cluster it is; the status is not looked at here.
async fn away_is_told_by_name(bot: &mut Bot) {
    let told = until(async || {
        let (_, body) = bot.page("/readyz").await?;
        let ready: Value = serde_json::from_str(&body).unwrap();
        let troubles = |n: usize| {
            ready["clusters"][n]["troubles"]
                .as_array()
                .map_or(0, Vec::len)
        };
        assert_eq!(names(&ready), ["one", "two"]);
        (troubles(0) == 0 && troubles(1) > 0).then_some(())
    });
    within(SOON * 2, "the detail names the cluster that is away", told).await;
}

/// A pass without a bot closes what is overdue here while the other cluster's list hangs, and says which did.
async fn reaping_here_waits_for_nobody(world: &mut World) {
    assert_eq!(world.gates.here().len(), 2, "the path that was left here");
    let lifetime = world
        .env
        .insert("DRAWBRIDGE_MAX_LIFETIME".to_owned(), "1s".to_owned());
    assert_eq!(lifetime, None);
    let started = now();
    let mut reap = world.run(&["reap"]);
    world.env.remove("DRAWBRIDGE_MAX_LIFETIME");
    let gates = world.gates.all_gone(SOON).await;
    let last = gates.iter().filter_map(|gate| gate.gone).max().unwrap();
    let took = (last - started).to_std().unwrap();
    assert!(took < GIVEN_UP, "reaped after {took:?}");
    reap.ends_with(Some(3)).await;
    let output = reap.output();
    assert!(output.contains("cluster `two`: listing"), "{output}");
    assert!(!output.contains("cluster `one`: listing"), "{output}");
}

impl Other {
    async fn has_more_to_close_than_there_are_workers(&self, world: &World) {
        let mut cards: Vec<Seen> = Vec::new();
        for _ in 0..DUE_THERE {
            cards.push(ask_on(world, "two", "20s").await);
        }
        for card in &cards {
            world.clicks("lee", card, "Approve");
        }
        self.gates.open(2 * DUE_THERE).await;
        for card in &cards {
            world.shows(card, "lee", "*Open* until").await;
        }
    }

    async fn everything_there_is_overdue(&self) {
        let ends = self.gates.here().iter().map(Gate::expires_at).max();
        // By then the workers have taken up what they are stuck with.
        reached(ends.unwrap() + Duration::from_secs(1)).await;
    }

    async fn comes_back_and_closes_all(&self, world: &World) {
        let back = now();
        self.server.thaw();
        for gate in self.gates.all_gone(SOON).await {
            let took = (gate.gone.unwrap() - back).to_std().unwrap();
            assert!(took <= API_BACK + SLACK, "closed {took:?} after the return");
        }
        let since = world.recall();
        let told = since.heard_so_often("dana", "Expired and closed", DUE_THERE);
        within(SOON, "every end is told", told).await;
    }
}
