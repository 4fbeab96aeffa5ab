//! The float network of the same layers, names and shapes as a network of integers.

use gannet_graph::quantized::{Bias, Element, Layer, Node, Products, QuantizedGraph};
use gannet_graph::{
    Activation, Add, AveragePool2D, Concatenate, Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D,
    Flatten, Function, GlobalAveragePool2D, Graph, GraphError, MaxPool2D, Maximum, Minimum,
    Multiply, PReLU, Padding, Reshape, Subtract, Tensor, UpSampling2D, Window, ZeroPadding2D,
};

use super::requantize::{greatest_sums, raised_fit};
use super::softmax::MOST_CHANNELS;
use crate::CompileError;

/// The twin of `graph`: node by node, its weights the integers.
///
/// # Errors
/// [`CompileError::Integers`] for a layer that there is no integer code for.
pub(crate) fn twin(graph: &QuantizedGraph) -> Result<Graph, CompileError> {
    let [input, nodes @ ..] = graph.nodes() else {
        return Err(CompileError::Empty(graph.name().to_owned()));
    };
    let made = Graph::with_input(graph.name(), input.name(), input.output().shape.clone());
    let mut twin = made.map_err(|error| refusal(input, &error.to_string()))?;
    let element = input.output().quantization.element();
    for node in graph.nodes() {
        let own = node.output().quantization.element();
        if own == Element::U8 || own != element {
            return Err(refusal(
                node,
                "gives other values than int8, or int16 all through",
            ));
        }
        if element == Element::I16
            && let Some(why) = wide_obstacle(graph, node)
        {
            return Err(refusal(node, why));
        }
    }
    for node in nodes {
        let layer = float_layer(graph, node)?;
        twin.add(node.name(), layer, node.inputs())
            .map_err(|error| refusal(node, &error.to_string()))?;
    }
    Ok(twin)
}

fn float_layer(graph: &QuantizedGraph, node: &Node) -> Result<gannet_graph::Layer, CompileError> {
    let weights = |products: &Products| {
        let kernel = Tensor::from_fn(products.kernel().shape().clone(), |i| {
            f32::from(products.kernel().values()[i])
        });
        let bias = products
            .bias()
            .map(|bias| Tensor::from_fn([bias.len()], |i| bias.get(i) as f32));
        (kernel, bias)
    };
    let made: Result<gannet_graph::Layer, GraphError> = match node.layer() {
        Layer::Conv2D(layer) => {
            let (kernel, bias) = weights(layer.products());
            let made = Conv2D::new(layer.window(), kernel, bias);
            made.and_then(|made| made.with_groups(layer.groups()))
                .map(Into::into)
        }
        Layer::DepthwiseConv2D(layer) => {
            let (kernel, bias) = weights(layer.products());
            DepthwiseConv2D::new(layer.window(), kernel, bias).map(Into::into)
        }
        Layer::Dense(layer) => {
            let input = graph.node(node.inputs()[0]).output().quantization;
            let multipliers = layer.multipliers(input);
            let multipliers = multipliers.map_err(|error| refusal(node, &error.to_string()))?;
            let wide = layer.products().is_wide(input.element());
            if !wide && !raised_fit(layer.products(), &multipliers, input.element()) {
                return Err(refusal(node, "has scales that are far from each other"));
            }
            let (kernel, bias) = weights(layer.products());
            Dense::new(kernel, bias).map(Into::into)
        }
        Layer::MaxPool2D(layer) => Ok(MaxPool2D::new(layer.window).into()),
        Layer::AveragePool2D(layer) => Ok(AveragePool2D::new(layer.window).into()),
        Layer::GlobalAveragePool2D(layer) if layer.keep_dims => {
            let [height, width, _] = image(graph, node);
            let all = Window::new([height, width], [1, 1], Padding::Valid);
            all.map(|all| AveragePool2D::new(all).into())
        }
        Layer::GlobalAveragePool2D(_) => Ok(GlobalAveragePool2D.into()),
        Layer::ZeroPadding2D(layer) => {
            Ok(ZeroPadding2D::new(layer.vertical, layer.horizontal).into())
        }
        Layer::Add(_) => Ok(Add.into()),
        Layer::Subtract(_) => Ok(Subtract.into()),
        Layer::Multiply(_) => Ok(Multiply.into()),
        Layer::Concatenate(_) => Ok(Concatenate.into()),
        Layer::Softmax(_) if node.output().shape.channels() > MOST_CHANNELS => {
            return Err(refusal(node, "has more than 4095 channels"));
        }
        Layer::Softmax(_) => Ok(Activation::new(Function::Softmax).into()),
        // All are tables, so any function that no group takes up stands for them.
        Layer::Relu(_)
        | Layer::LeakyRelu(_)
        | Layer::HardSwish(_)
        | Layer::Sigmoid(_)
        | Layer::Tanh(_)
        | Layer::Requantize(_) => Ok(Activation::new(Function::Sigmoid).into()),
        Layer::Reshape(layer) if layer.shape().dims().len() == 1 => Ok(Flatten.into()),
        Layer::Reshape(layer) => Ok(Reshape::new(layer.shape().clone()).into()),
        Layer::Maximum(_) => Ok(Maximum.into()),
        Layer::Minimum(_) => Ok(Minimum.into()),
        Layer::UpSampling2D(layer) => UpSampling2D::new(layer.size()).map(Into::into),
        Layer::Conv2DTranspose(layer) => {
            let (kernel, bias) = weights(layer.products());
            let kernel = filters_before_channels(&kernel);
            Conv2DTranspose::new(layer.window(), kernel, bias).map(Into::into)
        }
        Layer::PReLU(layer) => {
            let slopes = layer.slopes();
            let alpha = Tensor::from_fn(layer.shape().clone(), |i| f32::from(slopes[i]));
            Ok(PReLU::new(alpha).into())
        }
        Layer::Input(_) => return Err(refusal(node, "is a second input")),
    };
    made.map_err(|error| refusal(node, &error.to_string()))
}

