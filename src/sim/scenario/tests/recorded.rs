//! Every kind of deed, and the fact that it leaves in the ledger.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::*;
use crate::app::service::{self, Call, Caller, Form};
use crate::audit::samples;
use crate::audit::{Actor, Record};
use crate::rules::Account;
use crate::sim::town::{Kept, Town};
use crate::store::Store;
use crate::store::memory::MemoryStore;
use crate::units::Seconds;

/// Asks that wait: for one approval, and for two.
const ASK: &str = "dana in #payments: shop/web to orders/db:5432 for 10m because INC-42\n";
const ASK_TWO: &str = "dana in #payments: shop/web to payments/api:8080 for 10m because INC-42\n";
const RESCUE: &str = "dana in #payments: shop/web to payments/api:8080 for 10m because INC-42\n\
    lee clicks Emergency\n";

const REPEAT: &str = "rule orders now has stages: [{name: orders on-call, from: {usergroups: \
    [\"@orders-oncall\"]}, need: 1, repeat: 24h}]";

/// Who did it: a person by name, or `-` for Drawbridge and the cluster.
type By = &'static str;

/// What is done, as a story; the facts that it leaves, each with who did it.
type Deed = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, By)],
);

/// Those that people, time and the cluster do.
const DEEDS: &[Deed] = &[
    // what is asked
    (
        "an ask",
        &[ASK],
        &[("ledger_begun", "-"), ("asked", "dana")],
    ),
    (
        "an ask that the rules refuse",
        &["dana in #payments: shop/web to orders/db:5432 for 10m because I want to"],
        &[("refused", "dana")],
    ),
    (
        "an ask for what is not there",
        &["dana in #payments: shop/nothing to orders/db:5432 for 10m because INC-42"],
        &[("turned_away", "dana")],
    ),
    (
        "an ask for what is not there, typed to the bot",
        &["dana directly: shop/web to orders/nothing:5432 for 10m because INC-42"],
        &[("turned_away", "dana")],
    ),
    (
        "an ask of a guest",
        &["gus directly: shop/web to orders/db:5432 for 10m because INC-42"],
        &[("turned_away", "gus")],
    ),
    // who is asked, and what they say
    (
        "a stage that is reached",
        &[ASK],
        &[("stage_reached", "-"), ("rule_kept", "-")],
    ),
    (
        "a vote",
        &[ASK, "lee clicks Approve"],
        &[("approved", "lee"), ("granted", "-")],
    ),
    (
        "a vote by whom it is not asked of",
        &[ASK, "max forges approve with {id}.1"],
        &[("forbidden", "max")],
    ),
    (
        "a vote on what they asked for themselves",
        &[ASK, "dana forges approve with {id}.1"],
        &[("forbidden", "dana")],
    ),
    (
        "closing by whom it is not asked of",
        &[
            ASK,
            "lee clicks Approve",
            "max directly: revoke {id} because I say so",
        ],
        &[("forbidden", "max")],
    ),
    (
        "opening the form of a denial that is not theirs",
        &[ASK, "max forges deny with {id}.1"],
        &[("forbidden", "max")],
    ),
    (
        "asking again for what somebody else asked",
        &[ASK, "dana clicks Cancel", "max forges again with {id}.1"],
        &[("forbidden", "max")],
    ),
    (
        "lengthening what is not theirs",
        &[
            ASK,
            "lee clicks Approve",
            "lee directly: extend {id} 30m because INC-42",
        ],
        &[("forbidden", "lee")],
    ),
    ("a denial", &[ASK, "lee clicks Deny"], &[("denied", "lee")]),
    (
        "taking back",
        &[ASK, "dana clicks Cancel"],
        &[("cancelled", "dana")],
    ),
    (
        "no answer",
        &[ASK, "after 2h expect state lapsed"],
        &[("reminded", "-"), ("lapsed", "-")],
    ),
    (
        "an approval that counts again, and no more",
        &[
            REPEAT,
            ASK,
            "lee clicks More",
            "lee chooses yes in Later asks",
            "lee submits",
            "dana clicks I'm done",
            ASK,
            "dana clicks I'm done",
            "lee in #access-orders: revoke {id 1} because not any more",
        ],
        &[("approved", "lee"), ("recalled", "-"), ("forgotten", "lee")],
    ),
    (
        "the next circle",
        &[
            "rule orders now has escalate: {after: 30m, to: {usergroups: [\"@security\"]}}",
            ASK,
            "after 45m",
        ],
        &[("escalated", "-")],
    ),
    (
        "a rule that approves by itself",
        &["rule orders now has auto: {max: 15m, perDay: 1}", ASK],
        &[("automatic", "-"), ("granted", "-")],
    ),
    // what follows
    (
        "opening and the end of its time",
        &[ASK, "lee clicks Approve", "after 15m expect state ended"],
        &[
            ("attempted", "-"),
            ("opened", "-"),
            ("closing", "-"),
            ("closed", "-"),
        ],
    ),
    (
        "more time",
        &[
            ASK,
            "lee clicks Approve",
            "dana in #payments: extend {id 1} 30m because INC-42",
            "mia clicks Approve",
            "after 10m",
        ],
        &[("extended", "-")],
    ),
    (
        "the warning before the end",
        &[ASK, "lee clicks Approve", "after 9m"],
        &[("warned", "-")],
    ),
    (
        "a path that others join",
        &[
            ASK,
            "lee clicks Approve",
            "deploy shop/promo labelled app=web,tier=front",
            "after 1m",
        ],
        &[("observed", "-")],
    ),
    (
        "closing while the cluster is away",
        &[
            ASK,
            "lee clicks Approve",
            "break the cluster",
            "dana clicks I'm done",
            "after 2m",
            "mend the cluster",
            "after 1m",
        ],
        &[("closing", "dana"), ("not_closed", "-"), ("closed", "-")],
    ),
    (
        "an end before its time",
        &[ASK, "lee clicks Approve", "dana clicks I'm done"],
        &[("closing", "dana"), ("closed", "-")],
    ),
    (
        "closing by hand",
        &[
            ASK,
            "lee clicks Approve",
            "lee directly: revoke {id} because not yet",
        ],
        &[("closing", "lee"), ("closed", "-")],
    ),
    (
        "deleting it in the cluster",
        &[
            ASK,
            "lee clicks Approve",
            "somebody deletes the gates",
            "after 1m expect state ended",
        ],
        &[("closed", "-")],
    ),
    (
        "a cluster that stays away",
        &[
            ASK,
            "break the cluster",
            "lee clicks Approve",
            "after 10m",
            "mend the cluster",
            "after 10m",
        ],
        &[("not_opened", "-")],
    ),
    (
        "a store that goes back",
        &[
            ASK,
            "keep a copy of the store",
            "lee clicks Approve",
            "after 10s",
            "the store goes back to its copy",
            "after 2m",
        ],
        &[("went_back", "-"), ("ledger_went_back", "-")],
    ),
    // breaking the glass
    (
        "an emergency",
        &[RESCUE],
        &[("emergency", "lee"), ("opened", "-")],
    ),
    (
        "an emergency by whom the rule does not name",
        &[ASK_TWO, "dana forges emergency with {id}.1"],
        &[("forbidden", "dana")],
    ),
    (
        "the review of an emergency",
        &[
            RESCUE,
            "after 20m",
            "pat in #payments: review {id} because seen",
        ],
        &[("reviewed", "pat")],
    ),
    (
        "a review that is waited for",
        &[RESCUE, "after 3h"],
        &[("chased", "-")],
    ),
    (
        "reaping while the store is away",
        &[
            ASK,
            "lee clicks Approve",
            "break the store",
            "after 20m",
            "mend the store",
            "after 10m",
        ],
        &[("reaped", "-")],
    ),
    // what is in force
    (
        "other rules",
        &["rule orders now has lapse: 2h", "after 1m"],
        &[("rules_changed", "-")],
    ),
    (
        "who stands in",
        &[
            "lee in #payments: away for 3d to @mia",
            "lee in #payments: back",
        ],
        &[("away", "lee"), ("back", "lee")],
    ),
    (
        "an incident",
        &[
            "lee in #incidents: incident open INC-42",
            "lee in #incidents: incident close",
        ],
        &[("incident_opened", "lee"), ("incident_closed", "lee")],
    ),
];

