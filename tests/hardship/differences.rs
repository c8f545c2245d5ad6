//! What may differ between a story and the same story under a hardship, and whether more does.
//!
//! Compared are every message as it stands in the end and every change of the cluster. Ids are drawn
//! in another order, so they count by the order of creation; the order of messages does not count.

use std::collections::BTreeMap;

use drawbridge::sim::scenario::Played;
use drawbridge::sim::town::Hardship;

/// One way in which the end of a story may differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allowed {
    /// Times of day, by so many seconds at most: what failed once comes later, and so does what
    /// follows from it.
    Times(i64),
    /// Slackbot tells somebody that their click or command failed, though its commit happened: the
    /// process died before it could acknowledge.
    DispatchFailed,
    /// A private answer never came: it is not kept anywhere, and died with the process.
    LostAnswer,
    /// A private answer came twice: its first call was carried out and its answer lost.
    AnsweredTwice,
}

const fn allowed(hardship: Hardship) -> &'static [Allowed] {
    use Allowed as A;
    match hardship {
        Hardship::Repeat => &[A::Times(120)],
        Hardship::LoseAnswers => &[A::Times(120), A::AnsweredTwice],
        Hardship::CrashAfterCommits => &[A::Times(120), A::DispatchFailed, A::LostAnswer],
    }
}

/// A text without its times of day, and those in seconds.
type Shape = (String, Vec<i64>);

/// Whether an answer that a story expects may be missing: it died with the process, and Slack said so.
pub(crate) fn may_be_unanswered(expects: &str, hard: &Played, hardship: Hardship) -> bool {
    let told = |message: &Vec<String>| message.join(" ").contains("dispatch_failed");
    allowed(hardship).contains(&Allowed::LostAnswer)
        && expects.contains("expect private to ")
        && hard.messages.iter().any(told)
}

/// What differs and must not, one sentence each.
pub(crate) fn between(plain: &Played, hard: &Played, hardship: Hardship) -> Vec<String> {
    let allowed = allowed(hardship);
    let mut wrong = compare(&messages(plain), &messages(hard), allowed);
    wrong.extend(compare(&cluster(plain), &cluster(hard), allowed));
    wrong
}

fn messages(played: &Played) -> Vec<Shape> {
    let messages = played.messages.iter();
    messages
        .map(|lines| shape(&without_names(played, &lines.join("\n"))))
        .collect()
}

fn cluster(played: &Played) -> Vec<Shape> {
    let changes = played.cluster.iter();
    changes
        .map(|line| (without_names(played, line), Vec::new()))
        .collect()
}

/// Ids by their number, and names of objects without their unguessable part.
fn without_names(played: &Played, text: &str) -> String {
    const START: &str = "drawbridge-{id ";
    let text = without_ids(played, text);
    let mut parts = text.split(START);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(START);
        let (number, rest) = part.split_once("}-").unwrap_or((part, ""));
        let (object, rest) = rest.split_once('-').unwrap_or((rest, ""));
        let guessable = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        out.push_str(&format!("{number}}}-{object}-…{guessable}"));
    }
    out
}

fn without_ids(played: &Played, text: &str) -> String {
    let mut text = text.to_owned();
    for (number, id) in played.requests.iter().enumerate() {
        text = text.replace(&id.to_string(), &format!("{{id {}}}", number + 1));
    }
    text
}

fn shape(text: &str) -> Shape {
    let (mut shape, mut times) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let digit_before = shape.ends_with(|c: char| c.is_ascii_alphanumeric());
        let found = (!digit_before).then(|| time_of_day(rest).or_else(|| long_length(rest)));
        if let Some((seconds, length)) = found.flatten() {
            shape.push_str("{time}");
            times.push(seconds);
            rest = &rest[length..];
        } else {
            shape.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    (shape, times)
}

/// `09:10` at the start, and how long it is.
fn time_of_day(text: &str) -> Option<(i64, usize)> {
    let (hours, minutes) = text.get(..5)?.split_once(':')?;
    let two = |digits: &str| digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit());
    if !two(hours) || !two(minutes) {
        return None;
    }
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some((hours * 3600 + minutes * 60, 5))
}

