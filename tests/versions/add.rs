//! Makes the corpus of this version: plays every story, writes down what is committed, and keeps a document only if
//! it shows something that none before it did.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use drawbridge::audit::{End, Head, Record};
use drawbridge::cli::simulate::paused_runtime;
use drawbridge::ledger::name;
use drawbridge::request::{Request, State};
use drawbridge::store::{MAX_READ, Store};
use drawbridge::{view, written};
use serde_json::Value;
use serde_json::value::RawValue;

use super::corpus::{Kept, digests, root};
use super::going_on::{opened, went_back};
use super::recorder::{self, Tape, goes_back};
use super::shown::{fields, shown};

/// How many stored requests lose their approval.
const LOST: usize = 6;

/// Events that no story tells of: they take days, keys or a store of their own.
const TOLD_BY_NO_STORY: &str = include_str!("untold.jsonl");

#[test]
#[ignore = "writes tests/versions; tests/versions/add runs it"]
fn the_corpus_of_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let folder = root().join(version);
    let (mut documents, mut seen) = (Vec::new(), BTreeSet::new());
    let mut ledgers = Vec::new();
    for story in stories() {
        if goes_back(&recorder::story(&story).unwrap()) {
            continue;
        }
        let (tape, ledger) = play(&story);
        documents.extend(chosen(&story, &tape, &mut seen));
        ledgers.push((story, ledger));
    }
    let back: Vec<Tape> = documents.iter().filter_map(lost).take(LOST).collect();
    assert_eq!(back.len(), LOST);
    for tape in back {
        documents.extend(chosen("a_store_that_went_back", &tape, &mut seen));
    }
    let (objects, buttons) = (objects(&documents), buttons(&documents));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("ledgers")).unwrap();
    for (story, ledger) in fewest(ledgers) {
        let path = folder.join("ledgers").join(format!("{story}.jsonl"));
        fs::write(path, ledger.join("\n") + "\n").unwrap();
    }
    let lines = |lines: Vec<String>| {
        lines
            .into_iter()
            .map(|line| line + "\n")
            .collect::<String>()
    };
    let write = |name: &str, text: String| fs::write(folder.join(name), text).unwrap();
    write("objects.jsonl", lines(objects));
    write("buttons.txt", lines(buttons));
    write("events.jsonl", TOLD_BY_NO_STORY.to_owned());
    let documents = documents
        .iter()
        .map(|kept| serde_json::to_string(kept).unwrap());
    write("documents.jsonl", lines(documents.collect()));
    // Other versions' lines are kept as they are: what was edited there must be noticed, not blessed.
    let ours = |line: &&str| line.contains(&format!("  {version}/"));
    let (was, now) = (
        fs::read_to_string(root().join("digests")).unwrap_or_default(),
        digests(),
    );
    let mut all: Vec<&str> = was.lines().filter(|line| !ours(line)).collect();
    all.extend(now.lines().filter(ours));
    all.sort_by_key(|line| line.split_once("  ").map(|(_, path)| path));
    fs::write(root().join("digests"), all.join("\n") + "\n").unwrap();
}

/// What is committed when the store loses the approval of a stored request that waits.
fn lost(kept: &Kept) -> Option<Tape> {
    let read = written::read::<Request>(kept.body.get()).ok()?;
    let waits = matches!(read.value.state, State::Pending { .. });
    waits.then(|| {
        paused_runtime()
            .unwrap()
            .block_on(went_back(kept, &read.value))
    })
}

/// As few ledgers as show every field of every event: whichever shows most that is new comes next.
fn fewest(ledgers: Vec<(String, Vec<String>)>) -> Vec<(String, Vec<String>)> {
    let mut left: Vec<_> = ledgers
        .into_iter()
        .map(|(story, ledger)| {
            let mut told = BTreeSet::new();
            for line in &ledger {
                let record: Value = serde_json::from_str(line).unwrap();
                fields(&record["event"], &mut told);
            }
            (told, story, ledger)
        })
        .collect();
    let (mut chosen, mut known) = (Vec::new(), BTreeSet::new());
    loop {
        let new = |told: &BTreeSet<String>| told.difference(&known).count();
        // Of equals the shortest.
        let next = (0..left.len()).max_by_key(|n| (new(&left[*n].0), Reverse(left[*n].2.len())));
        let Some(next) = next.filter(|n| new(&left[*n].0) > 0) else {
            return chosen;
        };
        let (mut told, story, ledger) = left.remove(next);
        known.append(&mut told);
        chosen.push((story, ledger));
    }
}

