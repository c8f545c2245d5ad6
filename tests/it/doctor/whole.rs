//! A whole installation, and a configuration that cannot be used.

use serde_json::json;

use super::report::{doctor, run};
use crate::e2e::plan::Plan;
use crate::e2e::wait::{SOON, until, within};
use crate::e2e::world::World;
use crate::servers::kube::{Who, documents};

/// Bad gates that are rehearsed.
const BAD: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_installation_is_well_but_for_the_policies_that_nobody_applied() {
    let world = World::new(Plan::default()).await;
    let found = doctor(&world.env, &[]).await;
    assert_eq!(found.area("configuration"), ["environment: ok"]);
    assert_eq!(
        found.area("slack"),
        [
            "bot token: ok",
            "bot scopes: ok",
            "deliveries: ok",
            "user groups: ok",
            "messages tab: unknown"
        ]
    );
    assert_eq!(
        found.area("store"),
        [
            "scripts: ok",
            "version: ok",
            "persistence: ok",
            "eviction: ok",
            "replicas: warn",
            "clock: ok",
            "user: ok",
            "commands: ok"
        ]
    );
    let mut cluster = vec![
        "version: ok",
        "account: ok",
        "permissions: ok",
        "namespaces: ok",
        "nothing more: ok",
    ];
    cluster.extend(["admission: fail"; BAD]);
    cluster.push("enforcement: unknown");
    assert_eq!(found.area("kubernetes"), cluster);
    assert_eq!(found.area("rules"), ["files: ok", "names: ok"]);
    for gate in found.told("admission") {
        assert!(gate.ends_with("would be taken"), "{gate}");
    }
    assert!(found.mends("admission").contains("manifests/"));
    assert_eq!(found.code, 1);
    // Nothing was written anywhere.
    assert!(world.slack.changes_since(0).is_empty());
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_the_policies_that_are_shipped_nothing_fails() {
    let plan = Plan {
        own_api: true,
        ..Plan::default()
    };
    let mut world = World::new(plan).await;
    // The policies bind the account that is shipped, not the one of this world.
    for namespace in [&world.town.shop, &world.town.orders] {
        for mut binding in documents(include_str!("../../../manifests/opt-in.yaml")) {
            binding["metadata"]["namespace"] = json!(namespace);
            binding["metadata"]["name"] = json!("the-shipped-account");
            world.town.put(binding).await;
        }
    }
    world.cluster_was_changed().await;
    let server = world.own_api();
    for policy in [
        include_str!("../../../manifests/base/admission/gate.yaml"),
        include_str!("../../../manifests/base/admission/reserved.yaml"),
    ] {
        server.apply(policy).await;
    }
    let kubeconfig = server.kubeconfig(Who::Bot).to_str().unwrap().to_owned();
    world.env.insert("KUBECONFIG".to_owned(), kubeconfig);
    // A policy takes effect a moment after it is there.
    let wanted = format!("ok: gates as the bot makes them are taken, {BAD} bad ones are refused");
    let held = until(async || {
        let found = doctor(&world.env, &[]).await;
        (found.told("admission") == [wanted.as_str()]).then_some(found)
    });
    let found = within(SOON, "the policies hold", held).await;
    assert_eq!(found.told("nothing more").len(), 1);
    assert_eq!(found.code, 0, "{found:?}");
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_says_the_same_with_what_to_do_below_each_line() {
    let world = World::new(Plan::default()).await;
    let (code, printed) = run(&world.env, &["doctor"]).await;
    assert_eq!(code, 1, "{printed}");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("STATE"), "{printed}");
    for (n, line) in lines.iter().enumerate().skip(1) {
        let state = line.split(' ').next().unwrap();
        let mended = lines.get(n + 1).is_some_and(|next| next.contains("-> "));
        match state {
            "ok" => assert!(!mended, "{line}"),
            "warn" | "fail" | "unknown" => assert!(mended, "{line}"),
            _ => {}
        }
    }
    let last = lines.last().unwrap();
    assert!(last.contains(&format!("{BAD} failing")), "{printed}");
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_that_cannot_be_used_is_told_and_the_rest_still_looked_at() {
    let mut world = World::new(Plan::default()).await;
    let wrong = [
        ("DRAWBRIDGE_RULE", "x"),
        ("DRAWBRIDGE_LISTEN", "everywhere"),
    ];
    let wrong = wrong.map(|(name, value)| (name.to_owned(), value.to_owned()));
    world.env.extend(wrong);
    let found = doctor(&world.env, &[]).await;
    assert_eq!(found.code, 2);
    let told = found.told("environment");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("DRAWBRIDGE_"), "{told:?}");
    assert_eq!(found.told("bot scopes").len(), 1);
    assert_eq!(found.told("scripts"), ["ok: every shard runs them"]);
    assert!(found.told("account")[0].starts_with("ok: "));
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_cannot_be_used_and_names_that_nobody_has_are_told() {
    let world = World::new(Plan::default()).await;
    let rule = world.folder.path().join("rules/orders.yaml");
    let good = std::fs::read_to_string(&rule).unwrap();
    std::fs::write(&rule, good.replace("@orders-oncall", "@nobody-oncall")).unwrap();
    let found = doctor(&world.env, &[]).await;
    let told = found.told("names").join("\n");
    assert!(told.contains("@nobody-oncall"), "{told}");
    assert!(told.contains("fail: "), "{told}");
    std::fs::write(&rule, good.replace("need: 1", "need: none")).unwrap();
    let found = doctor(&world.env, &[]).await;
    assert!(found.told("files")[0].starts_with("fail: "));
    assert!(found.told("names")[0].starts_with("unknown: "));
    world.ends_well().await;
}
