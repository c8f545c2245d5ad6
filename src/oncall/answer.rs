//! Reading what a source says. Strict: an answer that is not as documented is no answer.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{Listed, NoAnswer};
use crate::rules::UserId;

/// Most people named at once: a shift, not a department.
const MOST: usize = 50;

/// Longest address (RFC 5321 §4.5.3.1.3, without the brackets).
const LONGEST_EMAIL: usize = 254;

/// Longest Slack id that is believed; Slack's have 9 to 11 characters.
const LONGEST_ID: usize = 24;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    users: Option<Vec<String>>,
    emails: Option<Vec<String>>,
}

/// Whom the body names.
pub(super) fn read(body: &[u8]) -> Result<Listed, NoAnswer> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|_| NoAnswer::Shape("it is not as documented"))?;
    let (names, are_ids) = match (answer.users, answer.emails) {
        (Some(users), None) => (users, true),
        (None, Some(emails)) => (emails, false),
        _ => return Err(NoAnswer::Shape("it must have `users` or `emails`")),
    };
    if names.len() > MOST {
        return Err(NoAnswer::Shape("it names more than 50 people"));
    }
    let right = if are_ids { is_user_id } else { is_email };
    if !names.iter().all(|name| right(name)) {
        let wrong = match are_ids {
            true => "it names somebody by no Slack user id",
            false => "it names somebody by no address",
        };
        return Err(NoAnswer::Shape(wrong));
    }
    Ok(if are_ids {
        Listed::Users(names.into_iter().map(UserId).collect())
    } else {
        let lower = names.iter().map(|email| email.to_lowercase());
        Listed::Emails(lower.collect::<BTreeSet<_>>())
    })
}

fn is_user_id(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    text.starts_with(['U', 'W'])
        && (2..=LONGEST_ID).contains(&text.len())
        && text.bytes().all(plain)
}

fn is_email(text: &str) -> bool {
    let sides = text.split_once('@');
    let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b',' | b';');
    text.len() <= LONGEST_EMAIL
        && text.bytes().all(plain)
        && sides
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_documented_is_an_answer() {
        let ids =
            |ids: &[&str]| Listed::Users(ids.iter().map(|id| UserId((*id).to_owned())).collect());
        assert_eq!(
            read(br#"{"users":["U0LEE","W1"]}"#),
            Ok(ids(&["U0LEE", "W1"]))
        );
        assert_eq!(
            read(br#"{"users":[]}"#),
            Ok(ids(&[])),
            "nobody is an answer"
        );
        assert_eq!(
            read(br#"{"emails":["Lee@Example.org"]}"#),
            Ok(Listed::Emails(["lee@example.org".to_owned()].into()))
        );
        let many = format!("{{\"users\":{:?}}}", vec!["U1"; 51]);
        for bad in [
            "",
            "[]",
            "null",
            "{}",
            r#"["U0LEE"]"#,
            r#"{"users":null}"#,
            r#"{"users":"U0LEE"}"#,
            r#"{"users":["U0LEE"],"emails":[]}"#,
            r#"{"users":["U0LEE"],"until":"tomorrow"}"#,
            r#"{"users":["U0LEE","lee"]}"#,
            r#"{"users":["u0lee"]}"#,
            r#"{"users":["U"]}"#,
            r#"{"users":["<@U0LEE>"]}"#,
            r#"{"users":[7]}"#,
            r#"{"users":["U0LEE"]} {}"#,
            r#"{"emails":["lee"]}"#,
            r#"{"emails":["@example.org"]}"#,
            r#"{"emails":["a b@example.org"]}"#,
            r#"{"emails":["a@b@c"]}"#,
            &many,
        ] {
            assert!(read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
