//! Pages against what they speak of: every `drawbridge` command in them exists, with its options, every link leads
//! somewhere, and the page of templates has every field.
#![cfg(test)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use drawbridge::rules::SCHEMA;
use serde_json::Value;

const PAGES: [&str; 6] = [
    "README.md",
    "SECURITY.md",
    "manifests/README.md",
    "manifests/operations.md",
    "manifests/monitoring/alerts.yaml",
    "templates/README.md",
];

/// What a part of the schema holds that is told of elsewhere.
static NOTHING: Value = Value::Null;

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The commands of a page: lines of its `sh` blocks, and code inside its sentences.
fn commands(page: &str) -> BTreeSet<String> {
    let page = page.replace("\\\n", " ");
    let mut found = BTreeSet::new();
    let mut shell = None;
    for line in page.lines() {
        match (line.trim().strip_prefix("```"), shell) {
            (Some(_), Some(_)) => shell = None,
            (Some(language), None) => shell = Some(language == "sh"),
            (None, Some(true)) => found.extend(command(line)),
            (None, Some(false)) => {}
            // Code stands between back-ticks: every second part.
            (None, None) => found.extend(line.split('`').skip(1).step_by(2).filter_map(command)),
        }
    }
    found
}

/// The `drawbridge` command in a line, without variables before it and what a shell does with it after.
fn command(line: &str) -> Option<String> {
    let is_variable = |word: &&str| {
        let name = word.split_once('=').map(|(name, _)| name);
        name.is_some_and(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
    };
    let words: Vec<&str> = line.split_whitespace().skip_while(is_variable).collect();
    let (program, words) = words.split_first()?;
    let ours = words
        .iter()
        .take_while(|word| !["|", ">", ">>", "#", "--"].contains(*word));
    let ours: Vec<&str> = ours.copied().collect();
    (*program == "drawbridge" && !ours.is_empty()).then(|| ours.join(" "))
}

/// What the program says of a command; `None`: there is no such one.
fn help(words: &[&str]) -> Option<String> {
    let program = Command::new(env!("CARGO_BIN_EXE_drawbridge"))
        .args(words)
        .arg("--help")
        .output()
        .unwrap();
    let said = String::from_utf8(program.stdout).unwrap();
    program.status.success().then_some(said)
}

/// What is wrong with a command, if anything: `ledger verify --head FILE`.
fn fault(command: &str) -> Option<String> {
    let words: Vec<&str> = command.split_whitespace().collect();
    let depth = if words.first() == Some(&"ledger") {
        2
    } else {
        1
    };
    // `ledger verify|export|head` names three.
    let last = words.get(depth - 1).copied().unwrap_or_default();
    let options: BTreeSet<&str> = words
        .iter()
        .map(|word| {
            word.trim_start_matches(['[', '('])
                .trim_end_matches([']', ')', '…', ','])
        })
        .filter(|word| word.starts_with("--") && word.len() > 2)
        .map(|word| word.split_once('=').map_or(word, |(name, _)| name))
        .collect();
    last.split('|').find_map(|name| {
        let mut path = words[..depth - 1].to_vec();
        path.push(name);
        let Some(said) = help(&path) else {
            return Some(format!("there is no `drawbridge {}`", path.join(" ")));
        };
        let known: BTreeSet<&str> = said
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
            .collect();
        let strange = options.iter().find(|option| !known.contains(*option));
        strange.map(|option| format!("`drawbridge {}` has no `{option}`", path.join(" ")))
    })
}

#[test]
fn every_command_that_a_page_names_exists() {
    let mut checked = 0;
    for page in PAGES {
        for command in commands(&read(page)) {
            assert_eq!(fault(&command), None, "{page}: {command}");
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} commands were found");
    assert!(fault("close --all").is_some() && fault("reap --everything").is_some());
}

/// The fields below a definition of the schema, as paths; those that have none below them, and all.
fn fields(
    schema: &Value,
    node: &Value,
    path: &str,
    all: &mut BTreeSet<String>,
    leaves: &mut BTreeSet<String>,
) {
    let part = match node["$ref"].as_str() {
        // What these hold is README's to tell: it is the same in rules.
        Some("#/$defs/CircleSpec" | "#/$defs/Length" | "#/$defs/Service") => &NOTHING,
        Some(name) => &schema["$defs"][name.trim_start_matches("#/$defs/")],
        None => node,
    };
    if !path.is_empty() {
        all.insert(path.to_owned());
    }
    let below = |name: &str| format!("{path}.{name}").trim_start_matches('.').to_owned();
    let properties = part["properties"].as_object();
    let named = part["additionalProperties"].as_object();
    if properties.is_none() && named.is_none() {
        leaves.insert(path.to_owned());
    }
    for (name, node) in properties.into_iter().flatten() {
        fields(schema, node, &below(name), all, leaves);
    }
    if named.is_some() {
        fields(
            schema,
            &part["additionalProperties"],
            &below("NAME"),
            all,
            leaves,
        );
    }
}

#[test]
fn the_page_of_templates_tells_every_field_and_no_other() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let (mut all, mut leaves) = (BTreeSet::new(), BTreeSet::new());
    fields(
        &schema,
        &schema["$defs"]["AccessTemplate"],
        "",
        &mut all,
        &mut leaves,
    );
    let page = read("templates/README.md");
    let (_, table) = page.split_once("<!-- fields: begin").unwrap();
    let (table, _) = table.split_once("<!-- fields: end -->").unwrap();
    let told: BTreeSet<String> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(field, _)| field.to_owned())
        .collect();
    assert_eq!(
        leaves.difference(&told).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "not told"
    );
    assert_eq!(
        told.difference(&all).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "there is no such field"
    );
}

/// What follows `](` in a page, up to the closing bracket.
fn links(page: &str) -> Vec<String> {
    let parts = page.split("](").skip(1);
    let ends = parts.filter_map(|part| part.split_once(')'));
    ends.map(|(link, _)| link.to_owned()).collect()
}

/// The anchors of a page's headings, as GitHub makes them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let text = line.trim_start_matches('#').trim().to_lowercase();
            let kept = text
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let mut followed = 0;
    for page in PAGES
        .into_iter()
        .chain(["CHANGELOG.md", "tests/scenarios/README.md"])
    {
        let text = read(page);
        let folder = Path::new(page).parent().unwrap();
        for link in links(&text).iter().filter(|link| !link.contains("://")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => Path::new(page).to_owned(),
                file => folder.join(file),
            };
            assert!(target.exists(), "{page}: there is no `{file}`");
            let known = || anchors(&fs::read_to_string(&target).unwrap());
            assert!(
                anchor.is_empty() || known().contains(anchor),
                "{page}: `{link}`"
            );
            followed += 1;
        }
    }
    assert!(followed > 60, "only {followed} links were found");
}
