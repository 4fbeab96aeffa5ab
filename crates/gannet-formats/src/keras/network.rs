//! A network between its description and its weights: layers in an order in which each
//! follows its inputs in, a [`Graph`] out.

use std::collections::HashSet;

use gannet_graph::{Graph, NodeId, Tensor};

use super::{
    config::malformed,
    layers::{Expected, Plan},
    spatial,
};
use crate::FormatError;

/// A network whose attributes are read and whose weights are not.
pub(super) struct Network {
    pub name: String,
    /// The first is the input, the last the output.
    pub layers: Vec<Planned>,
}

/// A layer of such a network.
pub(super) struct Planned {
    /// Its name in the file.
    pub name: String,
    /// What becomes of it.
    pub plan: Plan,
    /// Places in [`Network::layers`].
    pub inputs: Vec<usize>,
    /// How many extents its output has in Keras, without the batch; `None` if that is not
    /// known.
    pub rank: Option<usize>,
}

impl Network {
    /// The network with its weights, which `weights` gives for a layer's name.
    pub fn build(
        self,
        mut weights: impl FnMut(&str, &[Expected]) -> Result<Vec<Tensor>, FormatError>,
    ) -> Result<Graph, FormatError> {
        let names: HashSet<String> = self.layers.iter().map(|l| l.name.clone()).collect();
        let mut layers = self.layers.into_iter();
        let Some(Planned {
            name: input,
            plan: Plan::Input(shape),
            ..
        }) = layers.next()
        else {
            return Err(malformed("the network does not begin with an input"));
        };
        let mut graph = Graph::with_input(self.name, input, spatial::input_shape(&shape))?;
        let mut ids = vec![graph.output()];
        for Planned {
            name, plan, inputs, ..
        } in layers
        {
            let mut inputs: Vec<NodeId> = inputs.iter().map(|&place| ids[place]).collect();
            let layer = match plan {
                Plan::Nothing => {
                    let &[input] = inputs.as_slice() else {
                        return Err(malformed(format!(
                            "layer '{name}' should be wired to one other, but is to {}",
                            inputs.len()
                        )));
                    };
                    ids.push(input);
                    continue;
                }
                Plan::Input(_) => {
                    return Err(malformed(format!("layer '{name}' is a second input")));
                }
                Plan::Layer(layer) => layer,
                Plan::Weighted(expected, make) => make(weights(&name, &expected)?)?,
                Plan::Separable(expected, make) => {
                    let [depthwise, pointwise] = make(weights(&name, &expected)?)?;
                    let free = free_name(format!("{name}_depthwise"), &names);
                    inputs = vec![graph.add(free, depthwise, &inputs)?];
                    pointwise
                }
            };
            ids.push(graph.add(name, layer, &inputs)?);
        }
        // A graph gives what its last node gives, so that has to be the network's output.
        if ids.last() != Some(&graph.output()) {
            return Err(malformed(
                "its output does not stand behind all other layers",
            ));
        }
        Ok(graph)
    }
}

/// `base`, or with a number behind it if that is taken.
pub(super) fn free_name(base: String, taken: &HashSet<String>) -> String {
    let numbered = (1..).map(|i| format!("{base}_{i}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .expect("there are more names than layers")
}
