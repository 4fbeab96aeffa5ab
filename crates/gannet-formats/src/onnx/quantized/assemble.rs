//! A network of real numbers, and what its values and weights are rounded to, in; the network
//! of integers out.

use std::collections::HashMap;

use gannet_graph::{
    Function, Graph, GraphError, Layer, Node, NodeId, PReLU, QuantizedGraph, Tensor,
    quantized::{
        self, Bias, Clamp, Element, Kernel, Products, Quantization, Requantize, TensorType,
    },
};

use super::{
    strip::{FileEnd, Notes, WeightRounding},
    wide_kernel::WideKernel,
};
use crate::{FormatError, Obstacle, Obstacles, layout, onnx::Imported};

/// The quantized network.
///
/// # Errors
/// [`FormatError::Unsupported`] with all layers that have no quantized form.
pub(super) fn assemble(
    imported: &Imported<Graph>,
    notes: &Notes,
) -> Result<QuantizedGraph, FormatError> {
    let graph = &imported.network;
    let rounding = Rounding::of(imported, notes);
    let input = &graph.nodes()[0];
    let mut obstacles = Obstacles::default();
    let quantization = match rounding.of_node(input) {
        Some(quantization) => quantization,
        None => {
            let supported = "an input that is rounded to int8";
            obstacles.0.push(obstacle(input, "not rounded", supported));
            Quantization::new(Element::I8, 1.0, 0)?
        }
    };
    let first = end_quantization(notes.input, quantization)?;
    let input_type = TensorType::new(input.output_shape().clone(), first);
    let mut integers = QuantizedGraph::with_input(graph.name(), input.name(), input_type)?;
    integers.input_end = notes.input.end;
    integers.output_end = notes.output.end;
    let input = integers.output();
    let mut places = vec![requantized(&mut integers, input, quantization)?];
    for id in graph.ids().skip(1) {
        let node = graph.node(id);
        let inputs: Vec<NodeId> = node.inputs().iter().map(|id| places[id.index()]).collect();
        if rounding.is_taken(graph, id) {
            places.push(inputs[0]);
            continue;
        }
        let before = integers.node(inputs[0]).output().quantization;
        let output = rounding.output(graph, id, before);
        let placed = match output {
            Some(output) => add(&mut integers, node, inputs, output, &rounding),
            None => Err("not rounded".to_owned()),
        };
        places.push(match placed {
            Ok(place) => place,
            Err(found) => {
                let supported = "layers with a form of int8";
                obstacles.0.push(obstacle(node, &found, supported));
                // An input in the layer's place, so that what follows can be judged.
                let quantization = output.map_or(before, |output| output.quantization);
                let stand_in = TensorType::new(node.output_shape().clone(), quantization);
                let name = integers.free_name(node.name());
                integers.add(name, quantized::Input::new(stand_in), &[])?
            }
        });
    }
    if !obstacles.0.is_empty() {
        return Err(FormatError::Unsupported(obstacles));
    }
    let last = integers.output();
    let output = integers.node(last).output().quantization;
    requantized(&mut integers, last, end_quantization(notes.output, output)?)?;
    Ok(integers)
}

/// How the integers at an end of the file stand for the numbers of `quantization`, of int8: as
/// uint8 they are 128 more.
fn end_quantization(end: FileEnd, quantization: Quantization) -> Result<Quantization, GraphError> {
    let zero_point = quantization.zero_point() - Element::I8.range()[0] + end.element.range()[0];
    Quantization::new(end.element, quantization.scale(), zero_point)
}

fn obstacle(node: &Node, value: &str, supported: &str) -> Obstacle {
    Obstacle {
        layer: node.name().to_owned(),
        class: node.layer().kind().to_owned(),
        attribute: "quantization".to_owned(),
        value: value.to_owned(),
        supported: supported.to_owned(),
    }
}

/// What a layer gives.
#[derive(Clone, Copy)]
struct Output {
    quantization: Quantization,
    clamp: Clamp,
}

/// The notes by the names of the graph's nodes.
struct Rounding<'n> {
    values: HashMap<&'n str, Quantization>,
    weights: HashMap<&'n str, &'n WeightRounding>,
}

impl<'n> Rounding<'n> {
    fn of(imported: &'n Imported<Graph>, notes: &'n Notes) -> Self {
        let node = |value: &String| imported.nodes.get(value).map(String::as_str);
        let values = notes.values.iter();
        let weights = notes.weights.iter();
        Rounding {
            values: values
                .filter_map(|(value, q)| Some((node(value)?, *q)))
                .collect(),
            weights: weights
                .filter_map(|(value, weights)| Some((node(value)?, weights)))
                .collect(),
        }
    }

    fn of_node(&self, node: &Node) -> Option<Quantization> {
        self.values.get(node.name()).copied()
    }

    /// The limits that are the only reader of `id`, whose value is not rounded before.
    fn limits_behind(&self, graph: &Graph, id: NodeId) -> Option<Output> {
        let readers = graph.readers(id);
        let &[reader] = readers.as_slice() else {
            return None;
        };
        let reader = graph.node(reader);
        Some(Output {
            quantization: self.of_node(reader)?,
            clamp: clamp(reader.layer())?,
        })
    }

