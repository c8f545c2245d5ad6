//! A service asks: in one line as people type it, or field by field.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::{Caller, refusals};
use crate::app::ask as asking;
use crate::app::asker::{Asker, Who};
use crate::app::unread::{Stop, Unread};
use crate::app::wanted::Wanted;
use crate::app::{Created, Parts};
use crate::grammar::{self, Length, ParseError, Phrase, TemplateAsk, Terms, length};
use crate::id::RequestId;
use crate::request::create::Sentence;
use crate::request::{Origin, Request};
use crate::rules::{InputKind, RuleSet};

/// What stands for the pod of the token, as a source.
const SELF: &str = "self";

/// One call: who makes it, under which key, and what it holds.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who.
    pub by: Caller,
    /// The key under which the call may be repeated; `None`: every call is a new one.
    pub key: Option<String>,
    /// What it asks.
    pub form: Form,
    /// What was sent, as it arrived: the same key with anything else is refused.
    pub sent: Vec<u8>,
}

/// What a call asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// A line, as people type it.
    Line(String),
    /// Field by field.
    Fields(Fields),
}

/// An ask field by field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fields {
    /// Which template.
    pub template: String,
    /// Its inputs.
    pub inputs: BTreeMap<String, String>,
    /// `30m`; `None`: the template's default.
    pub duration: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Which cluster, where there are several.
    pub cluster: Option<String>,
}

/// What became of a call.
#[derive(Debug)]
pub enum Answer {
    /// A new request; it may be one that was refused at once.
    New(Box<Request>),
    /// The request that the same call made before, as it stands now.
    Before(Box<Request>),
    /// Another call was made under this key before.
    OtherCall,
}

/// Why a call made no request.
#[derive(Debug)]
pub enum Fault {
    /// No rule and no template names the caller: it is told nothing.
    Unnamed,
    /// The line cannot be read: where, why, and what would be. The text is what was read.
    Line {
        /// What is wrong.
        error: ParseError,
        /// The line.
        line: String,
    },
    /// Read, and it means nothing.
    Unread(Unread),
    /// Read, and not for services, or not for this one.
    Refused(Sentence),
    /// The world could not be asked.
    Trouble(anyhow::Error),
}

impl From<Stop> for Fault {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Tell(why) => Self::Unread(why),
            Stop::Trouble(error) => Self::Trouble(error),
        }
    }
}

/// Makes a request of a call, once for each key.
///
/// # Errors
/// [`Fault`]; nothing was made.
pub async fn ask(parts: &Parts, call: Call) -> Result<Answer, Fault> {
    let rules = parts.rules.load_full();
    // INVARIANT (no oracle): before anything is read, looked up or kept.
    if !rules.names_requester(&call.by.account, parts.clusters.keys()) {
        let kept = refusals::unnamed_service(parts, &call.by.account).await;
        kept.map_err(|error| Fault::Trouble(error.into()))?;
        return Err(Fault::Unnamed);
    }
    let sent = hex(&Sha256::digest(&call.sent));
    let asker = Asker {
        by: Who::Service(call.by.account.clone()),
        pressed_by: None,
        team: None,
        key: delivery(parts, &call),
    };
    let wanted = read(&rules, &call);
    if let Err(Fault::Refused(why)) = &wanted {
        let whose = (&call.by.account, asker.key.as_str());
        let turned_away = refusals::service_turned_away(parts, whose, typed(&call), why).await;
        turned_away.map_err(|error| Fault::Trouble(error.into()))?;
    }
    let wanted = wanted?.from(Origin::Http { sent: sent.clone() });
    let id = match asking::make(parts, &asker, wanted).await? {
        Created::New(request) => return Ok(Answer::New(request)),
        Created::Before(id) => id,
    };
    before(parts, &id, &sent).await.map_err(Fault::Trouble)
}

/// What was asked, for the ledger.
fn typed(call: &Call) -> String {
    match &call.form {
        Form::Line(line) => grammar::scrub(line),
        Form::Fields(_) => grammar::scrub(&String::from_utf8_lossy(&call.sent)),
    }
}

async fn before(parts: &Parts, id: &RequestId, sent: &str) -> anyhow::Result<Answer> {
    let page = parts.book.load(id).await?;
    let page = page.ok_or_else(|| anyhow::anyhow!("request `{id}` was made and is gone"))?;
    let same = matches!(&page.request.asked.origin, Origin::Http { sent: first } if first == sent);
    Ok(if same {
        Answer::Before(Box::new(page.request))
    } else {
        Answer::OtherCall
    })
}

