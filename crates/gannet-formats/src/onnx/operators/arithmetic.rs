//! Sums, differences, products and quotients: of two values of one shape, or of a value and
//! a constant, which is then folded into a scale and a shift of each channel.

use gannet_graph::{
    self as layers, Add, Function, Layer, Maximum, Minimum, Multiply, NodeId, Rescaling, Subtract,
};

use super::{Operator, Single, single};
use crate::onnx::{
    call::{Call, Given, Stop, Value, one},
    constant::Constant,
    network::Activation,
    view::View,
};

pub(super) const ADD: Operator = Operator {
    name: "Add",
    kinds: &["Add", "Rescaling"],
    attributes: &[("broadcast", "any"), ("axis", "any, up to version 6")],
    import: |call| {
        let absorbed = call
            .node
            .output
            .first()
            .is_some_and(|o| call.network.is_absorbed(o));
        if absorbed {
            let computed = |input: &Value| matches!(input, Value::Activation(_));
            let place = call.inputs.iter().position(computed).unwrap_or(0);
            return Ok(vec![Value::Activation(call.activation(place)?)]);
        }
        combine(call, Operation::Add)
    },
};

pub(super) const SUB: Operator = Operator {
    name: "Sub",
    kinds: &["Subtract", "Rescaling"],
    attributes: &[("broadcast", "any"), ("axis", "any, up to version 6")],
    import: |call| combine(call, Operation::Subtract),
};

pub(super) const MUL: Operator = Operator {
    name: "Mul",
    kinds: &["Multiply", "Rescaling"],
    attributes: &[("broadcast", "any"), ("axis", "any, up to version 6")],
    import: |call| combine(call, Operation::Multiply),
};

pub(super) const DIV: Operator = Operator {
    name: "Div",
    kinds: &["Rescaling"],
    attributes: &[("broadcast", "any"), ("axis", "any, up to version 6")],
    import: |call| combine(call, Operation::Divide),
};

pub(super) const SUM: Operator = Operator {
    name: "Sum",
    kinds: &["Add"],
    attributes: &[],
    import: |call| join_all(call, Add.into()),
};

pub(super) const MAX: Operator = Operator {
    name: "Max",
    kinds: &["Maximum", "Activation"],
    attributes: &[],
    import: |call| match bound(call)? {
        Some((place, low)) => clip(call, place, low, f32::INFINITY),
        None => join_all(call, Maximum.into()),
    },
};

pub(super) const MIN: Operator = Operator {
    name: "Min",
    kinds: &["Minimum", "Activation"],
    attributes: &[],
    import: |call| match bound(call)? {
        Some((place, high)) => clip(call, place, f32::NEG_INFINITY, high),
        None => join_all(call, Minimum.into()),
    },
};

/// The place of the value and the number if the other one of two inputs is a number.
fn bound(call: &mut Call<'_>) -> Result<Option<(usize, f32)>, Stop> {
    if call.inputs.len() != 2 {
        return Ok(None);
    }
    for place in 0..2 {
        if let Some(Value::Constant(constant)) = call.inputs.get(place)
            && constant.len() == 1
        {
            let number = call.scalar(place)?;
            return Ok(number.map(|number| (1 - place, number)));
        }
    }
    Ok(None)
}

fn clip(call: &mut Call<'_>, place: usize, low: f32, high: f32) -> Given {
    let input = call.activation(place)?;
    let clip = layers::Activation::new(Function::clip(low, high));
    let node = call.layer(clip, &[input.node])?;
    one(node, input.view)
}

/// All inputs joined by `layer`.
fn join_all(call: &mut Call<'_>, layer: Layer) -> Given {
    let mut values = Vec::new();
    for place in 0..call.inputs.len() {
        values.push(call.activation(place)?);
    }
    match values.as_slice() {
        [] => Err(call.refuse("inputs", "none", "one or more")),
        [value] => one(value.node, value.view.clone()),
        _ => single(joined(call, &values, layer)),
    }
}

pub(super) const NEG: Operator = Operator {
    name: "Neg",
    kinds: &["Rescaling"],
    attributes: &[],
    import: |call| {
        let input = call.activation(0)?;
        single(scaled(call, &input, -1.0))
    },
};

/// A value times a number.
pub(super) fn scaled(call: &mut Call<'_>, value: &Activation, factor: f32) -> Single {
    affine(call, value, &[], |_| (factor, 0.0))
}

/// What is done with two numbers.
#[derive(Clone, Copy, PartialEq)]
enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
}

fn combine(call: &mut Call<'_>, operation: Operation) -> Given {
    match (call.inputs.first(), call.inputs.get(1)) {
        (Some(Value::Activation(a)), Some(Value::Activation(b))) => {
            let values = [a.clone(), b.clone()];
            if operation == Operation::Multiply
                && let Some((value, function)) = gated(call, &values)
            {
                let node = call.layer(layers::Activation::new(function), &[value.node])?;
                return one(node, value.view);
            }
            let layer: Layer = match operation {
                Operation::Add => Add.into(),
                Operation::Subtract => Subtract.into(),
                Operation::Multiply => Multiply.into(),
                Operation::Divide => {
                    let found = call.input_dims();
                    return Err(call.refuse("inputs", found, "a value and a constant"));
                }
            };
            single(joined(call, &values, layer))
        }
        (Some(Value::Constant(_)), _) => {
            let constant = call.constant(0)?;
            let value = call.activation(1)?;
            if operation == Operation::Divide {
                let found = call.input_dims();
                return Err(call.refuse("inputs", found, "a constant as the divisor"));
            }
            single(with_constant(call, &value, &constant, operation, true))
        }
        _ => {
            let value = call.activation(0)?;
            let constant = call.constant(1)?;
            single(with_constant(call, &value, &constant, operation, false))
        }
    }
}

