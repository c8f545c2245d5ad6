//! Conditions in CEL, Kubernetes' own expression language: bounded first, then checked, then run.
//!
//! The names a condition can use:
//!
//! | name | type |
//! |---|---|
//! | `from`, `to` | `namespace`, `name`, `kind` (strings; no namespace: `''`), `namespaceLabels` (map) |
//! | `ports` | list of `port`, `endPort` (first and last, equal for a single port), `protocol` |
//! | `cluster`, `template`, `reason` | string; no reason: `''` |
//! | `duration` | duration |
//! | `requester` | `id` (`U…`, `ns/name`), `kind` (`person`, `service`) |
//! | `opens` | `pods` (how many pods can newly be reached), `fromPods` (how many can newly connect), `pairs` (of workloads), `warnings` (of the preview), `known` (bool: false where a template states objects; then the numbers are 1000000000) |
//! | `objects` | list of `kind`, `name` (ClusterRole, first host, block or peer): what a template states |
//! | `inputs` | map of texts: the inputs, as given or by their defaults |
//! | `extension` | bool: it makes an open path last longer |
//! | `incident` | string, the incident's id; outside of incidents: `''` |
//! | `emergency` | bool: somebody wants it opened at once |
//!
//! INVARIANT (bounded conditions): nothing is parsed that is longer than [`MAX_LENGTH`], nothing is
//! run that nests deeper than [`MAX_DEPTH`], loops inside a loop, or compiles a pattern that is not
//! written in it. So the work of a condition is at most its length times the length of one list.
//! Without these limits an expression of 100 characters overflows the stack and ends the process.

mod check;
mod sample;
mod scope;

#[cfg(test)]
mod tests;

pub use scope::Scope;
pub(super) use scope::UNKNOWN_OF_OBJECTS;

use cel::parser::Parser;
use cel::{ExecutionError, IdedExpr, ParseErrors, Value};
use regex::{Regex, RegexBuilder};

use super::problem::Fault;

/// Longest condition, in characters. Real ones have about a hundred.
pub const MAX_LENGTH: usize = 2_000;

/// Deepest nesting of brackets and of operations.
pub const MAX_DEPTH: usize = 32;

/// Largest compiled pattern, in bytes: room for Unicode classes, not for `(a{1000}){1000}`.
pub const MAX_PATTERN: usize = 512 * 1024;

/// Stack to parse and evaluate on, so that it does not matter whose stack the caller has left. In a
/// debug build the parser takes 165 KiB a bracket (measured; 6 MiB at [`MAX_DEPTH`]) and evaluation
/// 40 KiB an operation. The memory is reserved, and used only as far as it is needed.
const STACK: usize = 32 * 1024 * 1024;

/// A condition: text that was checked to be true or false for every ask.
#[derive(Debug, Clone)]
pub struct Condition {
    text: String,
    tree: IdedExpr,
    paths: Vec<Vec<String>>,
}

impl Condition {
    /// Parses and checks a condition.
    pub fn compile(text: &str) -> Result<Self, Fault> {
        let tree = parse(text)?;
        let used = check::check(&tree)?;
        sample::check(&tree, &used, sample::Kind::Bool)?;
        let text = text.to_owned();
        let paths = used.paths;
        Ok(Self { text, tree, paths })
    }

    /// The inputs that it reads by their names.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter_map(|path| sample::input_of(path))
    }

    /// Its answer, where that is the same for every ask.
    pub fn constant(&self) -> Option<bool> {
        self.paths.is_empty().then(|| sample::answer(&self.tree))?
    }

    /// Whether it reads anything of this name (`from`, `duration`).
    pub fn reads(&self, name: &str) -> bool {
        self.paths
            .iter()
            .any(|path| path.first().is_some_and(|root| root == name))
    }

    /// Whether it can hold for an ask from an address, which has no namespace and no labels.
    pub fn lets_addresses_pass(&self) -> bool {
        sample::from_address(&self.tree, &self.paths)
    }

    /// What may go wrong with it for some asks, such as a label that a namespace lacks.
    pub fn doubt(&self) -> Option<Fault> {
        sample::doubt(&self.tree, &self.paths)
    }

    /// Whether the ask meets it. An error says why that cannot be told; the caller must then refuse,
    /// because neither answer is safe.
    pub fn holds(&self, scope: &Scope) -> Result<bool, String> {
        match evaluate(&self.tree, scope) {
            Ok(Value::Bool(holds)) => Ok(holds),
            Ok(other) => Err(format!("it is not true or false but {}", type_of(&other))),
            Err(error) => Err(explain(&error)),
        }
    }

    /// As written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A CEL expression inside a text, such as `${to.namespaceLabels.team}`: a string for every ask.
