//! The simplest network that computes the same at inference: what does nothing or is not read
//! is left out, and normalization is folded into the weights before it:
//! `γ(Wx + b − μ)/σ + β` is `W'x + b'` with other weights.

use crate::{
    Activation, BatchNormalization, Conv2D, Dense, DepthwiseConv2D, Function, Graph, GraphError,
    Layer, NodeId, Tensor,
};

impl Graph {
    /// The normal form without what does nothing at inference or is not read, and with
    /// normalization folded into the weights before it.
    pub fn simplified(&self) -> Graph {
        let normal = self.normal_form();
        rebuild(&normal, entries(&normal)).expect("folding keeps every shape")
    }
}

/// A node of the network in the making, wired to earlier ones.
struct Entry {
    name: String,
    layer: Layer,
    inputs: Vec<usize>,
}

/// The nodes that stay, and where the output is.
fn entries(graph: &Graph) -> (Vec<Entry>, usize) {
    let mut entries: Vec<Entry> = Vec::new();
    // Where each node's value is to be found among the entries.
    let mut places: Vec<usize> = Vec::new();
    let needed = needed(graph);
    for id in graph.ids() {
        let node = graph.node(id);
        if !needed[id.index()] {
            // Nobody asks for its place.
            places.push(usize::MAX);
            continue;
        }
        let inputs: Vec<usize> = node
            .inputs()
            .iter()
            .map(|input| places[input.index()])
            .collect();
        let folded = match node.layer() {
            Layer::Dropout(_) => Some(inputs[0]),
            Layer::BatchNormalization(layer)
                if has_one_reader(graph, &needed, node.inputs()[0]) =>
            {
                let before = &mut entries[inputs[0]];
                fold(&before.layer, layer).map(|layer| {
                    before.layer = layer;
                    inputs[0]
                })
            }
            _ => None,
        };
        places.push(folded.unwrap_or_else(|| {
            entries.push(Entry {
                name: node.name().to_owned(),
                layer: node.layer().clone(),
                inputs,
            });
            entries.len() - 1
        }));
    }
    (entries, places[graph.output().index()])
}

/// Which nodes lie on a way to the output; the input always does.
fn needed(graph: &Graph) -> Vec<bool> {
    let mut needed = vec![false; graph.nodes().len()];
    needed[0] = true;
    needed[graph.output().index()] = true;
    for id in graph.ids().rev() {
        if needed[id.index()] {
            graph
                .node(id)
                .inputs()
                .iter()
                .for_each(|input| needed[input.index()] = true);
        }
    }
    needed
}

fn has_one_reader(graph: &Graph, needed: &[bool], id: NodeId) -> bool {
    graph
        .readers(id)
        .iter()
        .filter(|reader| needed[reader.index()])
        .count()
        == 1
}

fn rebuild(graph: &Graph, (entries, output): (Vec<Entry>, usize)) -> Result<Graph, GraphError> {
    let mut simple = Graph::with_input(
        graph.name(),
        graph.nodes()[0].name(),
        graph.input_shape().clone(),
    )?;
    let mut ids = vec![simple.output()];
    for entry in entries.into_iter().skip(1) {
        let inputs: Vec<NodeId> = entry.inputs.iter().map(|&input| ids[input]).collect();
        ids.push(simple.add(entry.name, entry.layer, &inputs)?);
    }
    if ids[output] != simple.output() {
        let name = simple.free_name("output");
        simple.add(name, Activation::new(Function::Linear), &[ids[output]])?;
    }
    Ok(simple)
}

