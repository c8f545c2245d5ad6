//! What the sections of the configuration file say: for `serve`, and for `check`, which reads the files as
//! `serve` would and connects to nothing.

use std::collections::{BTreeMap, BTreeSet};

use super::{ClusterChoice, Config, ConfigFile, Reader, clusters, oidc};
use crate::digest::Weekly;
use crate::ledger::settings::Settings;
use crate::oidc::Issuer;
use crate::oncall::Source;
use crate::rules::{Place, Problem, Severity};
use crate::traces::Otlp;

/// The file of everything but clusters.
const CONFIG: &str = "DRAWBRIDGE_CONFIG";
/// The file of clusters and the audiences of their services.
const CLUSTERS: &str = "DRAWBRIDGE_CLUSTERS";

/// What the file says, checked.
pub(super) struct Sections {
    pub(super) label_keys: Vec<String>,
    pub(super) cluster_roles: BTreeSet<String>,
    pub(super) on_call: BTreeMap<String, Source>,
    pub(super) oidc: BTreeMap<String, Issuer>,
    pub(super) alerts: Option<String>,
    pub(super) digest: Option<Weekly>,
    pub(super) otlp: Option<Otlp>,
    pub(super) ledger: Settings,
}

impl Reader<'_> {
    /// Reads the file and checks every section of it. INVARIANT (one reading): `serve` and `check` read it
    /// here, so what one finds wrong the other does.
    pub(super) fn sections(&mut self) -> Sections {
        let file: ConfigFile = self.file();
        Sections {
            on_call: self.on_call(&file),
            oidc: self.oidc(&file),
            alerts: self.alerts(&file),
            digest: self.digest(&file),
            otlp: self.otlp(&file),
            ledger: self.ledger(&file),
            cluster_roles: self.cluster_roles(&file),
            label_keys: file.label_keys,
        }
    }
}

impl Config {
    /// What is doubtful about whose tokens are accepted: one sentence each.
    pub fn doubts(&self) -> Vec<String> {
        let shared = clusters::shared_audience(&self.clusters);
        shared.into_iter().chain(oidc::doubts(&self.oidc)).collect()
    }
}

/// Everything that is wrong or doubtful in the files that `DRAWBRIDGE_CONFIG` and `DRAWBRIDGE_CLUSTERS` name,
/// each at its file as a whole. What keeps `serve` from starting is an error, variables that the file names
/// and that are not set included.
pub fn look(env: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut reader = Reader {
        env,
        problems: Vec::new(),
    };
    let sections = reader.sections();
    let mut told = reader.told(CONFIG, Severity::Error);
    reader.problems = oidc::doubts(&sections.oidc);
    told.extend(reader.told(CONFIG, Severity::Warning));
    let clusters: Vec<ClusterChoice> = reader.clusters();
    told.extend(reader.told(CLUSTERS, Severity::Error));
    reader.problems.extend(clusters::shared_audience(&clusters));
    told.extend(reader.told(CLUSTERS, Severity::Warning));
    told
}

