//! The commands that are not `serve`, and a `serve` that cannot.

use super::plan::{Plan, REDIS_PASSWORD};
use super::wait::{NORMALLY, SOON, reached};
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reap_closes_what_is_overdue_while_no_bot_runs_and_leaves_the_rest() {
    // `reap` looks at the whole cluster, and other tests leave what is not this account's to close.
    let plan = Plan {
        own_api: true,
        ..Plan::default()
    };
    let (mut world, mut bot) = World::with_bot(plan).await;
    let (_, gates) = world.opens("3s").await;
    bot.kill();
    assert_eq!(world.run(&["reap"]).ended(SOON).await.code(), Some(0));
    assert_eq!(world.gates.here().len(), 2, "it is not overdue yet");
    reached(gates[0].expires_at()).await;
    // Only the cluster is asked: no Slack, no store.
    world.slack.be_away(true);
    world.redis().kill();
    let mut reap = world.run(&["reap"]);
    assert_eq!(reap.ended(SOON).await.code(), Some(0));
    world.gates.all_gone(SOON).await;
    let output = reap.output();
    for gate in gates {
        assert!(output.contains(&gate.name), "{output}");
    }
    // The bot, when it is back, tells people what happened.
    world.slack.be_away(false);
    world.redis().restart().await;
    let since = world.listen();
    let _bot = world.serve().await;
    since.told("dana", "Expired and closed").await;
    world.ends_well().await;
}

/// How everything is closed when the bot itself is the incident.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reap_with_a_maximum_of_a_second_closes_every_live_gate() {
    let plan = Plan {
        own_api: true,
        ..Plan::default()
    };
    let (mut world, mut bot) = World::with_bot(plan).await;
    let (_, gates) = world.opens("1h").await;
    bot.kill();
    let newest = gates.iter().map(|gate| gate.came).max().unwrap();
    reached(newest + chrono::TimeDelta::seconds(2)).await;
    let maximum = "DRAWBRIDGE_MAX_LIFETIME".to_owned();
    world.env.insert(maximum.clone(), "1s".to_owned());
    let mut reap = world.run(&["reap"]);
    reap.ends_with(Some(0)).await;
    world.gates.all_gone(SOON).await;
    let output = reap.output();
    for gate in gates {
        assert!(output.contains(&gate.name), "{output}");
    }
    world.env.remove(&maximum);
    let since = world.listen();
    let _bot = world.serve().await;
    since.told("dana", "Closed early").await;
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serve_that_is_told_wrong_says_everything_at_once_and_ends() {
    let mut world = World::new(Plan::default()).await;
    for (name, value) in [
        ("SLACK_BOT_TOKEN", ""),
        ("SLACK_API_URL", "http://slack.example/api"),
        ("DRAWBRIDGE_RULES", "/no/such/folder"),
        ("DRAWBRIDGE_MAX_LIFETIME", "soon"),
        ("DRAWBRIDGE_LISTEN", "everywhere"),
        ("DRAWBRIDGE_RULE", "x"),
        ("REDIS_URL", &format!("redis://bot:{REDIS_PASSWORD}@")),
    ] {
        world.env.insert(name.to_owned(), value.to_owned());
    }
    let mut bot = world.start();
    assert_eq!(bot.ended(SOON).await.code(), Some(2));
    let output = bot.output();
    for name in world.env.keys() {
        let wrong = ![
            "DRAWBRIDGE_TEMPLATES",
            "KUBECONFIG",
            "RUST_LOG",
            "SLACK_APP_TOKEN",
        ]
        .contains(&name.as_str());
        assert_eq!(
            output.contains(&format!("`{name}`")),
            wrong,
            "{name}: {output}"
        );
    }
    assert!(
        output.contains("did you mean `DRAWBRIDGE_RULES`"),
        "{output}"
    );
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serve_with_rules_that_cannot_be_used_names_file_and_line_and_ends() {
    let mut world = World::new(Plan::default()).await;
    let path = world.folder.path().join("rules/zz.yaml");
    std::fs::write(
        &path,
        "apiVersion: drawbridge.dev/v1alpha1\nkind: AccessRule\nspec: 3\n",
    )
    .unwrap();
    let mut bot = world.start();
    assert_eq!(bot.ended(SOON).await.code(), Some(2));
    let output = bot.output();
    assert!(output.contains("zz.yaml:"), "{output}");
    world.ends_well().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_is_away_keeps_a_bot_from_starting() {
    let mut world = World::new(Plan {
        own_api: true,
        ..Plan::default()
    })
    .await;
    world.slack.be_away(true);
    world.redis().kill();
    world.own_api().freeze();
    let mut bot = world.start();
    bot.ready_is(503, SOON).await;
    world.redis().restart().await;
    let ready = bot.ready_is(503, SOON).await;
    assert_eq!(ready["clusters"][0]["ok"], false, "{ready}");
    world.own_api().thaw();
    bot.ready_is(200, SOON).await;
    world.slack.be_away(false);
    world.reachable(&mut bot).await;
    world.opens("2s").await;
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    world.ends_well().await;
}
