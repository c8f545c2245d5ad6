//! Where the processors' time goes: what each program has used of it, by its name, as `/proc` tells. Told beside a
//! figure that all of them share the processors for.

use std::collections::BTreeMap;

/// Programs that take part.
const PROGRAMS: [&str; 5] = [
    "drawbridge",
    "bot-",
    "redis-server",
    "kube-apiserver",
    "etcd",
];

/// Ticks in a second (`getconf CLK_TCK`; 100 on every Linux of today).
const TICKS: f64 = 100.0;

/// Seconds that each program has used so far.
pub(crate) fn so_far() -> BTreeMap<&'static str, f64> {
    let mut spent = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let text = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name is in brackets and may hold anything.
        let Some((name, rest)) = text.rsplit_once(") ") else {
            continue;
        };
        let program = PROGRAMS
            .into_iter()
            .find(|program| name.contains(&format!("({program}")));
        if let Some(program) = program {
            // Fields 14 and 15; the third is the first here.
            let fields = rest.split(' ').skip(11).take(2);
            let ticks: f64 = fields.filter_map(|field| field.parse::<f64>().ok()).sum();
            *spent.entry(program).or_default() += ticks / TICKS;
        }
    }
    spent
}

/// What each has used since then, a second of `seconds`, in words.
pub(crate) fn since(before: &BTreeMap<&'static str, f64>, seconds: f64) -> String {
    let now = so_far();
    let shares = now.iter().map(|(program, spent)| {
        let used = spent - before.get(program).copied().unwrap_or_default();
        format!("{program} {:.2}", used / seconds)
    });
    shares.collect::<Vec<_>>().join(", ")
}
