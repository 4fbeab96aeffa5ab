//! Activation functions by Keras' names.

use gannet_graph::Function;

use super::version::Version;

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

/// The function of a name in a file that `version` wrote.
pub(super) fn by_name(name: &str, version: Version) -> Option<Function> {
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == name);
    let other = other.map(|&(_, function)| function);
    let function = other.or_else(|| Function::from_name(name).filter(|f| is_named(*f)))?;
    Some(match function {
        Function::HardSigmoid { .. } => version.hard_sigmoid(),
        function => function,
    })
}

/// All names that are read, in quotes.
pub(super) fn names() -> String {
    let others = OTHER_NAMES.iter().map(|&(name, _)| name);
    quoted(names_of(is_named).chain(others))
}

/// All names that are written, in quotes.
pub(super) fn written_names() -> String {
    quoted(names_of(has_name))
}

fn names_of(chosen: fn(Function) -> bool) -> impl Iterator<Item = &'static str> {
    let functions = Function::ALL.iter().copied().filter(move |&f| chosen(f));
    functions.map(Function::name)
}

fn quoted(names: impl Iterator<Item = &'static str>) -> String {
    let quoted: Vec<String> = names.map(|name| format!("\"{name}\"")).collect();
    quoted.join(" or ")
}

/// Whether Keras has a name for the function, or for its kind with other parameters.
fn is_named(function: Function) -> bool {
    !matches!(function, Function::Clip { .. } | Function::GeluTanh)
}

/// Whether a name alone says which function it is, in every version that opens what is written.
pub(super) fn has_name(function: Function) -> bool {
    let meant = |version| by_name(function.name(), version);
    Version::WRITTEN
        .into_iter()
        .all(|version| meant(version) == Some(function))
}

/// Whether Keras has a layer for the function.
pub(super) fn has_layer(function: Function) -> bool {
    match function {
        Function::LeakyRelu { .. } | Function::Elu { .. } => true,
        Function::Clip { low, .. } => low == 0.0,
        _ => has_name(function),
    }
}
