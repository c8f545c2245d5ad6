//! The ask form and the home tab, used by the town's people.

mod forged;

use std::sync::Arc;

use super::*;
use crate::request::{Origin, Request, State as Is};
use crate::sim::slack::MessageRef;
use crate::sim::town::{Plan, Town};
use crate::store::memory::MemoryStore;

/// A town whose app has the shortcuts.
struct Scene(Town);

impl Scene {
    async fn open() -> Self {
        let store = Box::new(|clock| Ok(Arc::new(MemoryStore::new(clock)) as _));
        let mut plan = Plan::of_stories(1, store);
        plan.slack.shortcuts.insert(id::ASK.to_owned());
        plan.slack.message_shortcuts.insert(id::ASK.to_owned());
        Self(Town::found(&plan).await.unwrap())
    }

    /// Dana opens the form by the global shortcut, or that of a message.
    async fn form(&self, at: Option<&MessageRef>) {
        self.0.slack.shortcut("dana", id::ASK, at).unwrap();
        self.0.settle().await.unwrap();
    }

    async fn fill(&self, filled: &[(&str, &str)]) {
        for (label, text) in filled {
            self.0.slack.fill("dana", label, text).await.unwrap();
            self.0.settle().await.unwrap();
        }
    }

    async fn submit(&self) {
        self.0.slack.submit("dana", &[]).unwrap();
        self.0.settle().await.unwrap();
    }

    fn lines(&self) -> String {
        let form = self.0.slack.form("dana").unwrap();
        form.lines.join("\n")
    }

    fn home(&self, who: &str) -> String {
        self.0.slack.home(who).unwrap_or_default().join("\n")
    }

    /// The newest request of this person.
    async fn newest(&self) -> Option<Request> {
        let id = self.0.shelf.created().pop()?;
        let parts = self.0.parts().unwrap();
        parts.book.load(&id).await.unwrap().map(|page| page.request)
    }

    async fn close(self) {
        assert_eq!(self.0.slack.complaints(), [""; 0]);
        self.0.close().await;
    }
}

const TO_DB: [(&str, &str); 3] = [
    ("From", "shop/web"),
    ("To", "orders/db"),
    ("Why", "INC-42 slow queries"),
];

