//! What every workload can reach: the whole table at once.
//!
//! Work grows with what policies can tell apart, not with pods. Pods of one namespace with the same
//! labels, ports and matching address blocks are one *class*; classes on which the same policies decide
//! share their rows; and within a row all peers that the same rules hold share one judgement.

mod classes;
mod matches;

use std::collections::{BTreeMap, HashMap};

use super::evaluate::{End, Evaluator, Party};
use super::judge::Judged;
use super::policy::Direction;
use super::portset::PortSet;
use super::rule::Match;
use super::snapshot::{Snapshot, WorkloadRef};
use classes::Classes;
use matches::Matches;

/// One ordered pair of workloads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'t> {
    /// The source.
    pub from: &'t WorkloadRef,
    /// The target.
    pub to: &'t WorkloadRef,
    /// What every pair of their pods surely has open.
    pub open: PortSet,
    /// What only some pairs have open.
    pub partly: PortSet,
    /// What cannot be told, for some pair.
    pub unknown: PortSet,
}

/// Names a judgement, so that equal ones are kept and combined once.
type Id = u32;

/// Reach between all workloads with a running pod.
#[derive(Debug)]
pub struct Table<'a> {
    classes: Classes<'a>,
    /// By source class, then target class.
    out: Vec<std::rc::Rc<[Id]>>,
    /// By target class, then source class.
    into: Vec<std::rc::Rc<[Id]>>,
    judged: Vec<Judged>,
}

/// Judges every pair as the cluster does now, our open gates included.
pub fn table(snapshot: &Snapshot) -> Table<'_> {
    judged_by(&Evaluator::with_gates(snapshot))
}

/// Judges every pair as it would be without our gates: what stays when all of them have closed.
pub fn standing_table(snapshot: &Snapshot) -> Table<'_> {
    judged_by(&Evaluator::baseline(snapshot))
}

fn judged_by<'a>(evaluator: &Evaluator<'a>) -> Table<'a> {
    let snapshot = evaluator.snapshot();
    let classes = Classes::of(snapshot);
    let parties: Vec<Party<'_>> = classes
        .samples()
        .map(|pod| evaluator.party(End::Pod(pod)))
        .collect();
    let mut pool = Pool::default();
    let matches = Matches::new(&classes);
    let out = pool.rows((&parties, &classes), &matches, Direction::Egress);
    let into = pool.rows((&parties, &classes), &matches, Direction::Ingress);
    Table {
        out,
        into,
        judged: pool.judged,
        classes,
    }
}

impl<'a> Table<'a> {
    /// The workloads, by namespace, kind and name.
    pub fn workloads(&self) -> impl Iterator<Item = &WorkloadRef> {
        self.classes.workloads().map(|(workload, _)| workload)
    }

    /// How many pods were judged.
    pub fn pods(&self) -> usize {
        self.classes.pods()
    }

    /// Calls `each` with every ordered pair of workloads, a workload with itself included.
    pub fn each(&self, mut each: impl FnMut(Row<'_>)) {
        let mut both: HashMap<(Id, Id), Judged> = HashMap::new();
        for (from, sources) in self.classes.workloads() {
            for (to, targets) in self.classes.workloads() {
                let mut merged = Merged::default();
                for pair in self.classes.pairs(sources, targets) {
                    if pair.free {
                        merged.add(&Judged::all());
                    }
                    if pair.judged {
                        let ids = self.ids(pair.from, pair.to);
                        let judged = both.entry(ids).or_insert_with(|| self.and(ids));
                        merged.add(judged);
                    }
                }
                each(merged.row(from, to));
            }
        }
    }

    fn ids(&self, from: usize, to: usize) -> (Id, Id) {
        let at = |rows: &[std::rc::Rc<[Id]>], a: usize, b: usize| {
            rows.get(a)
                .and_then(|row| row.get(b))
                .copied()
                .unwrap_or_default()
        };
        (at(&self.out, from, to), at(&self.into, to, from))
    }

    fn and(&self, (out, into): (Id, Id)) -> Judged {
        let get = |id: Id| self.judged.get(id as usize).cloned().unwrap_or_default();
        get(out).and(&get(into))
    }
}

/// All pairs of pods of two workloads, added up.
#[derive(Default)]
struct Merged {
    every: Option<PortSet>,
    some: PortSet,
    unknown: PortSet,
}

impl Merged {
    fn add(&mut self, judged: &Judged) {
        match &mut self.every {
            Some(every) if *every == judged.open => {}
            Some(every) => {
                *every = every.intersection(&judged.open);
                self.some = self.some.union(&judged.open);
            }
            None => {
                self.every = Some(judged.open.clone());
                self.some = judged.open.clone();
            }
        }
        if !judged.unsure.is_empty() {
            self.unknown = self.unknown.union(&judged.unsure);
        }
    }

