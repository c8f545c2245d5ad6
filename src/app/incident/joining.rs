//! Which requests belong to an incident, as its note lists them. Whether one does is in its own document.

use anyhow::Result;

use crate::app::shelf::Change;
use crate::app::{BookError, Parts};
use crate::id::RequestId;
use crate::notes::{self, Note};
use crate::request::Request;

/// Notes that a request belongs to its incident, if it has one.
///
/// # Errors
/// The store did not take it.
pub async fn join(parts: &Parts, request: &Request) -> Result<()> {
    let Some(incident) = &request.asked.incident else {
        return Ok(());
    };
    let list = incident.id.as_str();
    let write = |all: Vec<RequestId>| add(parts, &incident.id, all);
    let listed = parts.book.together().list(list, &request.id, write);
    Ok(listed.await?)
}

async fn add(parts: &Parts, incident: &RequestId, all: Vec<RequestId>) -> Result<(), BookError> {
    let longer = |note: &Note| match note {
        Note::Incident(incident) => {
            let mut incident = incident.clone();
            notes::add_all(&mut incident.requests, &all).then(|| Change {
                note: Note::Incident(incident),
                events: Vec::new(),
            })
        }
        _ => None,
    };
    parts.book.change_note(incident, None, longer).await?;
    Ok(())
}
