//! `Activation`, and the classes that are activation functions of their own.

use gannet_graph::{Activation, Function, Layer};

use super::{KerasLayer, Plan, entries};

pub(super) const ACTIVATION: KerasLayer = KerasLayer {
    classes: &["Activation"],
    read: |attributes| {
        attributes.check_numbers();
        Plan::Layer(Activation::new(attributes.activation()).into())
    },
    write: |layer| match layer {
        Layer::Activation(activation) => Some((
            "Activation",
            entries! { "activation": activation.function.name() },
        )),
        _ => None,
    },
};

pub(super) const RELU: KerasLayer = KerasLayer {
    classes: &["ReLU"],
    read: |attributes| {
        attributes.check_numbers();
        attributes.only("max_value", &[]);
        attributes.only("negative_slope", &[0.0.into()]);
        attributes.only("threshold", &[0.0.into()]);
        Plan::Layer(Activation::new(Function::Relu).into())
    },
    write: |_| None,
};

pub(super) const SOFTMAX: KerasLayer = KerasLayer {
    classes: &["Softmax"],
    read: |attributes| {
        attributes.check_numbers();
        attributes.only("axis", &[(-1).into()]);
        Plan::Layer(Activation::new(Function::Softmax).into())
    },
    write: |_| None,
};
