//! A network between its description and its weights: layers in an order in which each
//! follows its inputs in, a [`Graph`] out.

use std::collections::HashSet;

use gannet_graph::{Flatten, Graph, NodeId, Shape, Tensor};

use super::{
    config::malformed,
    data_format::DataFormat,
    features::{self, Features},
    layers::{Expected, Plan},
    model::Entry,
    spatial,
};
use crate::FormatError;

/// A network whose attributes are read and whose weights are not.
pub(super) struct Network {
    pub name: String,
    /// The first is the input, the last the output.
    pub layers: Vec<Planned>,
    /// Which extent of images is their channels in the file.
    pub format: DataFormat,
}

/// Where a layer stands in the file.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// Its name, behind the names of the models that it is in, with `/` between them; and which
    /// call it is, behind the first.
    pub name: String,
    /// The name of the outermost model that it is in, or its own.
    pub outermost: String,
    /// Its places in the lists of layers of the models that it is in, the outermost first.
    pub places: Vec<usize>,
    /// Its group in `model.weights.h5`.
    pub group: String,
    /// Whether training changes it; if not, all its weights count as constant.
    pub trainable: bool,
}

impl Origin {
    /// Where a layer or model stands that is listed in the model `around`, or in the network.
    pub fn below(around: Option<&Origin>, entry: &Entry<'_>, trainable: bool) -> Self {
        let group = format!("layers/{}", entry.group);
        let name = match entry.call {
            0 => entry.name.to_owned(),
            call => format!("{}/call_{call}", entry.name),
        };
        match around {
            None => Origin {
                name,
                outermost: entry.name.to_owned(),
                places: vec![entry.place],
                group,
                trainable,
            },
            Some(around) => Origin {
                name: format!("{}/{name}", around.name),
                outermost: around.outermost.clone(),
                places: [&around.places[..], &[entry.place]].concat(),
                group: format!("{}/{group}", around.group),
                trainable: around.trainable && trainable,
            },
        }
    }

    /// An input that is in no list.
    pub fn hidden(name: String) -> Self {
        Origin {
            outermost: name.clone(),
            name,
            places: Vec::new(),
            group: String::new(),
            trainable: false,
        }
    }

    /// Whether it is in a model that is in the network.
    pub fn is_nested(&self) -> bool {
        self.places.len() > 1
    }
}

/// A layer of such a network.
pub(super) struct Planned {
    /// Where it is from.
    pub origin: Origin,
    /// What becomes of it.
    pub plan: Plan,
    /// Places in [`Network::layers`].
    pub inputs: Vec<usize>,
    /// How many extents its output has in Keras, without the batch; `None` if that is not
    /// known.
    pub rank: Option<usize>,
}

impl Network {
    /// The layers that have weights, and which.
    pub fn weighted(&self) -> impl Iterator<Item = (&Origin, &[Expected])> {
        self.layers.iter().filter_map(|layer| match &layer.plan {
            Plan::Weighted(expected, _) | Plan::Separable(expected, _) => {
                Some((&layer.origin, expected.as_slice()))
            }
            Plan::Nothing
            | Plan::Input(_)
            | Plan::Layer(_)
            | Plan::Shaped(..)
            | Plan::FlattenFirst => None,
        })
    }

    /// The network with its weights, which `weights` gives for a layer.
    pub fn build(
        self,
        mut weights: impl FnMut(&Origin, &[Expected]) -> Result<Vec<Tensor>, FormatError>,
    ) -> Result<Graph, FormatError> {
        let names: HashSet<String> = self.layers.iter().map(|l| l.origin.name.clone()).collect();
        let mut layers = self.layers.into_iter();
        let Some(Planned {
            origin: Origin { name: input, .. },
            plan: Plan::Input(shape),
            ..
        }) = layers.next()
        else {
            return Err(malformed("the network does not begin with an input"));
        };
        let shape = spatial::input_shape(&self.format.turned(&shape));
        let mut graph = Graph::with_input(self.name, input, shape)?;
        let mut ids = vec![graph.output()];
        let mut features = Features::default();
        for Planned {
            origin,
            plan,
            inputs,
            ..
        } in layers
        {
            let name = &origin.name;
            let mut inputs: Vec<NodeId> = inputs.iter().map(|&place| ids[place]).collect();
            let mut image = features.of(&inputs);
            let layer = match plan {
                Plan::Nothing => {
                    let &[input] = inputs.as_slice() else {
                        return Err(wired(name, inputs.len()));
                    };
                    ids.push(input);
                    continue;
                }
                Plan::Input(_) => {
                    return Err(malformed(format!("layer '{name}' is a second input")));
                }
                Plan::Layer(layer) => {
                    if image.is_some() {
                        features::check(name, &layer)?;
                    }
                    layer
                }
                Plan::Shaped(_, make) => {
                    let &[input] = inputs.as_slice() else {
                        return Err(wired(name, inputs.len()));
                    };
                    let layer = make(graph.node(input).output_shape());
                    if image.is_some() {
                        features::check(name, &layer)?;
                    }
                    layer
                }
                Plan::FlattenFirst => {
                    let shapes = inputs.iter().map(|&input| graph.node(input).output_shape());
                    image = shapes.filter_map(Shape::as_image).next();
                    Flatten.into()
                }
                Plan::Weighted(expected, make) => {
                    let mut weights = weights(&origin, &expected)?;
                    if let Some(features) = image {
                        (weights, image) = features::turned(name, features, weights)?;
                    }
                    make(weights)?
                }
                Plan::Separable(expected, make) => {
                    let [depthwise, pointwise] = make(weights(&origin, &expected)?)?;
                    let free = gannet_graph::free_name(&format!("{name}_depthwise"), |name| {
                        names.contains(name)
                    });
                    inputs = vec![graph.add(free, depthwise, &inputs)?];
                    pointwise
                }
            };
            let id = graph.add(name, layer, &inputs)?;
            features.set(id, image);
            ids.push(id);
        }
        if features.of(&[graph.output()]).is_some() {
            let output = graph.node(graph.output());
            return Err(features::refusal(output.name(), output.layer().kind()));
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

fn wired(layer: &str, inputs: usize) -> FormatError {
    malformed(format!(
        "layer '{layer}' should be wired to one other, but is to {inputs}"
    ))
}
