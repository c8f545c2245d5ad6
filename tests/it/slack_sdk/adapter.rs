//! Our own adapter in the town's Slack: what it calls and acknowledges with is held against the official
//! types, over both ways in. What it understands is the unit tests' matter.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use drawbridge::clock::{Clock, VirtualClock};
use drawbridge::entropy::Entropy;
use drawbridge::secret::Secret;
use drawbridge::sim::slack::{
    Crossing, Kind, Person, Route, Setup, Slack, Spot, Surroundings, Tape, Taped, Where,
};
use drawbridge::slack::{
    Ack, Deliverer, Entered, Inbound, Receiver, SlackApi, SlackConfig, Socket, Surface, What, Wire,
};
use drawbridge::units::Time;
use drawbridge::view::{Choice, Message, Screen};
use serde_json::{Value, json};
use slack_morphism::prelude::*;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::check::assert_sound;

/// Blocks as JSON: the client library's own types then write them again.
fn blocks() -> Value {
    let plain = |text: &str| json!({"type": "plain_text", "text": text});
    json!([
        {"type": "input", "block_id": "why-1", "label": plain("Why"),
         "element": {"type": "plain_text_input", "action_id": "why"}},
        {"type": "input", "block_id": "to-1", "label": plain("To"), "optional": true,
         "element": {"type": "external_select", "action_id": "to", "min_query_length": 1}},
        {"type": "actions", "block_id": "more-1", "elements": [
            {"type": "button", "action_id": "more", "text": plain("More"), "value": "x"}]},
    ])
}

fn form(title: &str) -> Screen {
    let blocks = serde_json::from_value(blocks()).unwrap();
    let modal = SlackModalView::new(title.into(), blocks)
        .with_callback_id("ask".into())
        .with_private_metadata("k7m3xq".to_owned())
        .with_submit("Send".into());
    Screen(SlackView::Modal(modal))
}

fn home() -> Screen {
    let blocks = json!([blocks()[2]]);
    let blocks = serde_json::from_value(blocks).unwrap();
    Screen(SlackView::Home(SlackHomeView::new(blocks)))
}

/// Uses everything that the adapter can do with screens.
struct Bot(Arc<SlackApi>);

impl Bot {
    /// What a form's text asks for.
    fn answer(why: &str) -> Ack {
        match why {
            "next" => Ack::Show(Box::new(form("Next"))),
            "all" => Ack::Close,
            _ => Ack::Wrong([("why-1".to_owned(), format!("not `{why}`"))].into()),
        }
    }

    async fn open(&self, trigger: &str) -> Ack {
        self.0.open_view(trigger, &form("Ask")).await.unwrap();
        self.0.open_view(trigger, &form("Ask")).await.unwrap_err();
        Ack::Silent
    }

    async fn show_home(&self, inbound: &Inbound) -> Ack {
        let tab = home();
        let publish = async |hash: Option<&str>| self.0.publish_home(&inbound.by, &tab, hash).await;
        let first = publish(None).await.unwrap();
        publish(Some(&first.hash)).await.unwrap();
        publish(Some(&first.hash)).await.unwrap_err();
        Ack::Silent
    }

    async fn push(&self, trigger: &str) -> Ack {
        let pushed = self.0.push_view(trigger, &form("More")).await.unwrap();
        let update = async || {
            let (id, hash) = (&pushed.id, Some(pushed.hash.as_str()));
            self.0.update_view(id, hash, &form("Even more")).await
        };
        update().await.unwrap();
        update().await.unwrap_err();
        Ack::Silent
    }
}

#[async_trait]
impl Receiver for Bot {
    fn is_marked(&self, _: &Inbound) -> bool {
        false
    }

    async fn receive(&self, inbound: Inbound) -> Ack {
        match &inbound.what {
            What::Said {
                surface: Surface::Command { trigger, .. },
                ..
            } => self.open(trigger.as_ref().unwrap()).await,
            What::Shortcut { on: Some(on), .. } => Ack::Private(Message {
                text: format!("about {}", on.ts),
                blocks: Vec::new(),
            }),
            What::Shortcut { trigger, .. } => self.open(trigger).await,
            What::Pressed {
                screen, trigger, ..
            } if !screen.is_home => self.push(trigger.as_ref().unwrap()).await,
            What::OpenedHome => self.show_home(&inbound).await,
            What::Typed { text, .. } => {
                let offered =
                    (0..120).map(|n| Choice::new(&format!("{text}{n}"), &text.repeat(80)));
                Ack::Options(offered.collect())
            }
            What::Submitted { screen, .. } => match screen.entered.get("why") {
                Some(Entered::Text(why)) => Self::answer(why),
                _ => Ack::Silent,
            },
            _ => Ack::Silent,
        }
    }
}

