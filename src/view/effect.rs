//! What a gate changes, in words. Approval binds to it, so nothing that opens is left out.

use super::blocks::Draft;
use super::markup::Markup;
use crate::netpol::{Opened, Side, SideRef, Warning};
use crate::request::Request;

/// Pairs of workloads named besides the asked one before the rest is counted.
const MOST_PAIRS: usize = 10;

/// Workloads named in one warning before the rest is counted.
const MOST_WORKLOADS: usize = 5;

/// `shop/web → orders/db:5432`, in monospace.
pub(super) fn path(request: &Request) -> Markup {
    let (from, to) = request.path();
    Markup::code(&from) + " → " + Markup::code(&to)
}

/// What is shown of a gate before it is approved: what it opens, or what the objects say that are applied.
pub(super) fn shown(draft: Draft, request: &Request) -> Draft {
    match request.effect.stated.as_slice() {
        [] => draft.line(opens(request)),
        objects => super::stated::applies(draft, objects),
    }
    .line(warnings(request))
}

/// `Opens 3 → 1 pods, TCP 5432; cuts nothing`, and every other pair of workloads that opens too.
///
/// That nothing is cut is no hope: the planner makes no gate that would (INVARIANT (isolates)).
fn opens(request: &Request) -> Markup {
    let flow = &request.asked.flow;
    let effect = &request.effect;
    let ports = flow.ports.iter().map(|p| Markup::typed(&p.to_string()));
    let (from, to) = (
        count(&flow.from, effect.from_pods),
        count(&flow.to, effect.to_pods),
    );
    let ends = match flow.to.at {
        SideRef::Pods { .. } => from + " → " + to + pods(effect.from_pods.max(effect.to_pods)),
        SideRef::Addresses(_) | SideRef::Stated { .. } => {
            from + pods(effect.from_pods) + " → " + to
        }
    };
    let ports = Markup::list(ports, MOST_PAIRS);
    let first = Markup::from("Opens ") + ends + ", " + ports + "; cuts nothing";
    let others = effect.opens.iter().filter(|pair| !is_asked(request, pair));
    let others: Vec<Markup> = others.map(pair).collect();
    if others.is_empty() {
        return first;
    }
    first + "\nAlso opens " + Markup::list(others, MOST_PAIRS)
}

/// Whether the gate is made of objects that a template states, not of planned policies.
pub(super) fn is_stated(request: &Request) -> bool {
    !request.effect.stated.is_empty()
}

fn count(side: &Side, pods: usize) -> Markup {
    match side.at {
        SideRef::Pods { .. } => pods.into(),
        SideRef::Addresses(_) | SideRef::Stated { .. } => Markup::code(&side.label),
    }
}

const fn pods(most: usize) -> &'static str {
    match most {
        0 => "",
        1 => " pod",
        _ => " pods",
    }
}

fn is_asked(request: &Request, pair: &Opened) -> bool {
    let belongs = |side: &Side, name: &String| match &side.at {
        SideRef::Pods { workloads, .. } => workloads.contains(name),
        SideRef::Addresses(_) | SideRef::Stated { .. } => true,
    };
    let flow = &request.asked.flow;
    belongs(&flow.from, &pair.from) && belongs(&flow.to, &pair.to)
}

/// Pairs of workloads and their ports, the first few of them.
pub(super) fn pairs(pairs: &[Opened]) -> Markup {
    Markup::list(pairs.iter().map(pair), MOST_PAIRS)
}

/// One pair of workloads and its ports.
pub(super) fn pair(pair: &Opened) -> Markup {
    let ports = pair.ports.iter().map(|port| Markup::typed(port));
    Markup::code(&pair.from)
        + " → "
        + Markup::code(&pair.to)
        + " ("
        + Markup::list(ports, MOST_PAIRS)
        + ")"
}

/// One line for each thing that an approver must see before pressing.
fn warnings(request: &Request) -> Markup {
    let lines = request.effect.warnings.iter().map(|warning| {
        let text = match warning {
            Warning::AlsoMatches { workloads } => {
                let names = workloads.iter().map(|name| Markup::code(name));
                Markup::from("Also matches ") + Markup::list(names, MOST_WORKLOADS)
            }
            Warning::WideBlock { block } => {
                Markup::from("Wide address block: ") + Markup::code(block)
            }
            Warning::Denied { by } => {
                let rules = by.iter().map(|rule| Markup::typed(&rule.replace('`', "")));
                Markup::from("May not work: denied by ") + Markup::list(rules, MOST_WORKLOADS)
            }
            Warning::Unknown { what } => {
                let what = what.iter().map(|one| Markup::typed(&one.replace('`', "")));
                Markup::from("May not work, not known: ") + Markup::list(what, MOST_WORKLOADS)
            }
            Warning::NotAllRead { block } => {
                Markup::from("Pods of namespaces that are not read may have these addresses: ")
                    + Markup::code(block)
            }
            Warning::WideSelection { side, pods } => {
                Markup::from("Very many pods: ") + Markup::code(side) + " means " + *pods
            }
            Warning::Grows { side } => {
                Markup::from("Pods that get the labels later join ") + Markup::code(side)
            }
            Warning::AddressMayBeRewritten => {
                "The address may be rewritten on its way in: perhaps nothing will match".into()
            }
            Warning::NotComputed { kinds } => {
                let kinds = kinds.iter().map(|kind| Markup::typed(&format!("a {kind}")));
                let kinds = Markup::list(kinds, MOST_WORKLOADS);
                Markup::from("Not computed: what ") + kinds + " gives"
            }
        };
        Markup::from(":warning: ") + text
    });
    Markup::join(lines, "\n")
}

/// The question that is asked back before an approval with warnings counts.
pub(super) fn second_look(request: &Request) -> Option<&'static str> {
    let question = match request.effect.warnings.first()? {
        Warning::AlsoMatches { .. } => "This opens more workloads than were asked for. Approve?",
        Warning::WideBlock { .. } => "This opens a wide block of addresses. Approve?",
        Warning::NotAllRead { .. } => "Pods that nobody saw may be behind it. Approve?",
        Warning::Denied { .. } | Warning::Unknown { .. } => "It may not work. Approve?",
        Warning::WideSelection { .. } => "This opens very many pods. Approve?",
        Warning::Grows { .. } => "More pods may join while it is open. Approve?",
        Warning::AddressMayBeRewritten => "It is not certain that this address matches. Approve?",
        Warning::NotComputed { .. } => "What this gives cannot be computed. Approve?",
    };
    Some(question)
}
