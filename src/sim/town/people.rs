//! Who lives in the default town, in which groups and channels.

use anyhow::Result;

use crate::sim::slack::{Kind, Person, Slack, Standing};
use crate::zone::Zone;

/// Moves everybody in.
///
/// # Errors
/// The cast contradicts itself: a fault of ours.
pub fn move_in(slack: &Slack) -> Result<()> {
    let berlin = Zone::BERLIN;
    let cast = [
        // developers
        Person::named("dana").in_zone(berlin),
        Person::named("max"),
        // on call for orders
        Person::named("lee").in_zone(berlin),
        Person::named("mia"),
        // owners of payments, security
        Person::named("pat"),
        Person::named("sam"),
        // in no group
        Person::named("kim"),
        // accounts that count for nothing
        Person::named("gus").who_is(Standing::Guest),
        Person::named("eve").who_is(Standing::Stranger),
        Person::named("rob").who_is(Standing::Deactivated),
        Person::named("bo").who_is(Standing::Bot),
    ];
    for person in cast {
        slack.add_person(person);
    }
    let groups: [(&str, &[&str]); 5] = [
        ("backend", &["dana", "max", "gus"]),
        ("orders-oncall", &["lee", "mia", "gus", "eve", "rob", "bo"]),
        ("payments-owners", &["pat", "dana"]),
        ("security", &["sam"]),
        ("vault-keepers", &["rob"]),
    ];
    for (handle, members) in groups {
        slack.add_group(handle, members)?;
    }
    let everybody = [
        "dana", "max", "lee", "mia", "pat", "sam", "kim", "gus", "eve", "bo",
    ];
    for channel in ["payments", "access-orders", "access-payments", "incidents"] {
        slack.add_channel(channel, Kind::Public, &everybody)?;
        slack.join("drawbridge", channel)?;
    }
    Ok(())
}
