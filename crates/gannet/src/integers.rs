//! A network of integers on the host: the reference, run on many pictures.

use std::num::NonZeroUsize;
use std::thread;

use gannet_data::Split;
use gannet_graph::quantized::QuantizedTensor;
use gannet_graph::{QuantizedGraph, Tensor};

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
    let pictures: Vec<&[u8]> = split
        .iter()
        .take(images)
        .map(|sample| sample.image.pixels())
        .collect();
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let share = pictures.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let workers: Vec<_> = pictures
            .chunks(share)
            .map(|pictures| scope.spawn(move || run_all(graph, pictures)))
            .collect();
        let mut outputs = Vec::with_capacity(pictures.len());
        for worker in workers {
            outputs.extend(worker.join().expect("the reference does not panic")?);
        }
        Ok(outputs)
    })
}

fn run_all(graph: &QuantizedGraph, pictures: &[&[u8]]) -> Result<Vec<Vec<f32>>, Failure> {
    let input = graph.input_type();
    pictures
        .iter()
        .map(|pixels| {
            let image = Tensor::from_fn(input.shape.clone(), |i| f32::from(pixels[i]) / 255.0);
            let image = QuantizedTensor::quantize(&image, input.quantization);
            Ok(graph.run(&image)?.dequantize().data().to_vec())
        })
        .collect()
}
