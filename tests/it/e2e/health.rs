//! What probes and operators see.

use super::plan::Plan;
use super::wait::SOON;
use super::world::World;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readiness_follows_redis_and_not_slack() {
    let (mut world, mut bot) = World::with_bot(Plan::default()).await;
    assert_eq!(bot.page("/healthz").await, Some((200, "ok\n".to_owned())));
    let ready = bot.ready_is(200, SOON).await;
    assert_eq!(ready["slack"], "connected");
    assert_eq!(ready["clusters"][0]["name"], "default");
    let records = super::wait::until(async || {
        let ready = bot.ready_is(200, SOON).await;
        (ready["ledger"]["ok"] == true).then_some(())
    });
    super::wait::within(SOON, "the detail says that the ledger is kept", records).await;

    world.slack.be_away(true);
    let away = super::wait::until(async || {
        let ready = bot.ready_is(200, SOON).await;
        ready["slack"]
            .as_str()
            .unwrap()
            .starts_with("away")
            .then_some(())
    });
    super::wait::within(SOON, "the detail says that Slack is away", away).await;
    world.slack.be_away(false);

    world.redis().kill();
    let ready = bot.ready_is(503, SOON).await;
    assert_eq!(
        (&ready["ready"], &ready["store"]["ok"]),
        (&false.into(), &false.into())
    );
    assert_eq!(bot.page("/healthz").await, Some((200, "ok\n".to_owned())));
    let waits = super::wait::until(async || {
        let ready = bot.ready_is(503, SOON).await;
        let told = ready["ledger"]["troubles"].as_array()?;
        (ready["ledger"]["ok"] == false && told[..] == ["away"]).then_some(())
    });
    super::wait::within(
        SOON,
        "the detail says in a word why the ledger waits",
        waits,
    )
    .await;
    world.redis().restart().await;
    bot.ready_is(200, SOON).await;
    world.ends_well().await;
}
