//! The town's rules, which stories change rule by rule.

use anyhow::{Context, Result, anyhow};
use serde_json::{Map, Value};

use crate::rules::{self, RuleSet};

/// The rules of the default town.
const RULES: &str = include_str!("rules.yaml");

/// Rule documents as they are now.
#[derive(Debug, Clone)]
pub struct Rulebook(Vec<Value>);

impl Rulebook {
    /// The default town's.
    ///
    /// # Errors
    /// The embedded file cannot be read: a fault of ours.
    pub fn of_town() -> Result<Self> {
        Ok(Self(
            serde_saphyr::from_multiple(RULES).context("the town's rules")?,
        ))
    }

    /// Gives a rule's `spec` these fields, in place of those of the same names.
    ///
    /// # Errors
    /// There is no such rule, or the fields are no YAML mapping.
    pub fn change(&mut self, rule: &str, fields: &str) -> Result<()> {
        let fields: Map<String, Value> =
            serde_saphyr::from_str(fields).with_context(|| format!("`{fields}`"))?;
        let found = self.0.iter_mut().find(|document| name(document) == rule);
        let spec = found.and_then(|document| document.get_mut("spec")?.as_object_mut());
        spec.ok_or_else(|| anyhow!("there is no rule `{rule}`"))?
            .extend(fields);
        Ok(())
    }

    /// Takes a rule away.
    ///
    /// # Errors
    /// There is no such rule.
    pub fn remove(&mut self, rule: &str) -> Result<()> {
        let before = self.0.len();
        self.0.retain(|document| name(document) != rule);
        anyhow::ensure!(self.0.len() < before, "there is no rule `{rule}`");
        Ok(())
    }

    /// The rules with the embedded templates, as `serve` loads them from files.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn load(&self) -> Result<RuleSet> {
        // JSON is YAML.
        let documents: Vec<String> = self.0.iter().map(Value::to_string).collect();
        let mut files = rules::embedded();
        files.push(("town.yaml".to_owned(), documents.join("\n---\n")));
        let (set, problems) = rules::load(&files);
        anyhow::ensure!(rules::usable(&problems), "{}", rules::report(&problems));
        Ok(set)
    }
}

fn name(document: &Value) -> &str {
    document
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}
