//! A network's outputs for many images, fast.

use gannet_data::Images;
use gannet_graph::{Graph, Shape};

use crate::TrainError;
use crate::engine::{Activations, Backend, Crew, Threads};

/// What `graph` gives for every image, pixels taken as `x / 255`: `[images, outputs]`.
///
/// Agrees with the reference [`Graph::run`] to rounding: sums are accumulated in `f32`.
///
/// # Errors
/// [`TrainError::ImageShape`] if the images are not what the network takes, and
/// [`TrainError::Threads`] if there are no threads to be had.
pub fn evaluate(graph: &Graph, images: &Images, threads: Threads) -> Result<Vec<f32>, TrainError> {
    check_images(graph, "given", images)?;
    let mut crew = Crew::new(graph, Activations::Real, threads, Backend::detect())?;
    let weights: Vec<f32> = graph.weights().flatten().copied().collect();
    crew.load(&weights);
    Ok(crew.outputs(images))
}

/// Whether the network takes these images; `name` says in the error which they are.
pub(crate) fn check_images(
    graph: &Graph,
    name: &'static str,
    images: &Images,
) -> Result<(), TrainError> {
    let shape = images.shape();
    let found = Shape::from([shape.height(), shape.width(), shape.channels()]);
    if *graph.input_shape() == found {
        return Ok(());
    }
    Err(TrainError::ImageShape {
        network: graph.name().to_owned(),
        expected: graph.input_shape().clone(),
        images: name,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::initialize::initialize;
    use gannet_data::ImageShape;
    use gannet_graph::{Tensor, networks};

    #[test]
    fn outputs_agree_with_the_reference() {
        let mut graph = networks::mnist_small();
        initialize(&mut graph, 1);
        let shape = ImageShape::new(28, 28, 1).unwrap();
        let pixels: Vec<u8> = (0..18 * 784).map(|i| (i * i % 251) as u8).collect();
        let images = Images::new(shape, pixels).unwrap();
        let outputs = evaluate(&graph, &images, Threads::All).unwrap();
        for (image, outputs) in images.iter().zip(outputs.chunks(10)) {
            let pixels = image.pixels();
            let input = Tensor::from_fn([28, 28, 1], |i| f32::from(pixels[i]) / 255.0);
            for (output, expected) in outputs.iter().zip(graph.run(&input).unwrap().data()) {
                assert!((output - expected).abs() < 1e-6, "{output} {expected}");
            }
        }
    }
}
