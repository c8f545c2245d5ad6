//! An ask as it was made, whatever its form: typed, from a form, or again.

use std::collections::BTreeMap;

use crate::grammar::{self, Length, TemplateAsk, Terms};
use crate::netpol::Effect;
use crate::request::{Asked, Extends, IncidentRef, Origin};
use crate::rules;
use crate::units::Seconds;

/// An ask as it was typed, whatever its form.
#[derive(Debug, Clone)]
pub struct Wanted {
    pub(super) template: String,
    pub(super) inputs: BTreeMap<String, String>,
    pub(super) terms: Terms,
    pub(super) text: String,
    pub(super) origin: Origin,
    /// The channel in which it was asked, whatever the origin of its answers.
    pub(super) place: Option<Spot>,
    pub(super) extends: Option<(Extends, Effect)>,
    pub(super) incident: Option<IncidentRef>,
    pub(super) emergency: bool,
}

/// A channel, and its name where the delivery told it.
#[derive(Debug, Clone)]
pub struct Spot {
    /// Its id.
    pub channel: String,
    /// Its name.
    pub name: Option<String>,
}

impl Spot {
    /// The channel in whose thread something is answered: what is asked there was asked in it.
    pub fn of(origin: &Origin) -> Option<Self> {
        match origin {
            Origin::Thread { channel, .. } => Some(Self {
                channel: channel.clone(),
                name: None,
            }),
            Origin::Direct | Origin::Http { .. } => None,
        }
    }
}

impl Wanted {
    fn new(template: String, inputs: BTreeMap<String, String>, terms: Terms, text: &str) -> Self {
        Self {
            template,
            inputs,
            terms,
            text: grammar::scrub(text),
            origin: Origin::Direct,
            place: None,
            extends: None,
            incident: None,
            emergency: false,
        }
    }

    /// Answered there from now on.
    #[must_use]
    pub fn from(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Asked in this channel.
    #[must_use]
    pub fn at(mut self, place: Option<Spot>) -> Self {
        self.place = place;
        self
    }

    /// To be opened at once, in an emergency.
    #[must_use]
    pub fn at_once(mut self) -> Self {
        self.emergency = true;
        self
    }

    /// Lengthens what is open and opens this.
    #[must_use]
    pub fn extending(mut self, extends: Extends, opens: Effect) -> Self {
        self.extends = Some((extends, opens));
        self
    }

    /// Belongs to the same incident.
    #[must_use]
    pub fn of_incident(mut self, incident: Option<IncidentRef>) -> Self {
        self.incident = incident;
        self
    }

    /// What was asked before, asked again on other terms.
    pub fn like(asked: &Asked, length: Seconds, reason: Option<String>) -> Self {
        let terms = Terms {
            cluster: Some(asked.cluster.clone()),
            length: Some(Length::For(length)),
            reason,
        };
        let (template, inputs) = (asked.template.clone(), asked.inputs.clone());
        Self::new(template, inputs, terms, &asked.text).from(asked.origin.clone())
    }

    /// `A to B:port …` is the template `connect`.
    pub fn plain(ask: grammar::Ask, text: &str) -> Self {
        let inputs = rules::plain_inputs(&ask);
        Self::new(rules::fill::PLAIN.to_owned(), inputs, ask.terms, text)
    }

    /// `using TEMPLATE key=value …`
    pub fn template(ask: TemplateAsk, text: &str) -> Self {
        Self::new(ask.template, ask.inputs, ask.terms, text)
    }
}
