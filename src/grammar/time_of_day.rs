//! A time of day as people type it after `until`: `18:00`, in their own zone.

use super::problem::Problem;
use super::tokens::Word;

/// Reads `18:00`.
pub(super) fn read(word: Word<'_>) -> Result<(u8, u8), Problem> {
    if let Some(time) = hours_and_minutes(word.text()) {
        return Ok(time);
    }
    let problem = word
        .problem(format!(
            "{} is not a time of day",
            super::problem::quoted(word.text())
        ))
        .hint("write hours and minutes of your own clock, such as `18:00`");
    Err(match guess(word.text()) {
        Some((hour, minute)) => problem.replace(write(hour, minute)),
        None => problem,
    })
}

/// Whether a word reads as a time of day.
pub(super) fn is_time(word: &str) -> bool {
    hours_and_minutes(word).is_some()
}

/// Writes a time of day the way it is read.
pub(super) fn write(hour: u8, minute: u8) -> String {
    format!("{hour:02}:{minute:02}")
}

fn hours_and_minutes(text: &str) -> Option<(u8, u8)> {
    let (hour, minute) = text.split_once(':')?;
    (minute.len() == 2).then_some(())?;
    valid(digits(hour)?, digits(minute)?)
}

/// One or two digits; `parse` alone would take a sign.
fn digits(text: &str) -> Option<u8> {
    let is_number = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

fn valid(hour: u8, minute: u8) -> Option<(u8, u8)> {
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// What was meant by `6pm`, `18`, `1800`, `18.00`, `18h`, `24:00`.
fn guess(text: &str) -> Option<(u8, u8)> {
    let lower = text.to_ascii_lowercase();
    let (time, afternoon) = match (lower.strip_suffix("am"), lower.strip_suffix("pm")) {
        (Some(time), _) => (time, Some(false)),
        (_, Some(time)) => (time, Some(true)),
        _ => (lower.as_str(), None),
    };
    let time = time.trim_end_matches('h');
    let (hour, minute) = match time.split_once([':', '.', 'h']) {
        Some((hour, minute)) => (digits(hour)?, digits(minute)?),
        None if time.len() == 4 => (digits(time.get(..2)?)?, digits(time.get(2..)?)?),
        None => (digits(time)?, 0),
    };
    let hour = match (afternoon, hour) {
        (None, 24) if minute == 0 => 0,
        (None, hour) => hour,
        (Some(_), 0 | 13..) => return None,
        (Some(afternoon), hour) => hour % 12 + if afternoon { 12 } else { 0 },
    };
    valid(hour, minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_hours_and_minutes_are_a_time() {
        assert_eq!(hours_and_minutes("18:00"), Some((18, 0)));
        assert_eq!(hours_and_minutes("9:05"), Some((9, 5)));
        for text in ["24:00", "18:60", "18:0", "18", "+1:00", "18:00:00", "", ":"] {
            assert_eq!(hours_and_minutes(text), None, "{text}");
        }
    }

    #[test]
    fn other_ways_to_write_a_time_are_guessed() {
        for (text, time) in [
            ("6pm", Some((18, 0))),
            ("12am", Some((0, 0))),
            ("12:30PM", Some((12, 30))),
            ("18", Some((18, 0))),
            ("1800", Some((18, 0))),
            ("18.30", Some((18, 30))),
            ("18h30", Some((18, 30))),
            ("18h", Some((18, 0))),
            ("24:00", Some((0, 0))),
            ("13pm", None),
            ("25:00", None),
            ("tomorrow", None),
        ] {
            assert_eq!(guess(text), time, "{text}");
        }
    }
}
