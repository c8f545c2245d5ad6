//! The same small play for each SDK and each way of delivery. People act; what arrived at the bot and what
//! people see is asserted, and then the tape.

use std::time::{Duration, Instant};

use drawbridge::sim::slack::{Crossing, Fault, Spot, Taped, Where};
use serde_json::{Value, json};

use super::bot::{Mode, Sdk, SdkBot};
use super::check::assert_sound;
use super::place::{Place, until};

#[tokio::test]
async fn bolt_for_python_over_sockets() {
    let stage = Stage::set(Sdk::Python, Mode::Socket).await;
    stage.play().await;
    stage.sockets_that_are_lost().await;
    stage.every_method().await;
    stage.end();
}

#[tokio::test]
async fn bolt_for_python_over_http() {
    let stage = Stage::set(Sdk::Python, Mode::Http).await;
    stage.play().await;
    stage.end();
}

#[tokio::test]
async fn bolt_for_javascript_over_sockets() {
    let stage = Stage::set(Sdk::JavaScript, Mode::Socket).await;
    stage.play().await;
    stage.sockets_that_are_lost().await;
    stage.end();
}

#[tokio::test]
async fn bolt_for_javascript_over_http() {
    let stage = Stage::set(Sdk::JavaScript, Mode::Http).await;
    stage.play().await;
    stage.end();
}

/// What the town's Slack answers; each well and badly at least once.
const METHODS: &[&str] = &[
    "apps.connections.open",
    "auth.test",
    "chat.delete",
    "chat.postEphemeral",
    "chat.postMessage",
    "chat.update",
    "conversations.history",
    "conversations.info",
    "conversations.members",
    "conversations.open",
    "conversations.replies",
    "usergroups.list",
    "usergroups.users.list",
    "users.conversations",
    "users.info",
    "users.list",
    "users.lookupByEmail",
    "views.open",
    "views.publish",
    "views.push",
    "views.update",
];

/// The tape of a form, sent off twice.
pub(super) async fn tape_of_a_form() -> Vec<Taped> {
    let stage = Stage::set(Sdk::Python, Mode::Socket).await;
    stage.a_form().await;
    stage.place.tape.read()
}

struct Stage {
    place: Place,
    bot: SdkBot,
}

impl Stage {
    async fn set(sdk: Sdk, mode: Mode) -> Self {
        let place = Place::open().await;
        let bot = SdkBot::start(sdk, mode, place.slack.setup());
        match mode {
            Mode::Socket => {
                until("a socket", async || {
                    (place.slack.sockets() == 1).then_some(())
                })
                .await;
            }
            Mode::Http => {
                place.slack.deliver_by(bot.route());
                until("the challenge", async || {
                    place.slack.verify_url().await.ok()
                })
                .await;
            }
        }
        Self { place, bot }
    }

    async fn play(&self) {
        self.a_mention_that_comes_twice_while_slack_is_busy().await;
        self.a_click().await;
        self.a_form().await;
        self.a_home_tab().await;
        self.shortcuts().await;
        self.own_messages_are_known_as_such().await;
        // Later an acknowledgement may come over another socket than the one that was lost.
        assert_eq!(self.place.slack.complaints(), Vec::<String>::new());
    }

    async fn a_mention_that_comes_twice_while_slack_is_busy(&self) {
        let slack = &self.place.slack;
        // The message and the mention of it.
        slack.deliver_twice(2);
        slack.fail_next("chat.postMessage", 1, &Fault::RateLimited(Some(2)));
        let began = Instant::now();
        slack.mention("dana", "#payments", "may I?").unwrap();
        let twice = until("two deliveries", async || {
            let mentions = self.bot.saw("mention");
            (mentions.len() >= 2).then_some(mentions)
        })
        .await;
        // A slow machine may see a retry as well.
        let first = twice.iter().filter(|m| m["again"] == false).count();
        assert_eq!(first, 1, "one event, delivered twice: {twice:?}");
        let text = format!("<@{}> may I?", slack.bot().unwrap().id);
        assert_eq!(twice[0]["text"], json!(text));
        assert_eq!(twice[0]["user"], json!(slack.person("dana").unwrap().id));
        self.arrives("posted", 1).await;
        assert!(
            began.elapsed() >= Duration::from_secs(2),
            "Retry-After was not kept: {:?}",
            began.elapsed()
        );
        assert_eq!(slack.calls("chat.postMessage"), 2);
        let card = slack.newest_with("dana", "Approve").unwrap();
        assert!(card.says("open the gate?"), "{card:?}");
    }

    async fn a_click(&self) {
        let slack = &self.place.slack;
        let card = slack.newest_with("lee", "Approve").unwrap();
        slack.click("lee", &card.at, "Approve").unwrap();
        let click = self.arrives("click", 1).await;
        assert_eq!(
            [&click["user"], &click["value"], &click["group"]],
            [&json!("lee"), &json!("k7m3xq"), &json!("orders-oncall")]
        );
        assert_eq!(
            click["members"],
            json!([slack.person("lee").unwrap().id]),
            "members of the group"
        );
        self.sees("lee", "thank you").await;
        self.sees("dana", "the gate is open").await;
        let everything = slack.seen_by("dana");
        assert!(!everything.iter().any(|seen| seen.says("thank you")));
        assert!(slack.newest_with("dana", "Approve").is_none());
    }

