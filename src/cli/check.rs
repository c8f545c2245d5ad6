//! `drawbridge check`: templates, rules and the configuration's files, every problem with its file; with
//! `--online` also whether what rules name is there.

pub(super) mod online;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Status, complain, say};
use crate::config;
use crate::reload::{self, Folders};
use crate::rules::{self, Allowed, Problem, RuleSet, Severity};

/// What was read.
#[derive(Debug)]
pub struct Loaded {
    /// Templates and rules; those with errors are left out.
    pub rules: RuleSet,
    /// Everything that is wrong or doubtful.
    pub problems: Vec<Problem>,
}

impl Loaded {
    /// How many problems are errors.
    pub fn errors(&self) -> usize {
        let is_error = |problem: &&Problem| problem.severity == Severity::Error;
        self.problems.iter().filter(is_error).count()
    }

    /// All problems, one a line.
    pub fn report(&self) -> String {
        rules::report(&self.problems)
    }
}

/// Reads templates and rules from folders; without a folder of templates the embedded ones.
///
/// # Errors
/// A folder or file cannot be read.
pub fn load(
    templates: Option<&Path>,
    rules: Option<&Path>,
    allowed: &Allowed,
) -> Result<Loaded, String> {
    let files = reload::read(&Folders {
        templates: templates.map(Path::to_owned),
        rules: rules.map(Path::to_owned),
    })?;
    Ok(parse(&files, allowed))
}

/// Makes templates and rules of texts that were read.
pub fn parse(files: &[(String, String)], allowed: &Allowed) -> Loaded {
    let (rules, problems) = rules::load_allowing(files, allowed);
    Loaded { rules, problems }
}

/// Runs the command; `ask` looks up in Slack and at the on-call sources what rules name.
pub fn run(rules: Option<PathBuf>, templates: Option<PathBuf>, ask: bool) -> Status {
    let env = config::environment();
    let rules = folder(&env, rules, "DRAWBRIDGE_RULES");
    let templates = folder(&env, templates, "DRAWBRIDGE_TEMPLATES");
    let allowed = allowed(&env);
    let mut loaded = match load(templates.as_deref(), rules.as_deref(), &allowed) {
        Err(problem) => {
            complain(&problem);
            return Status::Misused;
        }
        Ok(loaded) => loaded,
    };
    loaded.problems.extend(config::look(&env));
    match loaded.errors() {
        // Rules with errors are left out of what could be looked up.
        0 if ask => online::run(&env, &loaded),
        errors => {
            say(&loaded.report());
            match errors {
                0 => Status::Done,
                _ => Status::No,
            }
        }
    }
}

/// The folder that was given, else the environment's.
pub(super) fn folder(
    env: &BTreeMap<String, String>,
    given: Option<PathBuf>,
    name: &str,
) -> Option<PathBuf> {
    let set = env.get(name).filter(|value| !value.is_empty());
    given.or_else(|| set.map(PathBuf::from))
}

/// What rules may name, by the configuration file.
pub(super) fn allowed(env: &BTreeMap<String, String>) -> Allowed {
    Allowed {
        label_keys: config::label_keys(env).into_iter().collect(),
        oncall: config::online::on_call_names(env).into_iter().collect(),
        cluster_roles: config::cluster_roles(env),
    }
}
