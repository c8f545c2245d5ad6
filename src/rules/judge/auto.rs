//! Whether a rule approves an ask by itself.
//!
//! INVARIANT (automatic within limits): only where every limit that the rule writes is kept for sure, no
//! warning is shown, it is known what opens, and nothing about it is an emergency. What cannot be judged is not kept; then the
//! stages ask people, so doubt costs time and opens nothing.

use crate::rules::condition::Scope;
use crate::rules::facts::AskFacts;
use crate::rules::hours;
use crate::rules::problem::counted;
use crate::rules::route::Pass;
use crate::rules::set::{Auto, Rule};
use crate::zone::Zone;

/// One limit, judged: how it is kept, or why it is not. Parts of a sentence.
pub(in crate::rules) type Limit = Result<String, String>;

/// The pass, where the rule approves.
pub(super) fn pass(rule: &Rule, ask: &AskFacts, scope: &Scope) -> Option<Pass> {
    let auto = rule.auto.as_ref()?;
    let limits = limits(rule, auto, ask, scope);
    let kept: Vec<String> = limits.into_iter().collect::<Result<_, _>>().ok()?;
    // Without a limit kept there is no reason to pass; loading refuses such rules already.
    (!kept.is_empty()).then(|| Pass::Automatic {
        why: format!("within `auto` of rule `{}`: {}", rule.name, kept.join(", ")),
    })
}

/// Every limit that counts for this ask.
pub(in crate::rules) fn limits(
    rule: &Rule,
    auto: &Auto,
    ask: &AskFacts,
    scope: &Scope,
) -> Vec<Limit> {
    let max = auto.max.map(|max| match ask.duration {
        asked if asked <= max => Ok(format!("{asked} of at most {max}")),
        asked => Err(format!("{asked} is longer than {max}")),
    });
    let hours = auto.hours.as_ref().map(|hours| {
        let now = hours::clock(ask.at, hours.zone);
        match hours.hold(ask.at) {
            true => Ok(format!("{now} is within {hours}")),
            false => Err(format!("{now} is outside of {hours}")),
        }
    });
    let when = auto.when.as_ref().map(|when| match when.holds(scope) {
        Ok(true) => Ok(format!("`{}` holds", when.text())),
        Ok(false) => Err(format!("`{}` does not hold", when.text())),
        Err(why) => Err(format!("`{}` cannot be judged: {why}", when.text())),
    });
    let warnings = (ask.opens_warnings > 0).then(|| {
        let warnings = counted(ask.opens_warnings, "warning");
        Err(format!("its preview has {warnings}"))
    });
    let known = (!ask.is_known()).then(|| Err("what it gives is not computed".to_owned()));
    let emergency = ask
        .emergency
        .as_ref()
        .map(|_| Err("an emergency is never automatic".to_owned()));
    let per_day = per_day(rule, auto, ask);
    let all = [max, per_day, hours, when, extension(auto, ask)];
    all.into_iter()
        .chain([warnings, known, emergency])
        .flatten()
        .collect()
}

/// How many were approved on this calendar day, in the zone of the hours, else in UTC.
fn per_day(rule: &Rule, auto: &Auto, ask: &AskFacts) -> Option<Limit> {
    let limit = auto.per_day?;
    if ask.uncounted {
        return Some(Err(
            "there are too many requests of two days to count".to_owned()
        ));
    }
    let zone = auto.hours.as_ref().map_or(Zone::UTC, |h| h.zone);
    let today = hours::day(ask.at, zone);
    let counts = |used: &&crate::rules::facts::AutoUse| {
        used.rule == rule.name && hours::day(used.at, zone) == today
    };
    let used = ask.automatic.iter().filter(counts).count();
    Some(if used < limit {
        Ok(format!("{} of {limit} today", used + 1))
    } else {
        Err(format!("{used} of {limit} today are used"))
    })
}

fn extension(auto: &Auto, ask: &AskFacts) -> Option<Limit> {
    let limit = auto.extensions.unwrap_or(0);
    match ask.extends {
        None => auto
            .only_extensions()
            .then(|| Err("it is for extensions only".to_owned())),
        Some(_) if limit == 0 => Some(Err("extensions are never automatic".to_owned())),
        // Nobody has approved what would go on, or not all of it.
        Some(extends) if extends.emergency => Some(Err("it would extend an emergency".to_owned())),
        Some(extends) if !extends.within => Some(Err("more would open than before".to_owned())),
        Some(extends) if extends.automatic < limit => {
            let next = extends.automatic + 1;
            Some(Ok(format!("extension {next} of {limit}")))
        }
        Some(extends) => Some(Err(format!(
            "{} of {limit} automatic extensions are used",
            extends.automatic
        ))),
    }
}
