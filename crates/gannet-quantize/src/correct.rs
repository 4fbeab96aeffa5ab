//! Bias correction: rounded weights and cut activations shift the mean of a layer's sums, and
//! its bias can take that back.
//!
//! Nagel, van Baalen, Blankevoort and Welling, "Data-Free Quantization Through Weight
//! Equalization and Bias Correction", 2019, section 4.2, with means over pictures. Layers are
//! corrected in order, each behind those that already are.

use gannet_graph::quantized::{self, Products, Quantization, QuantizedTensor};
use gannet_graph::{Graph, Layer, NodeId, Tensor};

use crate::assemble::Assembly;
use crate::pictures::Pictures;
use crate::weighted::{Weighted, replace};
use crate::{Method, QuantizeError};

/// `graph` with other biases: those with which the means of its quantized layers' sums are
/// the means of its own.
pub(crate) fn correct(
    graph: &Graph,
    quantizations: &[Quantization],
    method: &Method,
    pictures: Pictures<'_>,
) -> Result<Graph, QuantizeError> {
    let weighted = |&id: &NodeId| Weighted::of(graph.node(id).layer()).is_some();
    let ids: Vec<NodeId> = graph.ids().filter(weighted).collect();
    let wanted = wanted_means(graph, &ids, pictures)?;
    let mut corrected = graph.clone();
    for (&id, wanted) in ids.iter().zip(&wanted) {
        let assembly = Assembly::new(&corrected, quantizations, method)?;
        let given = given_means(&corrected, id, &assembly, pictures)?;
        let weighted = Weighted::of(graph.node(id).layer()).expect("filtered above");
        let bias = Tensor::from_fn([weighted.outputs()], |c| {
            weighted.bias_of(c) + (wanted[c] - given[c]) as f32
        });
        let layer = weighted.with(weighted.kernel.clone().into_owned(), Some(bias))?;
        corrected = replace(&corrected, id, layer)?;
    }
    Ok(corrected)
}

/// The mean of each channel of the sums of each layer of `ids`.
fn wanted_means(
    graph: &Graph,
    ids: &[NodeId],
    pictures: Pictures<'_>,
) -> Result<Vec<Vec<f64>>, QuantizeError> {
    let channels = |id: &NodeId| graph.node(*id).output_shape().channels();
    let mut means: Vec<Mean> = ids.iter().map(channels).map(Mean::of_channels).collect();
    for image in pictures.iter() {
        let activations = graph.run_all(&image)?;
        for (mean, id) in means.iter_mut().zip(ids) {
            mean.add(&activations[id.index()]);
        }
    }
    Ok(means.iter().map(Mean::values).collect())
}

/// The mean of each channel of the sums of layer `id` in integers, before they are rounded and
/// limited: those of the rounded weights with what the integers before it stand for.
fn given_means(
    graph: &Graph,
    id: NodeId,
    assembly: &Assembly,
    pictures: Pictures<'_>,
) -> Result<Vec<f64>, QuantizeError> {
    let node = graph.node(id);
    let place = assembly
        .graph
        .find(node.name())
        .expect("layers keep their names");
    let quantized = assembly.graph.node(place);
    let before = quantized.inputs()[0];
    let layer = with_rounded_weights(node.layer(), quantized.layer())?;
    let mut mean = Mean::of_channels(node.output_shape().channels());
    let input = assembly.graph.input_type().quantization;
    for image in pictures.iter() {
        let integers = QuantizedTensor::quantize(&image, input);
        let activations = assembly.graph.run_all(&integers)?;
        let taken = activations[before.index()].dequantize();
        mean.add(&layer.run(&[&taken], node.output_shape()));
    }
    Ok(mean.values())
}

fn with_rounded_weights(
    layer: &Layer,
    quantized: &quantized::Layer,
) -> Result<Layer, QuantizeError> {
    let weighted = Weighted::of(layer).expect("a layer with a kernel");
    let kernel = products(quantized).kernel().dequantize();
    Ok(weighted.with(kernel, weighted.bias.cloned())?)
}

fn products(layer: &quantized::Layer) -> &Products {
    match layer {
        quantized::Layer::Conv2D(conv) => conv.products(),
        quantized::Layer::DepthwiseConv2D(conv) => conv.products(),
        quantized::Layer::Conv2DTranspose(conv) => conv.products(),
        quantized::Layer::Dense(dense) => dense.products(),
        _ => unreachable!("a layer with a kernel stays one"),
    }
}

/// The mean of each channel of many tensors.
struct Mean {
    sums: Vec<f64>,
    rows: usize,
}

impl Mean {
    fn of_channels(channels: usize) -> Self {
        Mean {
            sums: vec![0.0; channels],
            rows: 0,
        }
    }

    fn add(&mut self, tensor: &Tensor) {
        for row in tensor.data().chunks(self.sums.len()) {
            self.rows += 1;
            for (sum, &value) in self.sums.iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
    }

    fn values(&self) -> Vec<f64> {
        self.sums.iter().map(|sum| sum / self.rows as f64).collect()
    }
}
