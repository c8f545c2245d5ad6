//! Whether a flow is open now, and why: which side blocks or allows it, by which policy and rule.

use std::collections::BTreeSet;

use super::evaluate::{End, Evaluator, Party, exempt};
use super::flow::Flow;
use super::judge::{Note, Says};
use super::lineup::Lineup;
use super::policy::Direction;
use super::portset::PortSet;
use super::rule::Match;
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
    /// The rules that deny some of the flow, in the same form.
    pub denied_by: Vec<String>,
    /// Their policies.
    pub denying: Vec<String>,
    /// What may decide here and was not read or cannot be judged, each with the reason.
    pub unknown: Vec<String>,
    /// The asked ports that this side does not surely let pass for some pair.
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
        // A deny stands in the way by itself; what isolates, where an allow is lacking.
        let names: BTreeSet<&String> = blocking
            .flat_map(|side| side.isolated_by.iter().chain(&side.denying))
            .collect();
        names.into_iter().cloned().collect()
    }
}

impl Reach {
    /// The rules that deny some of the flow, whoever else allows it.
    pub fn denied_by(&self) -> Vec<String> {
        let closed = self
            .sides
            .iter()
            .filter(|side| side.openness != Openness::Open);
        let all: BTreeSet<&String> = closed.flat_map(|side| &side.denied_by).collect();
        all.into_iter().cloned().collect()
    }

    /// What was not read or cannot be judged, where it matters.
    pub fn unknown(&self) -> Vec<String> {
        let closed = self
            .sides
            .iter()
            .filter(|side| side.openness != Openness::Open);
        let all: BTreeSet<&String> = closed.flat_map(|side| &side.unknown).collect();
        all.into_iter().cloned().collect()
    }
}

/// What others' policies say to a flow. Our own gates are left out, so a flow that only another
/// gate opens is closed here.
pub fn reach(snapshot: &Snapshot, flow: &Flow) -> Reach {
    judge(&Lineup::new(&Evaluator::baseline(snapshot), flow), flow)
}

/// What the cluster does with a flow now, our open gates included.
pub fn reach_with_gates(snapshot: &Snapshot, flow: &Flow) -> Reach {
    judge(&Lineup::new(&Evaluator::with_gates(snapshot), flow), flow)
}

/// The answer for a flow whose sides are known.
pub(super) fn judge(lineup: &Lineup<'_>, flow: &Flow) -> Reach {
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
        .map(|direction| judge_side(lineup, direction))
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
    let heard = Heard::of(lineup, direction);
    let judged = || {
        lineup
            .pairs()
            .into_iter()
            .map(|pair| pair.passage.judged(direction))
    };
    let missing = judged().map(|judged| lineup.asked.minus(&judged.open));
    SideReach {
        direction,
        openness: openness(&lineup.asked, judged().map(|judged| judged.open.clone())),
        pods: subjects.len(),
        isolated: isolated.count(),
        isolated_by: isolated_by.into_iter().collect(),
        allowed_by: heard.allowed_by.into_iter().collect(),
        denied_by: heard.denied_by.into_iter().collect(),
        denying: heard.denying.into_iter().collect(),
        unknown: heard.unknown.into_iter().collect(),
        missing: missing.fold(PortSet::default(), |all, one| all.union(&one)),
        doubtful: heard.by_address,
    }
}

/// Who had a say on one side.
#[derive(Default)]
struct Heard {
    allowed_by: BTreeSet<String>,
    denied_by: BTreeSet<String>,
    denying: BTreeSet<String>,
    unknown: BTreeSet<String>,
    /// Whether something matched a pod only by its address.
    by_address: bool,
}

impl Heard {
    fn of(lineup: &Lineup<'_>, direction: Direction) -> Self {
        let mut heard = Self::default();
        for pair in lineup.pairs() {
            if exempt(&pair.from.end, &pair.to.end) {
                continue;
            }
            let (subject, peer) = (pair.subject(direction), pair.peer(direction));
            let unseen = subject.stack(direction).unseen.iter();
            heard.unknown.extend(unseen.map(ToString::to_string));
            let word = direction.word();
            subject.hear(direction, &peer.end, &mut |note| {
                if !note.ports.intersection(&lineup.asked).is_empty() {
                    heard.note(word, &note);
                }
            });
        }
        heard
    }

    fn note(&mut self, word: &str, note: &Note<'_>) {
        let path = note.by.path();
        let rule = match note.rule {
            Some(rule) => format!("{word} rule {rule} of `{path}`"),
            None => format!("{word} of `{path}`"),
        };
        match note.says {
            Says::Allows(matched) => {
                self.by_address |= matched == Match::Address;
                self.allowed_by.insert(rule);
            }
            Says::Denies => {
                self.denied_by.insert(rule);
                self.denying.insert(path);
            }
            Says::Perhaps => {
                let why = note
                    .doubt
                    .unwrap_or("whether it matches pods by address is not known");
                self.unknown.insert(format!("{rule} ({why})"));
            }
        }
    }
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
    let mut why = Vec::new();
    if !side.denied_by.is_empty() {
        why.push(format!("denied by {}", side.denied_by.join(", ")));
    }
    if !side.unknown.is_empty() && side.openness != Openness::Open {
        why.push(format!("cannot be told: {}", side.unknown.join(", ")));
    }
    if side.isolated == 0 {
        if side.allowed_by.is_empty() {
            why.push(format!("no policy isolates `{label}` for {word}"));
        } else {
            why.push(format!("allowed by {}", side.allowed_by.join(", ")));
        }
        return why;
    }
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
        // The deny or what is not known says it all.
        Openness::Closed if !side.denied_by.is_empty() && !side.allowed_by.is_empty() => {}
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