    /// Whether the layer before `id` gives what `id` would.
    fn is_taken(&self, graph: &Graph, id: NodeId) -> bool {
        let before = graph.node(id).inputs()[0];
        clamp(graph.node(id).layer()).is_some()
            && before.index() > 0
            && self.of_node(graph.node(before)).is_none()
            && self.limits_behind(graph, before).is_some()
    }

    /// What the layer `id` gives; one that only moves values, or takes their largest, gives what
    /// comes in if nothing else is said.
    fn output(&self, graph: &Graph, id: NodeId, input: Quantization) -> Option<Output> {
        let node = graph.node(id);
        let plain = |quantization| Output {
            quantization,
            clamp: Clamp::None,
        };
        if let Some(quantization) = self.of_node(node) {
            return Some(plain(quantization));
        }
        self.limits_behind(graph, id)
            .or_else(|| match node.layer() {
                Layer::MaxPool2D(_)
                | Layer::AveragePool2D(_)
                | Layer::UpSampling2D(_)
                | Layer::ZeroPadding2D(_)
                | Layer::Concatenate(_)
                | Layer::Flatten(_)
                | Layer::Reshape(_)
                | Layer::Dropout(_) => Some(plain(input)),
                _ => None,
            })
    }
}

/// The limits that a layer is.
fn clamp(layer: &Layer) -> Option<Clamp> {
    let Layer::Activation(activation) = layer else {
        return None;
    };
    match activation.function {
        Function::Relu => Some(Clamp::Relu),
        Function::Relu6 => Some(Clamp::Relu6),
        function if function == Function::clip(-1.0, 1.0) => Some(Clamp::ReluN1To1),
        _ => None,
    }
}

/// Adds the layer of `node`, with what brings its inputs and its output to their scales; or says
/// why it cannot be.
fn add(
    graph: &mut QuantizedGraph,
    node: &Node,
    mut inputs: Vec<NodeId>,
    output: Output,
    rounding: &Rounding<'_>,
) -> Result<NodeId, String> {
    let words = |error: GraphError| error.reason();
    let input = graph.node(inputs[0]).output().quantization;
    let products = |kernel: Kernel, bias: Option<&Tensor>| {
        let bias = bias.map(|bias| sums(bias, input, kernel.scales()));
        Products::new(kernel, bias, output.quantization, output.clamp)
    };
    let weights = || {
        let weights = rounding.weights.get(node.name()).copied();
        weights.ok_or("multiplied with weights that are not rounded")
    };
    let scales = || weights().map(|weights| &weights.scales);
    let layer: quantized::Layer = match node.layer() {
        Layer::Conv2D(conv) if conv.groups() == 1 => {
            let kernels = WideKernel::new(conv.kernel(), scales()?);
            let kernel = kernels.side_by_side().map_err(words)?;
            inputs = vec![repeated(graph, inputs[0], kernels.parts()).map_err(words)?];
            let products = products(kernel, conv.bias());
            quantized::Conv2D::new(conv.window(), products)
                .map_err(words)?
                .into()
        }
        Layer::Conv2D(conv) => {
            let kernel = WideKernel::new(conv.kernel(), scales()?).narrow()?;
            let products = products(kernel, conv.bias());
            quantized::Conv2D::new(conv.window(), products)
                .and_then(|layer| layer.with_groups(conv.groups()))
                .map_err(words)?
                .into()
        }
        Layer::DepthwiseConv2D(conv) => {
            let kernel = WideKernel::new(conv.kernel(), scales()?).narrow()?;
            let products = products(kernel, conv.bias());
            quantized::DepthwiseConv2D::new(conv.window(), products)
                .map_err(words)?
                .into()
        }
        Layer::Conv2DTranspose(conv) if conv.output_padding() == [0; 2] => {
            // Filters are innermost, as scales are.
            let kernel = layout::transposed(conv.kernel(), [0, 1, 3, 2]);
            let kernel = kernel.ok_or("a kernel of other than four axes")?;
            let kernel = WideKernel::new(&kernel, scales()?).narrow()?;
            let products = products(kernel, conv.bias());
            quantized::Conv2DTranspose::new(conv.window(), products)
                .map_err(words)?
                .into()
        }
        Layer::Dense(dense) => {
            let kernels = WideKernel::new(dense.kernel(), scales()?);
            let kernel = kernels.side_by_side().map_err(words)?;
            inputs = vec![repeated(graph, inputs[0], kernels.parts()).map_err(words)?];
            let products = products(kernel, dense.bias());
            quantized::Dense::new(products).map_err(words)?.into()
        }
        Layer::MaxPool2D(pool) => quantized::MaxPool2D {
            window: pool.window,
            clamp: output.clamp,
        }
        .into(),
        Layer::AveragePool2D(pool) => quantized::AveragePool2D {
            window: pool.window,
            clamp: output.clamp,
        }
        .into(),
        Layer::GlobalAveragePool2D(_) if output.clamp == Clamp::None => {
            quantized::GlobalAveragePool2D {
                output: output.quantization,
                keep_dims: false,
            }
            .into()
        }
        Layer::ZeroPadding2D(padding) => quantized::ZeroPadding2D {
            vertical: padding.vertical,
            horizontal: padding.horizontal,
        }
        .into(),
        Layer::Add(_) => quantized::Add {
            output: output.quantization,
            clamp: output.clamp,
        }
        .into(),
        Layer::Subtract(_) => quantized::Subtract {
            output: output.quantization,
            clamp: output.clamp,
        }
        .into(),
        Layer::Multiply(_) => quantized::Multiply {
            output: output.quantization,
            clamp: output.clamp,
        }
        .into(),
        Layer::Concatenate(_) | Layer::Maximum(_) | Layer::Minimum(_) => {
            for input in &mut inputs {
                *input = requantized(graph, *input, output.quantization).map_err(words)?;
            }
            match node.layer() {
                Layer::Maximum(_) => quantized::Maximum.into(),
                Layer::Minimum(_) => quantized::Minimum.into(),
                _ => quantized::Concatenate.into(),
            }
        }
        Layer::UpSampling2D(larger) => quantized::UpSampling2D::new(larger.size())
            .map_err(words)?
            .into(),
        Layer::Flatten(_) | Layer::Reshape(_) => {
            quantized::Reshape::new(node.output_shape().clone()).into()
        }
        Layer::Dropout(_) => {
            return requantized(graph, inputs[0], output.quantization).map_err(words);
        }
        Layer::Activation(activation) => function(activation.function, output)?,
        Layer::PReLU(prelu) if output.clamp == Clamp::None => {
            slopes(prelu, output.quantization, weights()?)?.into()
        }
        other => return Err(other.kind().to_owned()),
    };
    let place = graph.add(node.name(), layer, &inputs).map_err(words)?;
    requantized(graph, place, output.quantization).map_err(words)
}

