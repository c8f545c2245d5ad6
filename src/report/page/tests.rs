//! The page itself: what it lets in, and that it needs nothing.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::report::sheet::sheet;
use crate::report::tests::Book;

/// What somebody would type who wants to be more than text.
const HOSTILE: &str =
    "=cmd|' /C calc'!A0\"><script>alert(1)</script><img src=x onerror=alert(2)>&#60;";

fn hostile() -> Figures {
    let mut book = Book::default();
    for n in 0..6 {
        let id = format!("aaaaa{}", char::from(b'b' + n));
        let asked = json!({"event": "asked", "flow": HOSTILE, "cluster": HOSTILE, "seconds": 600, "rule": HOSTILE,
            "rule_digest": "", "typed_reason": HOSTILE});
        let spec =
            json!({"podSelector": {"matchLabels": {"app": HOSTILE}}, "policyTypes": ["Ingress"]});
        let attempted = json!({"event": "attempted", "expires_at": "2026-11-02T01:00:00Z", "objects": [],
            "policies": [{"namespace": HOSTILE, "name": "x", "spec": spec}]});
        let emergency = json!({"event": "emergency", "skipped": [], "seconds": 60, "review_by": "2026-11-02T00:01:00Z"});
        let second = i64::from(n) * 20_000 - 30_000;
        book = book
            .tell(second, &id, HOSTILE, asked)
            .tell(second, &id, HOSTILE, emergency)
            .reach(second, &id, &[HOSTILE])
            .tell(
                second + 9,
                &id,
                HOSTILE,
                json!({"event": "approved", "stage": HOSTILE, "voter": {"name": HOSTILE}}),
            )
            .tell(second + 9, &id, "drawbridge", attempted)
            .opened(second + 9, &id)
            .closed(second + 99, &id, "done");
    }
    let mut report = book.report();
    report.choices.habit.asks = 2;
    report.choices.habit.days = 1;
    report.finish()
}

/// Everything between `<` and `>`.
fn tags(page: &str) -> Vec<&str> {
    let parts = page.split('<').skip(1);
    parts.map(|part| part.split('>').next().unwrap()).collect()
}

#[test]
fn what_people_typed_is_text_in_the_page() {
    let page = page(&hostile(), TOP);
    assert!(page.contains("&lt;script&gt;alert(1)"), "it is shown");
    let known: BTreeSet<&str> = "!DOCTYPE html head meta title style body header main section h1 h2 h3 p a code pre strong span \
        time dl div dt dd ul li figure figcaption svg line polyline rect text table caption thead tbody tr th td details summary"
        .split_whitespace()
        .collect();
    for tag in tags(&page) {
        let name = tag
            .trim_start_matches('/')
            .split([' ', '\n', '/'])
            .next()
            .unwrap();
        assert!(known.contains(name), "<{tag}>");
        let attributes: String = tag.split('"').step_by(2).collect();
        for unwanted in [" on", " style=", " src=", " srcdoc="] {
            assert!(!attributes.contains(unwanted), "<{tag}>");
        }
    }
}

#[test]
fn what_people_typed_is_no_formula_in_the_sheet() {
    let text = sheet(&hostile()).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let mut cells = 0;
    for row in rows.records() {
        for cell in &row.unwrap() {
            assert!(
                !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']),
                "{cell}"
            );
            cells += usize::from(cell.starts_with("'="));
        }
    }
    assert!(cells > 20, "{cells} cells were hostile");
}

#[test]
fn a_hostile_habit_gives_a_policy_that_says_nothing_else() {
    let figures = hostile();
    let yaml = figures.habits.current[0].yaml();
    let read: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(read["spec"]["podSelector"]["matchLabels"]["app"], HOSTILE);
    assert_eq!(read["metadata"]["namespace"], HOSTILE);
}

#[test]
fn the_page_needs_nothing_and_may_load_nothing() {
    let page = page(&hostile(), TOP);
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("url("));
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let digest = BASE64_STANDARD.encode(Sha256::digest(style.as_bytes()));
    let policy = format!(
        "content=\"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\""
    );
    assert!(page.contains(&policy), "{policy}");
}