#[derive(Debug, Clone)]
pub struct Insert {
    tree: IdedExpr,
    paths: Vec<Vec<String>>,
}

impl Insert {
    /// Parses and checks an expression.
    pub fn compile(text: &str) -> Result<Self, Fault> {
        let tree = parse(text)?;
        let used = check::check(&tree)?;
        sample::check(&tree, &used, sample::Kind::Text)?;
        let paths = used.paths;
        Ok(Self { tree, paths })
    }

    /// Every name it reads, in segments: `["to", "namespaceLabels", "team"]`.
    pub fn paths(&self) -> &[Vec<String>] {
        &self.paths
    }

    /// Its text for one ask.
    pub fn value(&self, scope: &Scope) -> Result<String, String> {
        match evaluate(&self.tree, scope) {
            Ok(Value::String(text)) => Ok(text.to_string()),
            Ok(other) => Err(format!("it is not text but {}", type_of(&other))),
            Err(error) => Err(explain(&error)),
        }
    }
}

/// Compiles a regular expression of at most [`MAX_LENGTH`] characters within [`MAX_PATTERN`]: compiling takes the
/// square of its length. (Matching is linear: the engine does not backtrack.)
pub fn pattern(text: &str) -> Result<Regex, Fault> {
    if text.chars().count() > MAX_LENGTH {
        return Err(Fault::new(
            format!("the regular expression `{}` is too long", shorten(text)),
            format!("write at most {MAX_LENGTH} characters"),
        ));
    }
    RegexBuilder::new(text)
        .size_limit(MAX_PATTERN)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => Fault::new(
                format!("the regular expression `{}` is too large", shorten(text)),
                "use smaller repetition counts",
            ),
            other => Fault::new(
                format!(
                    "`{}` is not a regular expression: {}",
                    shorten(text),
                    last_line(&other)
                ),
                "escape characters such as `(` and `[` with a backslash",
            ),
        })
}

fn parse(text: &str) -> Result<IdedExpr, Fault> {
    let length = text.chars().count();
    if length > MAX_LENGTH {
        return Err(Fault::new(
            format!("the CEL expression has {length} characters; the limit is {MAX_LENGTH}"),
            "split it into several rules or stages",
        ));
    }
    let depth = u16::try_from(MAX_DEPTH).unwrap_or(u16::MAX);
    stacker::grow(STACK, || {
        Parser::new().max_recursion_depth(depth).parse(text)
    })
    .map_err(|errors| syntax_fault(&errors))
}

fn evaluate(tree: &IdedExpr, scope: &Scope) -> Result<Value, ExecutionError> {
    stacker::grow(STACK, || Value::resolve(tree, scope.context()))
}

/// The parser's first complaint without its list of everything that it would have liked better.
fn syntax_fault(errors: &ParseErrors) -> Fault {
    let Some(first) = errors.errors.first() else {
        return Fault::plain("the CEL expression cannot be read");
    };
    if errors
        .errors
        .iter()
        .any(|e| e.msg.contains("Recursion limit"))
    {
        return check::too_deep();
    }
    let message = first.msg.trim_start_matches("Syntax error: ");
    let message = message.split(" expecting ").next().unwrap_or(message);
    let column = first.pos.1.max(1);
    Fault::new(
        format!(
            "the CEL expression cannot be read at character {column}: {}",
            shorten(message)
        ),
        "see https://kubernetes.io/docs/reference/using-api/cel/",
    )
}

/// An evaluation error in a person's words; values, which may be anybody's text, are left out.
fn explain(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("`{key}` is missing"),
        ExecutionError::NoSuchOverload(overload) => {
            let function = check::spoken(overload.function());
            format!(
                "`{function}` cannot take {}",
                overload.argument_types().join(" and ")
            )
        }
        ExecutionError::UnexpectedType { got, want } => format!("it is {got}, not {want}"),
        ExecutionError::FunctionError { function, .. } => {
            format!("`{function}` does not accept what it was given")
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "it divides by zero".to_owned()
        }
        ExecutionError::IndexOutOfBounds(_) => "the list is shorter than that".to_owned(),
        ExecutionError::Overflow(..) => "the number is too large".to_owned(),
        _ => "its values do not fit together".to_owned(),
    }
}

fn type_of(value: &Value) -> String {
    format!("of type {}", value.type_of())
}

fn last_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let line = text.lines().last().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}

/// Text for a message: one line, at most 80 characters.
fn shorten(text: &str) -> String {
    let mut line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(80)
        .collect();
    if text.chars().count() > 80 {
        line.push('…');
    }
    line
}
