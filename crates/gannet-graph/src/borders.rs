//! Explicit padding as a layer of its own, for formats whose windows stay inside the image or are
//! `same`, such as Keras and TFLite.

use crate::{Graph, GraphError, Layer, NodeId, Padding, ZeroPadding2D};

impl Graph {
    /// The same network with the explicit padding of each convolution as a [`ZeroPadding2D`] in
    /// front of it, named `LAYER/padding`. Pooling keeps its own: outside the image there is
    /// nothing to it, which is not zero.
    ///
    /// # Errors
    /// If an image with its border is larger than a graph takes.
    pub fn borders_apart(&self) -> Result<Graph, GraphError> {
        let input = self.nodes().first().expect("a graph has an input");
        let mut apart = Graph::with_input(self.name(), input.name(), input.output_shape().clone())?;
        // Where each node's output is to be found in the new network.
        let mut places: Vec<NodeId> = vec![apart.output()];
        for node in &self.nodes()[1..] {
            let mut inputs: Vec<NodeId> =
                node.inputs().iter().map(|id| places[id.index()]).collect();
            let mut layer = node.layer().clone();
            if let Some(border) = take_border(&mut layer) {
                let name = crate::free_name(&format!("{}/padding", node.name()), |name| {
                    self.find(name).is_some() || apart.find(name).is_some()
                });
                inputs = vec![apart.add(name, border, &inputs)?];
            }
            places.push(apart.add(node.name(), layer, &inputs)?);
        }
        Ok(apart)
    }
}

/// Takes the explicit padding of a convolution away, which stays inside the image then.
fn take_border(layer: &mut Layer) -> Option<ZeroPadding2D> {
    let window = match layer {
        Layer::Conv2D(conv) => conv.window_mut(),
        Layer::DepthwiseConv2D(depthwise) => depthwise.window_mut(),
        _ => return None,
    };
    let Padding::Explicit {
        vertical,
        horizontal,
    } = window.padding()
    else {
        return None;
    };
    *window = window.with_padding(Padding::Valid);
    Some(ZeroPadding2D::new(vertical, horizontal))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Conv2D, DepthwiseConv2D, MaxPool2D, Tensor, Window};

    /// A window with one more row above and two more columns right.
    fn window(padding: Padding) -> Window {
        Window::new([3, 2], [2, 1], padding).unwrap()
    }

    #[test]
    fn zeros_around_the_image_give_what_padding_gave() {
        let explicit = Padding::explicit([1, 0], [0, 2]);
        let kernel = |shape| Tensor::from_fn(shape, |i| (i % 7) as f32 - 2.5);
        let mut graph = Graph::with_input("net", "image", [6, 5, 2]).unwrap();
        let conv = Conv2D::new(window(explicit), kernel([3, 2, 2, 3]), None).unwrap();
        graph.push("conv", conv).unwrap();
        let depthwise = DepthwiseConv2D::new(window(explicit), kernel([3, 2, 3, 2]), None);
        graph.push("depthwise", depthwise.unwrap()).unwrap();
        let inside = Conv2D::new(window(Padding::Same), kernel([3, 2, 6, 1]), None);
        graph.push("same", inside.unwrap()).unwrap();
        let apart = graph.borders_apart().unwrap();
        let names: Vec<&str> = apart.nodes().iter().map(|node| node.name()).collect();
        let expected = [
            "image",
            "conv/padding",
            "conv",
            "depthwise/padding",
            "depthwise",
            "same",
        ];
        assert_eq!(names, expected);
        let image = Tensor::from_fn([6, 5, 2], |i| (i % 11) as f32 - 4.0);
        assert_eq!(graph.run(&image), apart.run(&image));
    }

    /// The largest of nothing and −1 is −1, and of 0 and −1 it would be 0.
    #[test]
    fn pooling_keeps_its_padding() {
        let mut graph = Graph::with_input("net", "image", [6, 5, 2]).unwrap();
        let pool = MaxPool2D::new(window(Padding::explicit([1, 1], [1, 1])));
        graph.push("pool", pool).unwrap();
        assert_eq!(graph.borders_apart().unwrap(), graph);
    }
}
