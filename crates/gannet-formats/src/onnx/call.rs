//! One node of a file on its way into the graph: its attributes and inputs, read one by one
//! with their types. What Gannet does not have is noted as an obstacle and reading goes on
//! with the next node, so that all obstacles are found in one pass.

use std::{collections::HashMap, rc::Rc};

use gannet_graph::{Layer, NodeId};

use super::{
    constant::Constant,
    network::{Activation, Network, Unbuilt},
    readers::Readers,
    schema, shape,
    view::{Axis, View},
};
use crate::{Obstacle, Obstacles};

/// A value that nodes read.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Known when the network is read.
    Constant(Rc<Constant>),
    /// Computed when the network runs.
    Activation(Activation),
    /// What a node would give that is not read; its obstacle is noted.
    Unknown,
    /// An input that a node leaves out.
    Absent,
}

/// The node is not read: an obstacle is noted, or one of its inputs is [`Value::Unknown`].
#[derive(Debug)]
pub(super) struct Stop;

/// What a node gives, one value for each of its first outputs.
pub(super) type Given = Result<Vec<Value>, Stop>;

/// A node and all that its operator may want to know.
pub(super) struct Call<'a> {
    /// The node.
    pub node: &'a schema::Node,
    /// The version of ONNX's operators that the file names.
    pub opset: i64,
    /// What comes in.
    pub inputs: Vec<Value>,
    /// The graph so far.
    pub network: &'a mut Network,
    /// The values so far.
    pub values: &'a HashMap<&'a str, Value>,
    /// Who else reads what.
    pub readers: &'a Readers<'a>,
    /// What is noted.
    pub obstacles: &'a mut Obstacles,
}