/// What services do; the facts that it leaves, each with who did it.
const BY_SERVICES: &[(&str, &str)] = &[
    ("asked", "ci/deployer"),
    ("turned_away", "prod-eu:ci/deployer"),
    ("turned_away", "prod-eu:ci/stranger"),
    ("forbidden", "ci/stranger"),
    ("forbidden", "ops/break-glass"),
    ("approved_offline", "ops/break-glass"),
    ("granted", "-"),
    ("closing", "ci/deployer"),
];

/// What no story tells, and the tests that do.
const ELSEWHERE: &[(&str, &str)] = &[
    ("configured", "src/app/settings/tests.rs"),
    ("events_lost", "tests/it/store/appender/mending.rs"),
    ("head_signed", "tests/it/ledger/anchored.rs"),
    ("trimmed", "tests/it/ledger/kept.rs"),
    ("unreviewed", "src/request/decide/tests/ways.rs"),
];

/// The records of a store, in order.
async fn chain(store: &dyn Store) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let after = all.last().map_or(0, |record| record.seq);
        let page = store.records(after, 100).await.unwrap();
        if page.is_empty() {
            return all;
        }
        let page = page.iter().map(|line| serde_json::from_str(line).unwrap());
        all.extend(page);
    }
}

/// The records that a story leaves, in order.
fn records(lines: &str) -> anyhow::Result<Vec<Record>> {
    let kept: Arc<Mutex<Option<Arc<MemoryStore>>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let story = parse(&format!("town default\n{lines}"))?;
    let plan = Plan {
        store: Kept::Shown(Box::new(move |store| {
            *keep.lock().unwrap() = Some(Arc::clone(store));
        })),
        ..Plan::in_memory(1)
    };
    paused_runtime()?.block_on(async {
        // Not everything is closed when such a story ends: that is not what it is told for.
        play(&story, &plan, &mut |_| {}).await?;
        let store = kept.lock().unwrap().take().unwrap();
        Ok(chain(&*store).await)
    })
}

