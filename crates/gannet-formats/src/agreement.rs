//! Whether two networks compute the same: a network and what became of it in another format, in;
//! the largest difference of their outputs, out.

use gannet_graph::{GraphError, Shape, Tensor};

use crate::ModelRef;

/// The largest difference between the outputs of two networks on the same `inputs` random inputs,
/// whose values are evenly spread from -1 to 1. The outputs of both are taken value by value,
/// whatever their shapes are; NaN beside a number is an infinite difference.
///
/// # Errors
/// [`GraphError::InputShape`] if the networks do not take the same input, or give another number
/// of values.
pub fn largest_difference<'a>(
    a: impl Into<ModelRef<'a>>,
    b: impl Into<ModelRef<'a>>,
    inputs: usize,
) -> Result<f32, GraphError> {
    let (a, b) = (a.into(), b.into());
    let mut random = random();
    let mut largest = 0.0_f32;
    for _ in 0..inputs {
        let input = Tensor::from_fn(a.input_shape().clone(), |_| random());
        let (a, b) = (a.run(&input)?, b.run(&input)?);
        largest = largest.max(difference(&a, &b)?);
    }
    Ok(largest)
}

fn difference(a: &Tensor, b: &Tensor) -> Result<f32, GraphError> {
    let shape = |tensor: &Tensor| Shape::from([tensor.data().len()]);
    if shape(a) != shape(b) {
        return Err(GraphError::TensorLength {
            shape: a.shape().clone(),
            found: b.data().len(),
        });
    }
    let differences = a.data().iter().zip(b.data()).map(|(a, b)| {
        let same = a == b || (a.is_nan() && b.is_nan());
        let difference = if same { 0.0 } else { (a - b).abs() };
        if difference.is_nan() {
            f32::INFINITY
        } else {
            difference
        }
    });
    Ok(differences.fold(0.0, f32::max))
}

/// Numbers from -1 to 1, always the same ones, by SplitMix64 (Steele, Lea, Flood 2014).
fn random() -> impl FnMut() -> f32 {
    let mut state = 0_u64;
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let places = (bits ^ (bits >> 31)) >> 40;
        places as f32 / (1_u64 << 23) as f32 - 1.0
    }
}

#[cfg(test)]
mod tests {
    use gannet_graph::{Activation, Dense, Function, Graph};

    use super::*;

    fn network(weight: f32, function: Function) -> Graph {
        let mut graph = Graph::new("net", [1]).unwrap();
        let kernel = Tensor::new([1, 1], vec![weight]).unwrap();
        graph
            .push("dense", Dense::new(kernel, None).unwrap())
            .unwrap();
        graph.push("function", Activation::new(function)).unwrap();
        graph
    }

    #[test]
    fn the_same_network_has_no_difference() {
        for weight in [1.0, f32::NAN, f32::INFINITY] {
            let graph = network(weight, Function::Linear);
            assert_eq!(largest_difference(&graph, &graph, 3), Ok(0.0));
        }
    }

    /// |2x - x| = |x|, which comes close to 1 on 100 numbers from -1 to 1.
    #[test]
    fn the_largest_difference_is_found() {
        let [one, two, none] = [1.0, 2.0, f32::NAN].map(|w| network(w, Function::Linear));
        let largest = largest_difference(&one, &two, 100).unwrap();
        assert!((0.9..=1.0).contains(&largest), "{largest}");
        assert_eq!(largest_difference(&one, &none, 1), Ok(f32::INFINITY));
        // ReLU differs below zero, where half of the inputs are.
        let relu = network(1.0, Function::Relu);
        assert!(largest_difference(&one, &relu, 100).unwrap() > 0.9);
    }

    #[test]
    fn other_outputs_are_refused() {
        let mut wide = Graph::new("net", [1]).unwrap();
        wide.push("dense", Dense::zeros(1, 2)).unwrap();
        assert!(largest_difference(&network(1.0, Function::Linear), &wide, 1).is_err());
    }
}
