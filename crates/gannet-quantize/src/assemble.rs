//! Puts a network of integers together, layer by layer, once every activation's quantization
//! is known.

use gannet_graph::quantized::{
    Add, AveragePool2D, Bias, Clamp, Concatenate, Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D,
    Element, GlobalAveragePool2D, HardSwish, Kernel, Layer, LeakyRelu, MaxPool2D, Maximum, Minimum,
    Multiply, PReLU, Products, Quantization, Relu, Requantize, Reshape, Sigmoid, Softmax, Subtract,
    Tanh, TensorType, UpSampling2D, WeightBits, ZeroPadding2D,
};
use gannet_graph::{
    Function, Graph, GraphError, Layer as FloatLayer, NodeId, QuantizedGraph, Shape, Tensor,
};

use crate::Method;
use crate::fusion::{fused, is_fused, limit};
use crate::weighted::Weighted;

/// A quantized network beside the one that it was made of.
#[derive(Debug, Clone)]
pub(crate) struct Assembly {
    /// The network. Layers have the names that they had.
    pub graph: QuantizedGraph,
    /// For each of its nodes, the node of the float network whose values it has.
    pub origins: Vec<NodeId>,
}

impl Assembly {
    /// The network of integers for `graph`, which is prepared and has no obstacles, with
    /// activations of `quantizations` and weights of the bits that `method` says.
    ///
    /// # Errors
    /// [`GraphError::Range`] if scales are too far apart for TFLite's integer arithmetic.
    pub fn new(
        graph: &Graph,
        quantizations: &[Quantization],
        method: &Method,
    ) -> Result<Self, GraphError> {
        let input = &graph.nodes()[0];
        let taken = TensorType::new(input.output_shape().clone(), quantizations[0]);
        let mut assembler = Assembler {
            graph,
            quantizations,
            method,
            assembly: Assembly {
                graph: QuantizedGraph::with_input(graph.name(), input.name(), taken)?,
                origins: vec![graph.ids().next().expect("a graph has an input")],
            },
            places: Vec::new(),
        };
        assembler.places.push(assembler.assembly.graph.output());
        for id in graph.ids().skip(1) {
            let place = assembler.place(id)?;
            assembler.places.push(place);
        }
        Ok(assembler.assembly)
    }
}

/// An assembly in the making.
struct Assembler<'a> {
    graph: &'a Graph,
    quantizations: &'a [Quantization],
    method: &'a Method,
    assembly: Assembly,
    /// Where the values of each node of `graph` are to be found.
    places: Vec<NodeId>,
}

