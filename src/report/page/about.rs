//! Where the figures come from and how they are reckoned.

use maud::{Markup, html};

use super::parts::section;
use crate::report::figures::Figures;
use crate::report::words::{count, minute, number};

pub(super) fn about(figures: &Figures) -> Markup {
    let source = &figures.source;
    let at = |at: Option<crate::units::Time>| {
        at.map_or_else(|| "–".to_owned(), |at| minute(&figures.period, at))
    };
    let body = html! {
        dl.terms {
            dt { "Which requests count" }
            dd { "Those asked in the period, whatever became of them later." }
            dt { "What was read" }
            dd {
                (count(source.records, "record", "records")) " of the ledger, from " (at(source.first)) " to " (at(source.last))
                ". What was before is not known."
                @if source.unreadable + source.repeated + source.headless > 0 {
                    " Left out: " (number(source.unreadable)) " that could not be read, " (number(source.repeated))
                    " that came twice or out of order, and " (count(source.headless, "request", "requests"))
                    " whose beginning is not in what was read."
                }
            }
            dt { "Median, nine of ten" }
            dd {
                "The median is the length that half of all do not exceed; “nine of ten within” is the one that 90 % do not "
                "exceed. Both are lengths that really occurred (nearest rank), in whole seconds."
            }
            dt { "Waits" }
            dd {
                "Only requests that a person, or a service account in their place, answered. What opened by itself, as an "
                "emergency or on an earlier approval, waited for nobody. A stage's time begins when it is reached."
            }
            dt { "Time open" }
            dd { "From the moment the cluster showed the path open to the moment it showed it gone." }
            dt { "Not known" }
            dd { "The ledger does not say. Nothing is estimated." }
        }
    };
    section(
        "about",
        "About these figures",
        "How everything above was reckoned. Read it before you compare these numbers with others.",
        &body,
    )
}
