//! `drawbridge ledger` as a person runs it: the binary, a file, an exit status.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use chrono::TimeDelta;
use drawbridge::clock::{Clock, SystemClock};
use drawbridge::store::Store;
use drawbridge::store::sqlite::SqliteStore;
use tempfile::TempDir;

use super::{Calendar, appender, happen, record};

/// Runs it with nothing else in the environment: exit status, and all that was said.
pub(super) fn ledger(words: &[&str], env: &[(&str, &str)]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .arg("ledger")
        .args(words)
        .env_clear()
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    (output.status.code().unwrap(), said + &told)
}

/// A folder with a ledger of 200 records in a SQLite file.
struct Kept {
    folder: TempDir,
    store: String,
}

impl Kept {
    /// The first half is of 100 days ago, the second of 10 days ago.
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("drawbridge.db");
        let store = SqliteStore::open(&file, Arc::new(SystemClock)).unwrap();
        let store: Arc<dyn Store> = Arc::new(store);
        let begin = SystemClock.now() - TimeDelta::days(100);
        let clock = Calendar::at(&begin.to_rfc3339());
        let appender = appender(&store, Arc::clone(&clock) as Arc<dyn Clock>);
        happen(&appender, 99).await;
        clock.pass(TimeDelta::days(90));
        happen(&appender, 100).await;
        let store = format!("sqlite:{}", file.display());
        Self { folder, store }
    }

    fn run(&self, words: &[&str]) -> (i32, String) {
        ledger(words, &[("DRAWBRIDGE_STORE", &self.store)])
    }

    fn file(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("export");
        std::fs::write(&path, text).unwrap();
        path
    }
}

fn verify(path: &Path) -> (i32, String) {
    ledger(&["verify", path.to_str().unwrap()], &[])
}

#[tokio::test]
async fn an_export_verifies_and_every_kind_of_tampering_is_named_with_its_place() {
    let kept = Kept::start().await;
    let (status, said) = kept.run(&["verify"]);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("sound: 200 records (1 to 200)"), "{said}");
    let (status, export) = kept.run(&["export"]);
    assert_eq!((status, export.lines().count()), (0, 201));
    let (status, said) = verify(&kept.file(&export));
    assert_eq!(status, 0, "{said}");

    let lines: Vec<&str> = export.lines().collect();
    let without = |n: usize| [&lines[..n], &lines[n + 1..]].concat();
    let mut swapped = lines.clone();
    swapped.swap(60, 61);
    let mut doubled = lines.clone();
    doubled.insert(70, lines[69]);
    let changed = export.replacen("!A49\"", "!A48\"", 1);
    let joined = |lines: &[&str]| lines.join("\n") + "\n";
    for (text, place) in [
        (changed, "line 51, record 51: "),
        (joined(&without(80)), "line 81, record 82: "),
        (joined(&swapped), "line 61, record 62: "),
        (joined(&doubled), "line 71, record 70: "),
        (joined(&lines[..150]), "the end line is missing"),
        (export[..export.len() / 2].to_owned(), "line "),
        (
            joined(&without(0)),
            "the beginning of the export is missing",
        ),
    ] {
        let (status, said) = verify(&kept.file(&text));
        assert_eq!(status, 1, "{place}: {said}");
        assert!(said.contains(place), "{place}: {said}");
    }
}

#[tokio::test]
async fn an_export_of_the_last_days_verifies_for_itself_and_its_beginning_cannot_be_cut() {
    let kept = Kept::start().await;
    let (status, export) = kept.run(&["export", "--since", "30d"]);
    assert_eq!((status, export.lines().count()), (0, 101));
    assert_eq!(record(export.lines().next().unwrap()).seq, 101);
    let (status, said) = verify(&kept.file(&export));
    assert_eq!(status, 0, "{said}");
    let (_, cut) = export.split_once('\n').unwrap();
    let (status, said) = verify(&kept.file(cut));
    assert_eq!(status, 1, "{said}");
    assert!(
        said.contains("the beginning of the export is missing"),
        "{said}"
    );
    let (status, nothing) = kept.run(&["export", "--since", "1d"]);
    assert_eq!((status, nothing.lines().count()), (0, 1));
    assert_eq!(verify(&kept.file(&nothing)).0, 0);
}

#[tokio::test]
async fn a_csv_holds_no_formula_and_what_people_typed_can_be_left_out() {
    let kept = Kept::start().await;
    let (status, csv) = kept.run(&["export", "-o", "csv"]);
    assert_eq!((status, csv.lines().count()), (0, 201));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    for row in reader.records() {
        let row = row.unwrap();
        assert!(
            !row.iter()
                .any(|cell| cell.starts_with(['=', '+', '-', '@'])),
            "{row:?}"
        );
    }
    let (status, shorter) = kept.run(&["export", "--without-typed"]);
    assert_eq!((status, shorter.lines().count()), (0, 200));
    let (status, said) = verify(&kept.file(&shorter));
    assert_eq!(status, 1);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].contains("leaves out what people typed"), "{said}");
    assert_eq!(lines.len(), 1, "it is said once: {said}");
}

#[tokio::test]
async fn a_head_is_printed_and_an_export_is_compared_with_it() {
    let kept = Kept::start().await;
    let config = kept.folder.path().join("config.yaml");
    std::fs::write(&config, "ledger: {key: {env: LEDGER_KEY}}\n").unwrap();
    let env = [
        ("DRAWBRIDGE_STORE", kept.store.as_str()),
        ("DRAWBRIDGE_CONFIG", config.to_str().unwrap()),
        ("LEDGER_KEY", &"07".repeat(32)),
    ];
    let (status, head) = ledger(&["head"], &env);
    assert_eq!(status, 0, "{head}");
    let heads = kept.folder.path().join("head.json");
    std::fs::write(&heads, &head).unwrap();
    let (_, export) = kept.run(&["export"]);
    let compared = |text: &str| {
        let export = kept.file(text);
        let words = [
            "verify",
            export.to_str().unwrap(),
            "--head",
            heads.to_str().unwrap(),
        ];
        ledger(&words, &[])
    };
    let (status, said) = compared(&export);
    assert_eq!(status, 0, "{said}");
    assert!(said.contains("any key was accepted"), "{said}");
    let cut: String = export.split_inclusive('\n').take(120).collect();
    let (status, said) = compared(&cut);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("the ledger is truncated"), "{said}");
    let forged = head.replacen("\"seq\":200", "\"seq\":120", 1);
    std::fs::write(&heads, forged).unwrap();
    let (status, said) = compared(&export);
    assert_eq!(status, 1, "{said}");
    assert!(said.contains("its signature is wrong"), "{said}");
}

#[test]
fn wrong_use_has_its_own_exit_status() {
    for words in [
        &["verify", "/no/such/file"][..],
        &["verify", "--head", "/no/such/file"],
        &["verify", "--key", "00"],
        &["export", "-o", "xml"],
        &["export", "--since", "soon"],
        &["head"],
    ] {
        let (status, said) = ledger(words, &[]);
        assert_eq!(status, 2, "{words:?}: {said}");
    }
    let nobody = [("REDIS_URL", "redis://127.0.0.1:9")];
    assert_eq!(ledger(&["verify"], &nobody).0, 3);
}
