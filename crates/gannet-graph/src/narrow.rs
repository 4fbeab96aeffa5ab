//! A network with fewer channels: those of one layer are left out, with all that is made of them
//! and all weights that are multiplied with them.

use crate::{
    BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Function, Graph, GraphError, Layer, NodeId,
    Tensor,
};

/// What becomes of a layer that takes fewer channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It gives as many fewer.
    Passes,
    /// It gives what it gave.
    Ends,
}

impl Graph {
    /// The network without some output channels of layer `id`, a dense layer or a convolution
    /// without groups. What the other layers make of the remaining channels is what they made of
    /// them before: if the weights and the bias of those left out are zero, and every function up
    /// to the next weights gives 0 for 0, the network gives the same to the last bit.
    ///
    /// # Errors
    /// [`GraphError::Bound`] if the layer has no such channels, would keep none, or if some layer
    /// reads its channels together with others, such as a sum.
    pub fn without_channels(&self, id: NodeId, left_out: &[usize]) -> Result<Graph, GraphError> {
        let channels = self.free_channels(id)?;
        let kept = |channel: usize| !left_out.contains(&(channel % channels));
        if (0..channels).all(|channel| !kept(channel)) {
            let why = "the layer would keep none of its channels";
            return Err(self.bound(id, id, why));
        }
        let roles = self.roles(id)?;
        let input = &self.nodes()[0];
        let shape = input.output_shape().clone();
        let mut narrow = Graph::with_input(self.name(), input.name(), shape)?;
        for other in self.ids().skip(1) {
            let node = self.node(other);
            let layer = match roles[other.index()] {
                _ if other == id => narrowed(node.layer(), Side::Outputs, &kept)?,
                Some(Role::Passes) => narrowed(node.layer(), Side::Both, &kept)?,
                Some(Role::Ends) => narrowed(node.layer(), Side::Inputs, &kept)?,
                None => node.layer().clone(),
            };
            narrow.add(node.name(), layer, node.inputs())?;
        }
        Ok(narrow)
    }

    /// How many channels layer `id` has that can be left out one by one.
    ///
    /// # Errors
    /// [`GraphError::Bound`] if it has none.
    pub fn free_channels(&self, id: NodeId) -> Result<usize, GraphError> {
        let channels = match self.node(id).layer() {
            Layer::Conv2D(conv) if conv.groups() == 1 => conv.filters(),
            Layer::Dense(dense) => dense.units(),
            _ => return Err(self.bound(id, id, "it is no dense layer or plain convolution")),
        };
        self.roles(id)?;
        Ok(channels)
    }

    /// What becomes of each node if layer `id` gives fewer channels; nothing of most.
    fn roles(&self, id: NodeId) -> Result<Vec<Option<Role>>, GraphError> {
        let mut roles = vec![None; self.nodes().len()];
        let mut open = vec![id];
        while let Some(source) = open.pop() {
            if source == self.output() {
                return Err(self.bound(id, source, "it gives the network's outputs"));
            }
            if mixes(self.node(source).layer()) {
                return Err(self.bound(id, source, "its function reads all channels together"));
            }
            for reader in self.readers(source) {
                let role = role(self.node(reader).layer())
                    .ok_or_else(|| self.bound(id, reader, "it reads them together with others"))?;
                if roles[reader.index()].replace(role).is_none() && role == Role::Passes {
                    open.push(reader);
                }
            }
        }
        Ok(roles)
    }

    fn bound(&self, id: NodeId, by: NodeId, why: &'static str) -> GraphError {
        let by = self.node(by);
        GraphError::Bound {
            layer: self.node(id).name().to_owned(),
            by: by.name().to_owned(),
            kind: by.layer().kind(),
            why,
        }
    }
}

/// Whether a layer's function makes each value of all channels.
fn mixes(layer: &Layer) -> bool {
    let function = match layer {
        Layer::Conv2D(conv) => conv.activation,
        Layer::DepthwiseConv2D(conv) => conv.activation,
        Layer::Dense(dense) => dense.activation,
        Layer::Activation(activation) => activation.function,
        _ => Function::Linear,
    };
    matches!(function, Function::Softmax | Function::LogSoftmax)
}