/// `1 h 29 min 57 s`, `29 min 57 s` or `57 s` at the start, and how long it is: only lengths that say seconds
/// depend on when somebody did something; `30 min` was asked for.
fn long_length(text: &str) -> Option<(i64, usize)> {
    let (mut seconds, mut length, mut unit) = (0, 0, "");
    for (next, worth) in [(" h ", 3600), (" min ", 60), (" s", 1)] {
        let rest = text.get(length..)?;
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits)?;
        if after.starts_with(next) {
            seconds += number.parse::<i64>().ok()? * worth;
            length += digits + next.len();
            unit = next;
        }
    }
    let ends = !text
        .get(length..)?
        .starts_with(|c: char| c.is_alphanumeric());
    (unit == " s" && ends).then_some((seconds, length))
}

fn compare(plain: &[Shape], hard: &[Shape], allowed: &[Allowed]) -> Vec<String> {
    let (plain, hard) = (by_shape(plain), by_shape(hard));
    let none = Vec::new();
    let mut wrong = Vec::new();
    for (shape, before) in &plain {
        let now = hard.get(shape).unwrap_or(&none);
        for missing in now.len()..before.len() {
            if !may_lack(shape, allowed) {
                wrong.push(format!("missing ({}): {shape}", missing + 1));
            }
        }
        wrong.extend(times_apart(shape, before, now, allowed));
    }
    for (shape, now) in &hard {
        let before = plain.get(shape).unwrap_or(&none).len();
        for more in before..now.len() {
            if !may_add(shape, before, allowed) {
                wrong.push(format!("one more ({}): {shape}", more + 1));
            }
        }
    }
    wrong
}

fn by_shape(all: &[Shape]) -> BTreeMap<&str, Vec<&Vec<i64>>> {
    let mut sorted: BTreeMap<&str, Vec<&Vec<i64>>> = BTreeMap::new();
    for (shape, times) in all {
        sorted.entry(shape).or_default().push(times);
    }
    for times in sorted.values_mut() {
        times.sort();
    }
    sorted
}

fn is_private(shape: &str) -> bool {
    let place = shape.lines().next().unwrap_or_default();
    place.contains("(only ")
}

/// What is said to whoever acted by a direct message: `Closing`, `Cancelled` and the like, one line
/// and no more. Messages of a request have its id.
fn is_answer(shape: &str) -> bool {
    is_private(shape)
        || (shape.starts_with("+ to ") && shape.lines().count() == 2 && !shape.contains("{id"))
}

fn may_lack(shape: &str, allowed: &[Allowed]) -> bool {
    allowed.contains(&Allowed::LostAnswer) && is_answer(shape)
}

fn may_add(shape: &str, before: usize, allowed: &[Allowed]) -> bool {
    let slackbot = is_private(shape) && shape.contains("by Slackbot");
    (allowed.contains(&Allowed::DispatchFailed) && slackbot && shape.contains("dispatch_failed"))
        || (allowed.contains(&Allowed::AnsweredTwice) && is_private(shape) && before > 0)
}

fn times_apart(
    shape: &str,
    before: &[&Vec<i64>],
    now: &[&Vec<i64>],
    allowed: &[Allowed],
) -> Option<String> {
    let most = allowed.iter().find_map(|allowed| match allowed {
        Allowed::Times(seconds) => Some(*seconds),
        _ => None,
    });
    let mut pairs = before.iter().zip(now).flat_map(|(a, b)| a.iter().zip(*b));
    let far = pairs.find(|(a, b)| (**a - **b).abs() > most.unwrap_or(0));
    far.map(|(a, b)| format!("times {} s apart: {shape}", (a - b).abs()))
}

#[test]
fn a_message_that_is_missing_doubled_or_late_is_told() {
    let only = |text: &str| vec![shape(text)];
    let strict = allowed(Hardship::Repeat);
    let twice = [
        only("+ to dana\nuntil 09:10"),
        only("+ to dana\nuntil 09:10"),
    ]
    .concat();
    assert!(compare(&twice[..1], &only("+ to dana\nuntil 09:12"), strict).is_empty());
    assert_eq!(compare(&twice[..1], &twice, strict).len(), 1);
    assert_eq!(compare(&twice, &twice[..1], strict).len(), 1);
    assert_eq!(
        compare(&twice[..1], &only("+ to dana\nuntil 09:20"), strict).len(),
        1
    );
    let private = only("+ #payments (only dana)\nhelp");
    assert_eq!(compare(&private, &[], strict).len(), 1);
    assert!(compare(&private, &[], allowed(Hardship::CrashAfterCommits)).is_empty());
}
