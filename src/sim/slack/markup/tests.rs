//! Text as typed, stored and read.

use proptest::prelude::*;

use super::super::world::App;
use super::*;

fn world() -> World {
    let text = |text: &str| text.to_owned();
    World::new(App {
        id: text("A1"),
        bot: text("B1"),
        user: text("U1"),
        name: text("drawbridge"),
        team: text("T1"),
        domain: text("town"),
        token: text("t"),
    })
}

proptest! {
    #[test]
    fn what_is_typed_is_what_is_read(text in "[^@#]*") {
        let world = world();
        let reader = Reader { world: &world, zone: Zone::UTC, now: Time::UNIX_EPOCH };
        let stored = typed(&world, &text, Labels::Without);
        prop_assert_eq!(reader.read(&stored), text);
        prop_assert_eq!(faults(&world, &stored), Vec::<String>::new());
    }

    #[test]
    fn no_stored_text_is_too_odd_to_read(text in "[<>|!^@#a0{}&;]*") {
        let world = world();
        let reader = Reader { world: &world, zone: Zone::UTC, now: Time::UNIX_EPOCH };
        reader.read(&text);
        rich_text(&text, "b");
        faults(&world, &text);
    }
}

#[test]
fn dates_are_shown_in_words_when_near_and_with_their_year_when_not() {
    let world = world();
    let now = Time::from_timestamp(1_800_000_000, 0).unwrap();
    let reader = Reader {
        world: &world,
        zone: Zone::UTC,
        now,
    };
    let read = |days: i64, format: &str| {
        let at = now.timestamp() + days * 86_400;
        reader.read(&format!("<!date^{at}^{format}|then>"))
    };
    assert_eq!(read(0, "{date_pretty}, {time}"), "today, 08:00");
    assert_eq!(read(1, "{date_short_pretty}"), "tomorrow");
    assert_eq!(read(-1, "{date_long_pretty}"), "yesterday");
    assert_eq!(
        read(9, "{date_short_pretty} {time_secs}"),
        "Jan 24, 2027 08:00:00"
    );
    assert_eq!(read(0, "{date_num}"), "2027-01-15");
    assert_eq!(
        reader.read("<!date^soon^{date}|then>"),
        "<!date^soon^{date}|then>"
    );
}