/// What becomes of a layer that takes fewer channels; `None` if it cannot.
fn role(layer: &Layer) -> Option<Role> {
    match layer {
        Layer::Conv2D(conv) if conv.groups() == 1 => Some(Role::Ends),
        Layer::Dense(_) => Some(Role::Ends),
        Layer::DepthwiseConv2D(conv) if conv.multiplier() == 1 => Some(Role::Passes),
        Layer::Activation(_)
        | Layer::BatchNormalization(_)
        | Layer::MaxPool2D(_)
        | Layer::AveragePool2D(_)
        | Layer::GlobalMaxPool2D(_)
        | Layer::GlobalAveragePool2D(_)
        | Layer::Dropout(_)
        | Layer::ZeroPadding2D(_)
        | Layer::Cropping2D(_)
        | Layer::UpSampling2D(_)
        | Layer::Flatten(_) => Some(Role::Passes),
        _ => None,
    }
}

/// Where a layer has fewer channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Inputs,
    Outputs,
    Both,
}

/// `layer` with the weights of the kept channels alone. Behind a Flatten the channels of all pixels
/// follow each other: `kept` is asked for a place among all.
fn narrowed(layer: &Layer, side: Side, kept: &impl Fn(usize) -> bool) -> Result<Layer, GraphError> {
    let vector = |tensor: Option<&Tensor>| tensor.map(|tensor| cut(tensor, 0, kept));
    Ok(match layer {
        Layer::Conv2D(conv) => {
            let (kernel, bias) = match side {
                Side::Inputs => (cut(conv.kernel(), 2, kept), conv.bias().cloned()),
                _ => (cut(conv.kernel(), 3, kept), vector(conv.bias())),
            };
            let mut narrow = Conv2D::new(conv.window(), kernel, bias)?;
            narrow.activation = conv.activation;
            narrow.kernel_regularizer = conv.kernel_regularizer;
            narrow.into()
        }
        Layer::Dense(dense) => {
            let (kernel, bias) = match side {
                Side::Inputs => (cut(dense.kernel(), 0, kept), dense.bias().cloned()),
                _ => (cut(dense.kernel(), 1, kept), vector(dense.bias())),
            };
            let mut narrow = Dense::new(kernel, bias)?;
            narrow.activation = dense.activation;
            narrow.kernel_regularizer = dense.kernel_regularizer;
            narrow.into()
        }
        Layer::DepthwiseConv2D(conv) => {
            let kernel = cut(conv.kernel(), 2, kept);
            let mut narrow = DepthwiseConv2D::new(conv.window(), kernel, vector(conv.bias()))?;
            narrow.activation = conv.activation;
            narrow.kernel_regularizer = conv.kernel_regularizer;
            narrow.into()
        }
        Layer::BatchNormalization(norm) => {
            let mut narrow = BatchNormalization::new(
                vector(norm.gamma()),
                vector(norm.beta()),
                cut(norm.moving_mean(), 0, kept),
                cut(norm.moving_variance(), 0, kept),
                norm.epsilon(),
            )?;
            narrow.momentum = norm.momentum;
            narrow.into()
        }
        other => other.clone(),
    })
}

