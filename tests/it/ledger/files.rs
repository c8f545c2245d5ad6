//! A file of lines.

use std::fs;
use std::io::Write as _;

use drawbridge::audit::verify::{Check, Extent};
use drawbridge::ledger::sinks::{LineFile, Trouble};

use super::{appender, deliver, delivery, happen, ledger_of, lines};
use drawbridge::clock::SystemClock;
use std::sync::Arc;

#[tokio::test]
async fn a_file_has_each_record_once_also_after_its_end_was_torn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.jsonl");
    let store = ledger_of(600).await;
    let mut first = delivery("file", LineFile::at(path.clone()), &store);
    deliver(&mut first).await;
    drop(first);
    let torn = fs::read_to_string(&path).unwrap();
    // A crash in the middle of a line, whose record was noted as delivered.
    fs::write(&path, &torn[..torn.len() - 100]).unwrap();
    happen(&appender(&store, Arc::new(SystemClock)), 40).await;
    let mut second = delivery("file", LineFile::at(path.clone()), &store);
    deliver(&mut second).await;
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.lines().eq(lines(&*store).await), "each once");
    let mut check = Check::of(Extent::Growing);
    for line in text.split_inclusive('\n') {
        assert_eq!(check.line(line.as_bytes()), []);
    }
    assert_eq!(check.finish().1, []);
}

#[tokio::test]
async fn a_file_that_was_rotated_away_goes_on_as_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old) = (folder.path().join("now"), folder.path().join("old"));
    let store = ledger_of(20).await;
    let mut delivery = delivery("file", LineFile::at(path.clone()), &store);
    deliver(&mut delivery).await;
    fs::rename(&path, &old).unwrap();
    happen(&appender(&store, Arc::new(SystemClock)), 5).await;
    while store.cursor("file").await.unwrap() < 25 {
        delivery.turn().await;
    }
    let both = fs::read_to_string(&old).unwrap() + &fs::read_to_string(&path).unwrap();
    assert!(both.lines().eq(lines(&*store).await));
}

#[tokio::test]
async fn a_file_of_something_else_or_of_another_process_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let store = ledger_of(5).await;
    fs::write(&path, "my notes\nwithout an end").unwrap();
    let refused = delivery("file", LineFile::at(path.clone()), &store)
        .step()
        .await;
    assert!(matches!(refused, Err(Trouble::Refused(_))), "{refused:?}");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "my notes\nwithout an end"
    );

    let path = folder.path().join("taken");
    let mut taken = fs::File::create(&path).unwrap();
    taken.lock().unwrap();
    let later = delivery("file", LineFile::at(path.clone()), &store)
        .step()
        .await;
    assert!(matches!(later, Err(Trouble::Later(..))), "{later:?}");
    taken.flush().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
}
