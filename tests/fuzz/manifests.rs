//! Manifests of a cluster, as `reach` and `plan` read them from files, and what is judged by them.

use std::fmt::Write as _;
use std::time::Duration;

use drawbridge::manifest::{Read, read, with_pods};
use drawbridge::netpol::{Object, Snapshot, table::table};

use super::driver::Target;
use super::seeds::Seeds;

/// More objects are read but not judged: every pair of them would be.
const JUDGED: usize = 40;

pub(crate) const MANIFESTS: Target = Target {
    name: "",
    run: manifests,
    seeds: &[
        Seeds::Files("tests/corpus/netpol"),
        Seeds::Files("tests/corpus/manifests"),
        Seeds::Files("manifests/base"),
        Seeds::Files("manifests/components/cilium"),
        Seeds::File("src/sim/town/cluster.yaml"),
    ],
    words: &[
        "---\n",
        "- ",
        "*a ",
        "&a ",
        "*a",
        "<<: ",
        "? ",
        "|\n ",
        "!!binary ",
        "{",
        "[",
        "\"",
        "'",
        "a: b\n",
        "a: ",
        "\n\n",
        "# ",
        "%YAML 1.2\n",
        "0.0.0.0/0",
        "::/0",
        "1.2.3.4/33",
        "endPort: ",
        "{\"kind\":\"List\",\"items\":[",
        "null",
        "~",
        "{podSelector: {matchExpressions: [",
        "\t",
        "- {port: 1, endPort: 65535}\n",
        "- ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/9]}\n",
    ],
    largest: 200_000,
    a_byte: Duration::from_micros(60),
    // What aliases may add, once as a tree and once as an object.
    memory: 96 * 1024 * 1024,
};

fn manifests(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let found = read("m.yaml", &text);
    let lines = 1 + text.lines().count() as u64;
    for problem in &found.problems {
        assert!(problem.line <= lines, "(placed) {problem} of {lines}");
        assert!(problem.message.chars().count() <= 401, "(short) {problem}");
        assert!(
            !problem.message.contains(char::is_control),
            "(plain) {problem}"
        );
    }
    assert!(
        found
            .objects
            .iter()
            .all(|one| (1..=lines).contains(&one.line)),
        "(placed)"
    );
    let again = read("m.yaml", &text);
    assert_eq!(again.problems, found.problems, "(the same again)");
    judged(found);
}

fn judged(found: Read) {
    let objects: Vec<Object> = found.objects.into_iter().map(|one| one.object).collect();
    if objects.len() > JUDGED {
        return;
    }
    let snapshot = Snapshot::from_objects(with_pods(objects));
    if snapshot.all_running().count() > JUDGED {
        return;
    }
    let mut written = String::new();
    table(&snapshot).each(|row| write!(written, "{row:?}").unwrap());
}
