//! Images side by side in the channel, or vectors one behind the other.

use crate::{Arity, GraphError, LayerKind, Shape, Tensor};

/// Joins along the innermost extent; all others must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Concatenate;

impl LayerKind for Concatenate {
    const KIND: &'static str = "Concatenate";
    const ARITY: Arity = Arity::Several;

    fn output_shape(&self, name: &str, inputs: &[&Shape]) -> Result<Shape, GraphError> {
        let outer = |shape: &Shape| shape.dims()[..shape.dims().len() - 1].to_vec();
        let first = inputs[0];
        let agree = |shape: &Shape| {
            shape.dims().len() == first.dims().len() && outer(shape) == outer(first)
        };
        if let Some(other) = inputs.iter().find(|shape| !agree(shape)) {
            return Err(GraphError::Disagree {
                layer: name.to_owned(),
                kind: Self::KIND,
                rule: "inputs differ in their channels only",
                first: first.clone(),
                other: (*other).clone(),
            });
        }
        let mut dims = outer(first);
        dims.push(inputs.iter().map(|shape| shape.channels()).sum());
        Ok(Shape::from(dims))
    }

    fn run(&self, inputs: &[&Tensor], output: &Shape) -> Tensor {
        let rows = output.elements() / output.channels();
        let data = (0..rows)
            .flat_map(|row| inputs.iter().map(move |input| (row, input)))
            .flat_map(|(row, input)| {
                let channels = input.shape().channels();
                &input.data()[row * channels..][..channels]
            })
            .copied()
            .collect();
        Tensor::new(output.clone(), data).expect("checked shape")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_stand_side_by_side() {
        let a = Tensor::new([1, 2, 1], vec![1.0, 2.0]).unwrap();
        let b = Tensor::new([1, 2, 2], vec![3.0, 4.0, 5.0, 6.0]).unwrap();
        let shape = Concatenate
            .output_shape("concat", &[a.shape(), b.shape()])
            .unwrap();
        assert_eq!(shape, Shape::from([1, 2, 3]));
        let joined = Concatenate.run(&[&a, &b], &shape);
        assert_eq!(joined.data(), [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]);
    }

    #[test]
    fn only_channels_may_differ() {
        let (a, b) = (Shape::from([2, 2, 1]), Shape::from([2, 3, 1]));
        assert!(Concatenate.output_shape("concat", &[&a, &b]).is_err());
    }
}