#[test]
fn every_link_has_its_place_and_every_place_is_there_once() {
    let page = page(&hostile(), TOP);
    let values = |name: &str| -> Vec<&str> {
        let parts = page.split(name).skip(1);
        parts.map(|part| part.split('"').next().unwrap()).collect()
    };
    let ids = values(" id=\"");
    let places: BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(places.len(), ids.len());
    let links = values(" href=\"#");
    assert!(!links.is_empty());
    assert!(
        links.iter().all(|link| places.contains(link)),
        "{links:?} {places:?}"
    );
}

/// A day with one refused ask, and three that two people of one name answered.
fn small() -> Book {
    let refused = json!({"event": "refused", "flow": "a/b -> c/d:1", "cluster": "east", "because": "no rule", "typed_reason": null});
    let yes = json!({"event": "approved", "stage": "owners", "voter": {"name": "Bo Costa"}});
    let mut book = Book::default().tell(0, "aaaaaa", "U0DANA", refused);
    for (id, by, end, why) in [
        ("bbbbbb", "U0BO1", 599, "expired"),
        ("cccccc", "U0BO2", 597, "done"),
        ("dddddd", "U0BO1", 300, "done"),
    ] {
        book = book
            .ask(0, id, "a/b -> c/d:1")
            .reach(0, id, &["U0BO1", "U0BO2"])
            .tell(10, id, by, yes.clone())
            .opened(10, id)
            .closed(10 + end, id, why);
    }
    book
}

#[test]
fn what_was_refused_has_no_rule_and_is_counted_beside_the_rules() {
    let figures = small().figures();
    let page = page(&figures, TOP);
    let (_, rules) = page.split_once("Requests by governing rule").unwrap();
    let (rules, after) = rules.split_once("</table>").unwrap();
    assert!(!rules.contains("refused") && rules.contains("not opened"));
    assert!(after.contains("1 request was refused before a rule governed."));
    let told = serde_json::to_value(&figures.asks.by_rule[0]).unwrap();
    assert_eq!((&told["opened"], told.get("refused")), (&json!(3), None));
    let text = sheet(&figures).unwrap();
    assert!(text.contains(r#""asks_by_rule","orders","","requests","3","count""#));
    assert!(!text.contains(r#""asks_by_rule","orders","","refused""#));
}

#[test]
fn whoever_used_all_of_the_time_counts_so_however_long_the_closing_took() {
    let figures = small().figures();
    let share = figures.open.share;
    assert_eq!((share[5], share[9], share[10]), (1, 0, 2), "{share:?}");
    let short = json!({"event": "approved", "stage": "owners", "shortened": 300});
    let shortened = Book::default()
        .ask(0, "aaaaaa", "a/b -> c/d:1")
        .tell(9, "aaaaaa", "U0LEE", short)
        .opened(10, "aaaaaa")
        .closed(310, "aaaaaa", "expired")
        .figures();
    assert_eq!(shortened.open.share[5], 1, "half of what was asked for");
    let page = page(&figures, TOP);
    for tenth in (0..10).map(|n| format!("{}–{} %", n * 10, (n + 1) * 10)) {
        // In both drawings and in the table.
        assert_eq!(page.matches(&format!("\n{tenth}\n")).count(), 2, "{tenth}");
    }
}

#[test]
fn people_of_one_name_are_told_apart_and_no_list_comes_twice() {
    let page = page(&small().figures(), TOP);
    for id in ["U0BO1", "U0BO2"] {
        assert!(page.contains(&format!("\nBo Costa ({id})\n")), "{id}");
    }
    assert!(page.contains("2 people were asked, 6 times in all."));
    assert!(page.contains("Asked most</caption>") && !page.contains("Answering most"));
}

#[test]
fn a_ledger_in_which_nothing_happened_makes_a_page_that_says_so() {
    let page = page(&Book::default().figures(), TOP);
    for sentence in [
        "0 requests",
        "No path was asked for in this period.",
        "There was no emergency in this period.",
        "Not known: no flow data.",
        "No path was asked for that often.",
    ] {
        assert!(page.contains(sentence), "{sentence}");
    }
}
