//! In which order the values of each tensor are written. An image has its channels first in
//! ONNX. Its features, flattened, stay in that order as long as only layers follow that do
//! not mind, up to dense ones, whose kernels are put into the order; otherwise the image is
//! turned round before it is flattened.

use gannet_graph::{Graph, Layer, Node, NodeId, Shape};

/// How a node's value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `[batch, channels, height, width]`.
    ChannelsFirst,
    /// The features of an image `[height, width, channels]` in the order channels, rows,
    /// columns.
    FlatChannelsFirst([usize; 3]),
    /// As the graph has it, behind a batch.
    AsItIs,
}

/// The form of every node's value.
pub(super) fn forms(graph: &Graph) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::with_capacity(graph.nodes().len());
    for id in graph.ids() {
        let node = graph.node(id);
        let form = match (node.layer(), node.inputs().first()) {
            (Layer::Flatten(_), Some(&image)) => match forms[image.index()] {
                Form::ChannelsFirst => flattened(graph, id, graph.node(image)),
                form => form,
            },
            (_, Some(input)) if keeps_order(node) => forms[input.index()],
            _ => of_shape(node.output_shape()),
        };
        forms.push(form);
    }
    forms
}

fn of_shape(shape: &Shape) -> Form {
    match shape.as_image() {
        Some(_) => Form::ChannelsFirst,
        None => Form::AsItIs,
    }
}

/// The form of a flattened image.
fn flattened(graph: &Graph, id: NodeId, image: &Node) -> Form {
    let Some([height, width, channels]) = image.output_shape().as_image() else {
        return Form::AsItIs;
    };
    // One channel or one pixel has one order only.
    if channels == 1 || height * width == 1 || !nobody_minds(graph, id) {
        return Form::AsItIs;
    }
    Form::FlatChannelsFirst([height, width, channels])
}

/// Whether a layer gives what it gives in whatever order its values come.
fn keeps_order(node: &Node) -> bool {
    matches!(
        node.layer(),
        Layer::Activation(_) | Layer::Dropout(_) | Layer::BatchNormalization(_)
    )
}

/// Whether all that reads the features of `id` is a dense layer, or a layer that keeps their
/// order and of whose readers the same holds.
fn nobody_minds(graph: &Graph, id: NodeId) -> bool {
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        if id == graph.output() {
            return false;
        }
        for reader in graph.readers(id) {
            match graph.node(reader) {
                node if keeps_order(node) => open.push(reader),
                node if matches!(node.layer(), Layer::Dense(_)) => {}
                _ => return false,
            }
        }
    }
    true
}
