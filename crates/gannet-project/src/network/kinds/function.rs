//! Activation functions: as a key of other layers, and as a layer of their own.

use gannet_graph::{Activation, Function, PReLU, Shape, Tensor};
use toml::de::DeValue;

use super::super::entry::Entry;
use super::Described;
use super::dense::affordable;
use crate::fault::Fault;
use crate::options::{Expected, Options, count, list, number};

/// `activation`, and the numbers of the function that has some.
pub fn read(options: &mut Options<'_>) -> Function {
    let function = options.or("activation", function, Function::Linear);
    parameters(options, function)
}

/// The keys of functions' numbers, each with a function that has it.
const PARAMETERS: [(&str, &str); 5] = [
    ("slope", "leaky_relu"),
    ("alpha", "elu"),
    ("offset", "hard_sigmoid"),
    ("low", "clip"),
    ("high", "clip"),
];

fn parameters(options: &mut Options<'_>, mut function: Function) -> Function {
    for (key, owner) in PARAMETERS {
        let at = options.get(key).map(|value| value.span());
        let Some(value) = options.optional(key, bound) else {
            continue;
        };
        if let Some(place) = parameter(&mut function, key) {
            *place = value;
        } else {
            let message = format!("`{}` has no {key}", function.name());
            let hint = format!("`{owner}` has one: activation = \"{owner}\", {key} = 0.1");
            options.fault(Fault::new(at.unwrap_or(options.span()), message).hint(hint));
        }
    }
    function
}

/// The number of a function that `key` stands for.
fn parameter<'f>(function: &'f mut Function, key: &str) -> Option<&'f mut f32> {
    match (function, key) {
        (Function::LeakyRelu { slope } | Function::HardSigmoid { slope, .. }, "slope") => {
            Some(slope)
        }
        (Function::HardSigmoid { offset, .. }, "offset") => Some(offset),
        (Function::Elu { alpha }, "alpha") => Some(alpha),
        (Function::Clip { low, .. }, "low") => Some(low),
        (Function::Clip { high, .. }, "high") => Some(high),
        _ => None,
    }
}

/// A number; a bound may be `inf` or `-inf`.
fn bound(value: &DeValue<'_>) -> Result<f32, Expected> {
    match value.as_float().map(|float| float.as_str()) {
        Some("inf" | "+inf") => Ok(f32::INFINITY),
        Some("-inf") => Ok(f32::NEG_INFINITY),
        _ => number(value),
    }
}

/// The keys that give the function back.
pub fn write(entry: &mut Entry, function: Function) {
    if function == Function::Linear {
        return;
    }
    entry.put_text("activation", function.name());
    if Function::from_name(function.name()) != Some(function) {
        for (key, value) in function.parameters() {
            entry.put_number(key, value);
        }
    }
}

fn function(value: &DeValue<'_>) -> Result<Function, Expected> {
    value.as_str().and_then(Function::from_name).ok_or_else(|| {
        let names: Vec<&str> = Function::ALL
            .iter()
            .map(|function| function.name())
            .collect();
        Expected::one_of(&names)
    })
}

impl Described for Activation {
    fn read(options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        let function = options.required("activation", function);
        let function = parameters(options, function.unwrap_or_default());
        Some(Activation::new(function))
    }

    fn write(&self, entry: &mut Entry) {
        match self.function {
            Function::Linear => entry.put_text("activation", "linear"),
            function => write(entry, function),
        }
    }
}

impl Described for PReLU {
    /// Slopes of zero, as in Keras: one for each value, or for all along the shared axes, which
    /// are counted from 1.
    fn read(options: &mut Options<'_>, shape: &Shape) -> Option<Self> {
        let shared = options.or("shared_axes", axes, Vec::new());
        let dims = shape.dims().iter().zip(1..);
        let extents = dims.map(|(&dim, axis)| if shared.contains(&axis) { 1 } else { dim });
        let extents: Vec<usize> = extents.collect();
        affordable(options, &extents)?;
        Some(PReLU::new(Tensor::zeros(extents)))
    }

    fn write(&self, entry: &mut Entry) {
        let dims = self.alpha().shape().dims().iter().zip(1..);
        let shared: Vec<usize> = dims
            .filter(|(dim, _)| **dim == 1)
            .map(|(_, axis)| axis)
            .collect();
        if !shared.is_empty() {
            entry.put("shared_axes", format_args!("{shared:?}"));
        }
    }
}

fn axes(value: &DeValue<'_>) -> Result<Vec<usize>, Expected> {
    list(value, |axis| count(axis).ok())
        .ok_or_else(|| "a list of axes, counted from 1: [1, 2] for height and width".into())
}
