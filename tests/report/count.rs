//! The same figures counted in the plainest way: every line is kept, every document is looked at by itself
//! and as a whole. Shares nothing with the program but the form of the JSON.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Days, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use drawbridge::zone::Zone;

type Time = DateTime<Utc>;

/// Which requests count.
pub(crate) struct Period {
    pub(crate) from: Time,
    pub(crate) until: Time,
    pub(crate) zone: Zone,
    /// Whether a step of time is a week; else it is a day.
    pub(crate) weeks: bool,
}

/// Everything that happened to one document.
struct Story {
    events: Vec<Value>,
}

fn at(event: &Value) -> Time {
    event["at"].as_str().unwrap().parse().unwrap()
}

fn who(event: &Value) -> String {
    let by = &event["by"];
    let named = by["person"].as_str().or_else(|| by["service"].as_str());
    named.or_else(|| by.as_str()).unwrap().to_owned()
}

fn between(a: &Value, b: &Value) -> i64 {
    (at(b) - at(a)).num_seconds()
}

impl Story {
    fn all(&self, name: &str) -> Vec<&Value> {
        self.events.iter().filter(|e| e["event"] == name).collect()
    }

    fn one(&self, name: &str) -> Option<&Value> {
        self.all(name).first().copied()
    }

    fn ask(&self) -> &Value {
        &self.events[0]
    }

    fn path(&self) -> String {
        format!(
            "{} {}",
            self.ask()["flow"].as_str().unwrap(),
            self.ask()["cluster"].as_str().unwrap()
        )
    }

    fn is_extension(&self) -> bool {
        self.ask()["extends"].is_string()
    }

    fn outcome(&self) -> &'static str {
        for (event, outcome) in [
            ("refused", "refused"),
            ("opened", "opened"),
            ("denied", "denied"),
            ("lapsed", "lapsed"),
            ("cancelled", "cancelled"),
            ("closed", "not_opened"),
        ] {
            if self.one(event).is_some() {
                return outcome;
            }
        }
        "waiting"
    }

    fn answers(&self) -> Vec<&Value> {
        self.events
            .iter()
            .filter(|e| e["event"] == "approved" || e["event"] == "denied")
            .collect()
    }

    /// The stages with what came in each: the event that began it, the answers, the event that ended it.
    fn stages(&self) -> Vec<(&Value, Vec<&Value>, Option<&Value>)> {
        let mut stages: Vec<(&Value, Vec<&Value>, Option<&Value>)> = Vec::new();
        for event in &self.events {
            let name = event["event"].as_str().unwrap();
            if ["stage_reached", "granted", "denied"].contains(&name)
                && let Some(last) = stages.last_mut()
            {
                last.2.get_or_insert(event);
            }
            match name {
                "stage_reached" => stages.push((event, Vec::new(), None)),
                "approved" | "denied" => stages.last_mut().unwrap().1.push(event),
                _ => {}
            }
        }
        stages
    }
}

/// Lengths by their definition: the smallest that so many of a hundred do not exceed.
fn spread(lengths: &[i64]) -> Value {
    let within = |percent: usize| {
        let fits = |limit: &&i64| {
            lengths.iter().filter(|l| l <= limit).count() * 100 >= percent * lengths.len()
        };
        lengths.iter().filter(fits).min()
    };
    json!({"count": lengths.len(), "median_seconds": within(50), "p90_seconds": within(90)})
}

fn more(map: &mut Value, key: &str, by: i64) {
    let sum = map[key].as_i64().unwrap_or(0) + by;
    map[key] = json!(sum);
}

fn outcomes<'s>(stories: impl IntoIterator<Item = &'s Story>) -> Value {
    let mut counted = json!({"opened": 0, "refused": 0, "denied": 0, "lapsed": 0, "cancelled": 0, "not_opened": 0, "waiting": 0});
    for story in stories {
        more(&mut counted, story.outcome(), 1);
    }
    counted
}

