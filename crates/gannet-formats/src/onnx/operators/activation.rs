//! Functions of each value alone.

use gannet_graph::{Activation, Function};

use super::{Operator, arithmetic, single};
use crate::onnx::call::{Call, Given, Stop, one};

pub(super) const RELU: Operator = Operator {
    name: "Relu",
    kinds: &["Activation"],
    attributes: &[],
    import: |call| apply(call, |_| Ok(Function::Relu)),
};

pub(super) const LEAKY_RELU: Operator = Operator {
    name: "LeakyRelu",
    kinds: &["Activation"],
    attributes: &[("alpha", "a number")],
    import: |call| {
        apply(call, |call| {
            Ok(Function::LeakyRelu {
                slope: call.float("alpha", 0.01),
            })
        })
    },
};

pub(super) const SIGMOID: Operator = Operator {
    name: "Sigmoid",
    kinds: &["Activation"],
    attributes: &[],
    import: |call| apply(call, |_| Ok(Function::Sigmoid)),
};

pub(super) const TANH: Operator = Operator {
    name: "Tanh",
    kinds: &["Activation"],
    attributes: &[],
    import: |call| apply(call, |_| Ok(Function::Tanh)),
};

pub(super) const SOFTPLUS: Operator = Operator {
    name: "Softplus",
    kinds: &["Activation"],
    attributes: &[],
    import: |call| apply(call, |_| Ok(Function::Softplus)),
};

pub(super) const HARD_SWISH: Operator = Operator {
    name: "HardSwish",
    kinds: &["Activation"],
    attributes: &[],
    import: |call| apply(call, |_| Ok(Function::HardSwish)),
};

pub(super) const HARD_SIGMOID: Operator = Operator {
    name: "HardSigmoid",
    kinds: &["Activation"],
    attributes: &[("alpha", "a number"), ("beta", "a number")],
    import: |call| {
        apply(call, |call| {
            Ok(Function::HardSigmoid {
                slope: call.float("alpha", 0.2),
                offset: call.float("beta", 0.5),
            })
        })
    },
};

pub(super) const ELU: Operator = Operator {
    name: "Elu",
    kinds: &["Activation"],
    attributes: &[("alpha", "a number")],
    import: |call| {
        apply(call, |call| {
            Ok(Function::Elu {
                alpha: call.float("alpha", 1.0),
            })
        })
    },
};

/// Of other numbers than its own it is a scaled ELU.
pub(super) const SELU: Operator = Operator {
    name: "Selu",
    kinds: &["Activation"],
    attributes: &[("alpha", "a number"), ("gamma", "a number")],
    import: |call| {
        let alpha = call.float("alpha", Function::SELU_ALPHA);
        let gamma = call.float("gamma", Function::SELU_SCALE);
        if [alpha, gamma] == [Function::SELU_ALPHA, Function::SELU_SCALE] {
            return apply(call, |_| Ok(Function::Selu));
        }
        let mut input = call.activation(0)?;
        let elu = Activation::new(Function::Elu { alpha });
        input.node = call.beside("elu", elu, &[input.node])?;
        single(arithmetic::scaled(call, &input, gamma))
    },
};

pub(super) const GELU: Operator = Operator {
    name: "Gelu",
    kinds: &["Activation"],
    attributes: &[("approximate", "none or tanh")],
    import: |call| {
        apply(call, |call| match call.text("approximate", "none") {
            "none" => Ok(Function::Gelu),
            "tanh" => Ok(Function::GeluTanh),
            other => Err(call.refuse("approximate", other, "none or tanh")),
        })
    },
};

/// `x / (1 + e^(−alpha · x))`: of another `alpha` than 1 a scaled one of a scaled `x`.
pub(super) const SWISH: Operator = Operator {
    name: "Swish",
    kinds: &["Activation"],
    attributes: &[("alpha", "a number other than 0")],
    import: |call| {
        let alpha = call.float("alpha", 1.0);
        if alpha == 1.0 {
            return apply(call, |_| Ok(Function::Silu));
        }
        if alpha == 0.0 {
            return Err(call.refuse("alpha", alpha, "a number other than 0"));
        }
        let input = call.activation(0)?;
        let mut value = arithmetic::scaled(call, &input, alpha)?;
        value.node = call.beside("silu", Activation::new(Function::Silu), &[value.node])?;
        single(arithmetic::scaled(call, &value, 1.0 / alpha))
    },
};

/// Its limits are attributes up to version 10 and inputs from version 11 on.
pub(super) const CLIP: Operator = Operator {
    name: "Clip",
    kinds: &["Activation"],
    attributes: &[
        ("min", "a number, as attribute or input"),
        ("max", "a number, as attribute or input"),
    ],
    import: |call| {
        apply(call, |call| {
            let low = limit(call, "min", 1, f32::NEG_INFINITY)?;
            let high = limit(call, "max", 2, f32::INFINITY)?;
            Ok(Function::clip(low, high))
        })
    },
};

fn limit(call: &mut Call<'_>, name: &str, place: usize, otherwise: f32) -> Result<f32, Stop> {
    let input = call.scalar(place)?;
    Ok(input.unwrap_or_else(|| call.float(name, otherwise)))
}

/// A node that applies the function that `function` reads.
fn apply(
    call: &mut Call<'_>,
    function: impl FnOnce(&mut Call<'_>) -> Result<Function, Stop>,
) -> Given {
    let function = function(call)?;
    let input = call.activation(0)?;
    let node = call.layer(Activation::new(function), &[input.node])?;
    one(node, input.view)
}
