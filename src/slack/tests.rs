//! The adapter against the simulated Slack, which has people with screens: a small bot with a form, a
//! typeahead and a home tab, over both ways in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;
use slack_morphism::prelude::*;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::*;
use crate::clock::VirtualClock;
use crate::entropy::Entropy;
use crate::rules::UserId;
use crate::sim::slack::{Kind, Person, Route, Setup, Slack, Spot, Surroundings, Where};
use crate::units::Time;
use crate::view::{Choice, Message, Screen};

mod forms;

fn button(action: &str, label: &str) -> SlackActionBlockElement {
    let button = SlackBlockButtonElement::new(label.into());
    button.with_action_id(action.into()).into()
}

/// A modal with a text, a typeahead and a button.
fn form(title: &str) -> Screen {
    let reason = SlackBlockPlainTextInputElement::new().with_action_id("why".into());
    let to = SlackBlockExternalSelectElement::new()
        .with_action_id("to".into())
        .with_min_query_length(1);
    let modal = SlackModalView::new(
        title.into(),
        slack_blocks![
            some_into(
                SlackInputBlock::new("Why".into(), reason.into()).with_block_id("why-1".into())
            ),
            some_into(
                SlackInputBlock::new("To".into(), to.into())
                    .with_block_id("to-1".into())
                    .with_optional(true)
            ),
            some_into(
                SlackActionsBlock::new(vec![button("more", "More")]).with_block_id("more-1".into())
            )
        ],
    );
    let modal = modal
        .with_callback_id("ask".into())
        .with_private_metadata("k7m3xq".to_owned())
        .with_submit("Send".into());
    Screen(SlackView::Modal(modal))
}

fn home(text: &str) -> Screen {
    let line = SlackSectionBlock::new().with_text(SlackBlockPlainText::new(text.to_owned()).into());
    Screen(SlackView::Home(SlackHomeView::new(slack_blocks![
        some_into(line),
        some_into(
            SlackActionsBlock::new(vec![button("again", "Again")]).with_block_id("again-1".into())
        )
    ])))
}

/// Does what a bot would do with forms, and remembers what it was told.
struct Bot {
    api: Arc<SlackApi>,
    seen: Mutex<Vec<Inbound>>,
    /// The home tab that it showed last.
    shown: Mutex<Option<Opened>>,
    /// How often that was not the latest.
    conflicts: Mutex<usize>,
}

impl Bot {
    fn seen(&self) -> Vec<What> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|inbound| inbound.what.clone()).collect()
    }

    async fn show_home(&self, by: &UserId) {
        let hash = self.shown.lock().unwrap().clone().map(|shown| shown.hash);
        let again = |number: usize| home(&format!("shown after {number} conflicts"));
        let count = *self.conflicts.lock().unwrap();
        let shown = match self
            .api
            .publish_home(by, &again(count), hash.as_deref())
            .await
        {
            Err(error) if error.code() == Some("hash_conflict") => {
                *self.conflicts.lock().unwrap() += 1;
                self.api.publish_home(by, &again(count + 1), None).await
            }
            shown => shown,
        };
        *self.shown.lock().unwrap() = Some(shown.unwrap());
    }

    async fn pressed(&self, screen: &OnScreen, action: &str, trigger: &str) {
        match action {
            "more" => {
                let pushed = self.api.push_view(trigger, &form("More")).await.unwrap();
                let (id, hash) = (&pushed.id, Some(pushed.hash.as_str()));
                let updated = self.api.update_view(id, hash, &form("Even more")).await;
                assert_ne!(updated.unwrap().hash, pushed.hash);
                let late = self.api.update_view(id, hash, &form("Late")).await;
                assert_eq!(late.unwrap_err().code(), Some("hash_conflict"));
            }
            "again" => {
                assert!(screen.is_home);
                self.api.open_view(trigger, &form("Ask")).await.unwrap();
                let twice = self.api.open_view(trigger, &form("Ask")).await;
                assert_eq!(twice.unwrap_err().code(), Some("exchanged_trigger_id"));
            }
            other => panic!("no such button: {other}"),
        }
    }
}

#[async_trait]
impl Receiver for Bot {
    fn is_marked(&self, _: &Inbound) -> bool {
        false
    }

