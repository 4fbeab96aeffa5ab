//! A network of real numbers with the layers of a quantized one. Its weights are the integers
//! themselves, as whole numbers, so that they can be put into ONNX's order like any others;
//! beside it stands what they, and every value, are rounded to.

use std::collections::HashMap;

use gannet_graph::{
    Activation, Add, AveragePool2D, Concatenate, Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D,
    Flatten, Function, GlobalAveragePool2D, Graph, GraphError, Layer, MaxPool2D, Maximum, Minimum,
    Multiply, NodeId, PReLU, QuantizedGraph, Reshape, Subtract, Tensor, UpSampling2D,
    ZeroPadding2D,
    quantized::{Bias, Clamp, Element, Kernel, Layer as Quantized, Node, Products, Quantization},
};

use crate::{
    FormatError, Obstacle, Obstacles, layout,
    onnx::export::{Rounded, WeightScales},
};

/// The network of real numbers of `graph`.
///
/// # Errors
/// [`FormatError::Unwritable`] with all layers that have no form in ONNX.
pub(super) fn real(graph: &QuantizedGraph) -> Result<Rounded, FormatError> {
    let nodes = graph.nodes().iter();
    let obstacles: Vec<Obstacle> = nodes.filter_map(|node| obstacle(graph, node)).collect();
    if !obstacles.is_empty() {
        return Err(FormatError::Unwritable(Obstacles(obstacles)));
    }
    let input = &graph.nodes()[0];
    let shape = input.output().shape.clone();
    let mut rounded = Rounded {
        graph: Graph::with_input(graph.name(), input.name(), shape)?,
        values: vec![Some(input.output().quantization)],
        weights: HashMap::new(),
        input_end: graph.input_end,
        output_end: graph.output_end,
    };
    // Where each node's value is.
    let mut places: Vec<NodeId> = vec![rounded.graph.output()];
    for node in graph.nodes().iter().skip(1) {
        let inputs: Vec<NodeId> = node.inputs().iter().map(|id| places[id.index()]).collect();
        if is_same_numbers(graph, node) {
            let quantization = node.output().quantization;
            if quantization.element() == Element::U8 {
                rounded.values[inputs[0].index()] = Some(quantization);
            }
            places.push(inputs[0]);
            continue;
        }
        places.push(add(&mut rounded, graph, node, &inputs)?);
    }
    Ok(rounded)
}

/// Whether a layer makes integers of 8 bits those of the other type that stand for the same.
fn is_same_numbers(graph: &QuantizedGraph, node: &Node) -> bool {
    if !matches!(node.layer(), Quantized::Requantize(_)) {
        return false;
    }
    let input = graph.node(node.inputs()[0]).output().quantization;
    let [from, to] = [input, node.output().quantization].map(|quantization| {
        let [low, _] = quantization.element().range();
        (quantization.scale(), quantization.zero_point() - low)
    });
    from == to
        && [input, node.output().quantization]
            .iter()
            .all(is_of_eight_bits)
}

fn is_of_eight_bits(quantization: &Quantization) -> bool {
    matches!(quantization.element(), Element::I8 | Element::U8)
}

/// What of a layer has no form in ONNX.
fn obstacle(graph: &QuantizedGraph, node: &Node) -> Option<Obstacle> {
    let quantization = node.output().quantization;
    let (value, supported) = match node.layer() {
        Quantized::Input(_) if is_of_eight_bits(&quantization) => return None,
        _ if is_same_numbers(graph, node) => return None,
        _ if quantization.element() != Element::I8 => (quantization.to_string(), "int8"),
        Quantized::Softmax(softmax) if softmax.beta != 1.0 => {
            (format!("a beta of {}", softmax.beta), "a beta of 1")
        }
        layer => match layer.weights().iter().find(|w| w.name == "bias") {
            Some(bias) if bias.values.len_bytes() > 4 * bias.values.len() => {
                ("a bias of 64 bits".to_owned(), "a bias of 32 bits")
            }
            _ => return None,
        },
    };
    Some(Obstacle {
        layer: node.name().to_owned(),
        class: node.layer().kind().to_owned(),
        attribute: "quantization".to_owned(),
        value,
        supported: supported.to_owned(),
    })
}

/// Adds the layer of `node`, and the function that its limits are; where its value is.
fn add(
    rounded: &mut Rounded,
    graph: &QuantizedGraph,
    node: &Node,
    inputs: &[NodeId],
) -> Result<NodeId, GraphError> {
    let (layer, clamp) = form(node)?;
    let output = Some(node.output().quantization);
    let mut place = rounded.graph.add(node.name(), layer, inputs)?;
    let input = graph.node(node.inputs()[0]).output().quantization;
    if let Some(scales) = weight_scales(node.layer(), input) {
        rounded.weights.insert(node.name().to_owned(), scales);
    }
    let shape = &node.output().shape;
    if rounded.graph.node(place).output_shape() != shape {
        // The mean of an image, whose extents stay as 1.
        rounded.values.push(output);
        let name = rounded.graph.free_name(&format!("{}/image", node.name()));
        place = rounded
            .graph
            .add(name, Reshape::new(shape.clone()), &[place])?;
    }
    if let Some(function) = function(clamp) {
        rounded.values.push(None);
        let name = format!("{}/{}", node.name(), function.name());
        let name = rounded.graph.free_name(&name);
        place = rounded
            .graph
            .add(name, Activation::new(function), &[place])?;
    }
    rounded.values.push(output);
    Ok(place)
}

