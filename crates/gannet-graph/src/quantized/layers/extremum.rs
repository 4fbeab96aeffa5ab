//! The larger or the smaller of two tensors, value by value.

use crate::{
    Arity, GraphError,
    quantized::{
        LayerKind, QuantizedTensor, TensorType,
        layer::{one_quantization, one_shape},
    },
};

/// Element-wise maximum of inputs of one quantization, which the output has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Maximum;

/// Element-wise minimum of inputs of one quantization, which the output has too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minimum;

/// Makes a layer of the one of two integers that `$of` gives.
macro_rules! extremum {
    ($layer:ident, $kind:literal, $of:path) => {
        impl LayerKind for $layer {
            const KIND: &'static str = $kind;
            const ARITY: Arity = Arity::Two;

            fn output_type(
                &self,
                name: &str,
                inputs: &[&TensorType],
            ) -> Result<TensorType, GraphError> {
                let quantization = one_quantization(name, Self::KIND, inputs)?;
                let shape = one_shape(name, Self::KIND, inputs)?;
                Ok(TensorType::new(shape, quantization))
            }

            fn run(&self, inputs: &[&QuantizedTensor], output: &TensorType) -> QuantizedTensor {
                let [a, b] = [inputs[0].data(), inputs[1].data()];
                QuantizedTensor::from_fn(output.clone(), |i| $of(a[i], b[i]))
            }
        }
    };
}

extremum!(Maximum, "Maximum", Ord::max);
extremum!(Minimum, "Minimum", Ord::min);