/// `tensor` with those indices of extent `axis` alone that are kept.
fn cut(tensor: &Tensor, axis: usize, kept: &impl Fn(usize) -> bool) -> Tensor {
    let dims = tensor.shape().dims();
    let behind: usize = dims[axis + 1..].iter().product();
    let index = |place: usize| place / behind % dims[axis];
    let values = tensor.data().iter().enumerate();
    let values = values.filter(|(place, _)| kept(index(*place)));
    let values: Vec<f32> = values.map(|(_, value)| *value).collect();
    let mut dims = dims.to_vec();
    dims[axis] = (0..dims[axis]).filter(|&index| kept(index)).count();
    Tensor::new(dims, values).expect("as many values as are kept")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Activation, Add, Flatten, GlobalAveragePool2D, MaxPool2D, Padding, Window, networks,
    };

    fn fill(graph: &mut Graph) {
        for (i, weight) in graph.weights_mut().flatten().enumerate() {
            *weight = (i * 7_919 % 10_007) as f32 / 20_014.0 - 0.2;
        }
    }

    /// Makes the channels of a layer's kernel and bias zero.
    fn clear(graph: &mut Graph, id: NodeId, channels: usize, cleared: &[usize]) {
        for weights in graph.node_weights_mut(id) {
            for (i, weight) in weights.iter_mut().enumerate() {
                if cleared.contains(&(i % channels)) {
                    *weight = 0.0;
                }
            }
        }
    }

    fn image(graph: &Graph) -> Tensor {
        Tensor::from_fn(graph.input_shape().clone(), |i| {
            (i * 37 % 101) as f32 / 101.0
        })
    }

    /// The law, for every layer of the small network that may be narrowed: 3 of 8 filters before a
    /// convolution, 1 of 4 before a flattened dense layer, 2 of 64 units before another.
    #[test]
    fn channels_of_zeros_may_be_left_out_of_every_layer() {
        let mut graph = networks::mnist_small();
        fill(&mut graph);
        let mut cases = 0;
        for id in graph.ids() {
            let Ok(channels) = graph.free_channels(id) else {
                continue;
            };
            cases += 1;
            let left_out = &[5, 0, 7][..if channels == 4 { 1 } else { 3 }];
            let left_out: Vec<usize> = left_out.iter().map(|c| c % channels).collect();
            let mut cleared = graph.clone();
            clear(&mut cleared, id, channels, &left_out);
            let narrow = cleared.without_channels(id, &left_out).unwrap();
            let [before, behind] =
                [&cleared, &narrow].map(|graph| graph.run(&image(graph)).unwrap());
            let bits = |tensor: &Tensor| -> Vec<u32> {
                tensor.data().iter().map(|value| value.to_bits()).collect()
            };
            assert_eq!(bits(&before), bits(&behind));
            assert_eq!(narrow.free_channels(id).unwrap(), channels - left_out.len());
            assert!(narrow.macs() < graph.macs());
        }
        assert_eq!(cases, 3);
    }

    /// Two of four channels, 9·3 and 4 weights and 4 of normalization, 9 of the depthwise kernel,
    /// and 5 of the last: per channel 27 + 1 + 4 + 9 + 5 = 46.
    #[test]
    fn what_lies_between_is_narrowed_too() {
        let window = |kernel, padding| Window::new(kernel, [1, 1], padding).unwrap();
        let mut graph = Graph::new("net", [6, 6, 3]).unwrap();
        let conv = Conv2D::zeros(window([3, 3], Padding::Same), 3, 4).with_bias();
        let id = graph.push("conv", conv).unwrap();
        graph.push("norm", BatchNormalization::identity(4)).unwrap();
        graph.push("relu", Activation::new(Function::Relu)).unwrap();
        let depthwise = DepthwiseConv2D::zeros(window([3, 3], Padding::Valid), 4, 1);
        graph.push("depthwise", depthwise).unwrap();
        graph
            .push("pool", MaxPool2D::new(window([2, 2], Padding::Valid)))
            .unwrap();
        graph.push("mean", GlobalAveragePool2D).unwrap();
        graph.push("dense", Dense::zeros(4, 5)).unwrap();
        let narrow = graph.without_channels(id, &[1, 2]).unwrap();
        assert_eq!(graph.params() - narrow.params(), 2 * 46);
        assert!(graph.without_channels(id, &[0, 1, 2, 3]).is_err());
    }

    #[test]
    fn what_a_sum_or_the_output_reads_is_bound() {
        let pixel = Window::new([1, 1], [1, 1], Padding::Valid).unwrap();
        let mut graph = Graph::new("net", [2, 2, 3]).unwrap();
        let stem = graph.push("stem", Conv2D::zeros(pixel, 3, 3)).unwrap();
        let input = graph.ids().next().unwrap();
        graph.add("sum", Add, &[stem, input]).unwrap();
        graph.push("flatten", Flatten).unwrap();
        let last = graph.push("dense", Dense::zeros(12, 2)).unwrap();
        let text = graph.free_channels(stem).unwrap_err().to_string();
        assert!(
            text.contains("'stem'") && text.contains("'sum' (Add)"),
            "{text}"
        );
        let text = graph.free_channels(last).unwrap_err().to_string();
        assert!(text.contains("outputs"), "{text}");
    }
}