/// The value and the function if one of two values is the other one, let through as far as a
/// sigmoid of it says.
fn gated(call: &Call<'_>, values: &[Activation; 2]) -> Option<(Activation, Function)> {
    let [a, b] = values;
    [(a, b), (b, a)].into_iter().find_map(|(value, gate)| {
        let function = match call.network.function_of(gate.node, value.node)? {
            Function::Sigmoid => Function::Silu,
            Function::HARD_SIGMOID => Function::HardSwish,
            _ => return None,
        };
        (value.view == gate.view).then(|| (value.clone(), function))
    })
}

/// Values joined element by element, each spread over the others by ONNX's rule.
pub(super) fn joined(call: &mut Call<'_>, values: &[Activation], layer: Layer) -> Single {
    let rank = values
        .iter()
        .map(|value| value.view.rank())
        .max()
        .unwrap_or(0);
    let values: Vec<Activation> = values
        .iter()
        .map(|value| Activation {
            node: value.node,
            view: value.view.of_rank(rank),
        })
        .collect();
    let dims: Vec<usize> = (0..rank)
        .map(|axis| {
            values
                .iter()
                .map(|value| value.view.dims()[axis])
                .max()
                .unwrap_or(1)
        })
        .collect();
    let suits = |value: &Activation| {
        let own = value.view.dims();
        let same_batch = value.view.batch_axis() == values[0].view.batch_axis();
        same_batch
            && own
                .iter()
                .zip(&dims)
                .all(|(&own, &dim)| own == 1 || own == dim)
    };
    if !values.iter().all(suits) {
        let found = call.input_dims();
        return Err(call.refuse("inputs", found, "values that can be spread over each other"));
    }
    let first = &values[0];
    let shape = call.network.dims(first.node);
    let alike =
        |value: &Activation| value.view == first.view && call.network.dims(value.node) == shape;
    if values.iter().all(alike) {
        let nodes: Vec<NodeId> = values.iter().map(|value| value.node).collect();
        let node = call.layer(layer, &nodes)?;
        return Ok(Activation {
            node,
            view: first.view.clone(),
        });
    }
    let largest = values.iter().find(|value| value.view.dims() == dims);
    let order = largest.unwrap_or(first).view.axes_in_memory();
    let nodes = call.network.aligned(&values, &order);
    let nodes = call.built(nodes)?;
    let node = call.layer(layer, &nodes)?;
    Ok(Activation {
        node,
        view: View::new(&dims, first.view.batch_axis(), &order),
    })
}

/// A value and a constant that is spread over it.
fn with_constant(
    call: &mut Call<'_>,
    value: &Activation,
    constant: &Constant,
    operation: Operation,
    constant_first: bool,
) -> Single {
    let mut constant = constant.clone();
    if call.opset < 7 && call.flag("broadcast", false) {
        // Up to version 6 the constant's axes could lie in the middle.
        let rank = value.view.rank();
        let axis = call.axis(call.int("axis", -1), rank)?;
        while call.int("axis", -1) >= 0 && axis + constant.dims.len() < rank {
            constant.dims.push(1);
        }
    }
    let sign = if constant_first { -1.0 } else { 1.0 };
    let values = constant.to_floats();
    affine(call, value, &constant.dims, |place| {
        let number = values[place];
        match operation {
            Operation::Add => (1.0, number),
            Operation::Subtract => (sign, -sign * number),
            Operation::Multiply => (number, 0.0),
            Operation::Divide => (1.0 / number, 0.0),
        }
    })
}

/// `scale · x + shift`, where `each` gives both for a place in a tensor of extents `dims`
/// that is spread over the value.
pub(super) fn affine(
    call: &mut Call<'_>,
    value: &Activation,
    dims: &[usize],
    each: impl Fn(usize) -> (f32, f32),
) -> Single {
    call.check_spread(&value.view, dims)?;
    let first = call.first_varying(&value.view, dims)?;
    let places = value.view.spread(dims, first);
    let inner = call.network.with_channels(value, first);
    let inner = call.built(inner)?;
    let (mut scale, mut offset): (Vec<f32>, Vec<f32>) =
        places.iter().map(|&place| each(place)).unzip();
    for numbers in [&mut scale, &mut offset] {
        if numbers
            .iter()
            .all(|number| number.to_bits() == numbers[0].to_bits())
        {
            numbers.truncate(1);
        }
    }
    let mut input = inner.node;
    if scale == [1.0]
        && let Some((scaled, factors)) = call.network.pure_scale(inner.node)
    {
        // A shift behind a scale is one layer with it.
        (input, scale) = (scaled, factors);
    }
    let layer = Rescaling::new(scale, offset).map_err(Into::into);
    let layer = call.built(layer)?;
    let node = call.layer(layer, &[input])?;
    Ok(Activation {
        node,
        view: inner.view,
    })
}
