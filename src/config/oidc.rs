//! The part of the configuration file that says whose tokens are accepted from outside the clusters.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use url::Url;

use super::{ConfigFile, Reader};
use crate::oidc::{Issuer, Pattern, Subject};
use crate::slack::transport::is_loopback;

/// The audience where none is written: the one of ServiceAccounts' tokens.
const AUDIENCE: &str = "drawbridge";

/// An issuer as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Written {
    issuer: String,
    audience: Option<String>,
    subjects: Vec<WrittenSubject>,
    jwks: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenSubject {
    #[serde(rename = "match")]
    pattern: String,
    #[serde(rename = "as")]
    name: String,
}

/// The issuers, and every problem with them as a sentence that begins after the variable's name.
pub(super) fn read(written: &BTreeMap<String, Written>) -> (BTreeMap<String, Issuer>, Vec<String>) {
    let mut issuers = BTreeMap::new();
    let mut problems = Vec::new();
    let mut places = BTreeSet::new();
    for (name, fields) in written {
        let mut wrong = Vec::new();
        if !is_name(name) {
            wrong.push("use a-z, 0-9 and - in its name".to_owned());
        }
        if !places.insert(&fields.issuer) {
            wrong.push("another one has the same `issuer`".to_owned());
        }
        let audience = fields.audience.as_deref().unwrap_or(AUDIENCE);
        if audience.is_empty() {
            wrong.push("`audience` is empty".to_owned());
        }
        wrong.extend(address("issuer", &fields.issuer).err());
        let jwks = fields.jwks.as_deref().map(|text| address("jwks", text));
        let jwks = jwks.transpose().map_err(|why| wrong.push(why)).ok();
        let subjects = subjects(&fields.subjects, &mut wrong);
        if wrong.is_empty() {
            let issuer = Issuer {
                issuer: fields.issuer.clone(),
                audience: audience.to_owned(),
                subjects,
                jwks: jwks.flatten(),
            };
            issuers.insert(name.clone(), issuer);
        }
        let sentence = |why| format!("has a problem with the issuer `{name}`: {why}");
        problems.extend(wrong.into_iter().map(sentence));
    }
    (issuers, problems)
}

impl Reader<'_> {
    /// Issuers of tokens from outside the clusters.
    pub(super) fn oidc(&mut self, file: &ConfigFile) -> BTreeMap<String, Issuer> {
        let (issuers, problems) = read(&file.oidc);
        for problem in &problems {
            self.problem("DRAWBRIDGE_CONFIG", problem);
        }
        issuers
    }
}

/// What is doubtful about the issuers: audiences that are not this installation's own, and patterns that let
/// in more than one place.
pub fn doubts(issuers: &BTreeMap<String, Issuer>) -> Vec<String> {
    let mut sentences = Vec::new();
    for (name, issuer) in issuers {
        if is_anybodys(issuer) {
            sentences.push(format!(
                "the issuer `{name}`: its audience `{}` is not this installation's own: whoever reads a token \
                 at another place that takes it could use it here; write an `audience` that only this one has, \
                 such as its address",
                issuer.audience
            ));
        }
        for subject in &issuer.subjects {
            let written = subject.pattern.written();
            let sentence = |doubt| format!("the issuer `{name}`: `{written}` {doubt}");
            sentences.extend(subject.pattern.doubts().into_iter().map(sentence));
        }
    }
    sentences
}

/// What the audience of a GitHub Actions token begins with where the job asks for none.
const GITHUB: &str = "https://github.com/";

/// Whether others are likely to take tokens of this audience too: every Drawbridge takes the default, and who
/// asks an issuer for no audience is given its own (GitLab), or the owner's (GitHub).
fn is_anybodys(issuer: &Issuer) -> bool {
    let bare = |text: &str| text.trim_end_matches('/').to_owned();
    let audience = &issuer.audience;
    audience == AUDIENCE || bare(audience) == bare(&issuer.issuer) || audience.starts_with(GITHUB)
}

fn subjects(written: &[WrittenSubject], wrong: &mut Vec<String>) -> Vec<Subject> {
    if written.is_empty() {
        wrong.push("`subjects` is empty: nobody could use it".to_owned());
    }
    let mut subjects = Vec::new();
    for subject in written {
        if !subject.name.split('.').all(is_name) {
            wrong.push(format!(
                "`as` must be made of a-z, 0-9, - and ., not `{}`",
                subject.name
            ));
        }
        match Pattern::read(&subject.pattern) {
            Ok(pattern) => subjects.push(Subject {
                pattern,
                name: subject.name.clone(),
            }),
            Err(why) => wrong.push(format!("`match` {why}")),
        }
    }
    subjects
}

fn is_name(name: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    !name.is_empty() && name.bytes().all(plain)
}

