//! What a condition may be made of, judged on its tree before anything is run.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, LiteralValue, SelectExpr, operators};

use super::scope::{LABELS, NAMES, Shape};
use super::{MAX_DEPTH, pattern};
use crate::rules::problem::{Fault, suggest};

/// Most loops (`all`, `exists`, …) in one condition, one after another.
const MAX_LOOPS: usize = 4;

/// Functions by their CEL names. What is not here is not needed to judge an ask, or (`timestamp`)
/// would make the answer depend on something that the ledger does not hold.
const FUNCTIONS: &[&str] = &[
    "contains",
    "duration",
    "endsWith",
    "getHours",
    "getMinutes",
    "getSeconds",
    "int",
    "matches",
    "size",
    "startsWith",
    "string",
];

/// Operators by the names their calls have in the tree, and as people write them.
const OPERATORS: &[(&str, &str)] = &[
    (operators::CONDITIONAL, "?:"),
    (operators::LOGICAL_AND, "&&"),
    (operators::LOGICAL_OR, "||"),
    (operators::LOGICAL_NOT, "!"),
    (operators::ADD, "+"),
    (operators::SUBSTRACT, "-"),
    (operators::MULTIPLY, "*"),
    (operators::DIVIDE, "/"),
    (operators::MODULO, "%"),
    (operators::NEGATE, "-"),
    (operators::EQUALS, "=="),
    (operators::NOT_EQUALS, "!="),
    (operators::GREATER, ">"),
    (operators::GREATER_EQUALS, ">="),
    (operators::LESS, "<"),
    (operators::LESS_EQUALS, "<="),
    (operators::INDEX, "[]"),
    (operators::IN, "in"),
];

/// Made by the loop macros; nobody can write it.
const LOOP_GUARD: &str = operators::NOT_STRICTLY_FALSE;

/// What a checked tree reads.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Every name, in segments, as far as it is spelled out: `to.namespaceLabels['x']` is three.
    pub(super) paths: Vec<Vec<String>>,
    /// Every text written in it, which may be a label's key.
    pub(super) texts: Vec<String>,
}

/// Refuses what is not allowed in a condition.
pub(super) fn check(tree: &IdedExpr) -> Result<Used, Fault> {
    let mut walk = Walk::default();
    walk.visit(tree, 0)?;
    Ok(walk.used)
}

pub(super) fn too_deep() -> Fault {
    Fault::new(
        format!("the CEL expression nests deeper than {MAX_DEPTH} levels"),
        "use `x in ['a', 'b']` for long alternatives, or split the rule",
    )
}

/// An operator as people write it; other functions by their name.
pub(super) fn spoken(function: &str) -> &str {
    OPERATORS
        .iter()
        .find(|(name, _)| *name == function)
        .map_or(function, |(_, written)| written)
}

#[derive(Default)]
struct Walk {
    used: Used,
    /// Variables of the loops around the current spot.
    locals: Vec<String>,
    in_loop: bool,
    loops: usize,
}

impl Walk {
    fn visit(&mut self, expr: &IdedExpr, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        if let Some(path) = path_of(expr) {
            return self.name(path);
        }
        match &expr.expr {
            Expr::Call(call) => self.call(call, depth),
            Expr::Comprehension(inner) => self.comprehension(inner, depth),
            Expr::List(list) => self.visit_all(&list.elements, depth),
            Expr::Select(select) => self.visit(&select.operand, depth + 1),
            Expr::Literal(literal) => {
                if let LiteralValue::String(text) = literal {
                    self.used.texts.push(text.inner().to_owned());
                }
                Ok(())
            }
            Expr::Ident(_) => Ok(()),
            Expr::Map(_) | Expr::Struct(_) | Expr::Unspecified => Err(Fault::plain(
                "maps and messages cannot be built in a condition",
            )),
        }
    }

    fn visit_all(&mut self, all: &[IdedExpr], depth: usize) -> Result<(), Fault> {
        all.iter().try_for_each(|expr| self.visit(expr, depth + 1))
    }

