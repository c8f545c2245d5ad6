//! Rules against a simulated workspace.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::clock::{Clock, SystemClock, VirtualClock};
use crate::entropy::Entropy;
use crate::secret::Secret;
use crate::sim::slack::{Kind, Person, Setup, Slack, Standing, Surroundings};
use crate::slack::{SlackConfig, Wire};
use crate::units::Time;

const RULE: &str = r##"
apiVersion: drawbridge.dev/v1alpha1
kind: AccessRule
metadata: {name: orders}
spec:
  match: {templates: [connect], when: "to.namespace == 'orders'"}
  requesters: {slack: {usergroups: ["@backend"]}}
  stages:
    - {name: owners, from: {usergroups: ["@oncall"]}, need: 1}
  channel: "#orders"
  tell: ["@backend", "#incidents"]
"##;

struct Town {
    slack: Slack,
    directory: Directory,
    api: Arc<SlackApi>,
}

/// Dana and Max are `@backend`; Lee, Mia and people who do not count are `@oncall`.
fn town(setup: Setup) -> Town {
    let around = Surroundings {
        clock: Arc::new(VirtualClock::starting_at(Time::UNIX_EPOCH)),
        entropy: Arc::new(Entropy::seeded(7)),
        tracker: TaskTracker::new(),
        stop: CancellationToken::new(),
    };
    let tracker = around.tracker.clone();
    let slack = Slack::new(setup, around);
    for person in [
        Person::named("dana"),
        Person::named("max"),
        Person::named("lee"),
        Person::named("mia"),
        Person::named("gus").who_is(Standing::Guest),
        Person::named("rob").who_is(Standing::Deactivated),
        Person::named("bo").who_is(Standing::Bot),
    ] {
        slack.add_person(person);
    }
    slack.add_group("backend", &["dana", "max"]).unwrap();
    slack
        .add_group("Oncall", &["lee", "mia", "gus", "rob", "bo"])
        .unwrap();
    for channel in ["orders", "incidents"] {
        let members = ["dana", "lee", "drawbridge"];
        slack.add_channel(channel, Kind::Public, &members).unwrap();
    }
    slack
        .add_channel("random", Kind::Public, &["dana"])
        .unwrap();
    let config = SlackConfig {
        bot_token: Secret::new(slack.setup().bot_token.clone()),
        app_token: None,
        signing_secret: None,
        api_url: format!("{}/api", slack.setup().base_url),
    };
    let (wire, mut listener) = Wire::memory();
    let (serving, connections) = (slack.clone(), tracker.clone());
    tracker.spawn(async move {
        while let Some(io) = listener.accept().await {
            let slack = serving.clone();
            connections.spawn(async move { slack.serve_stream(io).await });
        }
    });
    let api = Arc::new(SlackApi::new(&config, wire));
    let directory = Directory::new(Arc::clone(&api));
    Town {
        slack,
        directory,
        api,
    }
}

impl Town {
    async fn try_check(&self, rules: &str) -> Result<Found, SlackError> {
        let mut files = rules::embedded();
        files.push(("r.yaml".to_owned(), rules.to_owned()));
        let keys = crate::rules::Allowed {
            label_keys: ["team".to_owned()].into(),
            ..crate::rules::Allowed::default()
        };
        let (set, problems) = rules::load_allowing(&files, &keys);
        assert!(rules::usable(&problems), "{}", rules::report(&problems));
        look_up(&set, &self.directory, &self.api).await
    }

    async fn check(&self, rules: &str) -> Found {
        self.try_check(rules).await.unwrap()
    }

    /// What is said of these rules, one line each.
    async fn says(&self, rules: &str) -> String {
        let found = self.check(rules).await;
        let lines: Vec<String> = found.problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }

    fn id(&self, name: &str) -> String {
        self.slack.person(name).unwrap().id
    }
}

#[tokio::test(start_paused = true)]
async fn rules_whose_people_and_places_are_there_have_no_problem() {
    let town = town(Setup::default());
    assert_eq!(town.check(RULE).await, Found::default());
}

