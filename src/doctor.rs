//! What `drawbridge doctor` finds: plain observations of Slack, the store, clusters and rules are judged
//! here into lines that say what is wrong and what to do. It asks nothing and prints nothing.

pub mod kubernetes;
pub mod redis;
pub mod rules;
pub mod slack;

use serde::Serialize;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Area {
    /// The environment and the files that it names.
    Configuration,
    /// The workspace and our app in it.
    Slack,
    /// Where requests are kept.
    Store,
    /// One cluster.
    Kubernetes,
    /// Templates and rules.
    Rules,
}

impl Area {
    /// The word in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::Slack => "slack",
            Self::Store => "store",
            Self::Kubernetes => "kubernetes",
            Self::Rules => "rules",
        }
    }
}

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, with less safety or fewer abilities than it could have.
    Warn,
    /// Does not work, or is not safe.
    Fail,
    /// Cannot be told from here. Never counts as a failure, and never as well.
    Unknown,
}

impl State {
    /// The word in the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// One line.
///
/// INVARIANT (what to do): only a finding that is `ok` has no `mend`; the constructors see to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub area: Area,
    /// Which one where there can be several: a cluster, a server of the store, a file. May be empty.
    pub of: String,
    /// What was looked at.
    pub check: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found: lower case, no final period.
    pub why: String,
    /// What to do about it.
    pub mend: Option<String>,
}

/// Makes findings about one thing.
#[derive(Debug, Clone)]
pub(crate) struct About {
    area: Area,
    of: String,
}

impl About {
    /// About one of an area; `of` may be empty.
    pub(crate) fn new(area: Area, of: &str) -> Self {
        Self {
            area,
            of: of.to_owned(),
        }
    }

    fn finding(
        &self,
        check: &'static str,
        state: State,
        why: impl Into<String>,
        mend: Option<String>,
    ) -> Finding {
        Finding {
            area: self.area,
            of: self.of.clone(),
            check,
            state,
            why: why.into(),
            mend,
        }
    }

    /// As it should be.
    pub(crate) fn ok(&self, check: &'static str, why: impl Into<String>) -> Finding {
        self.finding(check, State::Ok, why, None)
    }

    /// Works, with a doubt.
    pub(crate) fn warn(
        &self,
        check: &'static str,
        why: impl Into<String>,
        mend: impl Into<String>,
    ) -> Finding {
        self.finding(check, State::Warn, why, Some(mend.into()))
    }

    /// Does not work, or is not safe.
    pub(crate) fn fail(
        &self,
        check: &'static str,
        why: impl Into<String>,
        mend: impl Into<String>,
    ) -> Finding {
        self.finding(check, State::Fail, why, Some(mend.into()))
    }

    /// Cannot be told.
    pub(crate) fn unknown(
        &self,
        check: &'static str,
        why: impl Into<String>,
        mend: impl Into<String>,
    ) -> Finding {
        self.finding(check, State::Unknown, why, Some(mend.into()))
    }
}

/// Why a question has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum No {
    /// The other side understood and said no; its code or its words.
    Refused(String),
    /// No answer, or none that can be read.
    Away(String),
}

impl std::fmt::Display for No {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused(words) => write!(f, "refused: {words}"),
            Self::Away(words) => write!(f, "no answer: {words}"),
        }
    }
}

/// An answer, or why there is none.
pub type Answer<T> = Result<T, No>;

/// Problems of the environment and its files, as the configuration tells them.
pub fn configuration(problems: &[String]) -> Vec<Finding> {
    let about = About::new(Area::Configuration, "");
    if problems.is_empty() {
        return vec![about.ok("environment", "everything that `serve` reads can be used")];
    }
    let line = |problem: &String| {
        let mend =
            "set it as the README's table of variables says, then run `drawbridge doctor` again";
        about.fail("environment", problem.as_str(), mend)
    };
    problems.iter().map(line).collect()
}

/// Whether anything fails: then the command does.
pub fn failing(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.state == State::Fail)
}

/// The last line of the table: how many of each.
pub fn tally(findings: &[Finding]) -> String {
    let of = |state: State| findings.iter().filter(|f| f.state == state).count();
    format!(
        "{} checks: {} ok, {} to look at, {} failing, {} not known",
        findings.len(),
        of(State::Ok),
        of(State::Warn),
        of(State::Fail),
        of(State::Unknown)
    )
}

/// The words of a list: `a, b and c`.
pub(crate) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_failing_line_fails_the_run() {
        let about = About::new(Area::Store, "");
        let calm = [
            about.ok("clock", "in step"),
            about.warn("user", "it is `default`", "make one"),
            about.unknown("user", "it may not ask", "let it ask"),
        ];
        assert!(!failing(&calm));
        let failed = about.fail("version", "6.2", "upgrade");
        assert!(failing(&[failed]));
        assert_eq!(
            tally(&calm),
            "3 checks: 1 ok, 1 to look at, 0 failing, 1 not known"
        );
    }

    #[test]
    fn every_problem_of_the_configuration_is_a_line() {
        let problems = ["`SLACK_BOT_TOKEN` is not set", "`REDIS_URL` is odd"].map(str::to_owned);
        let found = configuration(&problems);
        assert_eq!(found.len(), 2);
        assert!(
            found
                .iter()
                .all(|f| f.state == State::Fail && f.mend.is_some())
        );
        assert!(!failing(&configuration(&[])));
    }

    #[test]
    fn a_finding_in_json_names_its_area_and_state_in_small_letters() {
        let finding = About::new(Area::Kubernetes, "prod-eu").ok("version", "1.36");
        let json = serde_json::to_value(&finding).unwrap();
        assert_eq!(json["area"], "kubernetes");
        assert_eq!(json["state"], "ok");
        assert_eq!(json["of"], "prod-eu");
        assert_eq!(json["mend"], serde_json::Value::Null);
    }

    #[test]
    fn lists_are_read_aloud() {
        assert_eq!(listed(&[]), "");
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c"]), "a, b and c");
    }
}
