//! One operator of a file as it is read: its options, operands and constants in Gannet's
//! terms. What Gannet does not have is noted, so that all of it is told at once.

use std::cell::RefCell;

use gannet_graph::{
    Function, GraphError, Padding, Shape, Window,
    quantized::{Bias, Clamp, Element, Kernel, Quantization, WeightBits},
};

use super::{
    schema::tflite::{ActivationFunctionType, Padding as PaddingOption, TensorType},
    source::{self, Node, Source},
};
use crate::{FormatError, Obstacle};

/// Why an operator could not be read.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It is among the obstacles.
    Noted,
    /// The file cannot be read at all.
    Format(FormatError),
}

impl From<FormatError> for Trouble {
    fn from(error: FormatError) -> Self {
        Trouble::Format(error)
    }
}

impl From<GraphError> for Trouble {
    fn from(error: GraphError) -> Self {
        Trouble::Format(error.into())
    }
}

/// What becomes of an operator: layers, one behind the other, the first of them wired to the
/// operands.
#[derive(Debug)]
pub(super) struct Step<L> {
    pub layers: Vec<L>,
    /// Places in [`Source::tensors`].
    pub operands: Vec<usize>,
}

impl<L> Step<L> {
    /// One layer.
    pub fn new(layer: impl Into<L>, operands: impl Into<Vec<usize>>) -> Self {
        Step {
            layers: vec![layer.into()],
            operands: operands.into(),
        }
    }
}

/// An operator that is being read.
pub(super) struct Call<'a> {
    pub source: &'a Source<'a>,
    pub node: &'a Node<'a>,
    pub obstacles: &'a RefCell<Vec<Obstacle>>,
}

impl<'a> Call<'a> {
    /// Notes something that Gannet does not have.
    pub fn note(&self, attribute: &str, value: impl ToString, supported: &str) {
        self.obstacles.borrow_mut().push(Obstacle {
            layer: self.name().to_owned(),
            class: self.node.class(),
            attribute: attribute.to_owned(),
            value: value.to_string(),
            supported: supported.to_owned(),
        });
    }

    /// As [`Call::note`], where nothing can stand in for it.
    pub fn refuse(&self, attribute: &str, value: impl ToString, supported: &str) -> Trouble {
        self.note(attribute, value, supported);
        Trouble::Noted
    }

    /// The options of the operator, which `read` takes out of its table.
    pub fn options<O>(&self, options: Option<O>) -> Result<O, Trouble> {
        options.ok_or_else(|| self.refuse("options", "absent", "the operator's own"))
    }

    /// The place of its output; operators with several are not read.
    pub fn output(&self) -> usize {
        self.node.outputs[0]
    }

