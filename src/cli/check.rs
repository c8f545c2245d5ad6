//! `drawbridge check`: templates and rules, every problem with file and line.

use std::path::{Path, PathBuf};

use super::{Status, complain, say};
use crate::config;
use crate::rules::{self, Problem, RuleSet, Severity};

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
    label_keys: &[String],
) -> Result<Loaded, String> {
    let mut files = match templates {
        Some(folder) => read_folder(folder)?,
        None => rules::embedded(),
    };
    if let Some(folder) = rules {
        files.extend(read_folder(folder)?);
    }
    let label_keys = label_keys.iter().cloned().collect();
    let (rules, problems) = rules::load_allowing(&files, &label_keys);
    Ok(Loaded { rules, problems })
}

/// The YAML files of a folder, by name.
fn read_folder(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let cannot = |error: std::io::Error| format!("`{}` cannot be read: {error}", folder.display());
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(cannot)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|end| end == "yaml" || end == "yml")
        })
        .collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("`{}` cannot be read: {error}", path.display()))?;
            Ok((path.display().to_string(), text))
        })
        .collect()
}

/// Runs the command.
pub fn run(rules: Option<PathBuf>, templates: Option<PathBuf>) -> Status {
    let env = config::environment();
    let from_env = |name: &str| env.get(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    let rules = rules.or_else(|| from_env("DRAWBRIDGE_RULES"));
    let templates = templates.or_else(|| from_env("DRAWBRIDGE_TEMPLATES"));
    match load(
        templates.as_deref(),
        rules.as_deref(),
        &config::label_keys(&env),
    ) {
        Err(problem) => {
            complain(&problem);
            Status::Misused
        }
        Ok(loaded) => {
            say(&loaded.report());
            if loaded.errors() == 0 {
                Status::Done
            } else {
                Status::No
            }
        }
    }
}
