//! The weekly digest, in the YAML file: `digest: {channel: "#security", on: monday, at: "09:00", zone: Europe/Berlin}`.

use chrono::{NaiveTime, Weekday};

use super::{ConfigFile, Reader};
use crate::digest::Weekly;
use crate::zone::Zone;

/// As it is written.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Written {
    channel: String,
    #[serde(default = "monday")]
    on: String,
    #[serde(default = "nine")]
    at: String,
    #[serde(default = "utc")]
    zone: String,
}

fn monday() -> String {
    "monday".to_owned()
}

fn nine() -> String {
    "09:00".to_owned()
}

fn utc() -> String {
    "UTC".to_owned()
}

impl Reader<'_> {
    /// When and where the weekly digest is told; `None`: nowhere.
    pub(super) fn digest(&mut self, file: &ConfigFile) -> Option<Weekly> {
        let written = file.digest.as_ref()?;
        let read = read(written);
        for problem in read.as_ref().err().into_iter().flatten() {
            self.problem("DRAWBRIDGE_CONFIG", problem);
        }
        read.ok()
    }
}

/// All problems at once.
fn read(written: &Written) -> Result<Weekly, Vec<String>> {
    let Written {
        channel,
        on,
        at,
        zone,
    } = written;
    let mut problems = Vec::new();
    if !is_channel(channel) {
        problems.push(format!(
            "`digest`: `channel` must be a channel (`#security`), not `{channel}`"
        ));
    }
    let on: Option<Weekday> = on.parse().ok();
    if on.is_none() {
        let word = &written.on;
        problems.push(format!(
            "`digest`: `on` must be a day such as `monday`, not `{word}`"
        ));
    }
    let time = NaiveTime::parse_from_str(at, "%H:%M").ok();
    let time = time.filter(|_| at.len() == 5);
    if time.is_none() {
        problems.push(format!(
            "`digest`: `at` must be a time such as `\"09:00\"`, not `{at}`"
        ));
    }
    let tz: Option<Zone> = zone.parse().ok();
    if tz.is_none() {
        problems.push(format!(
            "`digest`: `zone` must be one such as `Europe/Berlin`, not `{zone}`"
        ));
    }
    match (on, time, tz, problems.is_empty()) {
        (Some(on), Some(at), Some(zone), true) => Ok(Weekly {
            channel: channel.clone(),
            on,
            at,
            zone,
        }),
        _ => Err(problems),
    }
}

/// `#security`, or an id as Slack draws them.
fn is_channel(text: &str) -> bool {
    let named = text.strip_prefix('#').is_some_and(|name| !name.is_empty());
    named || text.starts_with(['C', 'G'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(yaml: &str) -> Result<Weekly, Vec<String>> {
        read(&serde_saphyr::from_str(yaml).unwrap())
    }

    #[test]
    fn a_channel_is_enough() {
        let weekly = parsed("channel: '#security'").unwrap();
        assert_eq!((weekly.on, weekly.zone), (Weekday::Mon, Zone::UTC));
        assert_eq!(weekly.at.to_string(), "09:00:00");
        let all = "{channel: C012, on: Friday, at: '17:30', zone: Europe/Berlin}";
        let weekly = parsed(all).unwrap();
        assert_eq!((weekly.on, weekly.zone), (Weekday::Fri, Zone::BERLIN));
        assert_eq!(weekly.channel, "C012");
    }

    #[test]
    fn the_example_is_read_as_it_stands() {
        let example = include_str!("../../manifests/examples/digest.yaml");
        let file: ConfigFile = serde_saphyr::from_str(example).unwrap();
        let weekly = read(file.digest.as_ref().unwrap()).unwrap();
        assert_eq!(weekly.channel, "#security");
        assert_eq!(weekly.zone, Zone::BERLIN);
    }

    #[test]
    fn every_problem_is_said_at_once() {
        let wrong = "{channel: '@dana', on: someday, at: '9', zone: Berlin}";
        let problems = parsed(wrong).unwrap_err();
        let expected = ["`channel`", "`on`", "`at`", "`zone`"];
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, field) in problems.iter().zip(expected) {
            assert!(
                problem.starts_with(&format!("`digest`: {field} must be")),
                "{problem}"
            );
        }
        for at in ["24:00", "9:00", "09:60", "09:00:00"] {
            parsed(&format!("{{channel: '#s', at: '{at}'}}")).unwrap_err();
        }
    }
}
