//! Whether a flow is open now, and why: which side blocks or allows it, by which policy and rule.

use std::collections::BTreeSet;

use super::evaluate::{End, Evaluator, Party};
use super::flow::Flow;
use super::lineup::Lineup;
use super::policy::Direction;
use super::portset::PortSet;
use super::snapshot::Snapshot;

/// How much of a flow is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Openness {
    /// Every pair of pods, on every asked port.
    Open,
    /// Some pairs, or some ports.
    Partly,
    /// Nothing.
    Closed,
}

/// The answer for one flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    /// Both sides together.
    pub openness: Openness,
    /// The sides inside the cluster: egress of the source, then ingress of the target.
    pub sides: Vec<SideReach>,
    /// The reasons in words, one sentence each: lower case, no final period.
    pub why: Vec<String>,
}

/// What one side says to a flow, apart from the other side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SideReach {
    /// Egress of the source, or ingress of the target.
    pub direction: Direction,
    /// How much of the flow this side lets pass.
    pub openness: Openness,
    /// Pods on this side.
    pub pods: usize,
    /// How many of them a policy isolates in this direction.
    pub isolated: usize,
    /// The policies that isolate them, `ns/name`, sorted.
    pub isolated_by: Vec<String>,
    /// The rules that allow some of the flow, such as ``ingress rule 1 of `a/allow-web` ``, sorted.
    pub allowed_by: Vec<String>,
    /// The asked ports that this side does not allow for some pair.
    pub missing: PortSet,
    /// Whether something is allowed only because an address block holds a pod's address, which
    /// some network plug-ins do not apply to pods.
    pub doubtful: bool,
}

impl Reach {
    /// Whether everything asked is open.
    pub fn is_open(&self) -> bool {
        self.openness == Openness::Open
    }

    /// The policies that stand in the way, `ns/name`: those that isolate a side which lacks an allow.
    pub fn blocked_by(&self) -> Vec<String> {
        let blocking = self
            .sides
            .iter()
            .filter(|side| side.openness != Openness::Open);
        let names: BTreeSet<&String> = blocking.flat_map(|side| &side.isolated_by).collect();
        names.into_iter().cloned().collect()
    }
}

/// What others' policies say to a flow. Our own gates are left out, so a flow that only another
/// gate opens is closed here.
pub fn reach(snapshot: &Snapshot, flow: &Flow) -> Reach {
    judge(&Evaluator::baseline(snapshot), flow)
}

/// What the cluster does with a flow now, our open gates included.
pub fn reach_with_gates(snapshot: &Snapshot, flow: &Flow) -> Reach {
    judge(&Evaluator::with_gates(snapshot), flow)
}

fn judge(evaluator: &Evaluator<'_>, flow: &Flow) -> Reach {
    let lineup = Lineup::new(evaluator, flow);
    for (parties, side) in [(&lineup.from, &flow.from), (&lineup.to, &flow.to)] {
        if parties.is_empty() {
            return Reach {
                openness: Openness::Closed,
                sides: Vec::new(),
                why: vec![format!("`{}` has no running pods", side.label)],
            };
        }
    }
    let sides: Vec<SideReach> = [Direction::Egress, Direction::Ingress]
        .into_iter()
        .filter(|direction| has_pods(lineup.side(*direction)))
        .map(|direction| judge_side(&lineup, direction))
        .collect();
    let why = sides.iter().flat_map(|side| reasons(side, flow)).collect();
    let open = lineup.pairs().into_iter().map(|pair| pair.passage.open());
    Reach {
        openness: openness(&lineup.asked, open),
        sides,
        why,
    }
}