    fn call(&mut self, call: &CallExpr, depth: usize) -> Result<(), Fault> {
        let name = call.func_name.as_str();
        let known = FUNCTIONS.contains(&name)
            || name == LOOP_GUARD
            || OPERATORS.iter().any(|(operator, _)| *operator == name);
        if !known {
            return Err(Fault {
                message: format!("`{name}` is not a function that a condition can use"),
                hint: suggest(name, FUNCTIONS.iter().copied()),
            });
        }
        if name == "matches" {
            check_pattern(call)?;
        }
        if let Some(target) = &call.target {
            self.visit(target, depth + 1)?;
        }
        self.visit_all(&call.args, depth)
    }

    fn comprehension(&mut self, inner: &ComprehensionExpr, depth: usize) -> Result<(), Fault> {
        self.loops += 1;
        if self.in_loop || self.loops > MAX_LOOPS {
            return Err(Fault::new(
                format!(
                    "a condition can hold at most {MAX_LOOPS} of `all`, `exists`, `exists_one`, \
                     `map` and `filter`, and none inside another"
                ),
                "split the rule, or use `in`",
            ));
        }
        self.in_loop = true;
        self.visit(&inner.iter_range, depth + 1)?;
        let locals = self.locals.len();
        self.locals.push(inner.iter_var.clone());
        self.locals.extend(inner.iter_var2.clone());
        self.locals.push(inner.accu_var.clone());
        for part in [
            &inner.accu_init,
            &inner.loop_cond,
            &inner.loop_step,
            &inner.result,
        ] {
            self.visit(part, depth + 1)?;
        }
        self.locals.truncate(locals);
        self.in_loop = false;
        Ok(())
    }

    /// A name must be one that [`NAMES`] has, down to the field.
    fn name(&mut self, path: Vec<String>) -> Result<(), Fault> {
        let Some(root) = path.first() else {
            return Ok(());
        };
        if self.locals.contains(root) {
            return Ok(());
        }
        let Some((_, shape)) = NAMES.iter().find(|(name, _)| name == root) else {
            return Err(Fault {
                message: format!("`{root}` is not a name that a condition can use"),
                hint: suggest(root, NAMES.iter().map(|(name, _)| *name)),
            });
        };
        if let (Shape::Fields(fields) | Shape::End(fields), Some(field)) = (shape, path.get(1))
            && !fields.contains(&field.as_str())
        {
            return Err(Fault {
                message: format!("`{root}` has no field `{field}`"),
                hint: suggest(field, fields.iter().copied()),
            });
        }
        self.used.paths.push(path);
        Ok(())
    }
}

/// The segments of `a.b`, `has(a.b)` and `a['b']`, root first; `None` for anything else.
fn path_of(expr: &IdedExpr) -> Option<Vec<String>> {
    let mut segments = Vec::new();
    let mut expr = expr;
    loop {
        match &expr.expr {
            Expr::Ident(name) => {
                segments.push(name.clone());
                segments.reverse();
                return Some(segments);
            }
            Expr::Select(SelectExpr { operand, field, .. }) => {
                segments.push(field.clone());
                expr = operand;
            }
            Expr::Call(call) if call.func_name == operators::INDEX => {
                let [operand, index] = call.args.as_slice() else {
                    return None;
                };
                segments.push(text_of(index)?.to_owned());
                expr = operand;
            }
            _ => return None,
        }
    }
}

fn text_of(expr: &IdedExpr) -> Option<&str> {
    match &expr.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner()),
        _ => None,
    }
}

/// A pattern must be written out: one that comes from the ask would be the requester's to choose,
/// and could be of any size.
fn check_pattern(call: &CallExpr) -> Result<(), Fault> {
    let written = call.args.last().and_then(text_of);
    match written {
        Some(text) => pattern(text).map(|_| ()),
        None => Err(Fault::new(
            "the pattern of `matches` must be written in the condition",
            "write it in quotes: `reason.matches('^INC-[0-9]+')`",
        )),
    }
}

/// The label a path reads, if it reads one.
pub(super) fn label_of(path: &[String]) -> Option<&str> {
    match path {
        [_, field, key, ..] if field == LABELS => Some(key),
        _ => None,
    }
}
