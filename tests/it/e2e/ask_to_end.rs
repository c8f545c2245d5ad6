//! The main story from the ask to the end, over both of Slack's ways.

use drawbridge::netpol::{self, Object, Openness, Snapshot};
use serde_json::json;

use super::gates::Gate;
use super::plan::{Door, Plan};
use super::talk::APPROVERS;
use super::wait::{NORMALLY, SOON, within};
use super::world::World;
use drawbridge::sim::slack::Seen;

/// Both at once, because each lasts the minute that the shortest grant with a warning lasts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_main_story_over_socket_mode_and_over_signed_http() {
    let over_socket = Plan {
        door: Door::SocketMode,
        need: 2,
        ..Plan::default()
    };
    let over_http = Plan {
        door: Door::SignedHttp,
        need: 1,
        ..Plan::default()
    };
    tokio::join!(story(over_socket), story(over_http));
}

async fn story(plan: Plan) {
    let (world, _bot) = World::with_bot(plan).await;
    let card = ask(&world).await;
    nobody_wrong_can_approve(&world, &card).await;
    let gates = two_approve_at_once(&world, &card, plan.need).await;
    marks_are_complete(&world, &gates, &card);
    effect_is_exact(&world, &gates).await;
    told_of_opening_and_warned(&world, &card).await;
    ends_on_time(&world, &card).await;
    world.ends_well().await;
}

async fn ask(world: &World) -> Seen {
    let since = world.listen();
    let text = format!("{} for 60s because INC-42 slow queries", world.path_text());
    world.types("dana", &text);
    since.answered("dana", "Asked").await;
    let card = since.card().await;
    assert!(
        card.says("INC-42 slow queries") && card.says("cuts nothing"),
        "{card:?}"
    );
    since.told("dana", "Waiting for approval").await;
    assert_eq!(
        world.gates.lives(),
        [],
        "something is there before anybody approved"
    );
    card
}

/// The requester, somebody of no group, and accounts in the group that count for nothing.
async fn nobody_wrong_can_approve(world: &World, card: &Seen) {
    for (person, answer) in [
        ("dana", "you cannot decide on your own request"),
        ("kim", "you are not among the approvers of this request"),
        (
            "eve",
            "somebody from another organisation cannot decide here",
        ),
        ("gus", "a guest account cannot decide here"),
    ] {
        let since = world.listen();
        world.clicks(person, card, "Approve");
        let said = since.answered(person, answer).await;
        assert!(said.says("Nothing changed"), "{said:?}");
    }
    assert_eq!(world.gates.lives(), []);
}

/// Both votes count where two are needed; where one is, the second comes too late and is told so.
async fn two_approve_at_once(world: &World, card: &Seen, need: u32) -> Vec<Gate> {
    let since = world.listen();
    world.clicks("lee", card, "Approve");
    world.clicks("mia", card, "Approve");
    let gates = world.gates.open(2).await;
    let approvers = gates[0].mark("approved-by").split(',').count();
    assert_eq!(
        approvers,
        need as usize,
        "{:?}",
        gates[0].mark("approved-by")
    );
    if need == 1 {
        let late = world.slack.until(|_| {
            let too_late = |who: &str| {
                world
                    .slack
                    .seen_by(who)
                    .into_iter()
                    .find(|s| s.private && s.says("already"))
            };
            too_late("lee").or_else(|| too_late("mia"))
        });
        within(SOON, "the second approver is told", late).await;
    } else {
        assert!(since.nobody_read("Nothing changed"));
    }
    gates
}

/// The marks [C], word for word, and no others.
fn marks_are_complete(world: &World, gates: &[Gate], card: &Seen) {
    let dana = world.slack.person("dana").unwrap().id;
    let (shop, orders) = (&world.town.shop, &world.town.orders);
    let namespaces: Vec<&str> = gates.iter().map(|gate| gate.namespace.as_str()).collect();
    assert!(namespaces.contains(&shop.as_str()) && namespaces.contains(&orders.as_str()));
    for gate in gates {
        let meta = &gate.object["metadata"];
        let request = gate.request();
        assert_eq!(
            meta["labels"],
            json!({"app.kubernetes.io/managed-by": "drawbridge", "drawbridge.dev/request": request})
        );
        assert!(card.says(request), "the card does not name `{request}`");
        let expires_at = gate.mark("expires-at");
        assert_eq!(
            meta["annotations"],
            json!({
                "drawbridge.dev/expires-at": expires_at,
                "drawbridge.dev/requested-by": dana,
                "drawbridge.dev/approved-by": gate.mark("approved-by"),
                "drawbridge.dev/reason": "INC-42 slow queries",
                "drawbridge.dev/flow": format!("{shop}/web -> {orders}/db:5432"),
                "drawbridge.dev/card": card.at.to_string(),
                "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
                "argocd.argoproj.io/sync-options": "Prune=false",
                "kustomize.toolkit.fluxcd.io/prune": "disabled",
            })
        );
        let whole_seconds = gate.expires_at().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        assert_eq!(expires_at, whole_seconds, "RFC 3339, whole seconds, Z");
        let granted = (gate.expires_at() - gate.came).num_milliseconds();
        assert!((54_000..=61_000).contains(&granted), "{granted} ms of 60 s");
        for approver in gate.mark("approved-by").split(',') {
            let person = world.slack.person(approver).unwrap();
            assert!(["lee", "mia"].contains(&person.name.as_str()));
        }
        assert!(
            gate.name.starts_with(&format!("drawbridge-{request}-")),
            "{}",
            gate.name
        );
        assert_eq!(meta.get("ownerReferences"), None);
        assert_eq!(meta.get("finalizers"), None);
    }
}

