//! Labels and label selectors, with the meaning that apimachinery gives them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};

/// An object's labels, sorted by key. A slice instead of a map: a snapshot holds one per pod.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Labels(Box<[(Box<str>, Box<str>)]>);

impl Labels {
    /// The value of a label.
    pub fn get(&self, key: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(k, _)| k.as_ref().cmp(key)).ok()?;
        self.0.get(at).map(|(_, value)| value.as_ref())
    }

    /// Key and value of each, by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(k, v)| (k.as_ref(), v.as_ref()))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These labels apart from some keys.
    #[must_use]
    pub fn without(&self, keys: &[&str]) -> Self {
        self.iter().filter(|(key, _)| !keys.contains(key)).collect()
    }

    /// The labels that `other` has with the same values.
    #[must_use]
    pub fn common(&self, other: &Self) -> Self {
        self.iter()
            .filter(|(key, value)| other.get(key) == Some(value))
            .collect()
    }
}

impl<K: Into<Box<str>>, V: Into<Box<str>>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut all: Vec<(Box<str>, Box<str>)> = pairs
            .into_iter()
            .map(|(k, v)| (k.into(), v.into()))
            .collect();
        all.sort_unstable();
        all.dedup_by(|a, b| a.0 == b.0);
        Self(all.into_boxed_slice())
    }
}

/// What one requirement demands of the label under its key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Test {
    /// Present with one of these values (`matchLabels` is this with one value). With no values it
    /// holds nowhere.
    In(Box<[Box<str>]>),
    /// Absent, or present with another value.
    NotIn(Box<[Box<str>]>),
    /// Present, an empty value included.
    Exists,
    /// Absent.
    DoesNotExist,
}

/// A label selector: all its requirements must hold; without any it matches everything.
///
/// A requirement that the API server would refuse (unknown operator, no values) matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Selector(Box<[(Box<str>, Test)]>);

impl Selector {
    /// Whether an object with these labels is selected.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|(key, test)| {
            let value = labels.get(key);
            let among =
                |values: &[Box<str>]| value.is_some_and(|v| values.iter().any(|x| **x == *v));
            match test {
                Test::In(values) => among(values),
                Test::NotIn(values) => !among(values),
                Test::Exists => value.is_some(),
                Test::DoesNotExist => value.is_none(),
            }
        })
    }

    /// Whether it has no requirement, so that it matches everything.
    pub fn is_everything(&self) -> bool {
        self.0.is_empty()
    }

    /// What both selectors match.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self::of(self.0.iter().chain(&other.0).cloned())
    }

    /// This selector, apart from objects that have any of these keys.
    #[must_use]
    pub fn lacking<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Self {
        let absent = keys.into_iter().map(|key| (key.into(), Test::DoesNotExist));
        Self::of(self.0.iter().cloned().chain(absent))
    }

    /// This selector without its requirements on these keys.
    #[must_use]
    pub fn without(&self, keys: &[&str]) -> Self {
        let kept = self
            .0
            .iter()
            .filter(|(key, _)| !keys.contains(&key.as_ref()));
        Self::of(kept.cloned())
    }

    fn of(requirements: impl IntoIterator<Item = (Box<str>, Test)>) -> Self {
        let mut all: Vec<_> = requirements.into_iter().collect();
        all.sort_unstable();
        all.dedup();
        Self(all.into_boxed_slice())
    }

    /// The selector as Kubernetes writes it: single values as `matchLabels`, the rest as
    /// `matchExpressions`.
    pub fn to_kubernetes(&self) -> LabelSelector {
        let mut out = LabelSelector::default();
        for (key, test) in &self.0 {
            let plain = match test {
                Test::In(values) if values.len() == 1 => values.first(),
                _ => None,
            };
            let labels = out.match_labels.get_or_insert_default();
            match plain {
                Some(value) if !labels.contains_key(key.as_ref()) => {
                    labels.insert(key.to_string(), value.to_string());
                }
                _ => out
                    .match_expressions
                    .get_or_insert_default()
                    .push(expression(key, test)),
            }
        }
        out.match_labels = out.match_labels.filter(|labels| !labels.is_empty());
        out
    }
}

