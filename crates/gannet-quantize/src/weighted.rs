//! What convolutions and fully connected layers share: a kernel, and a bias or none.

use std::borrow::Cow;

use gannet_graph::{
    Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D, Graph, GraphError, Layer, NodeId, Tensor,
};

/// A layer that has a kernel.
#[derive(Debug, Clone)]
pub(crate) struct Weighted<'a> {
    layer: &'a Layer,
    /// Its output channel is its innermost extent; of a depthwise convolution, the two
    /// innermost together.
    pub kernel: Cow<'a, Tensor>,
    /// One for each output channel.
    pub bias: Option<&'a Tensor>,
}

impl<'a> Weighted<'a> {
    /// `layer`, if it has a kernel.
    pub fn of(layer: &'a Layer) -> Option<Self> {
        let (kernel, bias) = match layer {
            Layer::Conv2D(conv) => (Cow::Borrowed(conv.kernel()), conv.bias()),
            Layer::DepthwiseConv2D(conv) => (Cow::Borrowed(conv.kernel()), conv.bias()),
            Layer::Conv2DTranspose(conv) => (Cow::Owned(turned(conv.kernel())), conv.bias()),
            Layer::Dense(dense) => (Cow::Borrowed(dense.kernel()), dense.bias()),
            _ => return None,
        };
        Some(Weighted {
            layer,
            kernel,
            bias,
        })
    }

    /// How many output channels there are.
    pub fn outputs(&self) -> usize {
        match self.kernel.shape().dims() {
            &[.., channels, multiplier] if self.is_depthwise() => channels * multiplier,
            _ => self.kernel.shape().channels(),
        }
    }

    /// How many input channels each output channel is a sum over.
    fn inputs(&self) -> usize {
        let dims = self.kernel.shape().dims();
        dims[dims.len() - 2]
    }

    /// The output channel of the weight at flat position `weight`.
    pub fn output_of(&self, weight: usize) -> usize {
        weight % self.outputs()
    }

    /// The input channel of the weight at flat position `weight`.
    pub fn input_of(&self, weight: usize) -> usize {
        let (innermost, inputs) = (self.kernel.shape().channels(), self.inputs());
        let group = match self.layer {
            Layer::Conv2D(conv) => weight % innermost / (innermost / conv.groups()),
            _ => 0,
        };
        group * inputs + weight / innermost % inputs
    }

    /// The bias of an output channel.
    pub fn bias_of(&self, output: usize) -> f32 {
        self.bias.map_or(0.0, |bias| bias.data()[output])
    }

    /// The same layer with other weights of the same shapes; without an activation.
    pub fn with(&self, kernel: Tensor, bias: Option<Tensor>) -> Result<Layer, GraphError> {
        Ok(match self.layer {
            Layer::DepthwiseConv2D(conv) => {
                DepthwiseConv2D::new(conv.window(), kernel, bias)?.into()
            }
            Layer::Conv2D(conv) => Conv2D::new(conv.window(), kernel, bias)?
                .with_groups(conv.groups())?
                .into(),
            Layer::Conv2DTranspose(conv) => {
                Conv2DTranspose::new(conv.window(), turned(&kernel), bias)?.into()
            }
            _ => Dense::new(kernel, bias)?.into(),
        })
    }

    fn is_depthwise(&self) -> bool {
        matches!(self.layer, Layer::DepthwiseConv2D(_))
    }
}

/// A transposed convolution's kernel with its two innermost extents, filters and channels, in
/// the other order.
fn turned(kernel: &Tensor) -> Tensor {
    let &[height, width, outer, inner] = kernel.shape().dims() else {
        unreachable!("a kernel has four extents")
    };
    Tensor::from_fn([height, width, inner, outer], |i| {
        let (tap, place) = (i / (inner * outer), i % (inner * outer));
        kernel.data()[(tap * outer + place % outer) * inner + place / outer]
    })
}

/// `graph` with `layer` in the place of node `id`, which gives the same shape.
pub(crate) fn replace(graph: &Graph, id: NodeId, layer: Layer) -> Result<Graph, GraphError> {
    let input = &graph.nodes()[0];
    let mut changed = Graph::with_input(graph.name(), input.name(), input.output_shape().clone())?;
    for other in graph.ids().skip(1) {
        let node = graph.node(other);
        let layer = if other == id { &layer } else { node.layer() };
        changed.add(node.name(), layer.clone(), node.inputs())?;
    }
    Ok(changed)
}
