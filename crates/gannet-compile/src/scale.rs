//! Folds the scaling of the input into the first layer with weights.
//!
//! A picture arrives as bytes, the network was trained on `byte · scale`. A convolution or a
//! dense layer of scaled values is one with a scaled kernel of the bytes themselves; zero
//! padding stays zero; maxima, means and flattening let a positive factor through.

use gannet_graph::{Graph, Layer, NodeId};

/// The network that takes unscaled values, or `None` if no layer can take up `scale`.
pub(crate) fn fold_input_scale(graph: &Graph, scale: f32) -> Option<Graph> {
    let first = first_weighted(graph)?;
    let mut folded = graph.clone();
    let kernel = folded.node_weights_mut(first).into_iter().next()?;
    kernel
        .iter_mut()
        .for_each(|weight| *weight = (f64::from(*weight) * f64::from(scale)) as f32);
    Some(folded)
}

fn first_weighted(graph: &Graph) -> Option<NodeId> {
    let mut place = graph.ids().next()?;
    loop {
        let &[reader] = graph.readers(place).as_slice() else {
            return None;
        };
        match graph.node(reader).layer() {
            Layer::Conv2D(_)
            | Layer::DepthwiseConv2D(_)
            | Layer::Conv2DTranspose(_)
            | Layer::Dense(_) => return Some(reader),
            Layer::Flatten(_)
            | Layer::Reshape(_)
            | Layer::Permute(_)
            | Layer::Cropping2D(_)
            | Layer::UpSampling2D(_)
            | Layer::GlobalMaxPool2D(_)
            | Layer::MaxPool2D(_)
            | Layer::AveragePool2D(_)
            | Layer::GlobalAveragePool2D(_)
            | Layer::ZeroPadding2D(_)
            | Layer::Dropout(_) => place = reader,
            Layer::Input(_)
            | Layer::Activation(_)
            | Layer::BatchNormalization(_)
            | Layer::PReLU(_)
            | Layer::Rescaling(_)
            | Layer::Add(_)
            | Layer::Subtract(_)
            | Layer::Multiply(_)
            | Layer::Maximum(_)
            | Layer::Minimum(_)
            | Layer::Concatenate(_) => return None,
        }
    }
}
