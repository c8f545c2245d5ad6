//! The parts of the configuration file that say who tells who is on call, and who hears of broken rules.

use std::collections::BTreeMap;

use serde::Deserialize;
use url::Url;

use super::{ConfigFile, Reader};
use crate::grammar::length;
use crate::oncall::Source;
use crate::secret::Secret;
use crate::slack::transport::is_loopback;
use crate::units::Seconds;

/// The time-out where none is written.
const TIMEOUT: Seconds = Seconds(2);
/// How long a good answer is used where nothing is written.
const CACHE: Seconds = Seconds(60);

/// A source as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    url: String,
    token: Option<TokenFrom>,
    timeout: Option<String>,
    cache: Option<String>,
    fallback: Option<String>,
}

/// Where a token is: never in the file itself, which is often shown around.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenFrom {
    pub(super) env: String,
}

/// The sources, and every problem with them as a sentence that begins after the variable's name.
/// `value` looks a variable of the environment up.
pub(super) fn read(
    written: &BTreeMap<String, Written>,
    value: impl Fn(&str) -> Option<String>,
) -> (BTreeMap<String, Source>, Vec<String>) {
    let mut sources = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, fields) in written {
        let mut say = |problem: String| {
            problems.push(format!(
                "has a problem with the on-call source `{name}`: {problem}"
            ));
        };
        if !is_name(name) {
            say("use a-z, 0-9 and - in its name".to_owned());
        }
        let url = url(&fields.url).map_err(&mut say).ok();
        let token = fields.token.as_ref().map(|from| token(from, &value));
        let token = token.transpose().map_err(&mut say).ok();
        let timeout = fields.timeout.as_deref();
        let timeout = length_of(timeout, TIMEOUT, Seconds(1), Seconds(5));
        let timeout = timeout.map_err(|why| say(format!("`timeout` {why}"))).ok();
        let cache = fields.cache.as_deref();
        let cache = length_of(cache, CACHE, Seconds(10), Seconds::hours(1));
        let cache = cache.map_err(|why| say(format!("`cache` {why}"))).ok();
        let fallback = fields.fallback.clone();
        if fallback.as_deref().is_some_and(|group| !is_handle(group)) {
            say("`fallback` must be a user group such as `@orders-oncall`".to_owned());
        }
        if let (Some(url), Some(token), Some(timeout), Some(cache)) = (url, token, timeout, cache) {
            let source = Source {
                url,
                token,
                timeout: timeout.std(),
                cache,
                fallback,
            };
            sources.insert(name.clone(), source);
        }
    }
    (sources, problems)
}

impl Reader<'_> {
    /// Sources that tell who is on call.
    pub(super) fn on_call(&mut self, file: &ConfigFile) -> BTreeMap<String, Source> {
        let (sources, problems) = read(&file.on_call, |name| self.value(name));
        for problem in &problems {
            self.problem("DRAWBRIDGE_CONFIG", problem);
        }
        sources
    }

    /// The channel that hears of broken rules.
    pub(super) fn alerts(&mut self, file: &ConfigFile) -> Option<String> {
        let channel = file.alerts.clone()?;
        let named = channel
            .strip_prefix('#')
            .is_some_and(|name| !name.is_empty());
        if !named && !channel.starts_with(['C', 'G']) {
            let problem = format!("`alerts` must be a channel (`#platform`), not `{channel}`");
            self.problem("DRAWBRIDGE_CONFIG", &problem);
        }
        Some(channel)
    }
}

pub(super) fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.bytes().all(plain)
}

fn is_handle(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    let bare = text.strip_prefix('@').unwrap_or_default();
    !bare.is_empty() && bare.chars().all(plain)
}

/// A problem never repeats the URL, which can hold a key.
pub(super) fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| "`url` is no address".to_owned())?;
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(host) => {}
        "http" => {
            return Err(
                "`url` must be https: only a loopback address may do without TLS".to_owned(),
            );
        }
        _ => return Err("`url` must be `https://…`".to_owned()),
    }
    let named = !url.username().is_empty() || url.password().is_some();
    if named || url.fragment().is_some() {
        return Err("`url` must have no user, password or fragment: use `token`".to_owned());
    }
    Ok(url)
}