/// A transposed convolution's kernel as floats have it.
fn filters_before_channels(kernel: &Tensor) -> Tensor {
    let &[height, width, channels, filters] = kernel.shape().dims() else {
        unreachable!("a kernel has four extents")
    };
    Tensor::from_fn([height, width, filters, channels], |i| {
        let (tap, rest) = (i / (filters * channels), i % (filters * channels));
        let (filter, channel) = (rest / channels, rest % channels);
        kernel.data()[(tap * channels + channel) * filters + filter]
    })
}

/// What of a node of int16 there is no code for.
fn wide_obstacle(graph: &QuantizedGraph, node: &Node) -> Option<&'static str> {
    let products = match node.layer() {
        Layer::Conv2DTranspose(_) => return Some("has no code behind int16"),
        Layer::Conv2D(layer) => layer.products(),
        Layer::DepthwiseConv2D(layer) => layer.products(),
        Layer::Dense(layer) => layer.products(),
        _ => return None,
    };
    let fits = |bias: &Bias| (0..bias.len()).all(|c| i32::try_from(bias.get(c)).is_ok());
    if !products.bias().is_none_or(fits) {
        return Some("has a bias of more than 32 bits");
    }
    let input = graph.node(node.inputs()[0]).output().quantization.element();
    let Layer::Dense(layer) = node.layer() else {
        return None;
    };
    // A mantissa of 31 bits is multiplied with them.
    const MOST: i64 = 1 << 32;
    let are_large = greatest_sums(products, layer.units(), input).any(|sum| sum >= MOST);
    (products.is_wide(input) && are_large).then_some("has sums that are too large")
}

/// The shape of the image that `node` reads.
fn image(graph: &QuantizedGraph, node: &Node) -> [usize; 3] {
    let shape = &graph.node(node.inputs()[0]).output().shape;
    shape.as_image().expect("checked shape")
}

fn refusal(node: &Node, why: &str) -> CompileError {
    CompileError::Integers {
        layer: node.name().to_owned(),
        kind: node.layer().kind(),
        why: why.to_owned(),
    }
}