/// The two objects, and what they change: the asked flow opens and nothing else.
async fn effect_is_exact(world: &World, gates: &[Gate]) {
    let (shop, orders) = (&world.town.shop, &world.town.orders);
    let side = |namespace: &str, app: &str| {
        json!({
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
            "podSelector": {"matchLabels": {"app": app}},
        })
    };
    let ports = json!([{"protocol": "TCP", "port": 5432}]);
    let spec_in = |namespace: &str| {
        let gate = gates
            .iter()
            .find(|gate| gate.namespace == *namespace)
            .unwrap();
        &gate.object["spec"]
    };
    assert_eq!(
        *spec_in(shop),
        json!({
            "podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Egress"],
            "egress": [{"to": [side(orders, "db")], "ports": ports}],
        })
    );
    assert_eq!(
        *spec_in(orders),
        json!({
            "podSelector": {"matchLabels": {"app": "db"}}, "policyTypes": ["Ingress"],
            "ingress": [{"from": [side(shop, "web")], "ports": ports}],
        })
    );
    let snapshot = snapshot(world).await;
    for (from, to, open) in [
        (format!("{shop}/web"), format!("{orders}/db:5432"), true),
        (format!("{shop}/web"), format!("{orders}/db:5433"), false),
        (format!("{shop}/cart"), format!("{orders}/db:5432"), false),
        (format!("{shop}/web"), format!("{orders}/api:8080"), false),
        // What flowed before still flows.
        (format!("{orders}/api"), format!("{orders}/db:5432"), true),
        (format!("{shop}/web"), format!("{shop}/cart:8080"), true),
    ] {
        let Ok(drawbridge::grammar::Phrase::Ask(ask)) =
            drawbridge::grammar::parse(&format!("{from} to {to}"))
        else {
            panic!("{from} to {to}");
        };
        let flow = netpol::resolve(&snapshot, &ask.from, &ask.to, ask.ports.as_ref()).unwrap();
        let reach = netpol::reach_with_gates(&snapshot, &flow);
        let expected = if open {
            Openness::Open
        } else {
            Openness::Closed
        };
        assert_eq!(reach.openness, expected, "{from} to {to}: {:?}", reach.why);
    }
}

/// The town as the API server has it.
async fn snapshot(world: &World) -> Snapshot {
    let admin = &world.town.admin;
    let mut objects: Vec<Object> = Vec::new();
    macro_rules! list {
        ($kind:ty, $object:ident) => {
            let api: kube::Api<$kind> = kube::Api::all(admin.clone());
            let all = api.list(&kube::api::ListParams::default()).await.unwrap();
            objects.extend(
                all.into_iter()
                    .map(|object| Object::$object(Box::new(object))),
            );
        };
    }
    list!(k8s_openapi::api::core::v1::Namespace, Namespace);
    list!(k8s_openapi::api::core::v1::Pod, Pod);
    list!(k8s_openapi::api::core::v1::Service, Service);
    list!(k8s_openapi::api::apps::v1::ReplicaSet, ReplicaSet);
    list!(k8s_openapi::api::apps::v1::Deployment, Deployment);
    list!(k8s_openapi::api::apps::v1::StatefulSet, StatefulSet);
    list!(k8s_openapi::api::networking::v1::NetworkPolicy, Policy);
    Snapshot::from_objects(objects)
}

async fn told_of_opening_and_warned(world: &World, card: &Seen) {
    let everything = world.recall();
    everything.told("dana", "Applied").await;
    everything.in_thread(card, "Applied").await;
    world.shows(card, "lee", "*Open* until").await;
    let warning = everything.told("dana", "30 s left").await;
    assert!(
        warning.buttons.contains(&"I'm done".to_owned()),
        "{warning:?}"
    );
    everything.in_thread(card, "30 s left").await;
    assert_eq!(world.gates.here().len(), 2, "warned, not closed");
}

async fn ends_on_time(world: &World, card: &Seen) {
    let since = world.listen();
    world.gates.all_gone(SOON).await;
    world.all_closed_on_time(NORMALLY);
    let notice = since.told("dana", "Expired").await;
    assert!(
        notice.lines.join(" ").to_lowercase().contains("expired"),
        "{notice:?}"
    );
    since.in_thread(card, "Expired and closed").await;
    // Every surface shows the end, and nothing is left to press but asking again.
    let final_card = world.shows(card, "lee", "Expired and closed").await;
    assert_eq!(final_card.buttons, Vec::<String>::new());
    let waiting = world
        .slack
        .seen_by("dana")
        .into_iter()
        .find(|s| s.place == "DM")
        .unwrap();
    let final_copy = world.shows(&waiting, "dana", "Expired and closed").await;
    assert_eq!(final_copy.buttons, Vec::<String>::new());
    world
        .shows(
            &since.told("dana", "Expired").await,
            "dana",
            "Existing connections may survive",
        )
        .await;
    let cards = world.slack.seen_by("lee");
    let cards = cards
        .iter()
        .filter(|s| s.place == APPROVERS && s.thread.is_none() && !s.private);
    assert_eq!(cards.count(), 1, "exactly one card");
}