/// An address that may be asked: keys that came in the clear could be anybody's.
fn address(field: &str, text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|_| format!("`{field}` is no address: `{text}`"))?;
    let host = url.host_str().unwrap_or_default();
    let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(host));
    if !safe {
        return Err(format!(
            "`{field}` must be https: only a loopback address may do without TLS"
        ));
    }
    let named = !url.username().is_empty() || url.password().is_some();
    if named || url.fragment().is_some() || url.query().is_some() {
        return Err(format!("`{field}` must have no user, query or fragment"));
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuers(yaml: &str) -> (BTreeMap<String, Issuer>, Vec<String>) {
        read(&serde_saphyr::from_str(yaml).unwrap())
    }

    const SUBJECTS: &str = "subjects: [{match: 'repo:acme/shop:environment:prod', as: shop}]";

    #[test]
    fn an_issuer_is_read_with_its_subjects_in_order() {
        let (read, problems) = issuers(&format!(
            "github:\n  issuer: https://token.actions.githubusercontent.com\n  {SUBJECTS}\n\
             gitlab:\n  issuer: https://gitlab.example\n  audience: paths\n  \
             jwks: https://gitlab.example/oauth/discovery/keys\n  subjects:\n  \
             - {{match: 'project_path:a/b:ref_type:branch:ref:main', as: b.main}}\n  \
             - {{match: 'project_path:a/b:ref_type:branch:ref:*', as: b.any}}\n",
        ));
        assert_eq!(problems, [""; 0]);
        assert_eq!(read["github"].audience, "drawbridge");
        let gitlab = &read["gitlab"];
        assert_eq!(gitlab.audience, "paths");
        assert!(gitlab.jwks.is_some());
        let names: Vec<&str> = gitlab.subjects.iter().map(|s| s.name.as_str()).collect();
        assert_eq!(names, ["b.main", "b.any"]);
        let doubts = doubts(&read);
        assert_eq!(doubts.len(), 2, "{doubts:?}");
        assert!(doubts[0].starts_with("the issuer `github`: its audience `drawbridge` is not"));
        assert!(doubts[1].starts_with("the issuer `gitlab`: `project_path"));
    }

    #[test]
    fn an_audience_that_other_places_take_too_is_doubtful() {
        for (audience, is_own) in [
            ("drawbridge", false),
            ("https://gitlab.example", false),
            ("https://gitlab.example/", false),
            ("https://github.com/acme", false),
            ("drawbridge-prod", true),
            ("https://drawbridge.example.com", true),
        ] {
            let (read, problems) = issuers(&format!(
                "x: {{issuer: 'https://gitlab.example', audience: '{audience}', {SUBJECTS}}}"
            ));
            assert_eq!(problems, [""; 0]);
            let doubts = doubts(&read);
            assert_eq!(doubts.is_empty(), is_own, "{audience}: {doubts:?}");
            assert!(
                doubts
                    .iter()
                    .all(|doubt| doubt.contains("could use it here"))
            );
        }
    }

    #[test]
    fn every_problem_of_an_issuer_is_named() {
        for (fields, word) in [
            (
                format!("issuer: 'http://x.example', {SUBJECTS}"),
                "must be https",
            ),
            (format!("issuer: x, {SUBJECTS}"), "no address"),
            (format!("issuer: 'https://a@x', {SUBJECTS}"), "no user"),
            (
                format!("issuer: 'https://x/?a', {SUBJECTS}"),
                "no user, query",
            ),
            (
                format!("issuer: 'https://x', audience: '', {SUBJECTS}"),
                "`audience` is empty",
            ),
            (
                format!("issuer: 'https://x', jwks: 'http://x/k', {SUBJECTS}"),
                "`jwks` must be https",
            ),
            (
                "issuer: 'https://x', subjects: []".to_owned(),
                "nobody could use it",
            ),
            (
                "issuer: 'https://x', subjects: [{match: '*', as: a}]".to_owned(),
                "fixed part",
            ),
            (
                "issuer: 'https://x', subjects: [{match: 'a:b', as: A}]".to_owned(),
                "`as` must be",
            ),
            (
                "issuer: 'https://x', subjects: [{match: 'a:b', as: a/b}]".to_owned(),
                "`as` must be",
            ),
        ] {
            let (_, problems) = issuers(&format!("github: {{{fields}}}"));
            assert_eq!(problems.len(), 1, "{fields}: {problems:?}");
            assert!(problems[0].contains(word), "{fields}: {problems:?}");
            assert!(problems[0].contains("`github`"), "{problems:?}");
        }
        let one = format!("{{issuer: 'https://x', {SUBJECTS}}}");
        let (_, problems) = issuers(&format!("a: {one}\nb: {one}"));
        assert!(problems[0].contains("same `issuer`"), "{problems:?}");
        let (_, problems) = issuers(&format!("'A b': {one}"));
        assert!(problems[0].contains("use a-z"), "{problems:?}");
    }

    #[test]
    fn a_local_issuer_may_do_without_tls() {
        let (read, problems) = issuers(&format!(
            "here: {{issuer: 'http://127.0.0.1:9/i', {SUBJECTS}}}"
        ));
        assert_eq!(problems, [""; 0]);
        assert_eq!(read["here"].issuer, "http://127.0.0.1:9/i");
    }
}
