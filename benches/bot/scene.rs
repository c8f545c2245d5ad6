//! A world with a bot in it, whose rules set no limits that the measuring would meet, and people to ask.

use drawbridge::sim::slack::{Kind, Person, Seen};

use crate::e2e::bot::Bot;
use crate::e2e::plan::{Door, Plan};
use crate::e2e::world::World;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// What is published.
    Full,
    /// The same for people in a hurry.
    Short,
    /// Whether the program runs at all; its figures mean nothing.
    Trial,
}

impl Size {
    /// One of the three.
    pub(crate) const fn of<T: Copy>(self, full: T, short: T, trial: T) -> T {
        match self {
            Self::Full => full,
            Self::Short => short,
            Self::Trial => trial,
        }
    }
}

/// Developers in the workspace: a company that could ask 200 times a second.
const PEOPLE: usize = 600;

/// The port of the first of many asks.
pub(crate) const FIRST_PORT: usize = 20_000;

/// Teams, each with a channel of its own: the bot works on so many things at once for one channel.
const ROOMS: usize = 20;

/// How many members of groups one ask reads (`slack::directory`).
const READ_BY_AN_ASK: usize = 40;

/// What the image sets for the program.
fn of_the_image() -> impl Iterator<Item = (String, String)> {
    // Its last stage; what those before it set is for the build.
    let (_, last) = include_str!("../../Dockerfile")
        .rsplit_once("\nFROM ")
        .unwrap_or_default();
    let set = last
        .lines()
        .filter_map(|line| line.strip_prefix("ENV ")?.split_once('='));
    set.map(|(name, value)| (name.to_owned(), value.to_owned()))
}

/// A world and the bot that serves it.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) bot: Bot,
}

impl Scene {
    /// A bot that is ready, reached by signed HTTP. Slack sets no limits: they would measure Slack.
    pub(crate) async fn open() -> Self {
        Self::in_world(Self::set().await).await
    }

    /// The same in a world that was set before, once the bot knows everybody in it.
    pub(crate) async fn in_world(mut world: World) -> Self {
        let bot = world.serve().await;
        // An ask reads some of those that the bot does not know yet, and no card comes of one that is too long.
        for n in 0..(2 * PEOPLE).div_ceil(READ_BY_AN_ASK) {
            let (who, since) = (person(n), world.listen());
            let line = format!("{} for 3h because of nothing", world.path_text());
            world.types(&who, &line);
            since.answered(&who, "Refused").await;
        }
        Self { world, bot }
    }

    /// The `n`th ask, for a port of its own: who can already reach one asks in vain. Its card.
    pub(crate) async fn asks(&self, n: usize) -> Seen {
        let since = self.world.listen();
        let (shop, orders) = (&self.world.town.shop, &self.world.town.orders);
        let port = FIRST_PORT + n;
        let line = format!("{shop}/web to {orders}/db:{port} for 30m because of a figure");
        self.world.types(&person(n), &line);
        since.card().await
    }

    /// The same without a bot.
    pub(crate) async fn set() -> World {
        let mut world = World::new(Plan {
            door: Door::SignedHttp,
            rate_limits: false,
            ..Plan::default()
        })
        .await;
        let rules = world.folder.path().join("rules");
        std::fs::write(rules.join("orders.yaml"), rules_of(&world.town.orders)).unwrap();
        // As it is shipped; the tests listen to more.
        world.env.insert("RUST_LOG".to_owned(), "info".to_owned());
        world.env.extend(of_the_image());
        let people: Vec<String> = (0..PEOPLE).map(person).collect();
        for n in 0..ROOMS {
            let room = room(n).trim_start_matches('#').to_owned();
            world.slack.add_channel(&room, Kind::Public, &[]).unwrap();
            world.slack.join("drawbridge", &room).unwrap();
        }
        for (n, name) in people.iter().enumerate() {
            world.slack.add_person(Person::named(name));
            world.slack.join(name, "payments").unwrap();
            let room = room(n);
            world
                .slack
                .join(name, room.trim_start_matches('#'))
                .unwrap();
        }
        let mut members: Vec<&str> = people.iter().map(String::as_str).collect();
        members.extend(["dana", "max"]);
        world.slack.set_group("backend", &members).unwrap();
        world
    }
}

/// The `n`th of them, in turn.
pub(crate) fn person(n: usize) -> String {
    format!("dev{}", n % PEOPLE)
}

/// Where the `n`th person's team talks.
pub(crate) fn room(n: usize) -> String {
    format!("#team{}", n % PEOPLE % ROOMS)
}

/// The database is opened by its on-call people, its API by the rule itself.
fn rules_of(namespace: &str) -> String {
    let rule = |name: &str, more: &str, auto: &str| {
        format!(
            "apiVersion: drawbridge.dev/v1alpha1
kind: AccessRule
metadata: {{name: {name}}}
spec:
  match: {{templates: [connect], clusters: [\"*\"], when: \"to.namespace == '{namespace}' && to.name {more} 'api'\"}}
  requesters: {{slack: {{usergroups: [\"@backend\"]}}}}
  stages:
    - {{name: orders on-call, from: {{usergroups: [\"@orders-oncall\"]}}, need: 1}}
  limits: {{max: 2h, open: 5000}}
  channel: \"#access-orders\"
{auto}"
        )
    };
    let asked = rule("orders", "!=", "");
    let automatic = rule("api", "==", "  auto: {max: 15m}\n");
    format!("{asked}---\n{automatic}")
}
