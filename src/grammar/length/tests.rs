//! Every way to write a length, and every way to get one wrong.

use super::*;
use proptest::prelude::*;

#[test]
fn lengths_are_read_in_every_way_people_write_them() {
    for (text, seconds) in [
        ("20s", 20),
        ("30m", 1800),
        ("2h", 7200),
        ("1d", 86_400),
        ("1h30m", 5400),
        (" 1H 30M ", 5400),
        ("90m", 5400),
        ("20 minutes", 1200),
        ("1 hour, 30 minutes", 5400),
        ("1 hour and 30 minutes", 5400),
        ("an hour", 3600),
        ("half an hour", 1800),
        ("half a day", 43_200),
        ("twenty mins", 1200),
        ("365d", LONGEST.0),
    ] {
        assert_eq!(read(text), Ok(Seconds(seconds)), "{text}");
    }
}

#[test]
fn what_nobody_can_mean_is_refused_with_its_own_error() {
    for (text, message, nearest) in [
        ("", "a length of time is missing", None),
        ("soon", "`soon` is not a length of time", None),
        ("half", "`half` is not a length of time", None),
        ("a", "`a` is not a length of time", None),
        ("+5m", "`+5m` is not a length of time", None),
        ("0m", "`0m` is no time at all", None),
        ("366d", "`366d` is longer than a year", None),
        (
            "99999999999999999999h",
            "`99999999999999999999h` is longer than a year",
            None,
        ),
        (
            "9999999999999999999d",
            "`9999999999999999999d` is longer than a year",
            None,
        ),
        (
            "30m1h",
            "in `30m1h` the units do not go from large to small, each once",
            None,
        ),
        (
            "1h1h",
            "in `1h1h` the units do not go from large to small, each once",
            None,
        ),
        ("30", "`30` has no unit", Some("30m")),
        ("1h30", "`1h30` has no unit", Some("1h30m")),
        ("1m30", "`1m30` has no unit", Some("1m30s")),
        ("1d30", "`1d30` has no unit", None),
        ("1w", "`w` is not a unit that is known here", Some("7d")),
        (
            "5 minuts",
            "`minuts` is not a unit that is known here",
            Some("5m"),
        ),
        (
            "5 apples",
            "`apples` is not a unit that is known here",
            None,
        ),
        ("-5m", "`-5m` is less than nothing", Some("5m")),
        ("1.5h", "`1.5h` is a fraction", Some("1h30m")),
        (".5h", "`.5h` is a fraction", Some("30m")),
        ("1h1.5m", "`1h1.5m` is a fraction", Some("1h1m30s")),
        (
            "1h 5 minuts",
            "`minuts` is not a unit that is known here",
            Some("1h5m"),
        ),
        ("0.0001s", "`0.0001s` is a fraction", None),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.to_string(), message, "{text}");
        let found = error.nearest().map(write);
        assert_eq!(found.as_deref(), nearest, "{text}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(seconds in 1..=LONGEST.0) {
        prop_assert_eq!(read(&write(Seconds(seconds))), Ok(Seconds(seconds)));
    }

    #[test]
    fn nothing_typed_makes_the_reader_panic(text in "[-+0-9.,½ a-z]{0,24}|\\PC{0,24}") {
        if let Err(error) = read(&text) {
            let nearest = error.nearest();
            prop_assert!(nearest.is_none_or(|length| read(&write(length)) == Ok(length)));
        }
    }
}

#[test]
fn a_text_of_minus_signs_is_refused_and_ends_nothing() {
    for (text, offered) in [("-5m", Some(Seconds(300))), ("--5m", None), ("- −5m", None)] {
        let Err(LengthError::Negative { nearest, .. }) = read(text) else {
            panic!("{text}");
        };
        assert_eq!(nearest, offered, "{text}");
    }
    let many = "-".repeat(1_000_000);
    assert!(matches!(read(&many), Err(LengthError::Negative { .. })));
}
