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
mod whole_numbers;
mod wire;

use std::collections::HashMap;

use gannet_graph::{
    Graph, GraphError, QuantizedGraph, Tensor,
    quantized::{End, QuantizedTensor},
};

use crate::{FormatError, Model, Supported};

/// What is to be known of the attributes of operators.
pub(crate) const NOTES: &str = "An attribute that is not listed is refused. Weights have to be \
in the file. Operators whose inputs are all known, such as the arithmetic on shapes that \
exporters leave behind, are computed when a file is read.";

/// A network from an ONNX file, and how its ends lie in the file's tensors.
#[derive(Debug)]
pub struct Imported<N = Model> {
    /// The network.
    pub network: N,
    input: view::View,
    output: view::View,
    /// The name of the node that gives each value of the file.
    nodes: HashMap<String, String>,
}

impl<N> Imported<N> {
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

    /// The same ends around what `to` makes of the network.
    fn map<M>(self, to: impl FnOnce(N) -> M) -> Imported<M> {
        Imported {
            network: to(self.network),
            input: self.input,
            output: self.output,
            nodes: self.nodes,
        }
    }
}

impl Imported {
    /// The reference: what the network gives for one of the file's inputs. Values are in the
    /// order of the file's tensors, and whole numbers where the file has integers.
    ///
    /// # Errors
    /// [`GraphError::TensorLength`] if the values do not fill the input.
    pub fn run(&self, values: &[f32]) -> Result<Vec<f32>, GraphError> {
        let places = self.input.places(&self.input.order());
        let shape = self.network.as_ref().input_shape().clone();
        if places.len() != values.len() {
            let found = values.len();
            return Err(GraphError::TensorLength { shape, found });
        }
        let image = Tensor::new(shape, places.iter().map(|&place| values[place]).collect())?;
        let given = match &self.network {
            Model::Float(graph) => graph.run(&image)?.data().to_vec(),
            Model::Quantized(graph) => run_quantized(graph, &image)?,
        };
        let places = self.output.places(&self.output.order());
        let mut output = vec![0.0; places.len()];
        for (&place, &value) in places.iter().zip(&given) {
            output[place] = value;
        }
        Ok(output)
    }
}

/// What a quantized network gives, in the terms of its ends.
fn run_quantized(graph: &QuantizedGraph, image: &Tensor) -> Result<Vec<f32>, GraphError> {
    let input = graph.input_type();
    let image = match graph.input_end {
        End::Floats => QuantizedTensor::quantize(image, input.quantization),
        End::Integers => {
            let integers = image.data().iter().map(|&value| value as i32);
            QuantizedTensor::new(input.clone(), integers.collect())?
        }
    };
    let given = graph.run(&image)?;
    Ok(match graph.output_end {
        End::Floats => given.dequantize().data().to_vec(),
        End::Integers => given.data().iter().map(|&value| value as f32).collect(),
    })
}

/// The network in the bytes of an ONNX file, of real numbers or of integers.
///
/// # Errors
/// If they are no ONNX file, or the network has something that Gannet does not have:
/// [`FormatError::Unsupported`] then lists all of it.
pub fn from_bytes(file: &[u8]) -> Result<Imported, FormatError> {
    let model = wire::decode(file)?;
    if model.graph.as_ref().is_some_and(quantized::is_quantized) {
        let imported = quantized::read(model)?;
        return Ok(imported.map(Model::Quantized));
    }
    Ok(import::import(&model)?.map(Model::Float))
}

/// The bytes of an ONNX file with a quantized network: layers of real numbers between pairs of
/// `QuantizeLinear` and `DequantizeLinear`. Weights of 2 or 4 bits are written as `int8`.
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
