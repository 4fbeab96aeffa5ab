//! A quantized network's outputs for many pictures.

use gannet_data::Images;
use gannet_graph::QuantizedGraph;
use rayon::prelude::*;

use crate::QuantizeError;
use crate::pictures::Pictures;

/// What the outputs of `graph` stand for, picture by picture; pixels are taken as `x / 255`.
///
/// # Errors
/// [`QuantizeError::NoPictures`] or [`QuantizeError::PictureShape`].
pub fn outputs(graph: &QuantizedGraph, images: &Images) -> Result<Vec<Vec<f32>>, QuantizeError> {
    let pictures = Pictures::new(images, graph.name(), &graph.input_type().shape)?;
    (0..pictures.len())
        .into_par_iter()
        .map(|i| Ok(graph.run_real(&pictures.get(i))?.data().to_vec()))
        .collect()
}