/// The figures, with lists as objects by name; only what is counted here is in it.
pub(crate) fn count(lines: &[String], period: &Period) -> Value {
    let mut documents: BTreeMap<String, Story> = BTreeMap::new();
    for line in lines {
        let record: Value = serde_json::from_str(line).unwrap();
        if let Some(document) = record["document"].as_str() {
            let story = documents
                .entry(document.to_owned())
                .or_insert(Story { events: Vec::new() });
            story.events.push(record["event"].clone());
        }
    }
    let counts = |story: &&Story| period.from <= at(story.ask()) && at(story.ask()) < period.until;
    let stories: Vec<&Story> = documents.values().filter(counts).collect();
    json!({
        "asks": asks(&stories, period),
        "answers": answers(&stories),
        "people": people(&stories),
        "open": open(&stories),
        "emergencies": emergencies(&stories),
        "automatic": automatic(&stories),
        "paths": paths(&stories),
        "habits": habits(&documents.values().collect::<Vec<_>>(), period),
    })
}

fn day(at: Time, period: &Period) -> NaiveDate {
    at.with_timezone(&period.zone).date_naive()
}

/// Stories by something, each group counted.
fn grouped<'s>(
    stories: &[&'s Story],
    by: impl Fn(&Story) -> Option<String>,
    count: impl Fn(&[&'s Story]) -> Value,
) -> Value {
    let mut groups: BTreeMap<String, Vec<&Story>> = BTreeMap::new();
    for story in stories {
        if let Some(key) = by(story) {
            groups.entry(key).or_default().push(story);
        }
    }
    groups
        .into_iter()
        .map(|(key, stories)| (key, count(&stories)))
        .collect::<Map<String, Value>>()
        .into()
}

fn rule(story: &Story) -> Option<String> {
    story.ask()["rule"].as_str().map(str::to_owned)
}

fn asks(stories: &[&Story], period: &Period) -> Value {
    let step = |story: &Story| {
        let day = day(at(story.ask()), period);
        let back = if period.weeks {
            u64::from(day.weekday().num_days_from_monday())
        } else {
            0
        };
        Some((day - Days::new(back)).to_string())
    };
    let askers: BTreeSet<String> = stories.iter().map(|story| who(story.ask())).collect();
    json!({
        "total": stories.len(),
        "extensions": stories.iter().filter(|story| story.is_extension()).count(),
        "askers": askers.len(),
        "outcomes": outcomes(stories.iter().copied()),
        "over_time": grouped(stories, step, |group| outcomes(group.iter().copied())),
        // What is refused is refused before a rule governs.
        "by_rule": grouped(stories, rule, |group| {
            let mut counted = outcomes(group.iter().copied());
            counted.as_object_mut().unwrap().remove("refused");
            counted
        }),
    })
}

fn answers(stories: &[&Story]) -> Value {
    let waits = |stories: &[&Story]| {
        let (mut first, mut decided) = (Vec::new(), Vec::new());
        for story in stories {
            if let Some(answer) = story.answers().first() {
                first.push(between(story.ask(), answer));
                let decision = story.one("granted").or_else(|| story.one("denied"));
                decided.extend(decision.map(|decision| between(story.ask(), decision)));
            }
        }
        json!({"first_answer": spread(&first), "decision": spread(&decided)})
    };
    let mut stages: BTreeMap<String, Vec<(&Story, usize)>> = BTreeMap::new();
    for story in stories {
        for (nth, (reached, ..)) in story.stages().iter().enumerate() {
            let key = format!(
                "{} {}",
                rule(story).unwrap(),
                reached["stage"].as_str().unwrap()
            );
            stages.entry(key).or_default().push((story, nth));
        }
    }
    let by_stage: Map<String, Value> = stages
        .into_iter()
        .map(|(key, cases)| {
            let (mut first, mut decided, mut lapsed) = (Vec::new(), Vec::new(), 0);
            for (story, nth) in &cases {
                let stages = story.stages();
                let (reached, answers, end) = &stages[*nth];
                if let Some(answer) = answers.first() {
                    first.push(between(reached, answer));
                    decided.extend(end.map(|end| between(reached, end)));
                }
                lapsed += usize::from(nth + 1 == stages.len() && story.one("lapsed").is_some());
            }
            let value = json!({"reached": cases.len(), "lapsed": lapsed, "first_answer": spread(&first), "decision": spread(&decided)});
            (key, value)
        })
        .collect();
    let mut all = waits(stories);
    let answered = |story: &Story| rule(story).filter(|_| !story.answers().is_empty());
    all["by_rule"] = grouped(stories, answered, waits);
    all["by_stage"] = by_stage.into();
    all
}

fn people(stories: &[&Story]) -> Value {
    let mut people: BTreeMap<String, (Value, Vec<i64>)> = BTreeMap::new();
    let mut add = |id: &str, what: &str, wait: Option<i64>| {
        let person = people.entry(id.to_owned()).or_insert_with(|| {
            (
                json!({"asked": 0, "approved": 0, "denied": 0, "lapsed": 0, "reviewed": 0}),
                Vec::new(),
            )
        });
        if !what.is_empty() {
            more(&mut person.0, what, 1);
        }
        person.1.extend(wait);
    };
    for story in stories {
        let stages = story.stages();
        for (nth, (reached, answers, _)) in stages.iter().enumerate() {
            let lapsed = nth + 1 == stages.len() && story.one("lapsed").is_some();
            for id in reached["asked"].as_array().unwrap() {
                let id = id.as_str().unwrap();
                add(id, "asked", None);
                if lapsed && !answers.iter().any(|answer| who(answer) == id) {
                    add(id, "lapsed", None);
                }
                for answer in answers.iter().filter(|answer| who(answer) == id) {
                    add(id, "", Some(between(reached, answer)));
                }
            }
        }
        for answer in story.answers() {
            add(&who(answer), answer["event"].as_str().unwrap(), None);
        }
        for review in story.all("reviewed") {
            add(&who(review), "reviewed", None);
        }
    }
    people
        .into_iter()
        .map(|(id, (mut person, waits))| {
            person["answer"] = spread(&waits);
            (id, person)
        })
        .collect::<Map<String, Value>>()
        .into()
}

/// What a grant was given: what was asked, or less.
fn given(story: &Story) -> i64 {
    let asked = story.ask()["seconds"].as_i64().unwrap();
    let shorter = story
        .events
        .iter()
        .filter_map(|event| match event["event"].as_str().unwrap() {
            "approved" => event["shortened"].as_i64(),
            "emergency" => event["seconds"].as_i64(),
            _ => None,
        });
    shorter.chain([asked]).min().unwrap()
}

fn length(story: &Story) -> Option<i64> {
    Some(between(story.one("opened")?, story.one("closed")?))
}

fn open(stories: &[&Story]) -> Value {
    let opened: Vec<&Story> = stories
        .iter()
        .copied()
        .filter(|s| s.one("opened").is_some())
        .collect();
    let mut all = json!({"opened": opened.len(), "still_open": 0, "shortened": 0, "extended": 0, "compared": 0,
        "asked_seconds": 0, "given_seconds": 0, "open_seconds": 0, "share": vec![0; 11],
        "ended": {"expired": 0, "done": 0, "revoked": 0, "incident_closed": 0, "withdrawn": 0, "removed": 0, "other": 0}});
    for story in &opened {
        let asked = story.ask()["seconds"].as_i64().unwrap();
        more(&mut all, "shortened", i64::from(given(story) < asked));
        more(
            &mut all,
            "extended",
            i64::from(story.one("extended").is_some()),
        );
        let Some(length) = length(story) else {
            more(&mut all, "still_open", 1);
            continue;
        };
        let why = story.one("closed").unwrap()["why"].as_str().unwrap();
        more(&mut all["ended"], why, 1);
        if story.is_extension() {
            continue;
        }
        for (key, by) in [
            ("compared", 1),
            ("asked_seconds", asked),
            ("given_seconds", given(story)),
            ("open_seconds", length),
        ] {
            more(&mut all, key, by);
        }
        let to_its_end = why == "expired" && given(story) == asked || length + 5 >= asked;
        let tenth = (0..10)
            .find(|tenth| !to_its_end && length * 10 < (tenth + 1) * asked)
            .unwrap_or(10);
        let share = &mut all["share"][tenth as usize];
        *share = json!(share.as_i64().unwrap() + 1);
    }
    all["by_rule"] = grouped(&opened, rule, |group| {
        let early = |s: &&&Story| {
            s.one("closed")
                .is_some_and(|closed| closed["why"] != "expired")
        };
        let extended = |s: &&&Story| s.one("extended").is_some();
        let compared: Vec<&&Story> = group
            .iter()
            .filter(|s| !s.is_extension() && length(s).is_some())
            .collect();
        let asked: Vec<i64> = compared
            .iter()
            .map(|s| s.ask()["seconds"].as_i64().unwrap())
            .collect();
        let open: Vec<i64> = compared.iter().filter_map(|s| length(s)).collect();
        json!({"opened": group.len(), "ended_early": group.iter().filter(early).count(),
            "extended": group.iter().filter(extended).count(), "asked": spread(&asked), "open": spread(&open)})
    });
    all
}

fn emergencies(stories: &[&Story]) -> Value {
    let mut reviews = json!({"done": 0, "late": 0, "open": 0, "overdue": 0, "never": 0});
    let mut total = 0;
    for story in stories {
        let Some(emergency) = story.one("emergency") else {
            continue;
        };
        total += 1;
        let by: Time = emergency["review_by"].as_str().unwrap().parse().unwrap();
        // The simulated ledger goes on until everything is settled: none is open or overdue.
        let review = match story.one("reviewed") {
            Some(review) if at(review) <= by => "done",
            Some(_) => "late",
            None => "never",
        };
        more(&mut reviews, review, 1);
    }
    json!({"total": total, "reviews": reviews})
}

fn automatic(stories: &[&Story]) -> Value {
    let by = |story: &Story| rule(story).filter(|_| story.one("automatic").is_some());
    let all = stories
        .iter()
        .filter(|story| story.one("automatic").is_some());
    json!({"total": all.count(), "by_rule": grouped(stories, by, |group| json!({"automatic": group.len()}))})
}

fn paths(stories: &[&Story]) -> Value {
    grouped(
        stories,
        |story| Some(story.path()),
        |group| {
            let asks: Vec<&&Story> = group.iter().filter(|story| !story.is_extension()).collect();
            let outcome = |of: &[&str]| {
                asks.iter()
                    .filter(|story| of.contains(&story.outcome()))
                    .count()
            };
            let askers: BTreeSet<String> = asks.iter().map(|story| who(story.ask())).collect();
            let open: i64 = group.iter().filter_map(|story| length(story)).sum();
            let last = asks.iter().map(|story| at(story.ask())).max();
            json!({"asks": asks.len(), "opened": outcome(&["opened"]), "refused": outcome(&["refused", "denied"]),
            "askers": askers.len(), "open_seconds": open, "last_asked": last})
        },
    )
}

/// What is asked at least 5 times on 3 days; former where nobody asked in the last 90. Windows of the length
/// of the period are tried from every day on.
fn habits(everything: &[&Story], period: &Period) -> Value {
    // By path: the last ask, and the days of those that count.
    let mut last: BTreeMap<String, Time> = BTreeMap::new();
    let mut ever: BTreeMap<String, Vec<NaiveDate>> = BTreeMap::new();
    let mut now: BTreeMap<String, Vec<NaiveDate>> = BTreeMap::new();
    for story in everything {
        let asked = at(story.ask());
        if story.is_extension() || asked >= period.until {
            continue;
        }
        let path = story.path();
        let known = last.entry(path.clone()).or_insert(asked);
        *known = asked.max(*known);
        if story.outcome() != "refused" {
            let day = day(asked, period);
            ever.entry(path.clone()).or_default().push(day);
            if period.from <= asked {
                now.entry(path).or_default().push(day);
            }
        }
    }
    let days_of = |path: &str, of: &BTreeMap<String, Vec<NaiveDate>>| {
        of.get(path).cloned().unwrap_or_default()
    };
    let enough =
        |days: &[NaiveDate]| days.len() >= 5 && days.iter().collect::<BTreeSet<_>>().len() >= 3;
    let length = (period.until - period.from).num_days();
    let (mut current, mut former) = (Map::new(), Map::new());
    for (path, last) in last {
        if (period.until - last).num_days() < 90 {
            let days = days_of(&path, &now);
            if enough(&days) {
                let distinct: BTreeSet<_> = days.iter().collect();
                current.insert(
                    path,
                    json!({"asks": days.len(), "days": distinct.len(), "last_asked": last}),
                );
            }
            continue;
        }
        let days = days_of(&path, &ever);
        let was = days.iter().any(|first| {
            let window = days.iter().filter(|day| {
                (**day - *first).num_days() >= 0 && (**day - *first).num_days() < length
            });
            enough(&window.copied().collect::<Vec<_>>())
        });
        if was {
            let distinct: BTreeSet<_> = days.iter().collect();
            former.insert(
                path,
                json!({"asks": days.len(), "days": distinct.len(), "last_asked": last}),
            );
        }
    }
    json!({"current": current, "former": former})
}