/// The layer of real numbers, and the limits behind it.
fn form(node: &Node) -> Result<(Layer, Clamp), GraphError> {
    let function = |function| (Layer::from(Activation::new(function)), Clamp::None);
    Ok(match node.layer() {
        Quantized::Conv2D(conv) => {
            let (kernel, bias) = weights(conv.products());
            let layer = Conv2D::new(conv.window(), kernel, bias)?.with_groups(conv.groups())?;
            (layer.into(), conv.products().clamp())
        }
        Quantized::DepthwiseConv2D(conv) => {
            let (kernel, bias) = weights(conv.products());
            let layer = DepthwiseConv2D::new(conv.window(), kernel, bias)?;
            (layer.into(), conv.products().clamp())
        }
        Quantized::Conv2DTranspose(conv) => {
            let (kernel, bias) = weights(conv.products());
            let kernel = layout::transposed(&kernel, [0, 1, 3, 2]).expect("a kernel has four axes");
            let layer = Conv2DTranspose::new(conv.window(), kernel, bias)?;
            (layer.into(), conv.products().clamp())
        }
        Quantized::Dense(dense) => {
            let (kernel, bias) = weights(dense.products());
            (Dense::new(kernel, bias)?.into(), dense.products().clamp())
        }
        Quantized::MaxPool2D(pool) => (MaxPool2D::new(pool.window).into(), pool.clamp),
        Quantized::AveragePool2D(pool) => (AveragePool2D::new(pool.window).into(), pool.clamp),
        Quantized::GlobalAveragePool2D(_) => (GlobalAveragePool2D.into(), Clamp::None),
        Quantized::ZeroPadding2D(padding) => {
            let layer = ZeroPadding2D::new(padding.vertical, padding.horizontal);
            (layer.into(), Clamp::None)
        }
        Quantized::PReLU(layer) => {
            let slope = |i| f32::from(layer.slopes()[i]);
            let alpha = Tensor::from_fn(layer.shape().clone(), slope);
            (PReLU::new(alpha).into(), Clamp::None)
        }
        Quantized::Relu(relu) => function(self::function(relu.clamp).unwrap_or_default()),
        Quantized::LeakyRelu(leaky) => function(Function::LeakyRelu { slope: leaky.slope }),
        Quantized::HardSwish(_) => function(Function::HardSwish),
        Quantized::Sigmoid(_) => function(Function::Sigmoid),
        Quantized::Tanh(_) => function(Function::Tanh),
        Quantized::Softmax(_) => function(Function::Softmax),
        Quantized::Add(sum) => (Add.into(), sum.clamp),
        Quantized::Subtract(difference) => (Subtract.into(), difference.clamp),
        Quantized::Multiply(product) => (Multiply.into(), product.clamp),
        Quantized::Maximum(_) => (Maximum.into(), Clamp::None),
        Quantized::Minimum(_) => (Minimum.into(), Clamp::None),
        Quantized::UpSampling2D(larger) => (UpSampling2D::new(larger.size())?.into(), Clamp::None),
        Quantized::Concatenate(_) => (Concatenate.into(), Clamp::None),
        Quantized::Reshape(reshape) => match reshape.shape().as_vector() {
            Some(_) => (Flatten.into(), Clamp::None),
            None => (Reshape::new(reshape.shape().clone()).into(), Clamp::None),
        },
        // The first node, which is written before, and one that is rounded and no more.
        Quantized::Input(_) | Quantized::Requantize(_) => function(Function::Linear),
    })
}

/// What the weights of a layer that has some stand for, behind `input`.
fn weight_scales(layer: &Quantized, input: Quantization) -> Option<WeightScales> {
    // ONNX has a matrix' units last, and the filters of windows first or, transposed, second.
    let (products, axis) = match layer {
        Quantized::Conv2D(conv) => (conv.products(), 0),
        Quantized::DepthwiseConv2D(conv) => (conv.products(), 0),
        Quantized::Conv2DTranspose(conv) => (conv.products(), 1),
        Quantized::Dense(dense) => (dense.products(), 1),
        Quantized::PReLU(slopes) => {
            return Some(WeightScales {
                input: input.scale(),
                kernel: vec![slopes.quantization().scale()],
                axis: 0,
                zero_point: slopes.quantization().zero_point(),
            });
        }
        _ => return None,
    };
    Some(WeightScales {
        input: input.scale(),
        kernel: products.kernel().scales().to_vec(),
        axis,
        zero_point: 0,
    })
}

/// The integers of kernel and bias as whole numbers; those of a bias below 2²⁴ are exact.
fn weights(products: &Products) -> (Tensor, Option<Tensor>) {
    let kernel: &Kernel = products.kernel();
    let whole = Tensor::from_fn(kernel.shape().clone(), |i| f32::from(kernel.values()[i]));
    let bias = |bias: &Bias| Tensor::from_fn([bias.len()], |i| bias.get(i) as f32);
    (whole, products.bias().map(bias))
}

/// The function that limits are.
fn function(clamp: Clamp) -> Option<Function> {
    match clamp {
        Clamp::None => None,
        Clamp::Relu => Some(Function::Relu),
        Clamp::Relu6 => Some(Function::Relu6),
        Clamp::ReluN1To1 => Some(Function::clip(-1.0, 1.0)),
    }
}
