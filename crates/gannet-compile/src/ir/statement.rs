//! What a stage does: loops, conditions, assignments and stores.

use super::{Affine, BufferId, Expression, Scalar, Variable};

/// A loop: `variable` runs from the largest of `from` to below the smallest of `to`.
/// Bounds may use the variables of enclosing loops.
#[derive(Debug, Clone, PartialEq)]
pub struct Loop {
    /// What runs.
    pub variable: Variable,
    /// Lower bounds; all hold.
    pub from: Vec<Affine>,
    /// Upper bounds, exclusive; all hold.
    pub to: Vec<Affine>,
    /// What is done at each value.
    pub body: Vec<Statement>,
}

/// One step of a stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// Repeats its body.
    For(Loop),
    /// Does its body if every expression is at least zero.
    If(Vec<Affine>, Vec<Statement>),
    /// Declares a scalar, which lives to the end of the enclosing body.
    Let(Scalar, Expression),
    /// Gives a declared scalar another value.
    Set(Scalar, Expression),
    /// Writes an element, one index an extent. Narrow integers keep the low bits.
    Store(BufferId, Vec<Affine>, Expression),
}

impl Statement {
    /// A loop from `from` to below `to`.
    pub fn repeat(
        variable: Variable,
        from: impl Into<Affine>,
        to: impl Into<Affine>,
        body: Vec<Statement>,
    ) -> Statement {
        Statement::For(Loop {
            variable,
            from: vec![from.into()],
            to: vec![to.into()],
            body,
        })
    }
}

/// Collects the buffers that `body` loads from or stores to.
pub(super) fn buffers_of(body: &[Statement], used: &mut Vec<BufferId>) {
    for statement in body {
        match statement {
            Statement::For(each) => buffers_of(&each.body, used),
            Statement::If(_, body) => buffers_of(body, used),
            Statement::Let(_, value) | Statement::Set(_, value) => loads_of(value, used),
            Statement::Store(buffer, _, value) => {
                used.push(*buffer);
                loads_of(value, used);
            }
        }
    }
}

fn loads_of(expression: &Expression, used: &mut Vec<BufferId>) {
    match expression {
        Expression::F32(_) | Expression::I32(_) | Expression::Scalar(_) => {}
        Expression::Load(buffer, _) => used.push(*buffer),
        Expression::Unary(_, value) => loads_of(value, used),
        Expression::Binary(_, left, right) => {
            loads_of(left, used);
            loads_of(right, used);
        }
    }
}