fn has_pods(parties: &[Party<'_>]) -> bool {
    parties.iter().any(|party| matches!(party.end, End::Pod(_)))
}

/// How much of `asked` the pairs have open together.
fn openness(asked: &PortSet, pairs: impl Iterator<Item = PortSet>) -> Openness {
    let (mut everything, mut anything) = (true, false);
    for ports in pairs {
        everything &= ports.covers(asked);
        anything |= !ports.intersection(asked).is_empty();
    }
    match (everything, anything) {
        (true, _) => Openness::Open,
        (false, true) => Openness::Partly,
        (false, false) => Openness::Closed,
    }
}

fn judge_side(lineup: &Lineup<'_>, direction: Direction) -> SideReach {
    let subjects = lineup.side(direction);
    let isolated = subjects.iter().filter(|party| party.is_isolated(direction));
    let isolating = isolated
        .clone()
        .flat_map(|party| party.isolating(direction));
    let isolated_by: BTreeSet<String> = isolating.map(|policy| policy.path()).collect();
    let (allowed_by, doubtful) = allowed_by(lineup, direction);
    let allowed = lineup
        .pairs()
        .into_iter()
        .map(|pair| pair.passage.allowed(direction).clone());
    SideReach {
        direction,
        openness: openness(&lineup.asked, allowed),
        pods: subjects.len(),
        isolated: isolated.count(),
        isolated_by: isolated_by.into_iter().collect(),
        allowed_by: allowed_by.into_iter().collect(),
        missing: lineup.missing(direction),
        doubtful,
    }
}

/// The rules of one side that allow some of the flow, and whether one of them matched a pod only by
/// its address.
fn allowed_by(lineup: &Lineup<'_>, direction: Direction) -> (BTreeSet<String>, bool) {
    let mut rules = BTreeSet::new();
    let mut doubtful = false;
    for pair in lineup.pairs() {
        // Most pairs of a closed flow have nothing to name.
        if pair
            .passage
            .allowed(direction)
            .intersection(&lineup.asked)
            .is_empty()
        {
            continue;
        }
        let (subject, peer) = (pair.subject(direction), pair.peer(direction));
        for allowance in subject.allowances(direction, &peer.end) {
            if !allowance.ports.intersection(&lineup.asked).is_empty() {
                let (rule, path) = (allowance.rule, allowance.policy.path());
                rules.insert(format!("{} rule {rule} of `{path}`", direction.word()));
                doubtful |= allowance.by_address;
            }
        }
    }
    (rules, doubtful)
}

/// One side's part of the answer, in sentences.
fn reasons(side: &SideReach, flow: &Flow) -> Vec<String> {
    let (label, word) = match side.direction {
        Direction::Egress => (&flow.from.label, "egress"),
        Direction::Ingress => (&flow.to.label, "ingress"),
    };
    let peer = match side.direction {
        Direction::Egress => format!("to `{}`", flow.to.label),
        Direction::Ingress => format!("from `{}`", flow.from.label),
    };
    if side.isolated == 0 {
        return vec![format!("no policy isolates `{label}` for {word}")];
    }
    let mut why = Vec::new();
    if side.isolated < side.pods {
        let (some, all) = (side.isolated, side.pods);
        why.push(format!(
            "{some} of {all} pods of `{label}` are isolated for {word}"
        ));
    }
    let by = back_ticked(&side.isolated_by);
    match side.openness {
        Openness::Open if side.allowed_by.is_empty() => {
            why.push(format!(
                "`{label}` is not stopped for {word}: this traffic cannot be filtered"
            ));
        }
        Openness::Open => why.push(format!("allowed by {}", side.allowed_by.join(", "))),
        Openness::Closed => why.push(format!(
            "`{label}` is isolated for {word} by {by}, and no rule allows {} {peer}",
            side.missing
        )),
        Openness::Partly => why.push(format!(
            "`{label}` is isolated for {word} by {by}, and the rules do not allow all of {} {peer}",
            side.missing
        )),
    }
    if side.doubtful {
        why.push(format!(
            "an address block allows some of this {word}; some network plug-ins do not match pods by address"
        ));
    }
    why
}

fn back_ticked(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}
