//! ONNX files: what PyTorch, Keras, TensorFlow by tf2onnx and scikit-learn by skl2onnx write.
//!
//! ONNX's tensors have a batch, and images have their channels in front of rows and columns.
//! A graph has neither: at import weights are put into the graph's order, and operators that
//! only turn or reshape a tensor leave no layer. The network's input may come in either
//! order; the one in which nothing has to be moved at run time is taken.

mod call;
mod constant;
mod export;
mod fold;
mod import;
mod lane;
mod network;
mod operators;
mod quantized;
mod readers;
mod schema;
mod shape;
mod view;
mod walk;
mod wire;

use std::collections::HashMap;

use gannet_graph::{Graph, QuantizedGraph, Tensor};

use crate::{FormatError, Model, Supported};

/// What is to be known of the attributes of operators.
pub(crate) const NOTES: &str = "An attribute that is not listed is refused. Weights have to be \
in the file. Operators whose inputs are all known, such as the arithmetic on shapes that \
exporters leave behind, are computed when a file is read.";

/// A network from an ONNX file, and how its ends lie in the file's tensors.
#[derive(Debug)]
pub struct Imported {
    /// The network.
    pub graph: Graph,
    input: view::View,
    output: view::View,
    /// The name of the node that gives each value of the file.
    nodes: HashMap<String, String>,
}

impl Imported {
    /// The extents of the file's input, with the batch that the file names; 1 if it is open.
    pub fn input_dims(&self) -> Vec<usize> {
        self.input.dims()
    }

    /// The extents of the file's output.
    pub fn output_dims(&self) -> Vec<usize> {
        self.output.dims()
    }

    /// How many inputs the file's tensors hold, one behind the other.
    pub fn batch(&self) -> usize {
        self.input.batch()
    }

    /// The graph's input for one input of the file, whose values are `values` in the file's
    /// order; `None` if they are not as many.
    pub fn input_to_graph(&self, values: &[f32]) -> Option<Tensor> {
        let places = self.input.places(&self.input.order());
        let shape = self.graph.input_shape().clone();
        (places.len() == values.len() && shape.elements() == values.len())
            .then(|| Tensor::from_fn(shape, |i| values[places[i]]))
    }

    /// The values of one output of the file, in its order, that the graph gives as `tensor`.
    pub fn output_to_file(&self, tensor: &Tensor) -> Vec<f32> {
        let places = self.output.places(&self.output.order());
        let mut values = vec![0.0; places.len()];
        for (&place, &value) in places.iter().zip(tensor.data()) {
            values[place] = value;
        }
        values
    }
}

/// The network in the bytes of an ONNX file.
///
/// # Errors
/// If they are no ONNX file, or the network has something that Gannet does not have:
/// [`FormatError::Unsupported`] then lists all of it.
pub fn from_bytes(file: &[u8]) -> Result<Imported, FormatError> {
    import::import(&wire::decode(file)?)
}

/// The network in the bytes of an ONNX file, of real numbers or of integers.
///
/// # Errors
/// As [`from_bytes`].
pub(crate) fn read(file: &[u8]) -> Result<Model, FormatError> {
    let model = wire::decode(file)?;
    if model.graph.as_ref().is_some_and(quantized::is_quantized) {
        return quantized::read(model).map(Model::Quantized);
    }
    import::import(&model).map(|imported| Model::Float(imported.graph))
}

/// The bytes of an ONNX file with a quantized network: layers of real numbers between pairs of
/// `QuantizeLinear` and `DequantizeLinear`. Weights of 4 bits are written as `int8`.
///
/// # Errors
/// [`FormatError::Unwritable`] with all layers that have no form in ONNX.
pub(crate) fn quantized_to_bytes(graph: &QuantizedGraph) -> Result<Vec<u8>, FormatError> {
    quantized::to_bytes(graph)
}

/// What ONNX has for each kind of layer.
pub(crate) fn supported() -> Vec<Supported> {
    operators::supported()
}

/// The bytes of an ONNX file with `graph`: version 17 of the operators, which everything
/// since 2022 reads, with an open batch. Activation functions are nodes of their own.
pub fn to_bytes(graph: &Graph) -> Vec<u8> {
    export::to_bytes(graph)
}