#[tokio::test(start_paused = true)]
async fn a_form_becomes_the_request_of_the_typed_ask() {
    let scene = Scene::open().await;
    scene.form(None).await;
    scene.fill(&TO_DB).await;
    let shown = scene.lines();
    assert!(shown.contains("Would open"), "{shown}");
    assert!(shown.contains("@orders-oncall"), "{shown}");
    assert!(scene.newest().await.is_none(), "a preview asks nothing");
    scene.submit().await;
    assert!(scene.0.slack.form("dana").is_none(), "it closes");
    let by_form = scene.newest().await.unwrap();
    let text = "shop/web to orders/db for 30m because INC-42 slow queries";
    assert_eq!(by_form.asked.text, text);
    scene.0.slack.dm("dana", text).unwrap();
    scene.0.settle().await.unwrap();
    let typed = scene.newest().await.unwrap();
    assert_ne!(typed.id, by_form.id);
    let mut same = by_form.asked.clone();
    same.at = typed.asked.at;
    assert_eq!(same, typed.asked);
    assert!(matches!(by_form.state, Is::Pending { .. }));
    scene.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_wrong_input_is_marked_and_nothing_is_asked() {
    let scene = Scene::open().await;
    scene.form(None).await;
    scene.fill(&TO_DB).await;
    // Input, what stands in it, what is said of it.
    for (label, text, said) in [
        ("Port", "99999", "`port`"),
        ("Port", "80/icmp", "`port`"),
        ("Port", "nope", "`orders/db` has no port `nope`"),
        ("Why", "slow", "demands something like `INC-[0-9]+`"),
        (
            "From",
            "shop/nothing",
            "there is nothing called `shop/nothing`",
        ),
        ("To", "nowhere/db", "there is no namespace `nowhere`"),
        ("To", "orders/api", "several ports"),
        ("For", "4 h", "allows 1 min to 2 h"),
    ] {
        // A length beyond the rule's is offered only before the rule is known.
        if label == "For" {
            scene.0.slack.dismiss("dana").unwrap();
            scene.form(None).await;
        }
        scene.fill(&[(label, text)]).await;
        if label == "For" {
            scene.fill(&TO_DB).await;
        }
        scene.submit().await;
        let form = scene.0.slack.form("dana").expect("the form stays");
        let errors = form.errors.join("\n");
        // Plain text has no back-ticks.
        let said = said.replace('`', "");
        assert!(errors.contains(&said), "{label} {text}: {errors}");
        assert!(scene.newest().await.is_none(), "{label} {text}");
        scene.0.slack.dismiss("dana").unwrap();
        scene.form(None).await;
        scene.fill(&TO_DB).await;
    }
    scene.close().await;
}

#[tokio::test(start_paused = true)]
async fn what_no_input_can_mend_is_recorded_like_a_typed_ask() {
    let scene = Scene::open().await;
    scene.form(None).await;
    scene
        .fill(&[
            ("From", "shop/web"),
            ("To", "kube-system/coredns"),
            ("Port", "53/udp"),
        ])
        .await;
    let shown = scene.lines();
    assert!(shown.contains("Would be refused"), "{shown}");
    scene.submit().await;
    assert!(scene.0.slack.form("dana").is_none());
    let request = scene.newest().await.unwrap();
    assert!(
        matches!(request.state, Is::Refused { .. }),
        "{:?}",
        request.state
    );
    scene.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_messages_shortcut_quotes_it_and_answers_in_its_thread() {
    let scene = Scene::open().await;
    let text = "INC-42 <!channel> orders is slow";
    let at = scene.0.slack.say("lee", "#payments", text).unwrap();
    scene.0.settle().await.unwrap();
    scene.form(Some(&at)).await;
    scene.fill(&TO_DB[..2]).await;
    scene.submit().await;
    let request = scene.newest().await.unwrap();
    let reason = request.asked.reason.clone().unwrap();
    assert!(reason.starts_with("INC-42"), "{reason}");
    let Origin::Thread { channel, ts } = &request.asked.origin else {
        panic!("{:?}", request.asked.origin);
    };
    assert_eq!((channel, ts), (&at.channel, &at.ts));
    scene.close().await;
}

#[tokio::test(start_paused = true)]
async fn another_template_has_other_inputs_and_writes_itself_out() {
    let scene = Scene::open().await;
    scene.form(None).await;
    let templates = "debug-ingress: Let an outside tool's address reach one workload's port";
    scene.fill(&[("What", templates)]).await;
    scene
        .fill(&[
            ("From", "203.0.113.7"),
            ("Target", "orders/db"),
            ("Port", "5432"),
            ("Why", "INC-42"),
        ])
        .await;
    scene.submit().await;
    let request = scene.newest().await.unwrap();
    let expected =
        "using debug-ingress from=203.0.113.7 port=5432 target=orders/db for 30m because INC-42";
    assert_eq!(request.asked.text, expected);
    assert_eq!(request.asked.template, "debug-ingress");
    scene.close().await;
}

#[tokio::test(start_paused = true)]
async fn the_home_tab_shows_and_does_what_waits() {
    let scene = Scene::open().await;
    let open_home = async |who: &str| {
        scene.0.slack.open_home(who).unwrap();
        scene.0.settle().await.unwrap();
        scene.home(who)
    };
    let empty = open_home("dana").await;
    assert!(empty.contains("What you may ask for"), "{empty}");
    assert!(empty.contains("connect"), "{empty}");
    let stranger = open_home("gus").await;
    assert_eq!(
        stranger,
        "Only full members of this workspace can use Drawbridge"
    );
    scene.0.slack.press("dana", "Ask for access").unwrap();
    scene.0.settle().await.unwrap();
    scene.fill(&TO_DB).await;
    scene.submit().await;
    let home = open_home("dana").await;
    assert!(home.contains("Waiting for approval"), "{home}");
    let lees = open_home("lee").await;
    assert!(
        lees.contains("shop/web") && lees.contains("Approve"),
        "{lees}"
    );
    let kims = open_home("kim").await;
    assert!(!kims.contains("shop/web →"), "{kims}");
    let id = scene.newest().await.unwrap().id;
    let inbound = Inbound {
        key: "home.1".to_owned(),
        by: crate::rules::UserId(scene.0.slack.person("lee").unwrap().id),
        team: None,
        what: crate::slack::What::OpenedHome,
    };
    let parts = scene.0.parts().unwrap();
    let face = scene.newest().await.unwrap().posts.face;
    let value = format!("{id}.{face}");
    let answer = super::super::screens::at_home(&parts, &inbound, ("approve", &value), None);
    assert_eq!(answer.await.unwrap(), Ack::Silent);
    scene.0.settle().await.unwrap();
    assert!(matches!(
        scene.newest().await.unwrap().state,
        Is::Active { .. }
    ));
    assert!(
        !scene.home("lee").contains("Approve"),
        "{}",
        scene.home("lee")
    );
    scene.close().await;
}
