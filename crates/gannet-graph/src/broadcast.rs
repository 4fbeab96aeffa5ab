//! Joining tensors element by element, where an extent of 1 stands for any extent.

use crate::{GraphError, Shape, Tensor};

/// The shape that all inputs of layer `name` become together: in each place the extent that is
/// not 1.
///
/// # Errors
/// [`GraphError::Disagree`] if two extents differ and none of them is 1.
pub(crate) fn joined(
    name: &str,
    kind: &'static str,
    inputs: &[&Shape],
) -> Result<Shape, GraphError> {
    let first = inputs[0];
    let mut dims = first.dims().to_vec();
    for shape in inputs {
        let agree = shape.dims().len() == dims.len()
            && dims.iter_mut().zip(shape.dims()).all(|(dim, &other)| {
                let agree = *dim == other || *dim == 1 || other == 1;
                *dim = (*dim).max(other);
                agree
            });
        if !agree {
            return Err(GraphError::Disagree {
                layer: name.to_owned(),
                kind,
                rule: "extents are the same, or 1",
                first: first.clone(),
                other: (*shape).clone(),
            });
        }
    }
    Ok(Shape::from(dims))
}

/// Where the element lies in a tensor of shape `from` that belongs to element `i` of the joined
/// shape `to`.
pub(crate) fn element(from: &Shape, to: &Shape, i: usize) -> usize {
    let (mut rest, mut place, mut stride) = (i, 0, 1);
    for (&extent, &whole) in from.dims().iter().zip(to.dims()).rev() {
        let index = rest % whole;
        rest /= whole;
        if extent > 1 {
            place += index * stride;
        }
        stride *= extent;
    }
    place
}

/// For each element of `output` what `join` makes of the inputs' elements, from the first to the
/// last, in `f64`.
pub(crate) fn fold(inputs: &[&Tensor], output: &Shape, join: impl Fn(f64, f64) -> f64) -> Tensor {
    Tensor::from_fn(output.clone(), |i| {
        let values = inputs
            .iter()
            .map(|input| f64::from(input.data()[element(input.shape(), output, i)]));
        values.reduce(&join).expect("a join has inputs") as f32
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extent_of_one_stands_for_any() {
        let image = Tensor::from_fn([2, 2, 3], |i| i as f32);
        let channels = Tensor::from_fn([1, 1, 3], |i| 10.0 * i as f32);
        let column = Tensor::from_fn([2, 1, 1], |i| 100.0 * i as f32);
        let inputs = [&channels, &image, &column];
        let shape = joined("join", "Add", &inputs.map(Tensor::shape)).unwrap();
        assert_eq!(shape, Shape::from([2, 2, 3]));
        let sum = fold(&inputs, &shape, |a, b| a + b);
        let expected = [
            0.0, 11.0, 22.0, 3.0, 14.0, 25.0, 106.0, 117.0, 128.0, 109.0, 120.0, 131.0,
        ];
        assert_eq!(sum.data(), expected);
    }
}