/// What is written in the rule, what stands there instead, and what is said of that.
const ABSENT: [(&str, &str, &str); 10] = [
    (
        "[\"@oncall\"]",
        "[\"@oncall\", \"@gone\"]",
        "stage `owners`: there is no user group `@gone` in use; correct",
    ),
    (
        "[\"@backend\"]}}",
        "[\"@backends\"]}}",
        "requesters: there is no user group `@backends` in use",
    ),
    (
        "tell: [\"@backend\"",
        "tell: [\"@nobody\"",
        "tell: there is no user group `@nobody` in use",
    ),
    (
        "\"#orders\"",
        "\"#random\"",
        "the bot is in no channel `#random`; correct the name, or invite",
    ),
    ("\"#orders\"", "\"#nowhere\"", "in no channel `#nowhere`"),
    ("\"#orders\"", "\"C0NOWHERE\"", "in no channel `C0NOWHERE`"),
    (
        "[\"@oncall\"]",
        "[\"@oncall\"], users: [ROB]",
        "is deactivated; name an active",
    ),
    ("[\"@oncall\"]", "[\"@oncall\"], users: [GUS]", "is a guest"),
    (
        "[\"@oncall\"]",
        "[\"@oncall\"], users: [U0NOBODY]",
        "stage `owners`: `U0NOBODY` is nobody whom Slack knows",
    ),
    (
        "need: 1",
        "need: 3",
        "stage `owners` needs 3, and of the people it names 2 can approve; only active",
    ),
];

