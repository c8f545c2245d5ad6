//! The town's rules, which stories change rule by rule.

use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::rules::{self, RuleSet};

/// The rules of the default town.
const RULES: &str = include_str!("rules.yaml");

/// The rules of a demo on somebody's own cluster.
const OF_ANY_CLUSTER: &str = include_str!("any_cluster.yaml");

/// Rule documents as they are now.
#[derive(Debug, Clone)]
pub struct Rulebook {
    text: &'static str,
    documents: Vec<Value>,
    /// Files of templates: the embedded ones, as far as no story changed them.
    templates: Vec<(String, String)>,
    /// Whether no story changed anything.
    pristine: bool,
}

/// The default town's rules as they are in every town that changes none: read once in a process.
static OF_TOWN: OnceLock<Arc<RuleSet>> = OnceLock::new();

impl Rulebook {
    /// The default town's.
    ///
    /// # Errors
    /// The embedded file cannot be read: a fault of ours.
    pub fn of_town() -> Result<Self> {
        Self::read(RULES)
    }

    /// For a cluster whose workloads are not known beforehand.
    ///
    /// # Errors
    /// The embedded file cannot be read: a fault of ours.
    pub fn of_any_cluster() -> Result<Self> {
        Self::read(OF_ANY_CLUSTER)
    }

    fn read(text: &'static str) -> Result<Self> {
        let documents = serde_saphyr::from_multiple(text).context("the town's rules")?;
        Ok(Self {
            text,
            documents,
            templates: rules::embedded(),
            pristine: text == RULES,
        })
    }

    /// The file as it was read, to be read by people.
    pub const fn text(&self) -> &'static str {
        self.text
    }

    /// Gives a rule's `spec` these fields, in place of those of the same names.
    ///
    /// # Errors
    /// There is no such rule, or the fields are no YAML mapping.
    pub fn change(&mut self, rule: &str, fields: &str) -> Result<()> {
        self.pristine = false;
        let mut found = self.documents.iter_mut();
        let found = found.find(|document| name(document) == rule);
        extend(
            found.with_context(|| format!("there is no rule `{rule}`"))?,
            fields,
        )
    }

    /// Gives a template's `spec` these fields, in place of those of the same names.
    ///
    /// # Errors
    /// There is no such template, or the fields are no YAML mapping.
    pub fn change_template(&mut self, template: &str, fields: &str) -> Result<()> {
        self.pristine = false;
        for (_, text) in &mut self.templates {
            let mut document: Value = serde_saphyr::from_str(text).context("a template")?;
            if name(&document) == template {
                extend(&mut document, fields)?;
                // JSON is YAML.
                *text = document.to_string();
                return Ok(());
            }
        }
        anyhow::bail!("there is no template `{template}`")
    }

    /// Takes a rule away.
    ///
    /// # Errors
    /// There is no such rule.
    pub fn remove(&mut self, rule: &str) -> Result<()> {
        self.pristine = false;
        let before = self.documents.len();
        self.documents.retain(|document| name(document) != rule);
        anyhow::ensure!(self.documents.len() < before, "there is no rule `{rule}`");
        Ok(())
    }

    /// The rules with the templates, shared where nothing was changed.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn in_force(&self) -> Result<Arc<RuleSet>> {
        if !self.pristine {
            return Ok(Arc::new(self.load()?));
        }
        if let Some(known) = OF_TOWN.get() {
            return Ok(Arc::clone(known));
        }
        let loaded = Arc::new(self.load()?);
        Ok(Arc::clone(OF_TOWN.get_or_init(|| loaded)))
    }

    /// The rules with the templates, as `serve` loads them from files.
    ///
    /// # Errors
    /// They cannot be used.
    pub fn load(&self) -> Result<RuleSet> {
        // JSON is YAML.
        let documents: Vec<String> = self.documents.iter().map(Value::to_string).collect();
        let mut files = self.templates.clone();
        files.push(("town.yaml".to_owned(), documents.join("\n---\n")));
        let (set, problems) = rules::load(&files);
        anyhow::ensure!(rules::usable(&problems), "{}", rules::report(&problems));
        Ok(set)
    }
}

/// Gives the document's `spec` these fields.
fn extend(document: &mut Value, fields: &str) -> Result<()> {
    let fields: Map<String, Value> =
        serde_saphyr::from_str(fields).with_context(|| format!("`{fields}`"))?;
    let spec = document.get_mut("spec").and_then(Value::as_object_mut);
    spec.context("it has no `spec`")?.extend(fields);
    Ok(())
}

fn name(document: &Value) -> &str {
    document
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}
