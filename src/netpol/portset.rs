//! Sets of ports as intervals: what a rule allows, what a pair of pods has open, what is missing.

use super::flow::PortRange;
use crate::grammar::Protocol;

/// A set of ports of the three protocols. Kept in normal form: sorted, no two ranges of a protocol
/// touch or overlap, so equal sets are equal values. Port 0 is never in a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PortSet(Vec<PortRange>);

/// The protocols that NetworkPolicy knows.
const PROTOCOLS: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

impl PortRange {
    /// One port.
    pub const fn single(protocol: Protocol, port: u16) -> Self {
        Self {
            protocol,
            first: port,
            last: port,
        }
    }

    /// Every port of a protocol.
    pub const fn every(protocol: Protocol) -> Self {
        Self {
            protocol,
            first: 1,
            last: u16::MAX,
        }
    }

    fn overlap(&self, other: &Self) -> Option<Self> {
        let both = Self {
            protocol: self.protocol,
            first: self.first.max(other.first),
            last: self.last.min(other.last),
        };
        (self.protocol == other.protocol && both.first <= both.last).then_some(both)
    }

    /// What is left of this range without `other`: nothing, one piece or two.
    fn without(&self, other: &Self) -> impl Iterator<Item = Self> {
        let (below, above) = match self.overlap(other) {
            None => (Some(*self), None),
            Some(cut) => (
                (self.first < cut.first).then(|| Self {
                    last: cut.first.saturating_sub(1),
                    ..*self
                }),
                (cut.last < self.last).then(|| Self {
                    first: cut.last.saturating_add(1),
                    ..*self
                }),
            ),
        };
        below.into_iter().chain(above)
    }
}

impl PortSet {
    /// Every port of every protocol: what no policy restricts.
    pub fn all() -> Self {
        Self(PROTOCOLS.map(PortRange::every).to_vec())
    }

    /// Whether no port is in the set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges, sorted by protocol, then port.
    pub fn ranges(&self) -> &[PortRange] {
        &self.0
    }

    /// What is in either set.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        self.0.iter().chain(&other.0).copied().collect()
    }

    /// What is in both sets.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        let overlaps = |a: &PortRange| -> Vec<PortRange> {
            other.0.iter().filter_map(|b| a.overlap(b)).collect()
        };
        self.0.iter().flat_map(overlaps).collect()
    }

    /// What is in this set and not in `other`.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut left = self.0.clone();
        for cut in &other.0 {
            left = left.iter().flat_map(|range| range.without(cut)).collect();
        }
        Self(left)
    }

    /// Whether every port of `other` is in this set.
    pub fn covers(&self, other: &Self) -> bool {
        other.minus(self).is_empty()
    }
}

impl FromIterator<PortRange> for PortSet {
    fn from_iter<I: IntoIterator<Item = PortRange>>(ranges: I) -> Self {
        let mut sorted: Vec<PortRange> = ranges
            .into_iter()
            .map(|r| PortRange {
                first: r.first.max(1),
                ..r
            })
            .filter(|r| r.first <= r.last)
            .collect();
        sorted.sort_unstable();
        let mut merged: Vec<PortRange> = Vec::with_capacity(sorted.len());
        for range in sorted {
            match merged.last_mut() {
                Some(last)
                    if last.protocol == range.protocol
                        && range.first <= last.last.saturating_add(1) =>
                {
                    last.last = last.last.max(range.last);
                }
                _ => merged.push(range),
            }
        }
        Self(merged)
    }
}

/// `TCP 5432, UDP 53`, or `no ports`.
impl std::fmt::Display for PortSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no ports");
        }
        let parts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn range() -> impl Strategy<Value = PortRange> {
        let edge = prop_oneof![0_u16..12, (u16::MAX - 4)..=u16::MAX];
        (0..3_usize, edge.clone(), edge).prop_map(|(p, first, last)| PortRange {
            protocol: PROTOCOLS[p],
            first,
            last,
        })
    }

    fn set() -> impl Strategy<Value = PortSet> {
        proptest::collection::vec(range(), 0..6).prop_map(|ranges| ranges.into_iter().collect())
    }

    /// The ports near the ends of the number space, one by one.
    fn members(set: &PortSet) -> BTreeSet<(Protocol, u16)> {
        let near = (0..20).chain(u16::MAX - 9..=u16::MAX);
        near.flat_map(|n| PROTOCOLS.map(|p| (p, n)))
            .filter(|(p, n)| {
                let holds = |r: &&PortRange| r.protocol == *p && r.first <= *n && *n <= r.last;
                set.ranges().iter().filter(holds).count() == 1
            })
            .collect()
    }

    proptest! {
        #[test]
        fn sets_of_intervals_behave_like_sets_of_numbers(a in set(), b in set()) {
            let (x, y) = (members(&a), members(&b));
            prop_assert_eq!(members(&a.union(&b)), x.union(&y).copied().collect());
            prop_assert_eq!(members(&a.intersection(&b)), x.intersection(&y).copied().collect());
            prop_assert_eq!(members(&a.minus(&b)), x.difference(&y).copied().collect());
            prop_assert_eq!(a.covers(&b), y.is_subset(&x));
        }

        #[test]
        fn every_operation_keeps_the_normal_form(a in set(), b in set()) {
            for set in [a.union(&b), a.intersection(&b), a.minus(&b)] {
                prop_assert_eq!(set.ranges().iter().copied().collect::<PortSet>(), set);
            }
            prop_assert_eq!(PortSet::all().union(&a), PortSet::all());
        }
    }
}