    fn name(&self) -> &'a str {
        match self.node.outputs.first() {
            Some(&output) => self.source.tensors[output].name,
            None => "",
        }
    }

    /// The place of input `i`, which is computed or constant.
    pub fn input(&self, i: usize) -> Result<usize, Trouble> {
        match self.node.inputs.get(i) {
            Some(&Some(place)) => Ok(place),
            _ => Err(self.refuse(&format!("input {i}"), "absent", "a tensor")),
        }
    }

    /// The place of input `i`, which is computed.
    pub fn operand(&self, i: usize) -> Result<usize, Trouble> {
        let place = self.input(i)?;
        match self.source.tensors[place].data {
            None => Ok(place),
            Some(_) => Err(self.refuse(
                &format!("input {i}"),
                "constant",
                "what another operator gives",
            )),
        }
    }

    /// Whether input `i` is known when the network is read.
    pub fn is_constant(&self, i: usize) -> bool {
        let place = self.node.inputs.get(i).copied().flatten();
        place.is_some_and(|place| {
            let source = self.before_dequantize(place);
            self.source.tensors[source].data.is_some()
        })
    }

    /// Whether input `i` is there.
    pub fn has_input(&self, i: usize) -> bool {
        matches!(self.node.inputs.get(i), Some(Some(_)))
    }

    /// The shape of the tensor at `place`, without its batch of one.
    pub fn shape(&self, place: usize) -> Result<Shape, Trouble> {
        shape(&self.source.tensors[place].shape).ok_or_else(|| {
            self.refuse(
                "shape",
                format!("{:?}", self.source.tensors[place].shape),
                "a batch of 1 and at least one extent behind it, none of them 0",
            )
        })
    }

    /// The window of options; pairs are `[vertical, horizontal]`.
    pub fn window(
        &self,
        kernel: [usize; 2],
        stride: [i32; 2],
        dilation: [i32; 2],
        padding: PaddingOption,
    ) -> Result<Window, Trouble> {
        let padding = match padding {
            PaddingOption::SAME => Padding::Same,
            PaddingOption::VALID => Padding::Valid,
            other => return Err(self.refuse("padding", other.0, "SAME, VALID")),
        };
        // What is negative is refused as 0 is.
        let [stride, dilation] =
            [stride, dilation].map(|steps| steps.map(|step| usize::try_from(step).unwrap_or(0)));
        Ok(Window::new(kernel, stride, padding)?.with_dilation(dilation)?)
    }

    /// A fused activation function of real numbers.
    pub fn function(&self, activation: ActivationFunctionType) -> Function {
        match activation {
            ActivationFunctionType::NONE => Function::Linear,
            ActivationFunctionType::RELU => Function::Relu,
            ActivationFunctionType::RELU6 => Function::Relu6,
            other => {
                self.note(
                    "fused_activation_function",
                    other.variant_name().unwrap_or("unknown"),
                    "NONE, RELU, RELU6",
                );
                Function::Linear
            }
        }
    }

    /// A fused activation function of integers.
    pub fn clamp(&self, activation: ActivationFunctionType) -> Clamp {
        match activation {
            ActivationFunctionType::NONE => Clamp::None,
            ActivationFunctionType::RELU => Clamp::Relu,
            ActivationFunctionType::RELU_N1_TO_1 => Clamp::ReluN1To1,
            ActivationFunctionType::RELU6 => Clamp::Relu6,
            other => {
                self.note(
                    "fused_activation_function",
                    other.variant_name().unwrap_or("unknown"),
                    "NONE, RELU, RELU_N1_TO_1, RELU6",
                );
                Clamp::None
            }
        }
    }

    /// The constant of input `i`, in the file's order: `f32`, or `f16` behind a DEQUANTIZE.
    pub fn floats(&self, i: usize) -> Result<(Vec<usize>, Vec<f32>), Trouble> {
        let place = self.input(i)?;
        let tensor = &self.source.tensors[self.before_dequantize(place)];
        let numbers = match tensor.element {
            TensorType::FLOAT32 => self.elements(tensor, f32::from_le_bytes)?,
            TensorType::FLOAT16 => self.elements(tensor, f16_to_f32)?,
            other => {
                return Err(self.refuse(
                    &format!("the type of input {i}"),
                    type_name(other),
                    "constants of float32 or float16 beside activations of float32",
                ));
            }
        };
        Ok((tensor.shape.clone(), numbers))
    }

    /// The constant that a DEQUANTIZE widens to the tensor at `place`, or `place` itself.
    fn before_dequantize(&self, place: usize) -> usize {
        let widening = |node: &&Node<'_>| {
            node.code == super::schema::tflite::BuiltinOperator::DEQUANTIZE
                && node.outputs.first() == Some(&place)
        };
        let tensor = &self.source.tensors[place];
        if tensor.data.is_some() {
            return place;
        }
        match self.source.nodes.iter().find(widening) {
            Some(node) => node.inputs.first().copied().flatten().unwrap_or(place),
            None => place,
        }
    }

    /// The constant integers of input `i`.
    pub fn integers(&self, i: usize) -> Result<Vec<i64>, Trouble> {
        let place = self.input(i)?;
        let tensor = &self.source.tensors[place];
        match tensor.element {
            TensorType::INT32 => {
                let values = self.elements(tensor, i32::from_le_bytes)?;
                Ok(values.into_iter().map(i64::from).collect())
            }
            TensorType::INT64 => self.elements(tensor, i64::from_le_bytes),
            other => Err(self.refuse(
                &format!("the type of input {i}"),
                type_name(other),
                "int32, int64",
            )),
        }
    }

    /// What the integers of the activation at `place` stand for.
    pub fn quantization(&self, place: usize) -> Result<Quantization, Trouble> {
        quantization(&self.source.tensors[place])
            .map_err(|(value, supported)| self.refuse("quantization", value, supported))
    }

    /// The weights of input `i` in the file's order; their scales go along axis `axis`.
    pub fn weights(&self, i: usize, axis: usize) -> Result<Weights, Trouble> {
        let place = self.input(i)?;
        let tensor = &self.source.tensors[place];
        let (bits, values) = match tensor.element {
            TensorType::INT8 => (WeightBits::Eight, self.elements(tensor, i8::from_le_bytes)?),
            TensorType::INT4 => (WeightBits::Four, self.packed(tensor, WeightBits::Four)?),
            TensorType::INT2 => (WeightBits::Two, self.packed(tensor, WeightBits::Two)?),
            other => {
                let supported = "int8, int4, int2";
                return Err(self.refuse("the type of the weights", type_name(other), supported));
            }
        };
        if tensor.zero_points.iter().any(|&zero| zero != 0) {
            self.note("the zero point of the weights", "not 0", "0");
        }
        if tensor.scales.len() > 1 && tensor.axis != axis {
            self.note("quantized_dimension", tensor.axis, &axis.to_string());
        }
        if tensor.scales.is_empty() {
            return Err(self.refuse("the scale of the weights", "absent", "one or more"));
        }
        Ok(Weights {
            shape: tensor.shape.clone(),
            values,
            bits,
            scales: tensor.scales.clone(),
        })
    }

    /// The constant of input `i` that is quantized as activations are, to int8: its integers in
    /// the file's order, and its extents and what they stand for.
    pub fn quantized_constant(
        &self,
        i: usize,
    ) -> Result<(Vec<usize>, Quantization, Vec<i8>), Trouble> {
        let place = self.input(i)?;
        let tensor = &self.source.tensors[place];
        if tensor.element != TensorType::INT8 {
            return Err(self.refuse(
                &format!("the type of input {i}"),
                type_name(tensor.element),
                "int8",
            ));
        }
        let values = self.elements(tensor, i8::from_le_bytes)?;
        Ok((tensor.shape.clone(), self.quantization(place)?, values))
    }

    /// The bias of input `i`, if there is one.
    pub fn bias(&self, i: usize) -> Result<Option<Bias>, Trouble> {
        if !self.has_input(i) {
            return Ok(None);
        }
        let place = self.input(i)?;
        let tensor = &self.source.tensors[place];
        Ok(Some(match tensor.element {
            TensorType::INT32 => Bias::I32(self.elements(tensor, i32::from_le_bytes)?),
            TensorType::INT64 => Bias::I64(self.elements(tensor, i64::from_le_bytes)?),
            other => {
                return Err(self.refuse("the type of the bias", type_name(other), "int32, int64"));
            }
        }))
    }

    /// The elements of a constant.
    fn elements<T, const N: usize>(
        &self,
        tensor: &source::Tensor<'_>,
        element: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, Trouble> {
        let data = self.data(tensor)?;
        let count = tensor
            .shape
            .iter()
            .try_fold(1, |n: usize, &dim| n.checked_mul(dim));
        if count.and_then(|count| count.checked_mul(N)) != Some(data.len()) {
            return Err(Trouble::Format(source::damaged(format!(
                "constant '{}' of shape {:?} has {} bytes",
                tensor.name,
                tensor.shape,
                data.len()
            ))));
        }
        self.source.take(data.len() / N)?;
        let (elements, _) = data.as_chunks::<N>();
        Ok(elements.iter().map(|&bytes| element(bytes)).collect())
    }

    /// The elements of a constant of several in a byte.
    fn packed(&self, tensor: &source::Tensor<'_>, bits: WeightBits) -> Result<Vec<i8>, Trouble> {
        let data = self.data(tensor)?;
        let count = tensor
            .shape
            .iter()
            .try_fold(1, |n: usize, &dim| n.checked_mul(dim));
        let Some(count) = count.filter(|&count| bits.len_bytes(count) == data.len()) else {
            return Err(Trouble::Format(source::damaged(format!(
                "constant '{}' of shape {:?} and {} bits has {} bytes",
                tensor.name,
                tensor.shape,
                bits.count(),
                data.len()
            ))));
        };
        self.source.take(count)?;
        Ok(bits.unpack(data).take(count).collect())
    }

    fn data(&self, tensor: &source::Tensor<'a>) -> Result<&'a [u8], Trouble> {
        match (tensor.data, tensor.unread) {
            (_, Some(unread)) => Err(self.refuse(
                &format!("constant '{}'", tensor.name),
                unread,
                "dense data in its buffer",
            )),
            (Some(data), None) => Ok(data),
            (None, None) => Err(self.refuse(
                &format!("tensor '{}'", tensor.name),
                "computed",
                "a constant",
            )),
        }
    }
}

/// Weights in the file's order.
pub(super) struct Weights {
    pub shape: Vec<usize>,
    pub values: Vec<i8>,
    bits: WeightBits,
    scales: Vec<f32>,
}

impl Weights {
    /// A kernel of the same scales over values in another order.
    pub fn kernel(&self, shape: impl Into<Shape>, values: Vec<i8>) -> Result<Kernel, GraphError> {
        Kernel::new(shape, values, self.bits, self.scales.clone())
    }
}

/// The extents behind a batch of one.
pub(super) fn shape(extents: &[usize]) -> Option<Shape> {
    match extents {
        [1, rest @ ..] if !rest.is_empty() && !rest.contains(&0) => {
            Some(Shape::from(rest.to_vec()))
        }
        _ => None,
    }
}

/// What the integers of an activation stand for, or what is wrong and what would be read.
pub(super) fn quantization(
    tensor: &source::Tensor<'_>,
) -> Result<Quantization, (String, &'static str)> {
    let element = match tensor.element {
        TensorType::INT8 => Element::I8,
        TensorType::UINT8 => Element::U8,
        TensorType::INT16 => Element::I16,
        other => {
            return Err((
                type_name(other),
                "activations that are all float32, or all int8 or int16 but for the ends",
            ));
        }
    };
    let (&[scale], zero_points) = (tensor.scales.as_slice(), &tensor.zero_points) else {
        return Err((
            format!("{} scales", tensor.scales.len()),
            "one scale for an activation",
        ));
    };
    let zero_point = zero_points.first().copied().unwrap_or(0);
    let zero_point = i32::try_from(zero_point).unwrap_or(i32::MAX);
    Quantization::new(element, scale, zero_point)
        .map_err(|error| (error.to_string(), "a sound scale and zero point"))
}

/// TFLite's name of a type.
pub(super) fn type_name(element: TensorType) -> String {
    match element.variant_name() {
        Some(name) => name.to_lowercase(),
        None => format!("type {}", element.0),
    }
}

/// A number of half precision (IEEE 754 binary16).
fn f16_to_f32(bytes: [u8; 2]) -> f32 {
    let bits = u16::from_le_bytes(bytes);
    let (exponent, fraction) = (bits >> 10 & 0x1F, bits & 0x3FF);
    let magnitude = match exponent {
        0 => f32::from(fraction) * 2f32.powi(-24),
        31 if fraction == 0 => f32::INFINITY,
        31 => f32::NAN,
        _ => f32::from(fraction | 0x400) * 2f32.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 {
        -magnitude
    } else {
        magnitude
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bit patterns are IEEE 754's: 1, −2, 2⁻²⁴, 65504, −∞.
    /// An input without channels once ended in a division by zero.
    #[test]
    fn empty_extents_are_no_shape() {
        assert!(shape(&[1, 4, 4, 0]).is_none());
        assert!(shape(&[1, 4, 4, 2]).is_some());
    }

    #[test]
    fn half_precision_by_hand() {
        for (bits, number) in [
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x0001, 5.960_464_5e-8),
            (0x7BFF, 65504.0),
            (0xFC00, f32::NEG_INFINITY),
        ] {
            assert_eq!(f16_to_f32(u16::to_le_bytes(bits)), number);
        }
    }
}
