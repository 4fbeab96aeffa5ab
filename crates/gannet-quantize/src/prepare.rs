//! The form of a network that is quantized: simplified, sums and products of two at a time,
//! borders of convolutions that are not TFLite's as layers of their own, normalization and
//! rescaling that could not be folded as the depthwise convolution that they are, and the maxima
//! of whole images as pooling.

use gannet_graph::{
    Conv2D, DepthwiseConv2D, Flatten, Graph, GraphError, Layer, MaxPool2D, Node, NodeId, Padding,
    Reshape, ScaleShift, Tensor, Window, ZeroPadding2D,
};

/// `graph` in that form.
///
/// # Errors
/// None that a sound network could have.
pub(crate) fn prepare(graph: &Graph) -> Result<Graph, GraphError> {
    let graph = graph.simplified();
    let input = &graph.nodes()[0];
    let mut prepared = Graph::with_input(graph.name(), input.name(), input.output_shape().clone())?;
    let mut places = vec![prepared.output()];
    for node in &graph.nodes()[1..] {
        let inputs: Vec<NodeId> = node.inputs().iter().map(|id| places[id.index()]).collect();
        let place = match node.layer() {
            layer
            @ (Layer::Add(_) | Layer::Multiply(_) | Layer::Maximum(_) | Layer::Minimum(_)) => {
                join_in_pairs(&mut prepared, node.name(), layer, &inputs)?
            }
            Layer::Conv2D(conv) => {
                let (window, inputs) = bordered(&mut prepared, node, conv.window(), inputs)?;
                let layer = Conv2D::new(window, conv.kernel().clone(), conv.bias().cloned())?
                    .with_groups(conv.groups())?;
                prepared.add(node.name(), layer, &inputs)?
            }
            Layer::DepthwiseConv2D(conv) => {
                let (window, inputs) = bordered(&mut prepared, node, conv.window(), inputs)?;
                let (kernel, bias) = (conv.kernel().clone(), conv.bias().cloned());
                let layer = DepthwiseConv2D::new(window, kernel, bias)?;
                prepared.add(node.name(), layer, &inputs)?
            }
            Layer::BatchNormalization(layer) => {
                scaled(&mut prepared, node, |c| layer.scale_shift(c), &inputs)?
            }
            Layer::Rescaling(layer) => {
                scaled(&mut prepared, node, |c| layer.scale_shift(c), &inputs)?
            }
            Layer::GlobalMaxPool2D(_) => {
                let image = prepared.node(inputs[0]).output_shape().as_image();
                let [height, width, _] = image.expect("its float layer reads an image");
                let all = Window::new([height, width], [1, 1], Padding::Valid)?;
                let name = prepared.free_name(&format!("{}/pool", node.name()));
                let pooled = prepared.add(name, MaxPool2D::new(all), &inputs)?;
                prepared.add(node.name(), Flatten, &[pooled])?
            }
            layer => prepared.add(node.name(), layer.clone(), &inputs)?,
        };
        places.push(place);
    }
    Ok(prepared)
}

/// The window that stays inside the image, behind a border of zeros that is added to `graph`,
/// if that of `node` has an explicit one.
fn bordered(
    graph: &mut Graph,
    node: &Node,
    window: Window,
    inputs: Vec<NodeId>,
) -> Result<(Window, Vec<NodeId>), GraphError> {
    let Padding::Explicit {
        vertical,
        horizontal,
    } = window.padding()
    else {
        return Ok((window, inputs));
    };
    let name = graph.free_name(&format!("{}/border", node.name()));
    let border = graph.add(name, ZeroPadding2D::new(vertical, horizontal), &inputs)?;
    let inside = Window::new(window.kernel(), window.stride(), Padding::Valid)?;
    Ok((inside.with_dilation(window.dilation())?, vec![border]))
}