/// A workspace with Dana, Lee and the bot; `over_http` says how deliveries come.
async fn office(over_http: bool, tape: Tape) -> Slack {
    let start = Time::from_timestamp(1_800_000_000, 0).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(start));
    let entropy = Arc::new(Entropy::seeded(7));
    let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
    let setup = Setup {
        shortcuts: ["ask".to_owned()].into(),
        message_shortcuts: ["ask_about".to_owned()].into(),
        tape: Some(tape),
        ..Setup::default()
    };
    let secret = Secret::new(&setup.signing_secret);
    let config = SlackConfig {
        bot_token: Secret::new(&setup.bot_token),
        app_token: Some(Secret::new(&setup.app_token)),
        signing_secret: Some(secret.clone()),
        api_url: format!("{}/api", setup.base_url),
    };
    let around = Surroundings {
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
        tracker: tracker.clone(),
        stop: stop.clone(),
    };
    let slack = Slack::new(setup, around);
    slack.add_person(Person::named("dana"));
    slack.add_person(Person::named("lee"));
    let members = ["dana", "lee", "drawbridge"];
    slack
        .add_channel("payments", Kind::Public, &members)
        .unwrap();
    let api = Arc::new(SlackApi::new(&config, wire_to(&slack, &tracker)));
    let bot = Arc::new(Bot(Arc::clone(&api)));
    let deliverer = Deliverer::new(Arc::clone(&api), bot, tracker.clone(), stop.clone());
    if over_http {
        let routes = drawbridge::slack::http::routes(&secret, deliverer, clock);
        slack.deliver_by(Route::Router(routes));
    } else {
        let socket = Socket::new(api, deliverer, entropy, tracker.clone(), stop);
        tracker.spawn(socket.run());
    }
    settle().await;
    slack
}

fn wire_to(slack: &Slack, tracker: &TaskTracker) -> Wire {
    let (wire, mut listener) = Wire::memory();
    let (slack, connections) = (slack.clone(), tracker.clone());
    tracker.spawn(async move {
        while let Some(io) = listener.accept().await {
            let slack = slack.clone();
            connections.spawn(async move { slack.serve_stream(io).await });
        }
    });
    wire
}

/// Lets everything in flight arrive. Time is virtual.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

async fn play(slack: &Slack) {
    slack.command("dana", "#payments", "/access ask").unwrap();
    settle().await;
    let view = slack.form("dana").unwrap().view;
    let menu = Spot::new(Where::View(view), "to-1", "to");
    let offered = slack.suggest("dana", &menu, "ord").await.unwrap();
    assert_eq!(offered["options"].as_array().unwrap().len(), 100);
    for (why, title) in [("no", "Ask"), ("next", "Next")] {
        slack.submit("dana", &[("why", why)]).unwrap();
        settle().await;
        assert_eq!(slack.form("dana").unwrap().title, title);
    }
    slack.press("dana", "More").unwrap();
    settle().await;
    assert_eq!(slack.form("dana").unwrap().title, "Even more");
    slack.submit("dana", &[("why", "all")]).unwrap();
    settle().await;
    assert_eq!(slack.form("dana"), None);
    slack.open_home("dana").unwrap();
    settle().await;
    slack.press("dana", "More").unwrap();
    slack.shortcut("dana", "ask", None).unwrap();
    let at = slack.say("lee", "#payments", "orders is slow").unwrap();
    slack.shortcut("lee", "ask_about", Some(&at)).unwrap();
    settle().await;
    assert!(slack.seen_by("lee").iter().any(|seen| seen.says("about ")));
    assert_eq!(slack.complaints(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_our_adapter_says_about_screens_is_as_slacks_own_sdks_have_it() {
    for over_http in [false, true] {
        let tape = Tape::default();
        play(&office(over_http, tape.clone()).await).await;
        let tape = tape.read();
        let there = |crossing, fits: &dyn Fn(&Taped) -> bool| {
            tape.iter().any(|t| t.crossing == crossing && fits(t))
        };
        for method in ["views.open", "views.push", "views.update", "views.publish"] {
            assert!(there(Crossing::Call, &|t| t.name == method), "no {method}");
        }
        for action in ["errors", "update", "clear"] {
            let is_it = |t: &Taped| t.payload["response_action"] == action;
            assert!(there(Crossing::Ack, &is_it), "no {action}");
        }
        assert!(there(Crossing::Ack, &|t| t.payload["options"].is_array()));
        assert_sound(&tape);
    }
}