fn expression(key: &str, test: &Test) -> LabelSelectorRequirement {
    let (operator, values) = match test {
        Test::In(values) => ("In", Some(values)),
        Test::NotIn(values) => ("NotIn", Some(values)),
        Test::Exists => ("Exists", None),
        Test::DoesNotExist => ("DoesNotExist", None),
    };
    LabelSelectorRequirement {
        key: key.to_owned(),
        operator: operator.to_owned(),
        values: values.map(|all| all.iter().map(ToString::to_string).collect()),
    }
}

/// Reads one `matchExpressions` entry.
fn requirement(entry: &LabelSelectorRequirement) -> (Box<str>, Test) {
    let values = || -> Box<[Box<str>]> {
        let mut all: Vec<Box<str>> = entry
            .values
            .iter()
            .flatten()
            .map(|v| v.as_str().into())
            .collect();
        all.sort_unstable();
        all.dedup();
        all.into_boxed_slice()
    };
    let nothing = Test::In(Box::default());
    let test = match entry.operator.as_str() {
        "In" => Test::In(values()),
        "NotIn" if entry.values.iter().flatten().next().is_some() => Test::NotIn(values()),
        "Exists" => Test::Exists,
        "DoesNotExist" => Test::DoesNotExist,
        _ => nothing,
    };
    (entry.key.as_str().into(), test)
}

impl From<&LabelSelector> for Selector {
    fn from(selector: &LabelSelector) -> Self {
        let labels = selector.match_labels.iter().flatten();
        let equal = labels.map(|(k, v)| (k.as_str().into(), Test::In([v.as_str().into()].into())));
        let expressions = selector.match_expressions.iter().flatten().map(requirement);
        Self::of(equal.chain(expressions))
    }
}

/// Selects what has all these labels with these values.
impl From<&Labels> for Selector {
    fn from(labels: &Labels) -> Self {
        Self::of(
            labels
                .iter()
                .map(|(k, v)| (k.into(), Test::In([v.into()].into()))),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Labels {
        text.split(',')
            .filter_map(|pair| pair.split_once('='))
            .collect()
    }

    fn expressions(entries: &[(&str, &str, &[&str])]) -> Selector {
        let entries = entries.iter().map(|(key, operator, values)| {
            let values = values.iter().map(ToString::to_string).collect();
            LabelSelectorRequirement {
                key: (*key).into(),
                operator: (*operator).into(),
                values: Some(values),
            }
        });
        Selector::from(&LabelSelector {
            match_expressions: Some(entries.collect()),
            match_labels: None,
        })
    }

    #[test]
    fn each_operator_means_what_apimachinery_means() {
        for (operator, values, holds) in [
            ("In", &["prod"][..], ["env=prod"].as_slice()),
            ("In", &[""], &["env="]),
            ("NotIn", &["prod"], &["env=dev", "env=", "app=x"]),
            ("Exists", &[], &["env=prod", "env=dev", "env="]),
            ("DoesNotExist", &[], &["app=x"]),
            ("Gt", &["1"], &[]),
            ("In", &[], &[]),
            ("NotIn", &[], &[]),
        ] {
            let selector = expressions(&[("env", operator, values)]);
            for object in ["env=prod", "env=dev", "env=", "app=x"] {
                let expected = holds.contains(&object);
                assert_eq!(
                    selector.matches(&labels(object)),
                    expected,
                    "{operator} {object}"
                );
            }
        }
    }

    #[test]
    fn a_selector_survives_the_way_to_kubernetes_and_back() {
        let selector = Selector::from(&labels("app=web,tier="))
            .and(&Selector::from(&labels("app=other")))
            .and(&expressions(&[
                ("env", "NotIn", &["x", "a"]),
                ("z", "Exists", &[]),
            ]))
            .lacking(["canary"]);
        assert_eq!(Selector::from(&selector.to_kubernetes()), selector);
        assert!(Selector::default().to_kubernetes().match_labels.is_none());
    }

    #[test]
    fn both_means_all_requirements() {
        let both = Selector::from(&labels("app=web")).and(&Selector::from(&labels("v=1")));
        assert!(both.matches(&labels("app=web,v=1,x=y")));
        assert!(!both.matches(&labels("app=web,v=2")));
        assert!(!both.lacking(["x"]).matches(&labels("app=web,v=1,x=y")));
        assert!(both.without(&["v"]).matches(&labels("app=web")));
    }
}