/// A sum or product of several as those of two; the last one has the name.
fn join_in_pairs(
    graph: &mut Graph,
    name: &str,
    layer: &Layer,
    inputs: &[NodeId],
) -> Result<NodeId, GraphError> {
    let mut joined = inputs[0];
    for (i, &input) in inputs.iter().enumerate().skip(1) {
        let name = if i + 1 == inputs.len() {
            name.to_owned()
        } else {
            graph.free_name(&format!("{name}/part"))
        };
        joined = graph.add(name, layer.clone(), &[joined, input])?;
    }
    Ok(joined)
}

/// Each channel by itself multiplied and shifted, pixel by pixel; a vector is one pixel.
fn scaled(
    graph: &mut Graph,
    node: &Node,
    each: impl Fn(usize) -> ScaleShift,
    inputs: &[NodeId],
) -> Result<NodeId, GraphError> {
    let channels = node.output_shape().channels();
    let each: Vec<ScaleShift> = (0..channels).map(each).collect();
    let kernel = Tensor::from_fn([1, 1, channels, 1], |c| each[c].scale as f32);
    let bias = Tensor::from_fn([channels], |c| each[c].shift as f32);
    let pixel = Window::new([1, 1], [1, 1], Padding::Valid)?;
    let layer = DepthwiseConv2D::new(pixel, kernel, Some(bias))?;
    if node.output_shape().as_vector().is_none() {
        return graph.add(node.name(), layer, inputs);
    }
    let name = graph.free_name(&format!("{}/pixel", node.name()));
    let pixel = graph.add(name, Reshape::new([1, 1, channels]), inputs)?;
    let name = graph.free_name(&format!("{}/scaled", node.name()));
    let scaled = graph.add(name, layer, &[pixel])?;
    graph.add(node.name(), Flatten, &[scaled])
}

#[cfg(test)]
mod tests {
    use super::*;
    use gannet_graph::{Add, BatchNormalization};

    #[test]
    fn a_border_of_its_own_computes_the_same() {
        let padding = Padding::explicit([1, 0], [0, 2]);
        let window = Window::new([2, 2], [2, 1], padding).unwrap();
        let kernel = Tensor::from_fn([2, 2, 1, 1], |i| i as f32 + 1.0);
        let mut graph = Graph::new("net", [3, 3, 1]).unwrap();
        let conv = Conv2D::new(window, kernel, None).unwrap();
        graph.push("conv", conv).unwrap();
        let prepared = prepare(&graph).unwrap();
        assert_eq!(prepared.nodes()[1].layer().kind(), "ZeroPadding2D");
        let image = Tensor::from_fn([3, 3, 1], |i| i as f32);
        assert_eq!(prepared.run(&image), graph.run(&image));
    }

    #[test]
    fn a_sum_of_three_and_a_normalization_compute_the_same() {
        let mut graph = Graph::new("net", [1, 2, 2]).unwrap();
        let input = graph.output();
        let of = |a: f32, b: f32| Tensor::new([2], vec![a, b]).unwrap();
        let layer =
            BatchNormalization::new(Some(of(2.0, 1.0)), None, of(1.0, 0.0), of(0.75, 3.75), 0.25);
        let norm = graph.push("norm", layer.unwrap()).unwrap();
        graph.add("sum", Add, &[input, norm, input]).unwrap();
        let prepared = prepare(&graph).unwrap();
        let kinds: Vec<&str> = prepared.nodes().iter().map(|n| n.layer().kind()).collect();
        assert_eq!(kinds, ["InputLayer", "DepthwiseConv2D", "Add", "Add"]);
        let image = Tensor::new([1, 2, 2], vec![1.0, 2.0, -3.0, 4.0]).unwrap();
        // 2·(x − 1)/1 and x/2, and twice the image.
        let sum = [2.0, 5.0, -14.0, 10.0];
        assert_eq!(prepared.run(&image).unwrap().data(), sum);
        assert_eq!(graph.run(&image).unwrap().data(), sum);
    }
}