    async fn a_form(&self) {
        let slack = &self.place.slack;
        slack
            .command("dana", "#payments", "/access orders")
            .unwrap();
        let form = until("a form", async || slack.form("dana")).await;
        assert_eq!(
            (&*form.title, &*form.fields),
            ("Ask", &["reason", "to"].map(str::to_owned)[..])
        );
        let command = self.arrives("command", 1).await;
        assert_eq!(command["text"], json!("orders"));
        assert_eq!(command["user"], json!("dana"));
        self.a_typeahead(&form.view).await;
        slack.press("dana", "Deeper").unwrap();
        self.shows("On top").await;
        slack.close("dana").unwrap();
        self.shows("Ask").await;
        slack.submit("dana", &[("reason", "no")]).unwrap();
        until("an error in the form", async || {
            let form = slack.form("dana")?;
            (form.errors == ["say more"]).then_some(())
        })
        .await;
        slack.submit("dana", &[("reason", "an outage")]).unwrap();
        until("the form to close", async || {
            slack.form("dana").is_none().then_some(())
        })
        .await;
        assert_eq!(
            self.arrives("submitted", 2).await["reason"],
            json!("an outage")
        );
        self.sees("lee", "asked: an outage").await;
    }

    async fn a_typeahead(&self, view: &str) {
        let slack = &self.place.slack;
        let menu = Spot::new(Where::View(view.to_owned()), "where", "to");
        let offered = slack.suggest("dana", &menu, "ord").await.unwrap();
        let names = ["/options/0/value", "/options/1/text/text"];
        assert_eq!(
            names.map(|at| offered.pointer(at)),
            [Some(&json!("orders/db")), Some(&json!("orders/web"))]
        );
        slack
            .use_element("dana", &menu, &json!("orders/db"))
            .unwrap();
        assert_eq!(self.arrives("typed", 1).await["text"], json!("ord"));
        let none = slack.suggest("dana", &menu, "nothing").await.unwrap();
        assert_eq!(none["options"], json!([]));
    }

    async fn a_home_tab(&self) {
        let slack = &self.place.slack;
        slack.open_home("dana").unwrap();
        until("a home tab", async || slack.home("dana")).await;
        assert_eq!(self.arrives("home", 1).await["tab"], json!("home"));
        slack.press("dana", "Deeper").unwrap();
        self.shows("On top").await;
        slack.dismiss("dana").unwrap();
        assert_eq!(self.arrives("pressed", 2).await["on"], json!("home"));
    }

    async fn shortcuts(&self) {
        let slack = &self.place.slack;
        slack.shortcut("dana", "ask", None).unwrap();
        self.shows("On top").await;
        slack.dismiss("dana").unwrap();
        let dana = slack.person("dana").unwrap().id;
        assert_eq!(self.arrives("shortcut", 1).await["user"], json!(dana));
        let seen = slack.seen_by("lee");
        let asked = seen.iter().find(|seen| seen.says("may I?")).unwrap();
        slack.shortcut("lee", "ask_about", Some(&asked.at)).unwrap();
        self.sees("lee", "about that").await;
        let about = self.arrives("about", 1).await;
        assert!(
            about["text"].as_str().unwrap().ends_with(" may I?"),
            "{about}"
        );
    }

    async fn shows(&self, title: &str) {
        let what = format!("the form `{title}`");
        until(&what, async || {
            let form = self.place.slack.form("dana")?;
            (form.title == title).then_some(())
        })
        .await;
    }

    /// Bolt passes over what the bot itself wrote; it can tell only by a correct `bot_id`.
    async fn own_messages_are_known_as_such(&self) {
        // The mention is a message too, and there is no other that is not the bot's.
        self.arrives("message", 1).await;
        let messages = self.bot.saw("message");
        assert!(
            messages
                .iter()
                .all(|m| m["kind"] == "channel" && m["bot"].is_null()),
            "{messages:?}"
        );
    }

    /// What is said while nobody listens is delivered when the SDK is back; a warned socket is replaced.
    async fn sockets_that_are_lost(&self) {
        let slack = &self.place.slack;
        let mentions = self.bot.saw("mention").len();
        slack.drop_sockets();
        slack.mention("dana", "#payments", "still there?").unwrap();
        self.arrives("mention", mentions + 1).await;
        let opened = slack.calls("apps.connections.open");
        slack.refresh_sockets();
        until("another socket in place of the warned one", async || {
            (slack.calls("apps.connections.open") > opened && slack.sockets() == 1).then_some(())
        })
        .await;
        slack.mention("dana", "#payments", "and now?").unwrap();
        self.arrives("mention", mentions + 2).await;
        self.arrives("posted", 3).await;
    }

    /// The official client calls everything, once well and once badly.
    async fn every_method(&self) {
        let slack = &self.place.slack;
        slack
            .command("dana", "#payments", "/access survey")
            .unwrap();
        self.arrives("surveyed", 1).await;
        let taped = self.place.tape.read();
        let is = |method: &str, ok: bool| {
            taped.iter().any(|t| {
                let answer = t.crossing == Crossing::Answer;
                answer && t.name == method && t.payload["ok"] == ok
            })
        };
        let missing: Vec<_> = METHODS
            .iter()
            .filter(|method| !is(method, true) || !is(method, false))
            .collect();
        assert!(missing.is_empty(), "not well and badly: {missing:?}");
    }

    fn end(self) {
        drop(self.bot);
        assert_sound(&self.place.tape.read());
    }

    /// The bot tells the `nth` of a kind.
    async fn arrives(&self, kind: &str, nth: usize) -> Value {
        let what = format!("{kind} {nth}");
        until(&what, async || self.bot.saw(kind).get(nth - 1).cloned()).await
    }

    async fn sees(&self, person: &str, text: &str) {
        let what = format!("{person} sees `{text}`");
        until(&what, async || {
            let seen = self.place.slack.seen_by(person);
            seen.iter().any(|seen| seen.says(text)).then_some(())
        })
        .await;
    }
}
