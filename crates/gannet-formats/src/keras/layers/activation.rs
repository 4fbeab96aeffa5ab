//! `Activation`, and the classes that are activation functions of their own.

use gannet_graph::{Activation, Function, Layer};

use super::{KerasLayer, Plan, Written, entries};
use crate::keras::{attributes::Attributes, description, functions};

pub(super) const ACTIVATION: KerasLayer = KerasLayer {
    classes: &["Activation"],
    read: |attributes| {
        attributes.check_numbers();
        Plan::Layer(Activation::new(attributes.activation()).into())
    },
    write: |layer| match layer {
        Layer::Activation(activation) => Some(write_function(activation.function)),
        _ => None,
    },
};

/// The classes that are one function each, with their parameters.
pub(super) const FUNCTION: KerasLayer = KerasLayer {
    classes: &["ReLU", "LeakyReLU", "ELU", "Softmax"],
    read: |attributes| {
        attributes.check_numbers();
        function(attributes).map_or(Plan::Nothing, |function| {
            Plan::Layer(Activation::new(function).into())
        })
    },
    write: |_| None,
};

/// The layer that is the function: `Activation` where a name says it all, else a class with
/// Keras 2's name of its parameter, which Keras 3 knows as well.
pub(in crate::keras) fn write_function(function: Function) -> Written {
    match function {
        _ if functions::has_name(function) => {
            ("Activation", entries! { "activation": function.name() })
        }
        Function::LeakyRelu { slope } => (
            "LeakyReLU",
            entries! { "alpha": description::decimal(slope) },
        ),
        Function::Elu { alpha } => ("ELU", entries! { "alpha": description::decimal(alpha) }),
        Function::Clip { high, .. } => {
            ("ReLU", entries! { "max_value": description::decimal(high) })
        }
        _ => unreachable!("networks with {function} are refused before"),
    }
}

/// The function that a class is; `None` if it is none.
pub(in crate::keras) fn function(attributes: &mut Attributes<'_>) -> Option<Function> {
    match attributes.class {
        "ReLU" => Some(relu(attributes)),
        "LeakyReLU" => {
            let [keras_2, keras_3] = ["alpha", "negative_slope"];
            let name = match attributes.get(keras_2) {
                Some(_) => keras_2,
                None => keras_3,
            };
            let slope = attributes.number(name, 0.3);
            Some(Function::LeakyRelu { slope })
        }
        "ELU" => Some(Function::Elu {
            alpha: attributes.number("alpha", 1.0),
        }),
        "Softmax" => {
            attributes.only("axis", &[(-1).into()]);
            attributes.check_function("axis", Function::Softmax);
            Some(Function::Softmax)
        }
        _ => None,
    }
}

fn relu(attributes: &mut Attributes<'_>) -> Function {
    attributes.only("threshold", &[0.0.into()]);
    let slope = attributes.number("negative_slope", 0.0);
    let highest = attributes.number("max_value", f32::INFINITY);
    match (slope, highest) {
        (0.0, highest) => Function::clip(0.0, highest),
        (slope, f32::INFINITY) => Function::LeakyRelu { slope },
        _ => {
            attributes.obstacle("negative_slope", "0 beside a max_value");
            Function::clip(0.0, highest)
        }
    }
}
