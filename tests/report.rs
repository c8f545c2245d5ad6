//! A simulated year, reported: every figure against a plain count, the page, the command.

#![cfg(test)]

#[path = "report/count.rs"]
mod count;
#[path = "report/year.rs"]
mod year;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use drawbridge::report::figures::Figures;
use drawbridge::report::page::{TOP, page};
use drawbridge::report::{Choices, Report};
use drawbridge::zone::Zone;
use serde_json::{Map, Value};

use count::{Period, count};
use year::{BEGIN, END, Year};

/// The bench has a hundred thousand.
const REQUESTS: u64 = 4_000;

fn report(lines: &[String], from: &str, until: &str, zone: Zone) -> Figures {
    let choices = Choices {
        zone,
        ..Choices::between(from.parse().unwrap(), until.parse().unwrap())
    };
    let mut report = Report::new(choices);
    for line in lines {
        report.line(line);
    }
    report.finish()
}

/// A list as an object, by the values of these fields.
fn keyed(list: &Value, fields: &[&str]) -> Value {
    let mut map = Map::new();
    for entry in list.as_array().unwrap() {
        let key: Vec<&str> = fields.iter().map(|f| entry[*f].as_str().unwrap()).collect();
        let twice = map.insert(key.join(" "), entry.clone());
        assert!(twice.is_none(), "{key:?} is there twice");
    }
    map.into()
}

/// Everything that was counted is in the figures; fields that only the figures have are left out.
fn compare(at: &str, counted: &Value, told: &Value) {
    match (counted, told) {
        (Value::Object(counted), Value::Object(told)) => {
            for (key, value) in counted {
                compare(
                    &format!("{at}.{key}"),
                    value,
                    told.get(key).unwrap_or(&Value::Null),
                );
            }
        }
        _ if counted == told => {}
        _ => panic!("{at}: counted {counted}, told {told}"),
    }
}

/// The names of an object: a list has no entry too many either.
fn names(map: &Value) -> Vec<&String> {
    map.as_object().unwrap().keys().collect()
}

fn agrees(lines: &[String], from: &str, until: &str, zone: Zone, weeks: bool) {
    let figures = report(lines, from, until, zone);
    assert_eq!((figures.source.unreadable, figures.source.headless), (0, 0));
    let mut told = serde_json::to_value(&figures).unwrap();
    let lists: [(&str, &[&str]); 10] = [
        ("/asks/over_time", &["start"]),
        ("/asks/by_rule", &["rule"]),
        ("/answers/by_rule", &["rule"]),
        ("/answers/by_stage", &["rule", "stage"]),
        ("/people/everyone", &["id"]),
        ("/open/by_rule", &["rule"]),
        ("/automatic/by_rule", &["rule"]),
        ("/paths", &["flow", "cluster"]),
        ("/habits/current", &["flow", "cluster"]),
        ("/habits/former", &["flow", "cluster"]),
    ];
    for (place, fields) in lists {
        let list = told.pointer_mut(place).unwrap();
        *list = keyed(list, fields);
    }
    told["people"] = told["people"]["everyone"].take();
    // Steps of time in which nothing was asked are told too.
    let steps = told["asks"]["over_time"].as_object_mut().unwrap();
    steps.retain(|_, then| {
        then.as_object()
            .unwrap()
            .values()
            .any(|n| n.as_u64() > Some(0))
    });
    let period = Period {
        from: from.parse().unwrap(),
        until: until.parse().unwrap(),
        zone,
        weeks,
    };
    let counted = count(lines, &period);
    compare("", &counted, &told);
    for (place, _) in lists {
        let place = place.replace("/people/everyone", "/people");
        let (counted, told) = (
            counted.pointer(&place).unwrap(),
            told.pointer(&place).unwrap(),
        );
        assert_eq!(names(counted), names(told), "{place}");
    }
}

#[test]
fn the_figures_of_a_year_are_those_of_a_plain_count() {
    let lines: Vec<String> = Year::of(REQUESTS, 7).collect();
    agrees(&lines, BEGIN, END, Zone::UTC, true);
}

#[test]
fn the_figures_of_a_month_in_another_zone_are_those_of_a_plain_count() {
    let lines: Vec<String> = Year::of(2_000, 8).collect();
    // Clocks change within it, and requests reach over both of its ends.
    agrees(
        &lines,
        "2026-02-28T23:00:00Z",
        "2026-03-31T22:00:00Z",
        Zone::BERLIN,
        false,
    );
}