pub(super) fn token(
    from: &TokenFrom,
    value: impl Fn(&str) -> Option<String>,
) -> Result<Secret, String> {
    let name = &from.env;
    let text = value(name).filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| format!("its token's variable `{name}` is not set"))?;
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(Secret::new(text))
    } else {
        Err(format!("its token in `{name}` holds what no header can"))
    }
}

pub(super) fn length_of(
    text: Option<&str>,
    usual: Seconds,
    min: Seconds,
    max: Seconds,
) -> Result<Seconds, String> {
    let Some(text) = text else { return Ok(usual) };
    let length = length::read(text).map_err(|why| format!("is wrong: {why}"))?;
    if (min..=max).contains(&length) {
        Ok(length)
    } else {
        Err(format!("must be {min} to {max}, not {length}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(yaml: &str) -> (BTreeMap<String, Source>, Vec<String>) {
        let written: BTreeMap<String, Written> = serde_saphyr::from_str(yaml).unwrap();
        read(&written, |name| {
            let known = [
                ("ONCALL_TOKEN", "do-not-print"),
                ("EMPTY", ""),
                ("SPACED", "a b"),
            ];
            let found = known.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_source_has_sensible_times_unless_others_are_written() {
        let (read, problems) = sources(
            "orders: {url: 'https://oncall.example/orders', token: {env: ONCALL_TOKEN}}\n\
             local: {url: 'http://127.0.0.1:9/x', timeout: 5s, cache: 1h, fallback: '@sre'}\n",
        );
        assert_eq!(problems, [""; 0]);
        let orders = &read["orders"];
        assert_eq!((orders.timeout.as_secs(), orders.cache), (2, Seconds(60)));
        assert_eq!(orders.token.as_ref().unwrap().expose(), "do-not-print");
        assert!(!format!("{read:?}").contains("do-not-print"));
        let local = &read["local"];
        assert_eq!(
            (local.timeout.as_secs(), local.cache),
            (5, Seconds::hours(1))
        );
        assert_eq!(local.fallback.as_deref(), Some("@sre"));
    }

    #[test]
    fn every_problem_of_a_source_is_named() {
        for (fields, word) in [
            ("{url: 'http://oncall.example/x'}", "must be https"),
            ("{url: 'http://localhost.evil.example/x'}", "must be https"),
            ("{url: 'ftp://oncall.example/x'}", "must be `https://…`"),
            ("{url: 'nonsense'}", "is no address"),
            ("{url: 'https://a:b@oncall.example/'}", "no user, password"),
            (
                "{url: 'https://x/', token: {env: NOT_SET}}",
                "`NOT_SET` is not set",
            ),
            (
                "{url: 'https://x/', token: {env: EMPTY}}",
                "`EMPTY` is not set",
            ),
            ("{url: 'https://x/', token: {env: SPACED}}", "no header can"),
            (
                "{url: 'https://x/', timeout: 6s}",
                "`timeout` must be 1 s to 5 s",
            ),
            ("{url: 'https://x/', timeout: soon}", "`timeout` is wrong"),
            (
                "{url: 'https://x/', cache: 9s}",
                "`cache` must be 10 s to 1 h",
            ),
            (
                "{url: 'https://x/', cache: 2h}",
                "`cache` must be 10 s to 1 h",
            ),
            (
                "{url: 'https://x/', fallback: '#sre'}",
                "must be a user group",
            ),
            ("{url: 'https://x/', fallback: '@'}", "must be a user group"),
        ] {
            let (_, problems) = sources(&format!("orders: {fields}"));
            assert_eq!(problems.len(), 1, "{fields}: {problems:?}");
            assert!(problems[0].contains(word), "{fields}: {problems:?}");
            assert!(problems[0].contains("`orders`"), "{problems:?}");
        }
        let (_, problems) = sources("'Or ders': {url: 'https://x/'}");
        assert!(problems[0].contains("use a-z"), "{problems:?}");
    }
}
