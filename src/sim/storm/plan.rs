//! Draws a storm from a seed: who does what and what breaks, all of it beforehand, so that leaving something out
//! changes nothing else.

mod faults;
mod people;

use chrono::TimeDelta;

use super::deed::{Deed, Step};
use super::fault::Class;
use crate::entropy::Dice;

/// A storm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What it was drawn from; the town draws its ids from it too.
    pub seed: u64,
    /// How far each replica's clock is ahead.
    pub clocks: [TimeDelta; 2],
    /// What happens, in order.
    pub steps: Vec<Step>,
}

impl Plan {
    /// The storm of a seed, without what is of these classes.
    pub fn drawn(seed: u64, without: &[Class]) -> Self {
        let mut sky = Sky {
            dice: Dice::seeded(seed),
            span: 0,
            steps: Vec::new(),
            clocks: [TimeDelta::zero(); 2],
        };
        sky.span = sky.length();
        sky.people();
        sky.others();
        sky.faults();
        sky.full_store();
        let Sky {
            mut steps, clocks, ..
        } = sky;
        steps.retain(|step| match &step.deed {
            Deed::Fault(fault) => !without.contains(&fault.class()),
            _ => true,
        });
        steps.sort_by_key(|step| step.at);
        let clocks = match without.contains(&Class::Skew) {
            true => [TimeDelta::zero(); 2],
            false => clocks,
        };
        Self {
            seed,
            clocks,
            steps,
        }
    }

    /// It in lines that people read.
    pub fn lines(&self) -> Vec<String> {
        let [first, second] = self.clocks.map(|ahead| ahead.num_milliseconds());
        let mut lines = Vec::new();
        if (first, second) != (0, 0) {
            let clocks = format!("the replicas' clocks are ahead by {first} and {second} ms");
            lines.push(format!("          [skew] {clocks}"));
        }
        lines.extend(self.steps.iter().map(ToString::to_string));
        lines
    }
}

/// A plan while it is drawn.
struct Sky {
    dice: Dice,
    /// How long people act, in milliseconds.
    span: u64,
    steps: Vec<Step>,
    clocks: [TimeDelta; 2],
}

impl Sky {
    /// Mostly a minute or two, sometimes a quarter of an hour.
    fn length(&mut self) -> u64 {
        let seconds = match self.dice.between(1, 100) {
            1..=70 => self.dice.between(30, 90),
            71..=96 => self.dice.between(90, 240),
            _ => self.dice.between(240, 900),
        };
        seconds * 1000
    }

    fn add(&mut self, at: u64, deed: Deed) {
        self.steps.push(Step { at, deed });
    }

    /// A time while people act.
    fn sometime(&mut self) -> u64 {
        self.dice.between(0, self.span)
    }

    /// One of these, which are some.
    fn one<T: Copy>(&mut self, of: &[T], otherwise: T) -> T {
        self.dice.pick(of).copied().unwrap_or(otherwise)
    }
}
