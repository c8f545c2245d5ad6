//! README's "Installing", from an empty cluster to a path that opened and closed.

use chrono::TimeDelta;

use super::installed::{INSTALLING, README, reader, reader_with, starts, steps, steps_without};
use super::kubelet::{container, get};
use super::manifests::served;
use super::page::{block, blocks, read};
use super::reader::{LeftOut, Reader};
use crate::e2e::bot::Bot;
use crate::e2e::plan::Door;
use crate::e2e::wait::{SOON, until, within};
use crate::e2e::world::World;

const LEFT_OUT: &[LeftOut] = &[
    (
        "kubectl --namespace drawbridge rollout status",
        "nothing runs pods here: the test starts the container as it was applied",
    ),
    (
        "kubectl --namespace drawbridge exec",
        "the same: the test runs `drawbridge doctor` with the container's environment",
    ),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readme_leads_from_nothing_to_a_path_that_opened_and_closed() {
    let (mut world, mut reader) = reader(LEFT_OUT).await;
    for step in steps() {
        reader.follows(&step);
    }
    assert!(!reader.file("bot-token").exists(), "a secret is left");
    world.cluster_was_changed().await;
    let mut bot = starts(&mut world).await;
    reader.follows(&block(README, INSTALLING, " doctor"));
    nothing_is_wrong(&mut world).await;

    let asked = blocks(README, INSTALLING, "text").remove(0).text;
    let ask = asked.trim().strip_prefix("/access ").unwrap();
    let since = world.listen();
    world.types("dana", ask);
    let card = since.card().await;
    world.clicks("lee", &card, "Approve");
    let gates = world.gates.open(2).await;
    since.told("dana", "Applied").await;
    // Ends are in whole seconds.
    let lasts = gates[0].expires_at() - gates[0].came;
    assert!(
        lasts > TimeDelta::minutes(4) && lasts <= TimeDelta::seconds(301),
        "{lasts}"
    );
    let look = block(README, INSTALLING, "get networkpolicies");
    let seen = reader.follows(&look);
    assert!(gates.iter().all(|gate| seen.contains(&gate.name)), "{seen}");
    world.types("dana", &format!("done {}", gates[0].request()));
    world.gates.all_gone(SOON).await;
    assert_eq!(reader.follows(&look), "");

    // Applied again, it keeps what is the reader's own.
    let before = kept(&world).await;
    for words in ["manifests/install.yaml", "create configmap"] {
        reader.follows(&block(README, INSTALLING, words));
        assert_eq!(kept(&world).await, before, "{words}");
    }
    assert!(before[0].contains("10-orders.yaml"), "{before:?}");
    other_rules_are_taken(&world, &mut bot, &mut reader).await;
    reader.ends();
    world.ends_well().await;
}

/// `doctor` where the bot runs: policies are in force a moment after they are there.
async fn nothing_is_wrong(world: &mut World) {
    let mut told = String::new();
    let looking = until(async || {
        let mut doctor = world.run(&["doctor"]);
        let ended = doctor.ended(SOON).await;
        told = doctor.output();
        ended.success().then_some(())
    });
    let well = tokio::time::timeout(SOON, looking).await;
    assert!(well.is_ok(), "{told}");
}

/// The step that brings rules into the cluster, again, after a change.
async fn other_rules_are_taken(world: &World, bot: &mut Bot, reader: &mut Reader) {
    let digest = async |bot: &mut Bot| bot.ready_is(200, SOON).await["rules"]["digest"].clone();
    let before = digest(bot).await;
    reader.types("sed -i 's/max: 2h/max: 2m/' rules/10-orders.yaml", README);
    reader.follows(&block(README, INSTALLING, "create configmap"));
    container(world).await;
    let taken = until(async || (digest(bot).await != before).then_some(()));
    within(SOON, "the bot has the new rules", taken).await;
    let since = world.listen();
    world.types("dana", "shop/web to orders/db:5432 for 5m because INC-42");
    since.answered("dana", "2 min").await;
}

/// What is in the rules' ConfigMap and in the Secrets.
async fn kept(world: &World) -> [String; 3] {
    let data = async |path: &str| {
        let path = format!("/api/v1/namespaces/drawbridge/{path}");
        let held = get(&world.town.admin, &path).await.unwrap();
        held["data"].to_string()
    };
    [
        data("configmaps/drawbridge-rules").await,
        data("secrets/drawbridge-slack").await,
        data("secrets/drawbridge-redis").await,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_rules_the_installed_bot_refuses_every_ask() {
    let (mut world, mut reader) = reader(&LEFT_OUT[..1]).await;
    for step in steps_without(&["create configmap"]) {
        reader.follows(&step);
    }
    world.cluster_was_changed().await;
    let _bot = starts(&mut world).await;
    let since = world.listen();
    world.types("dana", "shop/web to orders/db:5432 for 5m because INC-42");
    let refused = since.answered("dana", "no rule");
    within(SOON, "a refusal", refused).await;
    reader.ends();
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_signing_secret_instead_of_the_app_token_signed_http_is_installed() {
    let (mut world, mut reader) = reader_with(Door::SignedHttp, &LEFT_OUT[..1]).await;
    reader.writes("signing-secret", &world.slack.setup().signing_secret);
    reader.reads("--from-file app-token", "--from-file signing-secret");
    for step in steps() {
        reader.follows(&step);
    }
    world.cluster_was_changed().await;
    let _bot = starts(&mut world).await;
    assert!(
        !world.env.contains_key("SLACK_APP_TOKEN"),
        "{:?}",
        world.env.keys()
    );
    let (_, gates) = world.opens("5m").await;
    world.types("dana", &format!("done {}", gates[0].request()));
    world.gates.all_gone(SOON).await;
    reader.ends();
    world.ends_well().await;
}

/// Takes into the overlay what it holds commented out, but for what needs more: labels of namespaces, a digest.
const UNCOMMENT: &str = "s|# \\(- ../../components/templates\\)|\\1|
s|# \\(- ../../components/configuration\\)|\\1|
/# - name: drawbridge-config/,/# *files: /s|# ||";

/// A copy of the overlay, with the components that it names in comments, instead of steps 4 and 5.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_the_production_overlay_takes_the_place_of_two_steps() {
    let (mut world, mut reader) = reader(&[]).await;
    let server = world.own_api();
    server
        .apply(include_str!("../../admission/definitions.yaml"))
        .await;
    served(
        &world.town.admin,
        "monitoring.coreos.com/v1/servicemonitors",
    )
    .await;
    served(
        &world.town.admin,
        "monitoring.coreos.com/v1/prometheusrules",
    )
    .await;
    for step in steps_without(&["create configmap", "manifests/install.yaml"]) {
        reader.follows(&step);
        if step.text.contains("create secret") {
            let page = ["manifests/README.md", "## Installing"];
            reader.follows(&block(page[0], page[1], "cp -R"));
            let own = "manifests/overlays/mine/kustomization.yaml";
            let configuration = read("manifests/examples/config.yaml");
            reader.writes("manifests/overlays/mine/config.yaml", &configuration);
            reader.types(&format!("sed -i '{UNCOMMENT}' {own}"), "");
            reader.follows(&block(page[0], page[1], "apply --kustomize"));
        }
    }
    world.cluster_was_changed().await;
    // Two replicas, as it says.
    let mut bot = starts(&mut world).await;
    let _other = starts(&mut world).await;
    assert!(
        world.env["DRAWBRIDGE_TEMPLATES"].ends_with("/templates"),
        "{:?}",
        world.env.keys()
    );
    let config = &world.env["DRAWBRIDGE_CONFIG"];
    let read_from = std::fs::read_to_string(config).unwrap();
    assert!(read_from.contains("labelKeys: [team]"), "{read_from}");
    world.opens("5m").await;
    bot.terminate();
    bot.ends_with(Some(0)).await;
    let gate = world.gates.here().remove(0);
    world.types("dana", &format!("done {}", gate.request()));
    world.gates.all_gone(SOON).await;
    world.ends_well().await;
}
