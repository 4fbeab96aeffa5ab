//! The normal form: every activation function a layer of its own.
//!
//! Frameworks write `Dense(64, "relu")` or two layers; whoever computes networks wants one
//! of the two. Weights keep their order, so they can be carried between a network and its
//! normal form by [`Graph::weights`].

use crate::{Activation, Function, Graph, Layer, Node, NodeId};

const CHECKED: &str = "the shapes were checked when the network was built";

impl Graph {
    /// The same network with every `activation` attribute as an [`Activation`] layer behind
    /// its layer, named `LAYER/FUNCTION`; linear activations are left out.
    pub fn normal_form(&self) -> Graph {
        let input = self.nodes().first().expect("a graph has an input");
        let mut normal = Graph::with_input(self.name(), input.name(), input.output_shape().clone())
            .expect(CHECKED);
        // Where each node's output is to be found in the normal form.
        let mut places: Vec<NodeId> = vec![normal.output()];
        for node in &self.nodes()[1..] {
            let inputs: Vec<NodeId> = node.inputs().iter().map(|id| places[id.index()]).collect();
            places.push(self.add_normal(node, &inputs, &mut normal));
        }
        let output = places[self.output().index()];
        if output != normal.output() {
            // What was left out was the output, behind a node in the middle.
            self.add_function("output", Function::Linear, output, &mut normal);
        }
        normal
    }

    fn add_normal(&self, node: &Node, inputs: &[NodeId], normal: &mut Graph) -> NodeId {
        let mut layer = node.layer().clone();
        let function = match &mut layer {
            Layer::Conv2D(conv) => std::mem::take(&mut conv.activation),
            Layer::DepthwiseConv2D(depthwise) => std::mem::take(&mut depthwise.activation),
            Layer::Conv2DTranspose(transpose) => std::mem::take(&mut transpose.activation),
            Layer::Dense(dense) => std::mem::take(&mut dense.activation),
            Layer::Activation(activation) if activation.function == Function::Linear => {
                return inputs[0];
            }
            _ => Function::Linear,
        };
        let id = normal.add(node.name(), layer, inputs).expect(CHECKED);
        if function == Function::Linear {
            return id;
        }
        let name = format!("{}/{}", node.name(), function.name());
        self.add_function(&name, function, id, normal)
    }

    /// Adds `function` to `normal` under a name that neither network has.
    fn add_function(
        &self,
        name: &str,
        function: Function,
        input: NodeId,
        normal: &mut Graph,
    ) -> NodeId {
        let name = crate::free_name(name, |name| {
            self.find(name).is_some() || normal.find(name).is_some()
        });
        normal
            .add(name, Activation::new(function), &[input])
            .expect(CHECKED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dense, Tensor, networks};

    #[test]
    fn the_normal_form_computes_the_same() {
        let mut graph = networks::mnist_small();
        let mut value = 0.0_f32;
        graph.weights_mut().flatten().for_each(|weight| {
            value = (value * 7.3 + 0.37).fract();
            *weight = (value - 0.5) * 0.3;
        });
        let normal = graph.normal_form();
        let image = Tensor::from_fn([28, 28, 1], |i| (i % 17) as f32 / 17.0);
        assert_eq!(graph.run(&image), normal.run(&image));
        assert!(graph.weights().eq(normal.weights()));
        let names: Vec<&str> = normal.nodes().iter().map(|node| node.name()).collect();
        assert_eq!(
            names[8..],
            ["dense", "dense/relu", "dense_1", "dense_1/sigmoid"]
        );
    }

    #[test]
    fn a_layer_that_has_the_name_already_keeps_it() {
        let mut graph = Graph::new("net", [4]).unwrap();
        let dense = || Dense::zeros(4, 4).with_activation(Function::Relu);
        graph.push("dense", dense()).unwrap();
        graph.push("dense/relu", dense()).unwrap();
        let normal = graph.normal_form();
        let names: Vec<&str> = normal.nodes().iter().map(|node| node.name()).collect();
        assert_eq!(
            names[1..],
            ["dense", "dense/relu_1", "dense/relu", "dense/relu/relu"]
        );
    }

    #[test]
    fn the_output_stays_the_output() {
        let mut graph = Graph::new("net", [4]).unwrap();
        let middle = graph.push("dense", Dense::zeros(4, 2)).unwrap();
        graph.push("beside", Dense::zeros(2, 3)).unwrap();
        graph
            .add("end", Activation::new(Function::Linear), &[middle])
            .unwrap();
        assert_eq!(graph.normal_form().output_shape(), graph.output_shape());
    }
}