impl Reader<'_> {
    /// Takes the sentences that were collected: they are about the file that this variable names.
    fn told(&mut self, variable: &str, severity: Severity) -> Vec<Problem> {
        let file = self.value(variable).unwrap_or_default();
        let sentences = std::mem::take(&mut self.problems).into_iter();
        let problem = |message| Problem {
            place: Place {
                file: file.clone(),
                line: 0,
                column: 0,
            },
            severity,
            message,
            hint: None,
        };
        sentences.map(problem).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::report;

    /// What is said of these texts, in files called `config` and `clusters`.
    fn said(config: &str, clusters: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let env = BTreeMap::from([
            (CONFIG.to_owned(), file("config", config)),
            (CLUSTERS.to_owned(), file("clusters", clusters)),
        ]);
        let text = report(&look(&env));
        text.replace(&format!("{}/", folder.path().display()), "")
    }

    const ONE: &str = "clusters: [{name: a}]";

    #[test]
    fn a_secret_where_none_belongs_is_not_told() {
        for (config, clusters) in [
            (
                "",
                "clusters:\n  - name: a\n    context: b\n    token: eyJsecret\n",
            ),
            ("", "clusters: [eyJsecret]"),
            ("", "clusters: eyJsecret"),
            ("", "eyJsecret"),
            ("", "clusters:\n  - {name: a, tokenFile: [eyJsecret]}\n"),
            (
                "",
                "clusters:\n  - name: a\n    tokenFile: /t\n   token: eyJsecret\n",
            ),
            ("labelKeys: []\ntoken: eyJsecret\n", ONE),
            (
                "onCall: {orders: {url: 'https://x/', token: eyJsecret}}",
                ONE,
            ),
            (
                "oidc: {github: {issuer: 'https://x', token: eyJsecret}}",
                ONE,
            ),
            ("ledger: {key: eyJsecret}", ONE),
            (
                "telemetry: {otlp: {url: 'https://x', token: eyJsecret}}",
                ONE,
            ),
        ] {
            let told = said(config, clusters);
            assert_ne!(told, "no problems\n", "{config}{clusters}");
            assert!(!told.contains("eyJsecret"), "{told}");
        }
    }

    #[test]
    fn every_section_is_looked_at_and_told_with_its_file() {
        for (config, word) in [
            ("labelKey: [team]", "labelKey"),
            ("alerts: platform", "`alerts` must be a channel"),
            (
                "onCall: {orders: {url: 'http://x/'}}",
                "the on-call source `orders`",
            ),
            (
                "onCall: {orders: {url: 'https://x/', token: {env: NOT_SET}}}",
                "`NOT_SET` is not set",
            ),
            ("digest: {channel: nowhere}", "`digest`: `channel`"),
            ("clusterRoles: [view, admin]", "`admin`"),
            (
                "oidc: {github: {issuer: 'http://x', subjects: [{match: 'a:b', as: a}]}}",
                "the issuer `github`",
            ),
            ("ledger: {keep: 3}", "keep"),
            ("ledger: {key: {file: /no/such/key}}", "`ledger.key`"),
            ("telemetry: {otlp: {url: x}}", "`telemetry`"),
        ] {
            let told = said(config, ONE);
            let first = told.lines().next().unwrap();
            assert!(
                first.starts_with("config:0:0: error: `DRAWBRIDGE_CONFIG` "),
                "{config}: {told}"
            );
            assert!(first.contains(word), "{config}: {told}");
            assert!(told.ends_with("1 error, 0 warnings\n"), "{config}: {told}");
        }
        let told = said("alerts: '#a'", "clusters: []");
        assert!(
            told.starts_with("clusters:0:0: error: `DRAWBRIDGE_CLUSTERS` names no cluster"),
            "{told}"
        );
    }

    #[test]
    fn tokens_that_could_be_used_elsewhere_are_doubtful() {
        let issuer = "oidc: {github: {issuer: 'https://x', subjects: [{match: 'a:b', as: a}]}}";
        let shared = "clusters: [{name: a, context: x}, {name: b, context: y}]";
        let told = said(issuer, shared);
        let lines: Vec<&str> = told.lines().collect();
        let [clusters, config, sum] = lines[..] else {
            panic!("{told}")
        };
        assert!(
            clusters.starts_with("clusters:0:0: warning: `a` and `b` share the audience"),
            "{told}"
        );
        assert!(
            config.starts_with("config:0:0: warning: the issuer `github`: its audience"),
            "{told}"
        );
        assert_eq!(sum, "0 errors, 2 warnings");
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error_and_none_at_all_is_not() {
        let env = BTreeMap::from([(CONFIG.to_owned(), "/no/such/file".to_owned())]);
        let told = report(&look(&env));
        assert!(
            told.starts_with("/no/such/file:0:0: error: `DRAWBRIDGE_CONFIG` cannot be read"),
            "{told}"
        );
        assert!(look(&BTreeMap::new()).is_empty());
    }

    #[test]
    fn the_examples_are_read_as_they_stand() {
        let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/manifests/examples");
        for (variable, name) in [
            (CONFIG, "config.yaml"),
            (CONFIG, "digest.yaml"),
            (CONFIG, "oidc.yaml"),
            (CONFIG, "telemetry.yaml"),
            (CLUSTERS, "clusters.yaml"),
        ] {
            let env = BTreeMap::from([(variable.to_owned(), format!("{examples}/{name}"))]);
            let told = look(&env);
            // Headers of traces are secret, and not here.
            let told: Vec<_> = told
                .iter()
                .filter(|problem| !problem.message.ends_with("is not set"))
                .collect();
            assert!(told.is_empty(), "{name}: {told:?}");
        }
    }
}
