//! What people wrote before the visitor came: the town has an incident, and a reason to ask.

use crate::sim::slack::Cannot;
use crate::sim::town::Town;

/// Who wrote what, where.
const SAID: &[(&str, &str, &str)] = &[
    (
        "kim",
        "incidents",
        "INC-42 is open: checkout is slow since this morning, about one order in ten fails",
    ),
    (
        "dana",
        "incidents",
        "I am on it. The shop waits for the orders database, I would like to see its slow queries from a `shop/web` pod",
    ),
    (
        "max",
        "payments",
        "payments look fine from here, the queue is empty",
    ),
    (
        "dana",
        "payments",
        "thanks! I will ask for a path to `orders/db` then",
    ),
];

pub(in crate::demo) fn begin(town: &Town) -> Result<(), Cannot> {
    for (who, channel, text) in SAID {
        town.slack.say(who, channel, text)?;
    }
    Ok(())
}
