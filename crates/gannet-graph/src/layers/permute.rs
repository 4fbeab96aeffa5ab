//! Extents in another order: a transposition.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// Puts extent `order[i]` of its input in place `i`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permute {
    order: Vec<usize>,
}

impl Permute {
    /// A layer that puts extents, counted from 0, in this order.
    ///
    /// # Errors
    /// [`GraphError::Range`] if an extent is missing or there twice.
    pub fn new(order: Vec<usize>) -> Result<Self, GraphError> {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if order.is_empty() || sorted.iter().enumerate().any(|(i, &extent)| i != extent) {
            return Err(GraphError::Range {
                what: "the order of a Permute layer",
                found: format!("{order:?}"),
                expected: "each extent from 0 on, once",
            });
        }
        Ok(Permute { order })
    }

    /// Which extent of the input stands in each place, counted from 0.
    pub fn order(&self) -> &[usize] {
        &self.order
    }
}

impl LayerKind for Permute {
    const KIND: &'static str = "Permute";
    const ARITY: Arity = Arity::One;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let dims = inputs[0].dims();
        if dims.len() != self.order.len() {
            return Err(GraphError::Rank {
                layer: name.to_owned(),
                kind: Self::KIND,
                expected: "as many extents as it puts in order",
                found: inputs[0].clone(),
            });
        }
        let permuted: Vec<usize> = self.order.iter().map(|&extent| dims[extent]).collect();
        Ok(Shape::from(permuted))
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        vec![("order", format!("{:?}", self.order))]
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let strides = strides(inputs[0].shape());
        Tensor::from_fn(output.clone(), |i| {
            let (mut rest, mut place) = (i, 0);
            for (&extent, &from) in output.dims().iter().zip(&self.order).rev() {
                place += rest % extent * strides[from];
                rest /= extent;
            }
            inputs[0].data()[place]
        })
    }
}

/// How far apart neighbours along each extent lie.
fn strides(shape: &Shape) -> Vec<usize> {
    let dims = shape.dims();
    (0..dims.len())
        .map(|i| dims[i + 1..].iter().product())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_may_come_first() {
        let layer = Permute::new(vec![2, 0, 1]).unwrap();
        let image = Tensor::new([1, 3, 2], vec![1.0, 10.0, 2.0, 20.0, 3.0, 30.0]).unwrap();
        let shape = layer.output_shape("permute", &[image.shape()]).unwrap();
        assert_eq!(shape, Shape::from([2, 1, 3]));
        let permuted = layer.run(&[&image], &shape);
        assert_eq!(permuted.data(), [1.0, 2.0, 3.0, 10.0, 20.0, 30.0]);
        assert!(Permute::new(vec![0, 2]).is_err() && Permute::new(vec![1, 1, 0]).is_err());
    }
}
