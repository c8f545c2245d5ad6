//! A small workspace on a TCP port, in real time, with a tape.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use drawbridge::clock::SystemClock;
use drawbridge::entropy::Entropy;
use drawbridge::sim::slack::{
    Kind, Paths, Person, Setup, Slack, Standing, Surroundings, Tape, Timing,
};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A bound for a broken test, not a pace.
const SOON: Duration = Duration::from_secs(60);

/// The workspace.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) slack: Slack,
    pub(super) tape: Tape,
    stop: CancellationToken,
}

impl Place {
    /// Dana and Lee are in `#payments` with the bot; Lee is the group `orders-oncall`.
    pub(super) async fn open() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tape = Tape::default();
        let one_path = || "/slack/events".to_owned();
        let setup = Setup {
            base_url: format!("http://{}", listener.local_addr().unwrap()),
            // Bolt listens for everything at one path.
            paths: Paths {
                events: one_path(),
                interactions: one_path(),
                commands: one_path(),
            },
            commands: BTreeSet::from(["/access".to_owned()]),
            shortcuts: BTreeSet::from(["ask".to_owned()]),
            message_shortcuts: BTreeSet::from(["ask_about".to_owned()]),
            timing: Timing {
                // Slack's patience with another pace: a lost socket is back long before a minute.
                retries: vec![Duration::from_secs(1); 60],
                warning: Duration::from_secs(2),
                ..Timing::default()
            },
            tape: Some(tape.clone()),
            ..Setup::default()
        };
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let around = Surroundings {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(Entropy::seeded(7)),
            tracker: tracker.clone(),
            stop: stop.clone(),
        };
        let slack = Slack::new(setup, around);
        for person in [
            Person::named("dana").in_zone(drawbridge::zone::Zone::BERLIN),
            Person::named("lee"),
            Person::named("gus").who_is(Standing::Guest),
            Person::named("una").who_is(Standing::SingleChannelGuest),
            Person::named("sam").who_is(Standing::Stranger),
            Person::named("olga").who_is(Standing::Deactivated),
        ] {
            slack.add_person(person);
        }
        slack.add_group("orders-oncall", &["lee"]).unwrap();
        let members = ["dana", "lee", "drawbridge"];
        slack
            .add_channel("payments", Kind::Public, &members)
            .unwrap();
        slack.add_channel("vault", Kind::Private, &members).unwrap();
        let serving = slack.clone();
        tracker.spawn(async move { serving.serve_tcp(listener).await });
        Self { slack, tape, stop }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Looks until there is an answer, which must come soon.
pub(super) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(SOON, looking).await {
        Ok(found) => found,
        Err(_) => panic!("not within {SOON:?}: {what}"),
    }
}