impl<'a> Call<'a> {
    /// The node's name, or that of its first output.
    pub fn name(&self) -> &'a str {
        name(self.node)
    }

    /// The operator.
    pub fn operator(&self) -> &'a str {
        &self.node.op_type
    }

    fn attribute(&self, name: &str) -> Option<&'a schema::Attribute> {
        self.node.attribute.iter().find(|a| a.name == name)
    }

    /// A whole number; `otherwise` if it is absent.
    pub fn int(&self, name: &str, otherwise: i64) -> i64 {
        self.attribute(name).and_then(|a| a.i).unwrap_or(otherwise)
    }

    /// Whether a number is there and not 0; `otherwise` if it is absent.
    pub fn flag(&self, name: &str, otherwise: bool) -> bool {
        self.int(name, otherwise.into()) != 0
    }

    /// A number; `otherwise` if it is absent.
    pub fn float(&self, name: &str, otherwise: f32) -> f32 {
        self.attribute(name).and_then(|a| a.f).unwrap_or(otherwise)
    }

    /// Whole numbers.
    pub fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attribute(name).map(|a| a.ints.as_slice())
    }

    /// A text; `otherwise` if it is absent.
    pub fn text(&self, name: &str, otherwise: &'a str) -> &'a str {
        match self.attribute(name).and_then(|a| a.s.as_ref()) {
            Some(text) => std::str::from_utf8(text).unwrap_or("text that is not UTF-8"),
            None => otherwise,
        }
    }

    /// A tensor in an attribute.
    pub fn tensor(&self, name: &str) -> Option<&'a schema::Tensor> {
        self.attribute(name).and_then(|a| a.t.as_ref())
    }

    /// Notes an obstacle.
    pub fn refuse(
        &mut self,
        attribute: &str,
        value: impl ToString,
        supported: impl Into<String>,
    ) -> Stop {
        self.obstacles.0.push(Obstacle {
            layer: self.name().to_owned(),
            class: self.operator().to_owned(),
            attribute: attribute.to_owned(),
            value: value.to_string(),
            supported: supported.into(),
        });
        Stop
    }

    /// Notes an obstacle unless the whole number `name` is absent or `supported`.
    pub fn only(&mut self, name: &str, supported: i64) {
        let found = self.int(name, supported);
        if found != supported {
            self.refuse(name, found, supported.to_string());
        }
    }

    /// The input at `place`, which is computed when the network runs.
    pub fn activation(&mut self, place: usize) -> Result<Activation, Stop> {
        match self.inputs.get(place) {
            Some(Value::Activation(activation)) => Ok(activation.clone()),
            Some(Value::Unknown) => Err(Stop),
            Some(Value::Constant(_)) => Err(self.refuse(
                &format!("input {place}"),
                "a constant",
                "a value that depends on the network's input",
            )),
            Some(Value::Absent) | None => {
                Err(self.refuse(&format!("input {place}"), "absent", "a value"))
            }
        }
    }

    /// The input at `place`, whose values have to be in the file.
    pub fn constant(&mut self, place: usize) -> Result<Rc<Constant>, Stop> {
        match self.optional_constant(place)? {
            Some(constant) => Ok(constant),
            None => Err(self.refuse(&format!("input {place}"), "absent", "a value")),
        }
    }

    /// As [`Call::constant`], of an input that may be left out.
    pub fn optional_constant(&mut self, place: usize) -> Result<Option<Rc<Constant>>, Stop> {
        match self.inputs.get(place) {
            Some(Value::Constant(constant)) => Ok(Some(Rc::clone(constant))),
            Some(Value::Absent) | None => Ok(None),
            Some(Value::Unknown) => Err(Stop),
            Some(Value::Activation(_)) => Err(self.refuse(
                &format!("input {place}"),
                "computed when the network runs",
                "a constant in the file (an initializer)",
            )),
        }
    }

    /// A constant of one number at `place`.
    pub fn scalar(&mut self, place: usize) -> Result<Option<f32>, Stop> {
        let Some(constant) = self.optional_constant(place)? else {
            return Ok(None);
        };
        match constant.to_floats().as_slice() {
            &[value] => Ok(Some(value)),
            _ => Err(self.refuse(
                &format!("input {place}"),
                format!("{:?}", constant.dims),
                "one number",
            )),
        }
    }

    /// Whole numbers that stand in the attribute `name` in some versions of the operator and
    /// in the input at `place` in others.
    pub fn whole(&mut self, name: &str, place: usize) -> Result<Option<Vec<i64>>, Stop> {
        if let Some(ints) = self.ints(name) {
            return Ok(Some(ints.to_vec()));
        }
        let Some(constant) = self.optional_constant(place)? else {
            return Ok(None);
        };
        match constant.as_ints() {
            Some(ints) => Ok(Some(ints.to_vec())),
            None => Err(self.refuse(name, "numbers with fractions", "whole numbers")),
        }
    }

    /// What ONNX's rules of shapes give; what they forbid is an obstacle.
    pub fn sound<T>(&mut self, found: Result<T, String>) -> Result<T, Stop> {
        found.map_err(|what| self.refuse("inputs", what, "extents that suit the operator"))
    }

    /// An axis of a tensor of `rank` axes; from its end if `axis` is negative.
    pub fn axis(&mut self, axis: i64, rank: usize) -> Result<usize, Stop> {
        self.sound(shape::axis(axis, rank))
    }

    /// The factors of `axes`, none of which may be the batch.
    pub fn factors(&mut self, view: &View, axes: &[usize]) -> Result<Vec<usize>, Stop> {
        match view.factors_of(axes) {
            Some(factors) => Ok(factors),
            None => Err(self.refuse(
                "axis",
                format!("{axes:?}, with the batch among them"),
                "axes of one input, since the batch is computed one by one",
            )),
        }
    }

    /// What building gave; if nothing, it is noted why.
    pub fn built<T>(&mut self, built: Result<T, Unbuilt>) -> Result<T, Stop> {
        match built {
            Ok(built) => Ok(built),
            Err(Unbuilt::Layer(error)) => {
                let inputs = self.input_dims();
                Err(self.refuse(
                    "inputs",
                    inputs,
                    format!("what suits the layer; {}", error.reason()),
                ))
            }
            Err(Unbuilt::Many) => {
                Err(self.refuse("inputs", "the network so far", "networks of 4096 layers"))
            }
        }
    }

    /// The extents of all inputs, for a person.
    pub fn input_dims(&self) -> String {
        let dims = self.inputs.iter().map(|input| match input {
            Value::Constant(constant) => format!("{:?}", constant.dims),
            Value::Activation(activation) => format!("{:?}", activation.view.dims()),
            Value::Unknown => "unknown".to_owned(),
            Value::Absent => "absent".to_owned(),
        });
        dims.collect::<Vec<_>>().join(", ")
    }

    /// Adds a layer under the node's name.
    pub fn layer(&mut self, layer: impl Into<Layer>, inputs: &[NodeId]) -> Result<NodeId, Stop> {
        let added = self.network.add(self.name(), layer, inputs);
        self.built(added)
    }

    /// Adds a layer that the node needs beside its own, named after both.
    pub fn beside(
        &mut self,
        suffix: &str,
        layer: impl Into<Layer>,
        inputs: &[NodeId],
    ) -> Result<NodeId, Stop> {
        let name = format!("{}/{suffix}", self.name());
        let added = self.network.add(&name, layer, inputs);
        self.built(added)
    }

    /// A constant of extents `dims` must not give a value more elements than it has.
    pub fn check_spread(&mut self, view: &View, dims: &[usize]) -> Result<(), Stop> {
        let own = view.dims();
        let fits = own.len() >= dims.len()
            && dims
                .iter()
                .zip(&own[own.len() - dims.len()..])
                .all(|(&dim, &own)| dim == 1 || dim == own);
        if fits {
            return Ok(());
        }
        let found = self.input_dims();
        let supported = "a constant that can be spread over the other input";
        Err(self.refuse("inputs", found, supported))
    }

    /// The first factor of a value along which a constant of extents `dims` varies that is
    /// spread over it.
    pub fn first_varying(&mut self, view: &View, dims: &[usize]) -> Result<usize, Stop> {
        let lacking = view.rank() - dims.len();
        let varying = dims.iter().enumerate().filter(|&(_, &dim)| dim != 1);
        let axes: Vec<usize> = varying.map(|(axis, _)| lacking + axis).collect();
        let factors = self.factors(view, &axes)?;
        Ok(factors.into_iter().min().unwrap_or(view.factors().len()))
    }

    /// The bias that an `Add` adds to the node's value and nothing else reads before: one
    /// value for each of `units`, which have `behind` axes behind them. The `Add` will have
    /// nothing left to do.
    pub fn following_bias(&mut self, units: usize, behind: usize) -> Option<Vec<f32>> {
        let output = self.node.output.first()?;
        let add = self.readers.only(output)?;
        if add.op_type != "Add" || !add.attribute.is_empty() {
            return None;
        }
        let other = add.input.iter().find(|input| *input != output)?;
        let Some(Value::Constant(bias)) = self.values.get(other.as_str()) else {
            return None;
        };
        let place = bias.dims.len().checked_sub(behind + 1)?;
        let per_unit = bias.dims[place] == units && bias.len() == units;
        // More axes than the value's own would give it more.
        if !per_unit || bias.dims.len() > 2 + behind {
            return None;
        }
        self.network.absorb(add.output.first()?);
        Some(bias.to_floats())
    }

    /// The first axis is the batch or has the extent 1, so that the others are of one input.
    pub fn check_batch(&mut self, view: &View) -> Result<(), Stop> {
        match view.axes().first() {
            Some(Axis::Batch) => Ok(()),
            Some(Axis::Of(factors)) if factors.is_empty() => Ok(()),
            _ => Err(self.refuse(
                "inputs",
                format!("{:?}", view.dims()),
                "a batch as the first axis",
            )),
        }
    }
}

/// A node's name, or that of its first output.
pub(super) fn name(node: &schema::Node) -> &str {
    match (node.name.as_str(), node.output.first()) {
        ("", Some(output)) => output,
        ("", None) => &node.op_type,
        (name, _) => name,
    }
}

/// One value.
pub(super) fn one(node: NodeId, view: View) -> Given {
    Ok(vec![Value::Activation(Activation { node, view })])
}