/// Objects as they are written for stored requests, one for each set of labels, annotations and fields.
fn objects(documents: &[Kept]) -> Vec<String> {
    let (mut chosen, mut seen) = (Vec::new(), BTreeSet::new());
    for kept in documents {
        let Ok(read) = written::read::<Request>(kept.body.get()) else {
            continue;
        };
        if !matches!(read.value.state, State::Pending { .. }) {
            continue;
        }
        let opened = paused_runtime()
            .unwrap()
            .block_on(opened(kept, &read.value));
        for mut object in opened {
            let ours = object["metadata"].as_object_mut().unwrap();
            ours.retain(|field, _| {
                ["name", "namespace", "labels", "annotations"].contains(&field.as_str())
            });
            let mut new = BTreeSet::new();
            shown(&object, object["kind"].as_str().unwrap(), &mut new);
            if !new.is_subset(&seen) {
                seen.append(&mut new);
                chosen.push(object.to_string());
            }
        }
    }
    chosen
}

/// Every kind of button that messages of stored requests have: what is pressed, and its value.
fn buttons(documents: &[Kept]) -> Vec<String> {
    let mut found = BTreeMap::new();
    for kept in documents {
        let Ok(read) = written::read::<Request>(kept.body.get()) else {
            continue;
        };
        for post in &read.value.posts.list {
            let message = serde_json::to_value(view::render(&read.value, post).blocks).unwrap();
            pressed(&message, &mut found);
        }
    }
    found
        .into_iter()
        .map(|(id, value)| format!("{id} {value}"))
        .collect()
}

fn pressed(value: &Value, found: &mut BTreeMap<String, String>) {
    if let (Some(id), Some(text)) = (value["action_id"].as_str(), value["value"].as_str()) {
        found
            .entry(id.to_owned())
            .or_insert_with(|| text.to_owned());
    }
    match value {
        Value::Object(fields) => fields.values().for_each(|inner| pressed(inner, found)),
        Value::Array(list) => list.iter().for_each(|inner| pressed(inner, found)),
        _ => {}
    }
}

/// The names of all stories, in their order.
fn stories() -> Vec<String> {
    let files = fs::read_dir("tests/scenarios").unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(".txt")?.to_owned()))
        .collect();
    names.sort();
    names
}

/// Plays a story; what was committed, and its ledger as an export.
fn play(name: &str) -> (Tape, Vec<String>) {
    let tape = Tape::default();
    let (_, store) = recorder::play(name, &tape).unwrap();
    let ledger = paused_runtime().unwrap().block_on(export(&*store));
    (tape, ledger)
}

async fn export(store: &dyn Store) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut last = Head::origin();
    loop {
        let page = store.records(last.seq, MAX_READ).await.unwrap();
        let Some(line) = page.last() else { break };
        last = serde_json::from_str::<Record>(line).unwrap().head();
        lines.extend(page);
    }
    let chain = name::of(store).await.unwrap().unwrap_or_default();
    let end = End::of(&chain, &Head::origin(), &last).unwrap();
    lines.push(end.line().unwrap());
    lines
}

/// The commits after which a document shows something new.
fn chosen(story: &str, tape: &Tape, seen: &mut BTreeSet<String>) -> Vec<Kept> {
    let taken = tape.taken();
    let mut chosen = Vec::new();
    for commit in &taken {
        let body: Value = serde_json::from_str(&commit.body).unwrap();
        let mut new = BTreeSet::new();
        shown(&body, "", &mut new);
        if new.iter().all(|path| seen.contains(path)) {
            continue;
        }
        seen.append(&mut new);
        let raw = |text: &String| RawValue::from_string(text.clone()).unwrap();
        chosen.push(Kept {
            story: story.to_owned(),
            at: commit.at,
            owner: commit.owner.clone(),
            body: raw(&commit.body),
            events: commit.events.iter().map(raw).collect(),
        });
    }
    chosen
}
