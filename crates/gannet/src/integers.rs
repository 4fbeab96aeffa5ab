//! A network of integers on the host: the reference, run on many pictures.

use gannet_data::Split;
use gannet_graph::QuantizedGraph;

use crate::failure::Failure;

/// What the network gives for the first `images` of `split`, as real numbers. A picture's
/// pixels stand for 0 to 1.
pub fn outputs(
    graph: &QuantizedGraph,
    split: &Split,
    images: usize,
) -> Result<Vec<Vec<f32>>, Failure> {
    let (taken, given) = (&graph.input_type().shape, &graph.output_type().shape);
    let (shape, classes) = (split.images().shape(), split.class_count());
    if taken.elements() != shape.elements() || given.elements() != classes {
        return Err(Failure::new(format!(
            "network '{}' takes {taken} and gives {given}, but the pictures are {shape} in \
             {classes} classes: use the data that it was trained on",
            graph.name()
        )));
    }
    Ok(gannet_quantize::outputs(
        graph,
        &split.images().first(images),
    )?)
}
