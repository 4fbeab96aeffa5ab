//! `Activation`, and the classes that are activation functions of their own.

use gannet_graph::{Activation, Function, Layer};

use super::{KerasLayer, Plan, entries};
use crate::keras::{attributes::Attributes, description};

pub(super) const ACTIVATION: KerasLayer = KerasLayer {
    classes: &["Activation"],
    read: |attributes| {
        attributes.check_numbers();
        Plan::Layer(Activation::new(attributes.activation()).into())
    },
    write: |layer| match layer {
        Layer::Activation(activation) if description::has_name(activation.function) => Some((
            "Activation",
            entries! { "activation": activation.function.name() },
        )),
        _ => None,
    },
};

pub(super) const RELU: KerasLayer = KerasLayer {
    classes: &["ReLU"],
    read: read_function,
    write: |_| None,
};

/// Written with Keras 2's name of the slope, which Keras 3 knows as well.
pub(super) const LEAKY_RELU: KerasLayer = KerasLayer {
    classes: &["LeakyReLU"],
    read: read_function,
    write: |layer| match layer {
        &Layer::Activation(Activation {
            function: Function::LeakyRelu { slope },
        }) => Some((
            "LeakyReLU",
            entries! { "alpha": description::decimal(slope) },
        )),
        _ => None,
    },
};

pub(super) const SOFTMAX: KerasLayer = KerasLayer {
    classes: &["Softmax"],
    read: read_function,
    write: |_| None,
};

fn read_function(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    function(attributes).map_or(Plan::Nothing, |function| {
        Plan::Layer(Activation::new(function).into())
    })
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
        "Softmax" => {
            attributes.only("axis", &[(-1).into()]);
            Some(Function::Softmax)
        }
        _ => None,
    }
}

fn relu(attributes: &mut Attributes<'_>) -> Function {
    attributes.only("max_value", &[6.0.into()]);
    attributes.only("threshold", &[0.0.into()]);
    let slope = attributes.number("negative_slope", 0.0);
    if attributes.get("max_value").is_none() {
        return match slope {
            0.0 => Function::Relu,
            slope => Function::LeakyRelu { slope },
        };
    }
    if slope != 0.0 {
        attributes.obstacle("negative_slope", "0 beside a max_value");
    }
    Function::Relu6
}
