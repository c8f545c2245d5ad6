//! A strict reader of the OpenMetrics text format, by the specification 1.0: what Prometheus would refuse is
//! refused here.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

/// One family.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Family {
    pub(crate) kind: String,
    pub(crate) samples: Vec<Sample>,
}

/// One line.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) value: f64,
}

/// Everything that was told.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Told(pub(crate) BTreeMap<String, Family>);

impl Told {
    /// The value of a sample by name and labels.
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let all = self.0.values().flat_map(|family| &family.samples);
        let mut found = all.filter(|sample| {
            let same = |(label, value): &(&str, &str)| {
                sample.labels.get(*label).is_some_and(|v| v == value)
            };
            sample.name == name && sample.labels.len() == labels.len() && labels.iter().all(same)
        });
        let sample = found.next();
        sample
            .unwrap_or_else(|| panic!("no {name} {labels:?}"))
            .value
    }

    /// Labels of every sample, by its name; `le` of buckets included.
    pub(crate) fn names(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut names: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for sample in self.0.values().flat_map(|family| &family.samples) {
            let labels = names.entry(sample.name.clone()).or_default();
            labels.extend(sample.labels.keys().cloned());
        }
        names
    }
}

/// Reads a whole exposition; panics with what is wrong.
pub(crate) fn read(text: &str) -> Told {
    let body = text.strip_suffix("# EOF\n").expect("`# EOF` ends it");
    let name = Regex::new("^[a-zA-Z_:][a-zA-Z0-9_:]*$").unwrap();
    let mut told = Told::default();
    let mut current: Option<String> = None;
    let mut helped = BTreeSet::new();
    for line in body.lines() {
        assert!(!line.is_empty(), "an empty line");
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.splitn(3, ' ');
            let (what, family) = (words.next().unwrap(), words.next().unwrap());
            let text = words.next().unwrap_or_default();
            assert!(name.is_match(family), "{line}");
            match what {
                "HELP" => assert!(
                    helped.insert(family.to_owned()) && !text.is_empty(),
                    "{line}"
                ),
                "TYPE" => {
                    let kinds = ["counter", "gauge", "histogram", "info"];
                    assert!(kinds.contains(&text), "{line}");
                    let kind = text.to_owned();
                    let new = Family {
                        kind,
                        samples: Vec::new(),
                    };
                    assert!(
                        told.0.insert(family.to_owned(), new).is_none(),
                        "twice: {line}"
                    );
                    current = Some(family.to_owned());
                }
                _ => panic!("{line}"),
            }
            continue;
        }
        let sample = sample(line);
        let family = current.as_ref().expect("a sample before any family");
        let known = told.0.get_mut(family).unwrap();
        assert!(
            belongs(&sample.name, family, &known.kind),
            "{line} in {family}"
        );
        assert!(
            !known
                .samples
                .iter()
                .any(|s| s.name == sample.name && s.labels == sample.labels),
            "twice: {line}"
        );
        known.samples.push(sample);
    }
    for (name, family) in &told.0 {
        assert!(helped.contains(name), "{name} has no help");
        judge(name, family);
    }
    told
}

fn belongs(sample: &str, family: &str, kind: &str) -> bool {
    let suffix = sample.strip_prefix(family);
    let Some(suffix) = suffix else { return false };
    match kind {
        "counter" => suffix == "_total",
        "gauge" => suffix.is_empty(),
        "info" => suffix == "_info",
        _ => ["_bucket", "_sum", "_count"].contains(&suffix),
    }
}

fn judge(name: &str, family: &Family) {
    // Every sample of a family has the same labels.
    let labels: BTreeSet<Vec<&String>> = family
        .samples
        .iter()
        .map(|sample| {
            sample
                .labels
                .keys()
                .filter(|label| *label != "le")
                .collect()
        })
        .collect();
    assert!(labels.len() <= 1, "{name}: {labels:?}");
    for sample in &family.samples {
        let fine = match family.kind.as_str() {
            "counter" | "histogram" => sample.value >= 0.0,
            "info" => (sample.value - 1.0).abs() < f64::EPSILON,
            _ => sample.value.is_finite(),
        };
        assert!(fine, "{sample:?}");
    }
    if family.kind == "histogram" {
        buckets(name, family);
    }
}

/// Histograms by their labels: each bucket's border and count.
type Series = BTreeMap<Vec<(String, String)>, Vec<(f64, f64)>>;

/// Buckets rise, the last one is `+Inf` and equals the count.
fn buckets(name: &str, family: &Family) {
    let mut series: Series = BTreeMap::new();
    let mut counts = BTreeMap::new();
    for sample in &family.samples {
        let mut labels = sample.labels.clone();
        let le = labels.remove("le");
        let key: Vec<(String, String)> = labels.into_iter().collect();
        if sample.name.ends_with("_bucket") {
            let le = le.expect("a bucket without `le`").replace("+Inf", "inf");
            series
                .entry(key)
                .or_default()
                .push((le.parse().unwrap(), sample.value));
        } else {
            assert!(le.is_none(), "{sample:?}");
            if sample.name.ends_with("_count") {
                counts.insert(key, sample.value);
            }
        }
    }
    assert_eq!(series.len(), counts.len(), "{name}");
    for (labels, buckets) in series {
        let rises = buckets
            .windows(2)
            .all(|two| two[0].0 < two[1].0 && two[0].1 <= two[1].1);
        assert!(rises, "{name} {labels:?}: {buckets:?}");
        let (last, all) = buckets.last().unwrap();
        assert!(
            last.is_infinite() && (all - counts[&labels]).abs() < f64::EPSILON,
            "{name}"
        );
    }
}

/// `name{label="value",…} number`.
fn sample(line: &str) -> Sample {
    let line_of = Regex::new(r#"^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$"#).unwrap();
    let label_of =
        Regex::new(r#"^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)"#).unwrap();
    let parts = line_of
        .captures(line)
        .unwrap_or_else(|| panic!("no sample: {line}"));
    let mut rest = parts.get(2).map_or("", |m| m.as_str());
    let mut labels = BTreeMap::new();
    while !rest.is_empty() {
        let one = label_of
            .captures(rest)
            .unwrap_or_else(|| panic!("no label: {line}"));
        let new = labels.insert(one[1].to_owned(), one[2].to_owned());
        assert!(new.is_none(), "a label twice: {line}");
        rest = &rest[one[0].len()..];
    }
    Sample {
        name: parts[1].to_owned(),
        labels,
        value: parts[3]
            .parse()
            .unwrap_or_else(|_| panic!("no number: {line}")),
    }
}
