//! What a release is made with: the workflow and the image's recipe, as far as they can be looked at without a
//! builder of images.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use crate::examples::{checked, tool};
use crate::servers::kube::documents;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}

#[test]
fn the_release_workflow_is_one_by_the_published_schema() {
    let workflow = file(".github/workflows/release.yml");
    let ran = checked(&workflow);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}");
    // A misspelt key is found, so the above says something.
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.yaml");
    let text = std::fs::read_to_string(&workflow).unwrap();
    std::fs::write(
        &wrong,
        text.replace("timeout-minutes:", "time-out-minutes:"),
    )
    .unwrap();
    assert!(!checked(&wrong).status.success());
}

/// hadolint's word on a recipe.
fn linted(recipe: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Dockerfile");
    std::fs::write(&path, recipe).unwrap();
    let mut command = Command::new(tool("hadolint"));
    command.args(["--no-color", "--failure-threshold", "style"]);
    command.arg(&path).output().unwrap()
}

#[test]
fn hadolint_has_nothing_to_say_of_the_dockerfile() {
    let recipe = read("Dockerfile");
    let ran = linted(&recipe);
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}");
    assert_eq!(said, "");
    // Root is found, so the above says something.
    let worse = linted(&recipe.replace("USER 65532:65532", "USER root"));
    assert!(!worse.status.success());
    assert!(String::from_utf8_lossy(&worse.stdout).contains("DL3002"));
}

/// What no linter knows of us.
#[test]
fn the_image_is_built_from_named_bases_and_locked_crates_and_runs_as_nobody() {
    let recipe = read("Dockerfile").replace("\\\n", " ");
    let lines = |begin: &str| -> Vec<String> {
        let found = recipe.lines().filter(|line| line.starts_with(begin));
        found.map(str::to_owned).collect()
    };
    // What the build reads besides sources: which time zones are left out.
    let taken_in = read(".dockerignore");
    assert!(taken_in.lines().any(|line| line == "!.cargo/config.toml"));
    // Bases come in with their digests, and have no default.
    let from = [
        "FROM ${RUST} AS tools",
        "FROM tools AS recipe",
        "FROM tools AS build",
        "FROM ${RUNTIME}",
    ];
    assert_eq!(lines("FROM "), from);
    assert!(lines("ARG ").contains(&"ARG RUST".to_owned()), "{recipe}");
    assert!(
        lines("ARG ").contains(&"ARG RUNTIME".to_owned()),
        "{recipe}"
    );
    assert_eq!(lines("USER "), ["USER 65532:65532"]);
    assert_eq!(lines("ADD "), Vec::<String>::new());
    for line in lines("RUN ") {
        let commands = line.split("&&").filter(|part| part.contains("cargo "));
        for command in commands.filter(|part| !part.contains("cargo chef prepare")) {
            assert!(command.contains("--locked"), "{command}");
        }
    }
    let bases = read(".github/base-images.env");
    let named: Vec<&str> = bases
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    assert_eq!(named.len(), 4, "{named:?}");
    for pair in named.chunks(2) {
        let (_, image) = pair[0].split_once('=').unwrap();
        let (_, tag) = image.rsplit_once(':').unwrap();
        assert!(!tag.is_empty() && tag != "latest", "{image}");
        // Empty until somebody looked them up: the workflow then builds nothing.
        let (_, digest) = pair[1].split_once("_DIGEST=").unwrap();
        assert!(
            digest.is_empty() || digest.starts_with("sha256:"),
            "{digest}"
        );
    }
    let workflow = read(".github/workflows/release.yml");
    assert!(workflow.contains("[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]]"));
}

/// What shellcheck warns of in a script.
fn warned_of(script: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("script");
    std::fs::write(&path, script).unwrap();
    let mut command = Command::new(tool("shellcheck"));
    command.args(["--shell", "bash", "--severity", "warning", "--norc"]);
    let ran = command.arg(&path).output().unwrap();
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// The scripts in a workflow, wherever they stand.
fn scripts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                match (key.as_str(), value) {
                    ("run", Value::String(script)) => found.push(script.clone()),
                    (_, value) => scripts(value, found),
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|one| scripts(one, found)),
        _ => {}
    }
}

#[test]
fn scripts_of_workflows_and_tests_have_nothing_that_shellcheck_warns_of() {
    let mut all: Vec<(String, String)> = Vec::new();
    for name in [".ci/run", "tests/run", "tests/image.sh"] {
        all.push((name.to_owned(), read(name)));
    }
    for entry in std::fs::read_dir(file("tests/servers")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let name = format!("tests/servers/{name}");
        if name.ends_with(".sh") {
            all.push((name.clone(), read(&name)));
        }
    }
    for name in [
        ".github/workflows/release.yml",
        "manifests/examples/github-actions.yaml",
    ] {
        let mut found = Vec::new();
        scripts(&documents(&read(name)).remove(0), &mut found);
        assert!(!found.is_empty(), "{name}");
        // What is put in from outside belongs into a variable: in the text it would be run.
        for script in found {
            assert!(!script.contains("${{"), "{name}: {script}");
            all.push((name.to_owned(), script));
        }
    }
    assert!(all.len() > 15, "{}", all.len());
    for (name, script) in &all {
        assert_eq!(warned_of(script), "", "{name}");
    }
    assert_ne!(warned_of("rm -r $1/*\ncd $2\n"), "");
}
