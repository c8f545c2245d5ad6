//! PromQL, parsed: which series a query reads and by which labels.

use std::collections::BTreeSet;

use promql_parser::label::Matchers;
use promql_parser::parser::{Expr, VectorSelector, parse};
use promql_parser::util::{ExprVisitor, walk_expr};

/// What a query reads.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    /// Names of series, each with the labels by which it is matched.
    pub(crate) series: Vec<(String, BTreeSet<String>)>,
    /// Labels by which results are grouped or joined.
    pub(crate) groups: BTreeSet<String>,
}

/// A query as Grafana sends it: values instead of its variables.
pub(crate) fn filled(query: &str) -> String {
    let filled = query
        .replace("$__rate_interval", "5m")
        .replace("$__range", "6h")
        .replace("$job", "drawbridge");
    assert!(!filled.contains('$'), "an unknown variable: {query}");
    filled
}

/// Parses a query.
pub(crate) fn reads(query: &str) -> Reads {
    let filled = filled(query);
    let parsed = parse(&filled).unwrap_or_else(|why| panic!("{query}: {why}"));
    let mut reads = Reads::default();
    let Ok(whole) = walk_expr(&mut reads, &parsed);
    assert!(whole);
    assert!(!reads.series.is_empty(), "{query} reads nothing");
    reads
}

impl Reads {
    fn selector(&mut self, selector: &VectorSelector) {
        let Matchers {
            matchers,
            or_matchers,
        } = &selector.matchers;
        let all = matchers.iter().chain(or_matchers.iter().flatten());
        let labels = all.map(|matcher| matcher.name.clone()).collect();
        let name = selector
            .name
            .clone()
            .expect("every selector names its metric");
        self.series.push((name, labels));
    }
}

impl ExprVisitor for Reads {
    type Error = std::convert::Infallible;

    fn pre_visit(&mut self, expr: &Expr) -> Result<bool, Self::Error> {
        match expr {
            Expr::VectorSelector(selector) => self.selector(selector),
            Expr::MatrixSelector(matrix) => self.selector(&matrix.vs),
            Expr::Aggregate(aggregate) => {
                let labels = aggregate.modifier.iter().flat_map(|m| &m.labels().labels);
                self.groups.extend(labels.cloned());
            }
            Expr::Binary(binary) => {
                let matching = binary.modifier.iter().filter_map(|m| m.matching.as_ref());
                self.groups
                    .extend(matching.flat_map(|m| m.labels().labels.clone()));
            }
            _ => {}
        }
        Ok(true)
    }
}