/// `layer` with the normalization behind it folded in, if it has weights to fold it into.
fn fold(layer: &Layer, normalization: &BatchNormalization) -> Option<Layer> {
    let folded = |kernel: &Tensor, bias: Option<&Tensor>| {
        let channels = normalization.channels();
        let each: Vec<_> = (0..channels)
            .map(|c| normalization.scale_shift(c))
            .collect();
        let kernel = Tensor::from_fn(kernel.shape().clone(), |i| {
            (f64::from(kernel.data()[i]) * each[i % channels].scale) as f32
        });
        let bias = Tensor::from_fn([channels], |c| {
            let bias = bias.map_or(0.0, |bias| f64::from(bias.data()[c]));
            (bias * each[c].scale + each[c].shift) as f32
        });
        (kernel, Some(bias))
    };
    // A kernel's output channel is its innermost extent: of `[…, channels, multiplier]` both
    // together.
    let layer = match layer {
        Layer::Conv2D(conv) => {
            let (kernel, bias) = folded(conv.kernel(), conv.bias());
            Conv2D::new(conv.window(), kernel, bias)
                .and_then(|folded| folded.with_groups(conv.groups()))
                .map(Layer::from)
        }
        Layer::DepthwiseConv2D(conv) => {
            let (kernel, bias) = folded(conv.kernel(), conv.bias());
            DepthwiseConv2D::new(conv.window(), kernel, bias).map(Layer::from)
        }
        Layer::Dense(dense) => {
            let (kernel, bias) = folded(dense.kernel(), dense.bias());
            Dense::new(kernel, bias).map(Layer::from)
        }
        _ => return None,
    };
    Some(layer.expect("folding keeps every shape"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dropout, Padding, Window};

    fn kinds(graph: &Graph) -> Vec<&'static str> {
        graph.nodes()[1..]
            .iter()
            .map(|node| node.layer().kind())
            .collect()
    }

    #[test]
    fn normalization_goes_into_the_weights_before_it_and_dropout_goes() {
        let window = Window::new([3, 3], [1, 1], Padding::Same).unwrap();
        let mut graph = Graph::new("net", [4, 4, 1]).unwrap();
        graph.push("conv", Conv2D::zeros(window, 1, 2)).unwrap();
        graph.push("norm", BatchNormalization::identity(2)).unwrap();
        graph.push("drop", Dropout::new(0.5).unwrap()).unwrap();
        graph
            .push("norm_1", BatchNormalization::identity(2))
            .unwrap();
        let simple = graph.simplified();
        assert_eq!(kinds(&simple), ["Conv2D"]);
        // The folded layer has a bias where it had none.
        assert_eq!(simple.params(), 9 * 2 + 2);
    }

    #[test]
    fn a_convolution_of_groups_keeps_them() {
        let window = Window::new([1, 1], [1, 1], Padding::Valid).unwrap();
        let conv = Conv2D::zeros(window, 2, 4).with_groups(2).unwrap();
        let mut graph = Graph::new("net", [4, 4, 4]).unwrap();
        graph.push("conv", conv).unwrap();
        graph.push("norm", BatchNormalization::identity(4)).unwrap();
        assert_eq!(kinds(&graph.simplified()), ["Conv2D"]);
    }

    /// Whoever else reads the sums must not see them normalized.
    #[test]
    fn nothing_is_folded_into_weights_whose_sums_another_layer_reads() {
        let mut graph = Graph::new("net", [3]).unwrap();
        let dense = graph.push("dense", Dense::zeros(3, 2)).unwrap();
        let norm = graph
            .add("norm", BatchNormalization::identity(2), &[dense])
            .unwrap();
        graph.add("add", crate::Add, &[dense, norm]).unwrap();
        assert_eq!(
            kinds(&graph.simplified()),
            ["Dense", "BatchNormalization", "Add"]
        );
    }

    #[test]
    fn what_nobody_reads_is_left_out() {
        let mut graph = Graph::new("net", [3]).unwrap();
        let dense = graph.push("dense", Dense::zeros(3, 2)).unwrap();
        graph.push("beside", Dense::zeros(2, 5)).unwrap();
        graph.add("end", Dense::zeros(2, 1), &[dense]).unwrap();
        assert_eq!(kinds(&graph.simplified()), ["Dense", "Dense"]);
    }

    #[test]
    fn a_network_that_ends_in_dropout_keeps_its_output() {
        let mut graph = Graph::new("net", [3]).unwrap();
        let dense = graph.push("dense", Dense::zeros(3, 2)).unwrap();
        graph.push("beside", Dense::zeros(2, 5)).unwrap();
        graph
            .add("drop", Dropout::new(0.5).unwrap(), &[dense])
            .unwrap();
        assert_eq!(graph.simplified().output_shape(), graph.output_shape());
    }
}
