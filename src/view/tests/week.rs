//! The weekly digest, as a channel reads it.

use super::gallery::Gallery;
use super::picture;
use crate::units::{Seconds, Time};
use crate::view::week::{Used, Week, message};

fn busy() -> Week {
    let used = |flow: &str, times| Used {
        cluster: "prod-eu".into(),
        flow: flow.into(),
        times,
    };
    Week {
        from: Time::UNIX_EPOCH,
        until: Time::UNIX_EPOCH,
        asked: 41,
        opened: 30,
        refused: 4,
        denied: 3,
        lapsed: 2,
        cancelled: 1,
        not_opened: 0,
        waiting: 1,
        automatic: 12,
        emergencies: 1,
        unreviewed: vec!["k7m3xa".parse().unwrap()],
        decision: Some(Seconds(250)),
        busiest: (0..7)
            .map(|n| used(&format!("shop/web -> orders/db{n}:5432"), 9 - n))
            .collect(),
        habits: vec![used("shop/web -> orders/db0:5432", 3)],
    }
}

#[test]
fn digests_of_a_busy_and_of_a_quiet_week() {
    let mut all = Gallery(String::new());
    all.hang("a busy week", &message(&busy()));
    all.hang("a quiet week", &message(&Week::default()));
    insta::assert_snapshot!(all.0);
}

#[test]
fn what_the_ledger_holds_is_never_markup() {
    let mut week = busy();
    for text in ["<!channel> `x` *y* <@U0LEE>", "@channel", "a\n*b*"] {
        week.habits[0].flow = text.into();
        week.habits[0].cluster = text.into();
        let shown = message(&week);
        super::assert_within_limits(&shown);
        assert!(!picture(&shown).contains("<!channel>"));
    }
}
