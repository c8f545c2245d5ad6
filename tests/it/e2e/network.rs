//! The links to Redis, the API server and Slack, broken in every way, while paths are open: each closes within the
//! bound that README states for what is behind the link, people hear of it, and everything works again when the link
//! does. No half-open link stops an expiry.
//!
//! Left out: a connection of Socket Mode that is half open, deaf or cut in the middle is to the bot one that went
//! silent, which is tried. Links to on-call sources, token issuers and ledger sinks are not broken here: no path
//! waits for them, and their own tests refuse, delay and drop their answers (`oncall`, `oidc`, `ledger::sinks`).

use std::time::Duration;

use drawbridge::sim::slack::Seen;
use drawbridge::units::Time;

use super::gates::Gate;
use super::plan::Plan;
use super::talk::Since;
use super::wait::{
    API_BACK, NORMALLY, RECOVERED, REDIS_AWAY, SLACK, SLOW_LINK, SOCKET_REPLACED, SOON, now,
    reached, until, within,
};
use super::world::World;
use crate::servers::proxy::{LinkFault, Proxy};

/// An answer over a slow link takes half a second.
const SLOW: LinkFault = LinkFault::Slow(Duration::from_millis(250));

/// Enough for a handshake or a short answer to be cut in the middle.
const IN_THE_MIDDLE: LinkFault = LinkFault::SilentAfter(200);

/// Every way in which a link fails.
const EVERY_WAY: [LinkFault; 6] = [
    LinkFault::HalfOpen,
    LinkFault::Deaf,
    IN_THE_MIDDLE,
    LinkFault::BlackHole,
    LinkFault::Unreachable,
    SLOW,
];

/// How long after the end of a path the API server stays out of reach.
const OUT_OF_REACH: chrono::TimeDelta = chrono::TimeDelta::seconds(2);

/// Four worlds at once: they wait most of the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_breaks_slows_down_or_goes_silent_stops_no_expiry_and_heals() {
    tokio::join!(redis_link(), api_link(), web_api_link(), socket_mode_link());
}

async fn redis_link() {
    let (world, _bot) = linked().await;
    let link = &world.links().redis;
    for fault in EVERY_WAY {
        Path::through(&world, link, (fault, REDIS_AWAY)).await;
    }
    Path::through_a_cut(&world, link).await;
    world.ends_well().await;
}

async fn api_link() {
    let (world, _bot) = linked().await;
    let link = &world.links().api;
    // Connections that are open are dead, new ones work: the server itself is there.
    for fault in [LinkFault::HalfOpen, LinkFault::Deaf] {
        Path::through(&world, link, (fault, API_BACK)).await;
    }
    // Nothing works, until after the end.
    for fault in [IN_THE_MIDDLE, LinkFault::BlackHole, LinkFault::Unreachable] {
        let path = Path::opens(&world, fault).await;
        link.suffer(fault);
        reached(path.end() + OUT_OF_REACH).await;
        assert!(path.since.nobody_read("Expired"), "{}", path.what);
        let back = now();
        link.heal();
        path.closes_by(back + API_BACK + SLACK).await;
        path.is_told_and_all_works().await;
    }
    Path::through(&world, link, (SLOW, SLOW_LINK)).await;
    Path::through_a_cut(&world, link).await;
    world.ends_well().await;
}

async fn web_api_link() {
    let (world, _bot) = linked().await;
    let link = &world.links().calls;
    for fault in EVERY_WAY {
        Path::through(&world, link, (fault, NORMALLY)).await;
    }
    world.ends_well().await;
}

async fn socket_mode_link() {
    let (world, _bot) = linked().await;
    let link = &world.links().socket;
    for fault in [LinkFault::Unreachable, SLOW] {
        Path::through(&world, link, (fault, NORMALLY)).await;
    }
    // Nothing tells the bot that its connection is dead but silence.
    let path = Path::opens(&world, LinkFault::BlackHole).await;
    link.suffer(LinkFault::BlackHole);
    let silent = now();
    path.closes_within(NORMALLY).await;
    link.heal();
    hears_again_by(&world, silent + SOCKET_REPLACED + SLACK).await;
    path.is_told_and_all_works().await;
    world.ends_well().await;
}

async fn linked() -> (World, super::bot::Bot) {
    let plan = Plan {
        links: true,
        rate_limits: false,
        ..Plan::default()
    };
    World::with_bot(plan).await
}

/// Slack tells people that their command did not arrive; they try again.
async fn hears_again_by(world: &World, by: Time) {
    let since = world.listen();
    let heard = until(async || {
        world.types("max", "mine");
        let answer = since.answered("max", "no requests");
        tokio::time::timeout(Duration::from_secs(1), answer)
            .await
            .ok()
    });
    let limit = (by - now()).to_std().unwrap();
    within(limit, "the bot hears people again", heard).await;
}

/// A path that is open while a link fails.
struct Path<'a> {
    world: &'a World,
    what: String,
    card: Seen,
    gates: Vec<Gate>,
    since: Since,
}

impl<'a> Path<'a> {
    async fn opens(world: &'a World, what: impl std::fmt::Debug) -> Self {
        let what = format!("{what:?}");
        println!("{} {what}", now().format("%T%.3f"));
        let (card, gates) = world.opens("4s").await;
        let since = world.listen();
        Self {
            world,
            what,
            card,
            gates,
            since,
        }
    }

    /// Opens one, has the link suffer until it is closed, which it must be within the bound, and heals the link.
    async fn through(world: &'a World, link: &Proxy, (fault, bound): (LinkFault, Duration)) {
        let path = Self::opens(world, fault).await;
        link.suffer(fault);
        path.closes_within(bound).await;
        link.heal();
        path.is_told_and_all_works().await;
    }

    /// The same with a link that breaks once.
    async fn through_a_cut(world: &'a World, link: &Proxy) {
        let path = Self::opens(world, "a cut").await;
        link.cut();
        path.closes_within(NORMALLY).await;
        path.is_told_and_all_works().await;
    }

    fn end(&self) -> Time {
        self.gates[0].expires_at()
    }

    async fn closes_within(&self, bound: Duration) {
        self.closes_by(self.end() + bound + SLACK).await;
    }

    async fn closes_by(&self, by: Time) {
        self.world.gates.all_gone(SOON).await;
        for gate in self.world.gates.lives() {
            if self.gates.iter().any(|mine| mine.uid == gate.uid) {
                let (gone, late) = (gate.gone.unwrap(), gate.late());
                println!("{} {} {late} after its end", self.what, gate.name);
                assert!(gone <= by, "{}: {} went {late} late", self.what, gate.name);
                assert!(gone >= gate.expires_at(), "{}: {late} early", self.what);
            }
        }
    }

    /// The link works again: people hear of the end, the card shows it, and asks are taken.
    async fn is_told_and_all_works(&self) {
        let healed = now();
        let all = async {
            self.since.told("dana", "Expired and closed").await;
            self.since.in_thread(&self.card, "Expired and closed").await;
            self.world
                .shows(&self.card, "lee", "Expired and closed")
                .await;
        };
        within(
            RECOVERED + SLACK,
            &format!("the end is told after {}", self.what),
            all,
        )
        .await;
        hears_again_by(self.world, healed + RECOVERED + SLACK).await;
        println!("{}: all works {} after the link", self.what, now() - healed);
    }
}
