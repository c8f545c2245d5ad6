//! Makes a storm that breaks a promise as short as it can be: leaves out what is not needed for that.

use anyhow::Result;

use super::{Aftermath, Plan, Sabotage, rage};

/// The shortest plan that was found to break a promise still, and what it left; `None`: the storm breaks none. With a
/// sabotage every storm that is tried has it too.
///
/// First half of the steps is left out at once, then quarters, and so on down to single steps, and all over again
/// until nothing more can be left out.
///
/// # Errors
/// As of [`rage`].
pub fn shrink(plan: &Plan, sabotage: Option<Sabotage>) -> Result<Option<(Plan, Aftermath)>> {
    let after = rage(plan, sabotage)?;
    if after.wrong.is_empty() {
        return Ok(None);
    }
    let plan = plan.clone();
    let mut best = Best {
        plan,
        after,
        sabotage,
    };
    loop {
        let before = best.plan.steps.len();
        let mut size = before.div_ceil(2);
        while size > 0 {
            best.leave_out(size)?;
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        best.consider(Plan {
            clocks: Default::default(),
            ..best.plan.clone()
        })?;
        if best.plan.steps.len() == before {
            return Ok(Some((best.plan, best.after)));
        }
    }
}

/// The shortest that was found so far.
struct Best {
    plan: Plan,
    after: Aftermath,
    sabotage: Option<Sabotage>,
}

impl Best {
    /// Leaves out every run of so many steps that is not needed.
    fn leave_out(&mut self, size: usize) -> Result<()> {
        let mut at = 0;
        while at < self.plan.steps.len() {
            let mut shorter = self.plan.clone();
            let end = (at + size).min(shorter.steps.len());
            shorter.steps.drain(at..end);
            if !self.consider(shorter)? {
                at += size;
            }
        }
        Ok(())
    }

    /// Takes a plan that breaks a promise as well; whether it does.
    fn consider(&mut self, plan: Plan) -> Result<bool> {
        let after = rage(&plan, self.sabotage)?;
        let breaks = !after.wrong.is_empty();
        if breaks {
            (self.plan, self.after) = (plan, after);
        }
        Ok(breaks)
    }
}
