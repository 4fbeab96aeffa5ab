//! Activation functions: as a key of other layers, and as a layer of their own.

use gannet_graph::{Activation, Function, Shape};
use toml::de::DeValue;

use super::super::entry::Entry;
use super::Described;
use crate::fault::Fault;
use crate::options::{Expected, Options, number};

/// `activation`, and `slope` for the function that has one.
pub fn read(options: &mut Options<'_>) -> Function {
    let function = options.or("activation", function, Function::Linear);
    slope(options, function)
}

fn slope(options: &mut Options<'_>, function: Function) -> Function {
    let at = options.get("slope").map(|value| value.span());
    match (options.optional("slope", number), function) {
        (Some(slope), Function::LeakyRelu { .. }) => Function::LeakyRelu { slope },
        (Some(_), other) => {
            let message = format!("`{other}` has no slope");
            options.fault(
                Fault::new(at.unwrap_or(options.span()), message)
                    .hint("`leaky_relu` has one: activation = \"leaky_relu\", slope = 0.1"),
            );
            other
        }
        (None, function) => function,
    }
}

/// The keys that give the function back.
pub fn write(entry: &mut Entry, function: Function) {
    if function == Function::Linear {
        return;
    }
    entry.put_text("activation", function.name());
    if let Function::LeakyRelu { slope } = function
        && Function::from_name(function.name()) != Some(function)
    {
        entry.put_number("slope", slope);
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
        let function = slope(options, function.unwrap_or_default());
        Some(Activation::new(function))
    }

    fn write(&self, entry: &mut Entry) {
        match self.function {
            Function::Linear => entry.put_text("activation", "linear"),
            function => write(entry, function),
        }
    }
}
