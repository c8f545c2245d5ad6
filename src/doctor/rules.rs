//! Judges templates and rules by what `check` says about them.

use super::{About, Area, Finding};

/// One problem, as `check` tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// `file:line:column`.
    pub place: String,
    /// Whether it keeps the rules from being used.
    pub is_error: bool,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// How many rules and templates can be used; or why the folders cannot be read.
    pub loaded: Result<(usize, usize), String>,
    /// What is wrong with the files.
    pub files: Vec<Told>,
    /// What is wrong with the names in them; `None`: nobody was asked.
    pub names: Option<Vec<Told>>,
}

const HINT: &str = "`drawbridge check` shows the place";

/// Judges it.
pub fn judge(seen: &Observed) -> Vec<Finding> {
    let about = About::new(Area::Rules, "");
    let (rules, templates) = match &seen.loaded {
        Ok(counts) => *counts,
        Err(why) => {
            let mend = "see `DRAWBRIDGE_RULES` and `DRAWBRIDGE_TEMPLATES`";
            return vec![about.fail("files", why.as_str(), mend)];
        }
    };
    let mut found: Vec<Finding> = seen.files.iter().map(|told| line("files", told)).collect();
    if found.is_empty() {
        found.push(about.ok("files", format!("rules: {rules}, templates: {templates}")));
    }
    if rules == 0 {
        found.push(about.warn(
            "rules",
            "there are none: every ask is refused",
            "write rules (start from `manifests/examples/rules`) and name their folder in `DRAWBRIDGE_RULES`",
        ));
    }
    match &seen.names {
        None => found.push(about.unknown(
            "names",
            "whether everybody and everything that rules name is there was not asked",
            "mend the lines above, then run `drawbridge doctor` again, or `drawbridge check --online`",
        )),
        Some(told) if told.is_empty() => found.push(about.ok("names", "everything is there")),
        Some(told) => found.extend(told.iter().map(|told| line("names", told))),
    }
    found
}

fn line(check: &'static str, told: &Told) -> Finding {
    let about = About::new(Area::Rules, &told.place);
    let mend = told.hint.clone().unwrap_or_else(|| HINT.to_owned());
    if told.is_error {
        about.fail(check, told.message.as_str(), mend)
    } else {
        about.warn(check, told.message.as_str(), mend)
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn told(is_error: bool) -> Told {
        Told {
            place: "10.yaml:3:1".to_owned(),
            is_error,
            message: "there is no user group `@x` in use".to_owned(),
            hint: None,
        }
    }

    fn states(seen: &Observed) -> Vec<(&'static str, State)> {
        judge(seen).iter().map(|f| (f.check, f.state)).collect()
    }

    #[test]
    fn good_rules_are_well() {
        let seen = Observed {
            loaded: Ok((3, 5)),
            files: vec![],
            names: Some(vec![]),
        };
        assert_eq!(states(&seen), [("files", State::Ok), ("names", State::Ok)]);
    }

    #[test]
    fn problems_keep_their_severity_and_place() {
        let seen = Observed {
            loaded: Ok((3, 5)),
            files: vec![told(false)],
            names: Some(vec![told(true)]),
        };
        assert_eq!(
            states(&seen),
            [("files", State::Warn), ("names", State::Fail)]
        );
        assert!(
            judge(&seen)
                .iter()
                .all(|f| f.of == "10.yaml:3:1" && f.mend.is_some())
        );
    }

    #[test]
    fn no_rules_are_a_doubt_and_an_unreadable_folder_a_failure() {
        let none = Observed {
            loaded: Ok((0, 5)),
            files: vec![],
            names: None,
        };
        assert_eq!(
            states(&none),
            [
                ("files", State::Ok),
                ("rules", State::Warn),
                ("names", State::Unknown)
            ]
        );
        let unread = Observed {
            loaded: Err("cannot be read".to_owned()),
            ..none
        };
        assert_eq!(states(&unread), [("files", State::Fail)]);
    }
}