/// The integers of slopes: a whole number times a scale, divided by it, is nearest to itself.
fn slopes(
    layer: &PReLU,
    output: Quantization,
    weights: &WeightRounding,
) -> Result<quantized::PReLU, String> {
    let &[scale] = weights.scales.as_slice() else {
        return Err("with slopes of several scales".to_owned());
    };
    let words = |error: GraphError| error.reason();
    let quantization = Quantization::new(Element::I8, scale, weights.zero_point).map_err(words)?;
    let nearest = |slope: &f32| {
        let whole = (slope / scale).round() as i32;
        let [low, high] = Element::I8.range();
        whole.saturating_add(weights.zero_point).clamp(low, high) as i8
    };
    let slopes = layer.alpha().data().iter().map(nearest).collect();
    let alpha = TensorType::new(layer.alpha().shape().clone(), quantization);
    quantized::PReLU::new(output, alpha, slopes).map_err(words)
}

/// A function that is a layer of its own.
fn function(function: Function, output: Output) -> Result<quantized::Layer, String> {
    let quantization = output.quantization;
    Ok(match function {
        Function::LeakyRelu { slope } => quantized::LeakyRelu {
            output: quantization,
            slope,
        }
        .into(),
        Function::HardSwish => quantized::HardSwish {
            output: quantization,
        }
        .into(),
        Function::Sigmoid => quantized::Sigmoid.into(),
        Function::Tanh => quantized::Tanh.into(),
        Function::Softmax => quantized::Softmax { beta: 1.0 }.into(),
        other => {
            let limits = clamp(&Layer::from(gannet_graph::Activation::new(other)));
            let clamp = limits.ok_or_else(|| other.name().to_owned())?;
            quantized::Relu {
                output: quantization,
                clamp,
            }
            .into()
        }
    })
}

/// The value of `id` by another scale, if it has not got that.
fn requantized(
    graph: &mut QuantizedGraph,
    id: NodeId,
    output: Quantization,
) -> Result<NodeId, GraphError> {
    if graph.node(id).output().quantization == output {
        return Ok(id);
    }
    let name = format!("{}/requantized", graph.node(id).name());
    let name = graph.free_name(&name);
    graph.add(name, Requantize { output }, &[id])
}

/// The value of `id` so many times, side by side.
fn repeated(graph: &mut QuantizedGraph, id: NodeId, times: usize) -> Result<NodeId, GraphError> {
    if times == 1 {
        return Ok(id);
    }
    let name = format!("{}/repeated", graph.node(id).name());
    let name = graph.free_name(&name);
    graph.add(name, quantized::Concatenate, &vec![id; times])
}

/// The integers of a bias, at the scale of the products.
fn sums(bias: &Tensor, input: Quantization, scales: &[f32]) -> Bias {
    let sum = |(i, value): (usize, &f32)| {
        let scale = f64::from(input.scale()) * f64::from(scales[i % scales.len()]);
        (f64::from(*value) / scale).round() as i32
    };
    Bias::I32(bias.data().iter().enumerate().map(sum).collect())
}