#[tokio::test(start_paused = true)]
async fn whatever_is_not_there_is_named_with_its_place_and_a_hint() {
    let town = town(Setup::default());
    for (written, instead, expected) in ABSENT {
        let instead = instead
            .replace("ROB", &town.id("rob"))
            .replace("GUS", &town.id("gus"));
        let rules = RULE.replace(written, &instead);
        assert_ne!(rules, RULE, "{written}");
        let said = town.says(&rules).await;
        assert!(said.contains(expected), "{expected}\n{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.starts_with("r.yaml:4:18: error: "), "{said}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_channel_by_id_is_there_until_it_is_archived() {
    let town = town(Setup::default());
    let id = town.slack.channel("#incidents").unwrap().id;
    let rules = RULE.replace("\"#incidents\"", &format!("\"{id}\""));
    assert_eq!(town.says(&rules).await, "");
    town.slack.archive("#incidents", true).unwrap();
    let said = town.says(&rules).await;
    assert!(said.contains("the bot is in no channel"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_disabled_group_is_not_in_use() {
    let town = town(Setup::default());
    town.slack.disable_group("Oncall", true).unwrap();
    let said = town.says(RULE).await;
    assert!(said.contains("no user group `@oncall` in use"), "{said}");
}

#[tokio::test(start_paused = true)]
async fn a_stage_that_needs_those_who_ask_is_told() {
    let town = town(Setup::default());
    let (dana, max) = (town.id("dana"), town.id("max"));
    let alone = |asks: &str, stage: &str, need: usize| {
        RULE.replace(
            "slack: {usergroups: [\"@backend\"]}",
            &format!("slack: {{{asks}}}"),
        )
        .replace(
            "{usergroups: [\"@oncall\"]}, need: 1",
            &format!("{{{stage}}}, need: {need}"),
        )
    };
    let group = "usergroups: [\"@backend\"]";
    let nobody = "error: stage `owners` can be filled for nobody";
    for (asks, stage, need, expected) in [
        (group, group.to_owned(), 2, nobody),
        // Guests and bots may not ask, so that they are named helps nobody.
        (
            "usergroups: [\"@backend\"]",
            format!("users: [{dana}, {max}]"),
            2,
            nobody,
        ),
        (
            group,
            format!("users: [{dana}]"),
            1,
            "warning: stage `owners` cannot be filled when one of its own",
        ),
    ] {
        let said = town.says(&alone(asks, &stage, need)).await;
        assert!(said.contains(expected), "{stage}: {said}");
    }
    assert_eq!(
        town.says(&alone(group, group, 1)).await,
        "",
        "peers can approve each other"
    );
    assert_eq!(
        town.says(&alone(group, "usergroups: [\"@oncall\"]", 2))
            .await,
        ""
    );
}

#[tokio::test(start_paused = true)]
async fn names_that_each_ask_makes_are_listed_as_not_checked() {
    let town = town(Setup::default());
    let rules = RULE.replace("[\"@oncall\"]", "[\"@${to.namespaceLabels.team}-oncall\"]");
    let found = town.check(&rules).await;
    assert_eq!(found.problems, []);
    assert_eq!(
        found.unchecked,
        [
            "r.yaml:4:18: not checked: `@${to.namespaceLabels.team}-oncall` of rule `orders` is named by each ask"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_on_call_source_must_be_configured_and_answer() {
    let town = town(Setup::default());
    let mut files = rules::embedded();
    files.push(("r.yaml".to_owned(), RULE.to_owned()));
    let (set, _) = rules::load(&files);
    let part = Named {
        part: "stage `owners`".to_owned(),
        group: rules::Group {
            oncall: vec!["orders".to_owned()],
            ..rules::Group::default()
        },
        open: Vec::new(),
        need: 1,
    };
    let source = crate::oncall::Source {
        url: url::Url::parse("http://192.0.2.1/orders").unwrap(),
        token: None,
        timeout: std::time::Duration::from_secs(2),
        cache: crate::units::Seconds(60),
        fallback: Some("@gone".to_owned()),
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let sources = [("orders".to_owned(), source)].into();
    let silent = OnCall::new(&sources, &Wire::tcp(), &clock);
    for (on_call, expected) in [
        (
            &OnCall::default(),
            vec!["there is no on-call source `orders`; add it"],
        ),
        (
            &silent,
            vec![
                "stage `owners`: the on-call source `orders` gives no answer: it cannot be reached",
                "fallback of the on-call source `orders`: there is no user group `@gone`",
            ],
        ),
    ] {
        let mut found = Found::default();
        let mut report = Report {
            rule: &set.rules()[0],
            found: &mut found,
        };
        report.sources(&part, on_call, &Roll::default()).await;
        assert_eq!(found.problems.len(), expected.len(), "{found:?}");
        for (problem, expected) in found.problems.iter().zip(expected) {
            assert!(problem.to_string().contains(expected), "{problem}");
        }
    }
    let keys = keys(&[part], &["@x".to_owned(), "#y".to_owned()], &silent);
    assert_eq!(
        keys,
        ["gone", "oncall:orders", "x"].map(str::to_owned).into()
    );
    drop(town);
}

#[tokio::test(start_paused = true)]
async fn slacks_call_rates_are_waited_for() {
    let town = town(Setup::default());
    let names: Vec<String> = (0..150).map(|n| format!("p{n}")).collect();
    for name in &names {
        town.slack
            .add_person(Person::named(name).who_is(Standing::Guest));
    }
    let mut members: Vec<&str> = names.iter().map(String::as_str).collect();
    members.push("lee");
    town.slack.set_group("Oncall", &members).unwrap();
    let said = town.says(&RULE.replace("need: 1", "need: 2")).await;
    assert!(
        said.contains("needs 2, and of the people it names 1 can approve"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_slack_that_is_away_or_does_not_know_us_is_no_finding() {
    let town = town(Setup::default());
    town.slack.be_away(true);
    let away = town.try_check(RULE).await;
    assert!(matches!(away, Err(SlackError::Away { .. })), "{away:?}");
    town.slack.be_away(false);
    assert_eq!(town.check(RULE).await, Found::default());
    let config = SlackConfig {
        bot_token: Secret::new("xoxb-wrong"),
        app_token: None,
        signing_secret: None,
        api_url: format!("{}/api", town.slack.setup().base_url),
    };
    let (wire, mut listener) = Wire::memory();
    let slack = town.slack.clone();
    let tracker = TaskTracker::new();
    tracker.spawn(async move {
        while let Some(io) = listener.accept().await {
            slack.serve_stream(io).await;
        }
    });
    let api = Arc::new(SlackApi::new(&config, wire));
    let directory = Directory::new(Arc::clone(&api));
    let unknown = look_up(&RuleSet::default(), &directory, &api).await;
    assert!(
        matches!(unknown, Err(SlackError::Auth { .. })),
        "{unknown:?}"
    );
}
