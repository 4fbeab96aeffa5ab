//! What layers that work on whole values share: sources and target without gaps, indexed as
//! they are shaped.

use gannet_graph::Shape;

use super::activation::pointwise;
use super::{Lowering, load};
use crate::fuse::Group;
use crate::ir::{Affine, BufferId, Expression, Loop, ScalarType, Statement, Variable};

/// A value as one row of elements.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) elements: BufferId,
    pub(super) shape: Shape,
}

impl Value {
    /// The index of an element, given its index along each extent.
    pub(super) fn at(&self, index: &[Affine]) -> Vec<Affine> {
        let dims = self.shape.dims().iter();
        let place = dims
            .zip(index)
            .fold(Affine::from(0_i64), |place, (&dim, i)| {
                place * dim as i64 + i.clone()
            });
        vec![place]
    }

    /// The same where an extent of 1 stands for any.
    pub(super) fn at_any(&self, index: &[Affine]) -> Vec<Affine> {
        let own: Vec<Affine> = (self.shape.dims().iter().zip(index))
            .map(|(&dim, i)| if dim == 1 { 0_i64.into() } else { i.clone() })
            .collect();
        self.at(&own)
    }
}

impl Lowering<'_> {
    /// What `group` reads.
    pub(super) fn wholes(&mut self, group: &Group, sources: &[usize]) -> Vec<Value> {
        let inputs = self.graph.node(group.first()).inputs();
        let shapes: Vec<Shape> = (inputs.iter())
            .map(|&input| self.graph.node(input).output_shape().clone())
            .collect();
        let values = sources.iter().zip(shapes).map(|(&source, shape)| Value {
            elements: self.image(source).elements,
            shape,
        });
        values.collect()
    }

    /// A new buffer for what `group` gives, and its elements.
    pub(super) fn whole_target(&mut self, group: &Group) -> (BufferId, Value) {
        let buffer = self.value(group);
        let shape = self.graph.node(group.last()).output_shape().clone();
        let elements = self.flat(buffer);
        (buffer, Value { elements, shape })
    }

    /// A constant of a shape.
    pub(super) fn constant_of(&mut self, name: &str, tensor: &gannet_graph::Tensor) -> Value {
        let values = crate::ir::Constant::F32(tensor.data().to_vec());
        let extents = [tensor.data().len()];
        Value {
            elements: self.builder.constant(name, &extents, values),
            shape: tensor.shape().clone(),
        }
    }

    /// Loop variables over the extents of `shape`.
    pub(super) fn indices(&mut self, shape: &Shape) -> Vec<Variable> {
        let names: &[&str] = match shape.dims().len() {
            3 => &["y", "x", "channel"],
            2 => &["row", "channel"],
            _ => &["i"],
        };
        names
            .iter()
            .map(|name| self.builder.variable(name))
            .collect()
    }

    /// Each element of the target from those of all `values` at the same place.
    pub(super) fn joined(
        &mut self,
        group: &Group,
        values: &[Value],
        join: impl FnOnce(Vec<Expression>) -> Expression,
    ) -> BufferId {
        let (buffer, target) = self.whole_target(group);
        let variables = self.indices(&target.shape);
        let index: Vec<Affine> = variables.iter().map(|&v| v.into()).collect();
        let joined = self.builder.scalar("joined", ScalarType::F32);
        let loads = values
            .iter()
            .map(|value| load(&self.builder, value.elements, value.at_any(&index)));
        let body = vec![
            Statement::Let(joined, join(loads.collect())),
            Statement::Store(
                target.elements,
                target.at(&index),
                pointwise(group.function, joined),
            ),
        ];
        self.stage(group, nest(&variables, target.shape.dims(), body));
        buffer
    }
}

/// `body` in loops over all `extents`, the first outermost.
pub(super) fn nest(
    variables: &[Variable],
    extents: &[usize],
    body: Vec<Statement>,
) -> Vec<Statement> {
    let loops = variables.iter().zip(extents).rev();
    loops.fold(body, |body, (&variable, &extent)| {
        vec![Statement::repeat(variable, 0_i64, extent, body)]
    })
}

/// `body` with `variable` at `value`, if `0 ≤ value < limit`: a loop that runs once or not at
/// all, so that the bounds of the index are those of the loop.
pub(super) fn where_inside(
    variable: Variable,
    value: Affine,
    limit: usize,
    body: Vec<Statement>,
) -> Statement {
    Statement::For(Loop {
        variable,
        from: vec![0_i64.into(), value.clone()],
        to: vec![limit.into(), value + Affine::from(1_i64)],
        body,
    })
}