    fn row<'t>(self, from: &'t WorkloadRef, to: &'t WorkloadRef) -> Row<'t> {
        let open = self.every.unwrap_or_default();
        Row {
            from,
            to,
            partly: self.some.minus(&open),
            unknown: self.unknown,
            open,
        }
    }
}

/// Judgements, each kept once.
#[derive(Default)]
struct Pool {
    judged: Vec<Judged>,
    known: BTreeMap<Judged, Id>,
}

impl Pool {
    fn id(&mut self, judged: Judged) -> Id {
        let next = Id::try_from(self.judged.len()).unwrap_or(Id::MAX);
        *self.known.entry(judged).or_insert_with_key(|judged| {
            self.judged.push(judged.clone());
            next
        })
    }

    /// A row for each class: what it decides with each class as its peer.
    fn rows(
        &mut self,
        (parties, classes): (&[Party<'_>], &Classes<'_>),
        matches: &Matches<'_, '_>,
        direction: Direction,
    ) -> Vec<std::rc::Rc<[Id]>> {
        let mut rows: Vec<std::rc::Rc<[Id]>> = Vec::with_capacity(parties.len());
        let mut alike: HashMap<Vec<usize>, Vec<usize>> = HashMap::new();
        for (at, party) in parties.iter().enumerate() {
            // Parties on which the same objects decide are near: only those are compared.
            let key = party.stack(direction).addresses();
            let near = alike.entry(key).or_default();
            let same = near.iter().find_map(|other| {
                let known = parties.get(*other)?;
                known.is_like(party, direction).then(|| rows.get(*other))?
            });
            let row = match same {
                Some(row) => std::rc::Rc::clone(row),
                None => self.row(party, (classes, matches), direction),
            };
            near.push(at);
            rows.push(row);
        }
        rows
    }

    fn row(
        &mut self,
        party: &Party<'_>,
        (classes, matches): (&Classes<'_>, &Matches<'_, '_>),
        direction: Direction,
    ) -> std::rc::Rc<[Id]> {
        let stack = party.stack(direction);
        if stack.is_empty() {
            let all = self.id(Judged::all());
            return std::iter::repeat_n(all, classes.len()).collect();
        }
        let rules = stack.rules(direction);
        let named =
            direction == Direction::Egress && rules.iter().any(|(rule, _)| rule.has_names());
        // For each peer, which rules hold it: two bits a rule.
        let width = rules.len().div_ceil(32).max(1);
        let mut masks = vec![0_u64; width * classes.len()];
        for (n, (rule, home)) in rules.iter().enumerate() {
            matches.each(rule, home, |class, matched| {
                let bits = match matched {
                    Match::No => 0_u64,
                    Match::Maybe => 1,
                    Match::Address => 2,
                    Match::Yes => 3,
                };
                if let Some(mask) = masks.get_mut(class * width + n / 32) {
                    *mask |= bits << (n % 32 * 2);
                }
            });
        }
        let mut known: HashMap<(&[u64], usize), Id> = HashMap::new();
        let peers = classes.samples().zip(masks.chunks(width)).enumerate();
        peers
            .map(|(class, (peer, mask))| {
                let ports = if named { classes.ports(class) } else { 0 };
                *known
                    .entry((mask, ports))
                    .or_insert_with(|| self.id(party.judge(direction, &End::Pod(peer))))
            })
            .collect()
    }
}
