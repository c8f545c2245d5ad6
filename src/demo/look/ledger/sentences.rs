//! What happened, in a sentence each, whose subject stands before it. Every fact has one; none is made up here.

use crate::audit::Fact;
use crate::demo::look::clock::text;
use crate::demo::play::Play;
use crate::rules::UserId;

/// Everybody who was asked, as they are called.
fn names(play: &Play, asked: &[UserId]) -> String {
    let names: Vec<String> = asked.iter().map(|user| called(play, user)).collect();
    match names.split_last() {
        None => "nobody".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}

/// What somebody is called on screen.
fn called(play: &Play, user: &UserId) -> String {
    let person = play.town.slack.person(&user.0);
    person.map_or_else(|| user.to_string(), |person| person.real_name)
}

/// The sentence without its subject, who stands before it.
pub(super) fn sentence(play: &Play, fact: &Fact) -> String {
    plain(&told(play, fact))
}

/// What is written for a terminal or for Slack, for a page that shows text as it is.
fn plain(text: &str) -> String {
    text.replace(" -> ", " → ").replace('`', "")
}

fn because(typed: Option<&str>) -> String {
    typed.map_or_else(String::new, |reason| format!(", because {reason}"))
}

fn told(play: &Play, fact: &Fact) -> String {
    match fact {
        Fact::Asked {
            flow,
            seconds,
            rule,
            typed_reason,
            ..
        } => format!(
            "asked for {flow} for {seconds} under rule {rule}{}",
            because(typed_reason.as_deref())
        ),
        Fact::Refused { flow, because, .. } => format!("was refused {flow}: {because}"),
        Fact::Approved {
            stage,
            right,
            shortened,
            lasts_until,
            ..
        } => {
            let right = right.as_ref().map(|right| format!(" ({right})"));
            let shorter = shortened.map(|length| format!(", for {length} only"));
            let again =
                lasts_until.map(|at| format!(", also for the same again until {}", text(at)));
            let parts = [right, shorter, again].into_iter().flatten();
            format!("approved for {stage}{}", parts.collect::<String>())
        }
        Fact::Granted => "has every approval and begins to open the path".to_owned(),
        Fact::Denied {
            because: rule,
            typed_reason,
            ..
        } => match rule {
            Some(rule) => format!("denied the request: {rule}"),
            None => format!("denied the request{}", because(typed_reason.as_deref())),
        },
        Fact::Cancelled => "took the request back".to_owned(),
        Fact::Lapsed => "let the request lapse: nobody answered in time".to_owned(),
        Fact::Reminded => "reminded those who had not answered".to_owned(),
        Fact::StageReached { stage, asked } => {
            format!("asked {} to approve for {stage}", names(play, asked))
        }
        Fact::Escalated { asked } if asked.is_empty() => {
            "asked the next circle too: nobody had answered".to_owned()
        }
        Fact::Escalated { asked } => {
            format!("asked {} too: nobody had answered", names(play, asked))
        }
        other => of_the_path(play, other),
    }
}

/// Opening and closing.
fn of_the_path(play: &Play, fact: &Fact) -> String {
    match fact {
        Fact::Attempted { objects, .. } => format!("applied {}", objects.join(", ")),
        Fact::Opened { expires_at } => format!("opened the path until {}", text(*expires_at)),
        Fact::NotOpened { problem } => format!("could not open the path: {problem}"),
        Fact::Warned => "warned of the coming end".to_owned(),
        Fact::Closing { why, typed_reason } => format!(
            "closes the path: {}{}",
            end(why),
            because(typed_reason.as_deref())
        ),
        Fact::NotClosed { problem } => format!("could not close the path yet: {problem}"),
        Fact::Closed { why } => format!(
            "closed the path, nothing of it is left in the cluster: {}",
            end(why)
        ),
        Fact::Observed { findings } if findings.is_empty() => {
            "found the path as approved again".to_owned()
        }
        Fact::Observed { findings } => format!("looked at the path: {}", findings.join("; ")),
        Fact::WentBack { was, .. } => {
            format!("found that the store lost later changes: it was {was}")
        }
        Fact::Extended { by, until } => {
            format!("lets the path go on as {by} until {}", text(*until))
        }
        other => of_other_ways(play, other),
    }
}

/// Why a path ends.
fn end(why: &str) -> &str {
    match why {
        "expired" => "its time is over",
        "done" => "it is not needed any more",
        "revoked" => "it was revoked",
        "incident_closed" => "its incident is closed",
        "withdrawn" => "staying open would do harm",
        "removed" => "somebody deleted its objects",
        other => other,
    }
}

/// What there is besides asking, approving, opening and closing.
fn of_other_ways(play: &Play, fact: &Fact) -> String {
    match fact {
        Fact::Automatic { because } => format!("approved by itself: {because}"),
        Fact::Recalled { stage, by, on } => {
            format!(
                "counts what {} approved for {stage} on {on}",
                called(play, by)
            )
        }
        Fact::Forgotten => "took back that an approval counts for later asks".to_owned(),
        Fact::Emergency {
            skipped, seconds, ..
        } => format!(
            "opened the path at once for {seconds}, without {}",
            skipped.join(", ")
        ),
        Fact::Chased => "asked for the review of the emergency again".to_owned(),
        Fact::Reviewed { typed_words } => match typed_words {
            Some(words) => format!("reviewed the emergency: {words}"),
            None => "reviewed the emergency".to_owned(),
        },
        Fact::Unreviewed => "asked in vain for the review of the emergency".to_owned(),
        Fact::Away { to, until } => format!(
            "is away until {}, and {} stands in",
            text(*until),
            called(play, to)
        ),
        Fact::Back => "is back".to_owned(),
        Fact::IncidentOpened { channel, .. } => format!("opened an incident in {channel}"),
        Fact::IncidentClosed { channel } => format!("closed the incident in {channel}"),
        other => of_the_house(other),
    }
}

/// What concerns no single request.
fn of_the_house(fact: &Fact) -> String {
    match fact {
        Fact::ApprovedOffline { stage, seconds, .. } => {
            format!("approved for {stage} while Slack was away, for {seconds}")
        }
        Fact::RuleKept { rule, digest, .. } => {
            format!("keeps the text of rule {rule} ({})", short(digest))
        }
        Fact::RulesChanged { rules } => {
            let rules = rules.iter();
            let named = rules.map(|rule| format!("{} ({})", rule.name, short(&rule.digest)));
            format!(
                "goes by these rules now: {}",
                named.collect::<Vec<_>>().join(", ")
            )
        }
        Fact::Reaped {
            objects, because, ..
        } => format!("deleted {} by itself: {because}", objects.join(", ")),
        Fact::TurnedAway {
            typed_ask,
            typed_because,
        } if typed_ask.is_empty() => format!("was turned away: {typed_because}"),
        Fact::TurnedAway {
            typed_ask,
            typed_because,
        } => format!("asked for {typed_ask} and was turned away: {typed_because}"),
        Fact::Forbidden {
            attempt, because, ..
        } => format!("tried to {attempt}: {because}"),
        Fact::Configured { version, settings } => {
            format!("runs as version {version} with {} settings", settings.len())
        }
        Fact::EventsLost {
            request, recorded, ..
        } => format!("found that the store lost events of {request} up to number {recorded}"),
        Fact::LedgerWentBack { seq, .. } => {
            format!("found that the store lost records up to {seq}")
        }
        Fact::LedgerBegun { chain } => format!("began the ledger {}", short(chain)),
        Fact::HeadSigned { seq, hash, .. } => {
            format!("signed record {seq} as the newest ({})", short(hash))
        }
        Fact::Trimmed { seq, .. } => format!("dropped the records up to {seq}"),
        // The others are told above.
        _ => String::new(),
    }
}

/// The first digits of a digest: enough to tell two apart by eye.
fn short(digest: &str) -> String {
    digest.chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_for_a_terminal_is_plain_text_on_the_page() {
        assert_eq!(
            plain("was refused shop/web -> orders/db:5432: there is no `web` in `shop`"),
            "was refused shop/web → orders/db:5432: there is no web in shop"
        );
    }

    #[test]
    fn facts_of_the_house_and_ends_are_sentences() {
        for why in [
            "expired",
            "done",
            "revoked",
            "incident_closed",
            "withdrawn",
            "removed",
        ] {
            assert!(end(why).contains(' '), "{why}");
        }
        let turned = |ask: &str| Fact::TurnedAway {
            typed_ask: ask.to_owned(),
            typed_because: "you are a guest".to_owned(),
        };
        assert_eq!(
            of_the_house(&turned("")),
            "was turned away: you are a guest"
        );
        assert_eq!(
            of_the_house(&turned("open")),
            "asked for open and was turned away: you are a guest"
        );
    }
}
