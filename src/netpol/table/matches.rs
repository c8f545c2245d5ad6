//! Which classes a rule holds, found by label instead of by trying each class.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::classes::Classes;
use crate::netpol::evaluate::End;
use crate::netpol::rule::{Match, Peer, Rule};
use crate::netpol::selector::Selector;
use crate::netpol::snapshot::PodRef;

/// Namespaces, pods, and the policy's own namespace where that matters.
type PodPeer = (Option<Selector>, Selector, String);

/// Selectors looked up once each: many policies name the same peers.
#[derive(Debug)]
pub(super) struct Matches<'c, 'a> {
    classes: &'c Classes<'a>,
    samples: Vec<PodRef<'a>>,
    /// Classes by namespace, in order.
    spaces: Vec<(PodRef<'a>, Vec<usize>)>,
    known: RefCell<HashMap<PodPeer, Rc<[usize]>>>,
}

impl<'c, 'a> Matches<'c, 'a> {
    pub(super) fn new(classes: &'c Classes<'a>) -> Self {
        let samples: Vec<PodRef<'a>> = classes.samples().collect();
        let mut spaces: Vec<(PodRef<'a>, Vec<usize>)> = Vec::new();
        for (class, pod) in samples.iter().enumerate() {
            match spaces.last_mut() {
                Some((of, list)) if of.namespace == pod.namespace => list.push(class),
                _ => spaces.push((*pod, vec![class])),
            }
        }
        Self {
            classes,
            samples,
            spaces,
            known: RefCell::default(),
        }
    }

    /// Calls `each` with every class that a rule may hold, and how surely.
    pub(super) fn each(&self, rule: &Rule, home: &str, mut each: impl FnMut(usize, Match)) {
        if let Some(peers) = &rule.peers
            && rule.doubt.is_none()
            && peers.iter().all(|peer| matches!(peer, Peer::Pods { .. }))
        {
            for peer in peers {
                for class in self.selected(peer, home).iter() {
                    each(*class, Match::Yes);
                }
            }
            return;
        }
        for (class, pod) in self.samples.iter().enumerate() {
            match rule.matches(home, &End::Pod(*pod)) {
                Match::No => {}
                matched => each(class, matched),
            }
        }
        debug_assert_eq!(self.samples.len(), self.classes.len());
    }

    fn selected(&self, peer: &Peer, home: &str) -> Rc<[usize]> {
        let Peer::Pods { namespaces, pods } = peer else {
            return Rc::default();
        };
        // Its home matters only where it names no namespaces.
        let at = if namespaces.is_none() { home } else { "" };
        let key = (namespaces.clone(), pods.clone(), at.to_owned());
        if let Some(known) = self.known.borrow().get(&key) {
            return Rc::clone(known);
        }
        let here = |of: &PodRef<'_>| match namespaces {
            None => of.namespace == home,
            Some(selector) => selector.matches(&of.space.labels),
        };
        let spaces = self.spaces.iter().filter(|(of, _)| here(of));
        let classes = spaces.flat_map(|(_, classes)| classes).copied();
        let found: Rc<[usize]> = classes
            .filter(|class| {
                let pod = self.samples.get(*class);
                pod.is_some_and(|p| !p.pod.host_network && pods.matches(&p.pod.labels))
            })
            .collect();
        self.known.borrow_mut().insert(key, Rc::clone(&found));
        found
    }
}
