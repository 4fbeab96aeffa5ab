//! What a stage does: loops, conditions, assignments and stores.

use std::collections::BTreeSet;

use super::{Affine, BufferId, Dot, Expression, Merge, Scalar, Stored, Variable};

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

/// Does its body with a variable that another value gives, which is at least zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Derive {
    /// What takes the result.
    pub variable: Variable,
    /// What it is made of.
    pub value: Affine,
    /// How.
    pub by: Derivation,
    /// Where the variable is known.
    pub body: Vec<Statement>,
}

/// How one whole number gives another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derivation {
    /// The slot of a row in a ring of so many rows: the remainder.
    Slot(usize),
    /// The last of the windows, each so many behind the one before, that have begun: the
    /// quotient, and no more than `most`.
    Begun {
        /// From one window to the next.
        stride: usize,
        /// The last there is.
        most: usize,
    },
}

impl Derivation {
    /// What `value` gives.
    pub fn of(self, value: i64) -> i64 {
        match self {
            Derivation::Slot(rows) => value % rows as i64,
            Derivation::Begun { stride, most } => (value / stride as i64).min(most as i64),
        }
    }

    /// All that it gives is below this.
    pub fn below(self) -> usize {
        match self {
            Derivation::Slot(rows) => rows,
            Derivation::Begun { most, .. } => most + 1,
        }
    }
}

/// `sums[c, p] += inputs[p] · weights[…, c]`, each product rounded before it is added: what
/// nearly all time of a network of floats is spent in. All weights lie side by side, the first at the
/// beginning of an element.
#[derive(Debug, Clone, PartialEq)]
pub struct Accumulate {
    /// The sums, those of one weight side by side: `[weights, inputs]`.
    pub sums: Vec<Scalar>,
    /// The factors that each weight is multiplied with.
    pub inputs: Vec<Scalar>,
    /// Where the weights lie.
    pub weights: Stored,
    /// The element that the first weight begins.
    pub first: Vec<Affine>,
}

impl Accumulate {
    /// How many weights there are.
    pub fn weight_count(&self) -> usize {
        self.sums.len() / self.inputs.len()
    }

    /// The element of weight `c`, and which of the weights in it that is.
    pub fn place(&self, c: usize) -> (Vec<Affine>, usize) {
        let in_element = self.weights.in_element();
        let mut place = self.first.clone();
        if let Some(innermost) = place.last_mut() {
            *innermost = innermost.clone() + Affine::from(c / in_element);
        }
        (place, c % in_element)
    }

    /// The weights one after another, each with its number and with its sums and their inputs.
    pub fn products(
        &self,
    ) -> impl Iterator<Item = (usize, impl Iterator<Item = (Scalar, Scalar)>)> {
        let of_weight = self.sums.chunks(self.inputs.len()).enumerate();
        of_weight.map(|(c, sums)| {
            let inputs = self.inputs.iter().copied();
            (c, sums.iter().copied().zip(inputs))
        })
    }
}

/// One step of a stage.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// Repeats its body.
    For(Loop),
    /// Names what another value gives.
    Derive(Derive),
    /// Does its body if every expression is at least zero.
    If(Vec<Affine>, Vec<Statement>),
    /// Declares a scalar, which lives to the end of the enclosing body.
    Let(Scalar, Expression),
    /// Gives a declared scalar another value.
    Set(Scalar, Expression),
    /// Adds products to sums.
    Accumulate(Accumulate),
    /// Adds dot products to sums.
    Dot(Dot),
    /// Makes bytes as large as others.
    Merge(Merge),
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

/// Shows `visit` every statement of `body`, and those inside of one where it says so.
pub(crate) fn visit_all(body: &[Statement], visit: &mut impl FnMut(&Statement) -> bool) {
    for statement in body {
        if !visit(statement) {
            continue;
        }
        match statement {
            Statement::For(each) => visit_all(&each.body, visit),
            Statement::If(_, body) => visit_all(body, visit),
            Statement::Derive(derive) => visit_all(&derive.body, visit),
            Statement::Let(..)
            | Statement::Set(..)
            | Statement::Accumulate(_)
            | Statement::Dot(_)
            | Statement::Merge(_)
            | Statement::Store(..) => {}
        }
    }
}

/// Collects the buffers that `body` loads from or stores to.
pub(crate) fn buffers_of(body: &[Statement], used: &mut Vec<BufferId>) {
    visit_all(body, &mut |statement| {
        match statement {
            Statement::For(_) | Statement::If(..) | Statement::Derive(_) => {}
            Statement::Accumulate(accumulate) => used.extend(accumulate.weights.buffers()),
            Statement::Dot(dot) => used.extend([dot.inputs, dot.weights]),
            Statement::Merge(merge) => used.push(merge.target),
            Statement::Let(_, value) | Statement::Set(_, value) => loads_of(value, used),
            Statement::Store(buffer, _, value) => {
                used.push(*buffer);
                loads_of(value, used);
            }
        }
        true
    });
}

/// Collects the buffers that `body` stores to.
pub(super) fn stores_of(body: &[Statement], stored: &mut BTreeSet<BufferId>) {
    for statement in body {
        match statement {
            Statement::For(each) => stores_of(&each.body, stored),
            Statement::If(_, body) => stores_of(body, stored),
            Statement::Derive(derive) => stores_of(&derive.body, stored),
            Statement::Store(buffer, ..) => _ = stored.insert(*buffer),
            Statement::Merge(merge) => _ = stored.insert(merge.target),
            Statement::Accumulate(_)
            | Statement::Dot(_)
            | Statement::Let(..)
            | Statement::Set(..) => {}
        }
    }
}

fn loads_of(expression: &Expression, used: &mut Vec<BufferId>) {
    match expression {
        Expression::F32(_) | Expression::I32(_) | Expression::Scalar(_) => {}
        Expression::Load(buffer, _) => used.push(*buffer),
        Expression::Lookup(buffer, place) => {
            used.push(*buffer);
            loads_of(place, used);
        }
        Expression::Unary(_, value) => loads_of(value, used),
        Expression::Binary(_, left, right) => {
            loads_of(left, used);
            loads_of(right, used);
        }
    }
}
