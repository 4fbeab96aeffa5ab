//! Activation functions by Keras' names.

use gannet_graph::Function;

/// Names beside those of [`Function::name`].
const OTHER_NAMES: &[(&str, Function)] = &[
    ("swish", Function::Silu),
    ("hard_swish", Function::HardSwish),
    (
        "hard_tanh",
        Function::Clip {
            low: -1.0,
            high: 1.0,
        },
    ),
];

/// The function of a name in a file.
pub(super) fn by_name(name: &str) -> Option<Function> {
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
    let other = other.map(|&(_, function)| function);
    other.or_else(|| Function::from_name(name).filter(|&function| is_named(function)))
}

/// All names that are read, in quotes.
pub(super) fn names() -> String {
    let functions = Function::ALL.iter().filter(|function| is_named(**function));
    let others = OTHER_NAMES.iter().map(|&(name, _)| name);
    let names = functions.map(|function| function.name()).chain(others);
    let quoted: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    quoted.join(" or ")
}

/// Whether Keras has a name for the function, or for its kind with other parameters.
/// `hard_sigmoid` is one function in Keras 2 and another in Keras 3.
fn is_named(function: Function) -> bool {
    !matches!(
        function,
        Function::Clip { .. } | Function::HardSigmoid { .. } | Function::GeluTanh
    )
}

/// Whether a name alone says which function it is.
pub(super) fn has_name(function: Function) -> bool {
    by_name(function.name()) == Some(function)
}

/// Whether Keras has a layer for the function.
pub(super) fn has_layer(function: Function) -> bool {
    match function {
        Function::LeakyRelu { .. } | Function::Elu { .. } => true,
        Function::Clip { low, .. } => low == 0.0,
        _ => has_name(function),
    }
}