#[test]
fn the_simulated_year_has_something_of_everything() {
    let lines: Vec<String> = Year::of(REQUESTS, 7).collect();
    let figures = report(&lines, BEGIN, END, Zone::UTC);
    let o = &figures.asks.outcomes;
    let ended = &figures.open.ended;
    let reviews = &figures.emergencies.reviews;
    let counts = [
        o.opened,
        o.refused,
        o.denied,
        o.lapsed,
        o.cancelled,
        o.not_opened,
        ended.done,
        ended.revoked,
        ended.withdrawn,
        figures.open.shortened,
        figures.open.extended,
        figures.asks.extensions,
        reviews.done,
        reviews.late,
        reviews.never,
        figures.automatic.total,
        figures.habits.current.len() as u64,
        figures.habits.former.len() as u64,
    ];
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}

#[test]
fn the_page_of_a_year_is_small_and_more_requests_do_not_make_it_large() {
    let lines: Vec<String> = Year::of(REQUESTS, 7).collect();
    let figures = report(&lines, BEGIN, END, Zone::UTC);
    let small = page(&figures, TOP).len();
    assert!(small < 2_000_000, "{small} bytes");
    // Every list is longer than what the page shows of it, but for the few that have an end of their own.
    assert!(figures.paths.len() > 5 * TOP && figures.habits.current.len() > TOP);
    assert!(figures.people.everyone.len() > TOP && figures.emergencies.each.len() > TOP);
    let lines: Vec<String> = Year::of(REQUESTS / 2, 7).collect();
    let half = page(&report(&lines, BEGIN, END, Zone::UTC), TOP).len();
    assert!(
        small < half + half / 10,
        "{half} bytes for half of the requests, {small} for all"
    );
}

#[test]
fn the_command_reads_an_export_and_prints_three_forms() {
    let lines: Vec<String> = Year::of(300, 9).collect();
    let text = lines.join("\n") + "\n{\"kind\":\"drawbridge.ledger.end\",\"seq\":1}\n";
    let run = |words: &[&str], input: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drawbridge"));
        command
            .arg("report")
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        let mut to = running.stdin.take().unwrap();
        // It can end before it has read everything.
        let _ = to.write_all(input.as_bytes());
        drop(to);
        let output = running.wait_with_output().unwrap();
        let words = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (
            output.status.code().unwrap(),
            words(&output.stdout),
            words(&output.stderr),
        )
    };
    let period = ["--since", "2025-11-01", "--until", "2026-10-31"];
    let with = |form| [&["-", "-o", form], &period[..]].concat();
    let (code, json, problems) = run(&with("json"), &text);
    assert_eq!((code, problems.as_str()), (0, ""));
    let figures = report(&lines, BEGIN, END, Zone::UTC);
    let told: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(told, serde_json::to_value(&figures).unwrap());
    let (code, csv, _) = run(&with("csv"), &text);
    assert_eq!(
        (code, csv.lines().next().unwrap()),
        (0, r#""section","item","cluster","metric","value","unit""#)
    );
    let total = format!(
        r#""asks","","","requests","{}","count""#,
        figures.asks.total
    );
    assert!(csv.lines().any(|line| line == total), "{total}");
    let (code, html, _) = run(&with("html"), &text);
    assert_eq!(code, 0);
    assert_eq!(html, page(&figures, TOP));

    let (code, nothing, problems) = run(&with("html"), "this is\nno ledger\n");
    assert_eq!((code, nothing.as_str()), (3, ""));
    assert!(
        problems.contains("none of 2 lines is a record"),
        "{problems}"
    );
    let (code, _, problems) = run(&["nowhere.jsonl"], "");
    assert_eq!(code, 2, "{problems}");
    assert!(
        problems.starts_with("cannot read `nowhere.jsonl`: "),
        "{problems}"
    );
    assert_eq!(run(&["-", "--flows", "nowhere.jsonl"], "").0, 2);
    assert_eq!(run(&["-", "--flows", "-"], "").0, 2);
    assert_eq!(run(&["-", "--since", "yesterday"], "").0, 2);
}

#[test]
fn the_page_of_a_year_is_read_in_a_browser() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tools = repository.join("target/servers/browser");
    assert!(
        tools.join("installed-from").is_file(),
        "no tools in {}: run tests/servers/browser.sh once",
        tools.display()
    );
    let lines: Vec<String> = Year::of(REQUESTS, 7).collect();
    let figures = report(&lines, BEGIN, END, Zone::UTC);
    let shots = repository.join("target/screenshots");
    std::fs::create_dir_all(&shots).unwrap();
    let file = shots.join("report.html");
    std::fs::write(&file, page(&figures, TOP)).unwrap();
    let told = Command::new("node")
        .arg(repository.join("tests/browser/report.mjs"))
        .arg(&file)
        .env("BROWSER_TOOLS", &tools)
        .env("SCREENSHOTS", &shots)
        .stdin(Stdio::null())
        .output()
        .expect("node starts: tests/servers/browser.sh says what is missing");
    let [out, errors] = [&told.stdout, &told.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(told.status.success(), "{out}\n{errors}");
}