impl Assembler<'_> {
    /// Adds what computes node `id`, if it is not there yet, and says where it is.
    fn place(&mut self, id: NodeId) -> Result<NodeId, GraphError> {
        let node = self.graph.node(id);
        let mut inputs: Vec<NodeId> = node
            .inputs()
            .iter()
            .map(|i| self.places[i.index()])
            .collect();
        if is_fused(self.graph, id) {
            return Ok(inputs[0]);
        }
        let (origin, clamp) = fused(self.graph, id).unwrap_or((id, Clamp::None));
        let output = self.quantizations[id.index()];
        let shape = node.output_shape();
        let layer: Layer = match node.layer() {
            FloatLayer::Conv2D(conv) => Conv2D::new(conv.window(), self.products(id, clamp)?)?
                .with_groups(conv.groups())?
                .into(),
            FloatLayer::DepthwiseConv2D(conv) => {
                DepthwiseConv2D::new(conv.window(), self.products(id, clamp)?)?.into()
            }
            FloatLayer::Conv2DTranspose(conv) => {
                Conv2DTranspose::new(conv.window(), self.products(id, clamp)?)?.into()
            }
            FloatLayer::Dense(_) => Dense::new(self.products(id, clamp)?)?.into(),
            FloatLayer::Add(_) => Add { output, clamp }.into(),
            FloatLayer::Subtract(_) => Subtract { output, clamp }.into(),
            FloatLayer::Multiply(_) => Multiply { output, clamp }.into(),
            FloatLayer::MaxPool2D(pool) => MaxPool2D {
                window: pool.window,
                clamp,
            }
            .into(),
            FloatLayer::AveragePool2D(pool) => AveragePool2D {
                window: pool.window,
                clamp,
            }
            .into(),
            FloatLayer::GlobalAveragePool2D(_) => GlobalAveragePool2D {
                output,
                keep_dims: false,
            }
            .into(),
            FloatLayer::ZeroPadding2D(border) => ZeroPadding2D {
                vertical: border.vertical,
                horizontal: border.horizontal,
            }
            .into(),
            FloatLayer::UpSampling2D(larger) => UpSampling2D::new(larger.size())?.into(),
            FloatLayer::Concatenate(_) => {
                inputs = self.brought_to(id, inputs)?;
                Concatenate.into()
            }
            FloatLayer::Maximum(_) => {
                inputs = self.brought_to(id, inputs)?;
                Maximum.into()
            }
            FloatLayer::Minimum(_) => {
                inputs = self.brought_to(id, inputs)?;
                Minimum.into()
            }
            FloatLayer::PReLU(prelu) => rectification(prelu.alpha(), output)?.into(),
            FloatLayer::Activation(activation) => function(activation.function, output, shape),
            _ => Reshape::new(shape.clone()).into(),
        };
        self.add(node.name().to_owned(), layer, &inputs, origin)
    }

    fn add(
        &mut self,
        name: String,
        layer: Layer,
        inputs: &[NodeId],
        origin: NodeId,
    ) -> Result<NodeId, GraphError> {
        self.assembly.origins.push(origin);
        self.assembly.graph.add(name, layer, inputs)
    }

    /// The inputs of node `id`, those of other integers than its own brought to them.
    fn brought_to(&mut self, id: NodeId, inputs: Vec<NodeId>) -> Result<Vec<NodeId>, GraphError> {
        let node = self.graph.node(id);
        let output = self.quantizations[id.index()];
        let pairs = inputs.into_iter().zip(node.inputs());
        pairs
            .map(|(place, &origin)| {
                if self.quantizations[origin.index()] == output {
                    return Ok(place);
                }
                let name = format!("{}/requantize", self.graph.node(origin).name());
                let name = self.assembly.graph.free_name(&name);
                self.add(name, Requantize { output }.into(), &[place], origin)
            })
            .collect()
    }

    /// The weights of node `id` in integers.
    fn products(&self, id: NodeId, clamp: Clamp) -> Result<Products, GraphError> {
        let node = self.graph.node(id);
        let weighted = Weighted::of(node.layer()).expect("a layer with a kernel");
        let bits = match node.layer() {
            FloatLayer::Dense(_) => self.method.dense_bits,
            FloatLayer::Conv2D(_) => self.method.conv_bits,
            _ => WeightBits::Eight,
        };
        let input = f64::from(self.quantizations[node.inputs()[0].index()].scale());
        let mut scales = Kernel::fitted_scales(&weighted.kernel, weighted.outputs(), bits);
        // LiteRT's integer convolutions are not prepared without a bias.
        let biases = (0..weighted.outputs()).map(|output| f64::from(weighted.bias_of(output)));
        let quantized = scales.iter_mut().zip(biases).map(|(scale, bias)| {
            // Half of what 32 bits hold is left for the products.
            let least = bias.abs() / (input * f64::from(1 << 30));
            *scale = scale.max(least as f32);
            (bias / (input * f64::from(*scale))).round() as i32
        });
        let bias = Bias::I32(quantized.collect());
        let kernel = Kernel::quantize(&weighted.kernel, bits, scales)?;
        let output = self.quantizations[id.index()];
        Ok(Products::new(kernel, Some(bias), output, clamp))
    }
}

/// Rectification with slopes of 8 bits, which have one scale together.
fn rectification(alpha: &Tensor, output: Quantization) -> Result<PReLU, GraphError> {
    let ends = alpha.data().iter();
    let [low, high] = ends.fold([0.0_f32; 2], |[low, high], &slope| {
        [low.min(slope), high.max(slope)]
    });
    let quantization = Quantization::covering(Element::I8, low, high)?;
    let slopes = alpha.data().iter();
    let slopes = slopes.map(|&slope| quantization.quantize(slope) as i8);
    let of = TensorType::new(alpha.shape().clone(), quantization);
    PReLU::new(output, of, slopes.collect())
}

/// The layer that applies a function; a linear one gives what it takes.
fn function(function: Function, output: Quantization, shape: &Shape) -> Layer {
    match function {
        Function::Sigmoid => Sigmoid.into(),
        Function::Tanh => Tanh.into(),
        Function::Softmax => Softmax { beta: 1.0 }.into(),
        Function::HardSwish => HardSwish { output }.into(),
        Function::LeakyRelu { slope } => LeakyRelu { output, slope }.into(),
        _ => match limit(function) {
            Some(clamp) => Relu { output, clamp }.into(),
            None => Reshape::new(shape.clone()).into(),
        },
    }
}