/// What everybody in the town of these stories is called, by id.
fn names() -> BTreeMap<String, String> {
    let founded = paused_runtime().unwrap().block_on(async {
        let town = Town::found(&plan()).await.unwrap();
        let people = town.slack.people();
        town.close().await;
        people
    });
    founded
        .into_iter()
        .map(|person| (person.id, person.name))
        .collect()
}

/// The name of a fact as it is recorded, and who did it.
fn told(record: &Record, names: &BTreeMap<String, String>) -> (String, String) {
    let Some(event) = record.told() else {
        return (format!("unread {}", record.event), String::new());
    };
    let fact = serde_json::to_value(&event.fact).unwrap();
    let by = match &event.by {
        Actor::Person(user) => names[&user.0].clone(),
        Actor::Service(account) => account.clone(),
        Actor::Drawbridge | Actor::ClusterUser => "-".to_owned(),
    };
    (fact["event"].as_str().unwrap().to_owned(), by)
}

#[test]
fn every_deed_leaves_its_facts_in_the_ledger_once() {
    let names = names();
    let mut missing = Vec::new();
    for (deed, lines, facts) in DEEDS {
        let records = match records(&lines.join("\n")) {
            Ok(records) => records,
            Err(error) => {
                missing.push(format!("{deed}: {error:#}"));
                continue;
            }
        };
        let all: Vec<(String, String)> =
            records.iter().map(|record| told(record, &names)).collect();
        for (fact, by) in *facts {
            let same = |(kind, who): &&(String, String)| kind == fact && who == by;
            if !all.iter().any(|one| same(&one)) {
                missing.push(format!("{deed}: no `{fact}` by {by} in {all:?}"));
            }
        }
        // What the ledger tells of itself has no number.
        let events = records.iter().filter(|r| r.number > 0);
        let events: Vec<_> = events.map(|r| (r.document.clone(), r.number)).collect();
        let once: BTreeSet<_> = events.iter().collect();
        if once.len() != events.len() {
            missing.push(format!("{deed}: something is told twice"));
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

fn caller(account: &str) -> Caller {
    let (namespace, name) = account.split_once('/').unwrap();
    Caller {
        account: Account {
            cluster: Some("prod-eu".to_owned()),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        },
        pod: None,
        token_id: Some("JWTID=1".to_owned()),
        lifetime: Some(Seconds::minutes(10)),
    }
}

/// Services ask, are refused, break the glass while Slack is away, and end what they asked for.
async fn services_act(town: &mut Town) {
    let dana = town.slack.person("dana").unwrap().id;
    let fields = serde_json::json!({
        "requesters": {"serviceAccounts": ["ci/deployer"]},
        "owner": dana,
        "offline": {"serviceAccounts": ["ops/break-glass"]},
    });
    town.change_rules(|book| book.change("orders", &fields.to_string()))
        .unwrap();
    town.settle().await.unwrap();
    let parts = town.parts().unwrap();
    let call = |account: &str, line: &str| Call {
        by: caller(account),
        key: None,
        form: Form::Line(line.to_owned()),
        sent: line.into(),
    };
    let line = "shop/web to orders/db:5432 for 10m because INC-42";
    let glass = format!("emergency {line}");
    service::ask::ask(&parts, call("ci/deployer", &glass))
        .await
        .unwrap_err();
    let unnamed = service::ask::ask(&parts, call("ci/stranger", line)).await;
    assert!(
        matches!(unnamed, Err(service::Fault::Unnamed)),
        "{unnamed:?}"
    );
    let asked = service::ask::ask(&parts, call("ci/deployer", line)).await;
    asked.unwrap();
    let id = town.shelf.created().pop().unwrap();
    town.settle().await.unwrap();
    let approve = async |account| {
        let by = caller(account);
        service::offline::approve(&parts, &by, &id).await.unwrap()
    };
    approve("ci/stranger").await;
    approve("ops/break-glass").await;
    town.slack.be_away(true);
    town.settle().await.unwrap();
    approve("ops/break-glass").await;
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    approve("ops/break-glass").await;
    town.settle().await.unwrap();
    let by = caller("ci/deployer");
    service::end::done(&parts, &by, &id).await.unwrap();
    town.settle().await.unwrap();
}

#[test]
fn what_services_do_is_in_the_ledger_too() {
    let records = paused_runtime().unwrap().block_on(async {
        let mut town = Town::found(&plan()).await.unwrap();
        services_act(&mut town).await;
        let records = chain(&*town.shelf.behind_the_door()).await;
        town.close().await;
        records
    });
    let all: Vec<_> = records.iter().map(|r| told(r, &names())).collect();
    for (fact, by) in BY_SERVICES {
        let one = ((*fact).to_owned(), (*by).to_owned());
        assert!(all.contains(&one), "no `{fact}` by {by} in {all:?}");
    }
}

#[test]
fn every_fact_is_left_by_some_deed() {
    let of_stories = DEEDS.iter().flat_map(|(.., facts)| *facts);
    let by_deeds = of_stories.chain(BY_SERVICES).chain(ELSEWHERE);
    let left: BTreeSet<String> = by_deeds.map(|(fact, _)| (*fact).to_owned()).collect();
    let all = samples::facts().into_iter().map(|fact| {
        let fact = serde_json::to_value(fact).unwrap();
        fact["event"].as_str().unwrap().to_owned()
    });
    assert_eq!(left, all.collect());
}