    async fn receive(&self, inbound: Inbound) -> Ack {
        self.seen.lock().unwrap().push(inbound.clone());
        match inbound.what {
            What::Said {
                surface:
                    Surface::Command {
                        trigger: Some(trigger),
                        ..
                    },
                ..
            }
            | What::Shortcut { trigger, .. } => {
                self.api.open_view(&trigger, &form("Ask")).await.unwrap();
                Ack::Silent
            }
            What::Pressed {
                screen,
                action,
                trigger,
                ..
            } => {
                self.pressed(&screen, &action, &trigger.unwrap()).await;
                Ack::Silent
            }
            What::OpenedHome => {
                self.show_home(&inbound.by).await;
                Ack::Silent
            }
            What::Typed { text, .. } => {
                let there = ["orders/db", "orders/web", "shop/web"].into_iter();
                let fit = there.filter(|name| name.starts_with(&text));
                Ack::Options(fit.map(|name| Choice::new(name, name)).collect())
            }
            What::Submitted { screen, .. } => match screen.entered.get("why") {
                Some(Entered::Text(why)) if why == "all" => Ack::Close,
                Some(Entered::Text(why)) if why == "next" => Ack::Show(Box::new(form("Really?"))),
                Some(Entered::Text(why)) if why.len() > 5 => Ack::Private(Message {
                    text: "asked".to_owned(),
                    blocks: Vec::new(),
                }),
                _ => Ack::Wrong([("why-1".to_owned(), "say more".to_owned())].into()),
            },
            _ => Ack::Silent,
        }
    }
}

/// How Slack reaches the bot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Socket,
    Http,
}

/// A workspace with the bot in it.
struct Office {
    slack: Slack,
    bot: Arc<Bot>,
}

impl Office {
    async fn open(way: Way) -> Self {
        let start = Time::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = Arc::new(VirtualClock::starting_at(start));
        let entropy = Arc::new(Entropy::seeded(7));
        let (tracker, stop) = (TaskTracker::new(), CancellationToken::new());
        let setup = Setup {
            shortcuts: ["ask".to_owned()].into(),
            message_shortcuts: ["ask_about".to_owned()].into(),
            ..Setup::default()
        };
        let config = SlackConfig {
            bot_token: Secret::new(&setup.bot_token),
            app_token: Some(Secret::new(&setup.app_token)),
            signing_secret: Some(Secret::new(&setup.signing_secret)),
            api_url: format!("{}/api", setup.base_url),
        };
        let around = Surroundings {
            clock: Arc::clone(&clock) as Arc<dyn crate::clock::Clock>,
            entropy: Arc::clone(&entropy),
            tracker: tracker.clone(),
            stop: stop.clone(),
        };
        let slack = furnished(setup, around);
        let api = Arc::new(SlackApi::new(&config, wire_to(&slack, &tracker)));
        let bot = Arc::new(Bot {
            api: Arc::clone(&api),
            seen: Mutex::default(),
            shown: Mutex::default(),
            conflicts: Mutex::default(),
        });
        let taker = Arc::clone(&bot) as Arc<dyn Receiver>;
        let deliverer = Deliverer::new(Arc::clone(&api), taker, tracker.clone(), stop.clone());
        match way {
            Way::Socket => {
                let socket = Socket::new(api, deliverer, entropy, tracker.clone(), stop);
                tracker.spawn(socket.run());
            }
            Way::Http => {
                let secret = config.signing_secret.as_ref().unwrap();
                let routes = http::routes(secret, deliverer, clock);
                slack.deliver_by(Route::Router(routes));
            }
        }
        let office = Self { slack, bot };
        office.settle().await;
        office
    }

    /// Lets everything in flight arrive.
    async fn settle(&self) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    /// The title of the form that Dana has before her.
    fn title(&self) -> Option<String> {
        self.slack.form("dana").map(|form| form.title)
    }

    /// What she was told in the direct conversation.
    fn told(&self, text: &str) -> bool {
        let seen = self.slack.seen_by("dana");
        seen.iter().any(|seen| seen.says(text))
    }
}

fn furnished(setup: Setup, around: Surroundings) -> Slack {
    let slack = Slack::new(setup, around);
    slack.add_person(Person::named("dana"));
    slack.add_person(Person::named("lee"));
    let members = ["dana", "lee", "drawbridge"];
    slack
        .add_channel("payments", Kind::Public, &members)
        .unwrap();
    slack
        .add_channel("vault", Kind::Private, &["dana"])
        .unwrap();
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
