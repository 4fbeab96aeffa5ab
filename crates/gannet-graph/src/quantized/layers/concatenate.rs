//! Channels of images side by side, or vectors one behind the other.

use crate::{
    Arity, GraphError, Shape,
    quantized::{LayerKind, QuantizedTensor, TensorType, layer::one_quantization},
};

/// The inputs' innermost extents in a row; all have one quantization and the same other extents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concatenate;

impl LayerKind for Concatenate {
    const KIND: &'static str = "Concatenate";
    const ARITY: Arity = Arity::Several;

    fn output_type(&self, name: &str, inputs: &[&TensorType]) -> Result<TensorType, GraphError> {
        let quantization = one_quantization(name, Self::KIND, inputs)?;
        let outer = |shape: &Shape| shape.dims()[..shape.dims().len() - 1].to_vec();
        let first = &inputs[0].shape;
        if let Some(other) = inputs.iter().find(|i| outer(&i.shape) != outer(first)) {
            return Err(GraphError::Disagree {
                layer: name.to_owned(),
                kind: Self::KIND,
                rule: "all extents but the last agree",
                first: first.clone(),
                other: other.shape.clone(),
            });
        }
        let channels: usize = inputs.iter().map(|input| input.shape.channels()).sum();
        let mut dims = outer(first);
        dims.push(channels);
        Ok(TensorType::new(dims, quantization))
    }

    fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
        let channels = output.shape.channels();
        QuantizedTensor::from_fn(output.clone(), |i| {
            let (position, mut channel) = (i / channels, i % channels);
            for input in inputs {
                let own = input.shape().channels();
                if channel < own {
                    return input.data()[position * own + channel];
                }
                channel -= own;
            }
            unreachable!("the output has as many channels as all inputs")
        })
    }
}
