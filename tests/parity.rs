//! Documents against the tables they speak of: what is told and what is true cannot drift apart.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;

use drawbridge::config::vars::VARS;
use drawbridge::grammar::table;

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The text between `<!-- NAME: begin …-->` and `<!-- NAME: end -->`.
fn part<'a>(document: &'a str, name: &str) -> &'a str {
    let (_, rest) = document.split_once(&format!("<!-- {name}: begin")).unwrap();
    let (_, rest) = rest.split_once("-->\n").unwrap();
    rest.split_once(&format!("<!-- {name}: end -->")).unwrap().0
}

#[test]
fn the_readme_tells_the_environment_as_it_is_read() {
    let rows: String = VARS
        .iter()
        .map(|var| {
            let default = var
                .default
                .map_or("–".to_owned(), |value| format!("`{value}`"));
            format!("| `{}` | {default} | {} |\n", var.name, var.meaning)
        })
        .collect();
    let table = format!("| variable | default | meaning |\n|---|---|---|\n{rows}");
    assert_eq!(part(&read("README.md"), "environment"), table);
}

#[test]
fn the_example_environment_names_every_variable_with_its_default() {
    let example = read(".env.example");
    for var in VARS {
        let line = example
            .lines()
            .map(|line| line.trim_start_matches("# "))
            .find(|line| line.starts_with(&format!("{}=", var.name)));
        let line = line.unwrap_or_else(|| panic!("`{}` is missing", var.name));
        if let Some(default) = var.default {
            assert_eq!(line, format!("{}={default}", var.name));
        }
        assert!(
            example.contains(var.meaning),
            "`{}` is not explained",
            var.name
        );
    }
    let known: BTreeSet<&str> = VARS.iter().map(|var| var.name).collect();
    let named = example
        .lines()
        .filter_map(|line| line.trim_start_matches("# ").split_once('='));
    for (name, _) in
        named.filter(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    {
        assert!(known.contains(name), "`{name}` is read by nothing");
    }
}

#[test]
fn the_readme_tells_the_phrases_as_they_are_read() {
    assert_eq!(
        part(&read("README.md"), "phrases").trim(),
        table::markdown().trim()
    );
}

/// The user that the store's tests run as.
#[test]
fn the_readme_gives_the_redis_user_that_doctor_gives() {
    let readme = read("README.md");
    for line in drawbridge::store::redis::ACL.split('`').skip(1).step_by(2) {
        assert!(readme.contains(line), "{line}");
    }
}

#[test]
fn the_deployment_sets_only_variables_that_exist() {
    let known: BTreeSet<&str> = VARS.iter().map(|var| var.name).collect();
    let manifest = read("manifests/install.yaml");
    let names = manifest.lines().filter_map(|line| {
        let name = line
            .trim()
            .trim_start_matches("# ")
            .trim_start_matches("- ")
            .strip_prefix("name: ")?;
        name.chars()
            .all(|c| c.is_ascii_uppercase() || c == '_')
            .then(|| name.to_owned())
    });
    for name in names {
        assert!(known.contains(name.as_str()), "`{name}` is read by nothing");
    }
}

#[test]
fn every_template_is_used_by_a_rule_and_a_story() {
    let stories: String = fs::read_dir("tests/scenarios")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .map(|path| read(path.to_str().unwrap()))
        .collect();
    let rules = read("src/sim/town/rules.yaml");
    let templates = fs::read_dir("templates")
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for path in templates.filter(|path| path.extension().is_some_and(|end| end == "yaml")) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(rules.contains(&name), "no rule of the town names `{name}`");
        let used = name == "connect" || stories.contains(&format!("using {name} "));
        assert!(used, "no story uses `{name}`");
    }
}

#[test]
fn the_readme_names_commands_that_exist() {
    let readme = read("README.md");
    for command in [
        "serve",
        "demo",
        "simulate",
        "check",
        "doctor",
        "slack-manifest",
        "reach",
        "plan",
        "explain",
        "reap",
        "ledger",
        "report",
        "request",
        "done",
        "approve",
    ] {
        assert!(
            readme.contains(&format!("`drawbridge {command}")),
            "{command}"
        );
    }
}
