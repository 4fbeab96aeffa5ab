//! The normal form: every activation function a layer of its own.
//!
//! Frameworks write `Dense(64, "relu")` or two layers; whoever computes networks wants one
//! of the two. Weights keep their order, so they can be carried between a network and its
//! normal form by [`Graph::weights`].

use crate::{Activation, Function, Graph, Layer, Node, NodeId};

impl Graph {
    /// The same network with every `activation` attribute as an [`Activation`] layer behind
    /// its layer, named `LAYER/FUNCTION`; layers that do nothing are left out.
    pub fn normal_form(&self) -> Graph {
        let input = self.nodes().first().expect("a graph has an input");
        let mut normal = Graph::with_input(self.name(), input.name(), input.output_shape().clone())
            .expect("the input was checked");
        // Where each node's output is to be found in the normal form.
        let mut places: Vec<NodeId> = vec![normal.output()];
        for node in &self.nodes()[1..] {
            let inputs: Vec<NodeId> = node.inputs().iter().map(|id| places[id.index()]).collect();
            places.push(normal.add_normal(node, &inputs));
        }
        normal
    }

    fn add_normal(&mut self, node: &Node, inputs: &[NodeId]) -> NodeId {
        let mut layer = node.layer().clone();
        let function = match &mut layer {
            Layer::Conv2D(conv) => std::mem::take(&mut conv.activation),
            Layer::Dense(dense) => std::mem::take(&mut dense.activation),
            Layer::Activation(Activation {
                function: Function::Linear,
            }) => return inputs[0],
            _ => Function::Linear,
        };
        const CHECKED: &str = "the shapes were checked when the network was built";
        let id = self.add(node.name(), layer, inputs).expect(CHECKED);
        if function == Function::Linear {
            return id;
        }
        let name = self.free_name(&format!("{}/{function}", node.name()));
        self.add(name, Activation::new(function), &[id])
            .expect(CHECKED)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Tensor, networks};

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
}