/// The mark that the request is made under. A key is one of its caller's: the same one of another service
/// is another one. Its digest, because a caller's words become no key of the store.
fn delivery(parts: &Parts, call: &Call) -> String {
    let Some(key) = &call.key else {
        return format!("http.{}", parts.entropy.commit_id().0);
    };
    let whose = format!("{}\n{key}", call.by.account);
    format!("http.{}", hex(&Sha256::digest(whose.as_bytes())))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unread(message: impl Into<String>, hint: &str) -> Fault {
    Fault::Unread(Unread::sentence(message, Some(hint.to_owned())))
}

fn refused(message: impl Into<String>, hint: &str) -> Fault {
    Fault::Refused(Sentence {
        message: message.into(),
        hint: Some(hint.to_owned()),
    })
}

fn read(rules: &RuleSet, call: &Call) -> Result<Wanted, Fault> {
    match &call.form {
        Form::Line(line) => of_line(rules, &call.by, line),
        Form::Fields(fields) => of_fields(rules, &call.by, fields),
    }
}

fn of_line(rules: &RuleSet, by: &Caller, line: &str) -> Result<Wanted, Fault> {
    let named = match after_self(line) {
        Some(rest) => format!("{}{rest}", pod(by)?),
        None => line.to_owned(),
    };
    let own = named != line;
    let phrase = grammar::parse(&named).map_err(|mut error| {
        if own {
            error.span = on_line(&error.span, line, &named);
            error.nearest = None;
        }
        let line = line.to_owned();
        Fault::Line { error, line }
    })?;
    match phrase {
        Phrase::Ask(mut ask) => {
            if own {
                here(by, &mut ask.terms)?;
            }
            Ok(Wanted::plain(ask, line))
        }
        Phrase::Using(ask) => Ok(Wanted::template(filled(rules, by, ask)?, line)),
        Phrase::Emergency(_) => Err(refused(
            "services cannot open anything at once",
            "ask without `emergency`: the approvers are asked then",
        )),
        _ => Err(unread(
            "this is no ask",
            "write it like `shop/web to orders/db:5432 for 30m because INC-42`",
        )),
    }
}

/// What follows `self` where that is the source.
fn after_self(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix(SELF)?;
    let apart = rest.starts_with(|c: char| c.is_whitespace() || c == '→') || rest.starts_with("->");
    apart.then_some(rest)
}

/// A spot in the line that was read, in the line that was sent.
fn on_line(span: &std::ops::Range<usize>, line: &str, read: &str) -> std::ops::Range<usize> {
    let at = |index: usize| match index.checked_sub(read.len().saturating_sub(line.len())) {
        Some(index) if line.is_char_boundary(index) => index,
        _ => 0,
    };
    match read.len().checked_sub(line.len()) {
        Some(longer) if span.start >= longer => at(span.start)..at(span.end),
        _ => 0..SELF.len().min(line.len()),
    }
}

/// The pod that the caller's token is bound to, as an endpoint.
fn pod(by: &Caller) -> Result<String, Fault> {
    let pod = by.pod.as_ref().filter(|_| by.account.cluster.is_some());
    let pod = pod.ok_or_else(|| {
        refused(
            "`self` is the pod of the token, and this token is bound to none",
            "name the source, or use a token that is projected into the pod",
        )
    })?;
    Ok(format!("{}/pod/{pod}", by.account.namespace))
}

/// The pod is on the cluster that vouches for its token: no other one is meant.
fn here(by: &Caller, terms: &mut Terms) -> Result<(), Fault> {
    let own = by.account.cluster.as_ref();
    match (&terms.cluster, own) {
        (Some(named), Some(own)) if named != own => Err(refused(
            format!("`self` is a pod of `{own}`, not of `{named}`"),
            "leave the cluster out, or name the source",
        )),
        _ => {
            terms.cluster = own.cloned();
            Ok(())
        }
    }
}

/// The ask with the pod in place of `self`, where an end is meant.
fn filled(rules: &RuleSet, by: &Caller, mut ask: TemplateAsk) -> Result<TemplateAsk, Fault> {
    let template = rules.template(&ask.template);
    let is_end = |name: &String| {
        let input = template.and_then(|template| template.inputs.get(name));
        let kinds = [InputKind::Endpoint, InputKind::Workload];
        input.is_some_and(|input| kinds.contains(&input.kind))
    };
    let mut own = false;
    for (name, value) in &mut ask.inputs {
        if value == SELF && is_end(name) {
            *value = pod(by)?;
            own = true;
        }
    }
    if own {
        here(by, &mut ask.terms)?;
    }
    Ok(ask)
}

/// INVARIANT (as typed): fields can say nothing that a line cannot; they are written as the line that
/// somebody would have typed and must read back as the very same ask.
fn of_fields(rules: &RuleSet, by: &Caller, fields: &Fields) -> Result<Wanted, Fault> {
    let length = fields.duration.as_deref().map(length::read).transpose();
    let length = length.map_err(|error| unread(error.to_string(), "write it like `30m`"))?;
    let reason = fields.reason.as_deref().map(grammar::reason).transpose();
    let reason = reason.map_err(|error| {
        Fault::Unread(Unread::sentence(
            format!("the reason: {}", error.message),
            error.hint,
        ))
    })?;
    let ask = TemplateAsk {
        template: fields.template.clone(),
        inputs: fields.inputs.clone(),
        terms: Terms {
            cluster: fields.cluster.clone(),
            length: length.map(Length::For),
            reason,
        },
    };
    let line = ask.to_string();
    match grammar::parse(&line) {
        Ok(Phrase::Using(read)) if read == ask => {
            Ok(Wanted::template(filled(rules, by, ask)?, &line))
        }
        Ok(_) => Err(unread(
            "the fields cannot be written in one line",
            "names are in lower case; leave out quotation marks, line ends and credentials",
        )),
        Err(error) => Err(Fault::Unread(Unread::sentence(error.message, error.hint))),
    }
}
