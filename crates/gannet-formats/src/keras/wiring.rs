//! How the layers of a `Functional` network are wired: the two spellings of
//! `inbound_nodes`.
//!
//! Keras 2: `[[["conv", 0, 0, {}]]]`, a list of calls, each a list of tensors.
//! Keras 3: `[{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history":
//! ["conv", 0, 0]}}], "kwargs": {}}]`.

use serde_json::{Map, Value};

/// What a layer is wired to.
#[derive(Debug, PartialEq)]
pub(super) enum Wires<'a> {
    /// The layers of these names; none for an input.
    From(Vec<&'a str>),
    /// Called as often as the number says; the names are the first call's.
    Shared(Vec<&'a str>, usize),
    /// Neither spelling.
    Malformed,
}

/// Reads `inbound_nodes`.
pub(super) fn inbound(nodes: Option<&Value>) -> Wires<'_> {
    let calls = match nodes {
        None | Some(Value::Null) => return Wires::From(Vec::new()),
        Some(Value::Array(calls)) => calls,
        Some(_) => return Wires::Malformed,
    };
    let Some(first) = calls.first() else {
        return Wires::From(Vec::new());
    };
    let names = match first {
        Value::Array(_) => tensor_names(first),
        Value::Object(call) => call.get("args").and_then(|arguments| {
            let named = call.get("kwargs").and_then(Value::as_object);
            let named = named.into_iter().flat_map(Map::values);
            keras_3(std::iter::once(arguments).chain(named).collect())
        }),
        _ => None,
    };
    match names {
        None => Wires::Malformed,
        Some(names) if calls.len() == 1 => Wires::From(names),
        Some(names) => Wires::Shared(names, calls.len()),
    }
}

/// Reads `input_layers` or `output_layers`: `["name", 0, 0]` or a list of such.
pub(super) fn ends(value: &Value) -> Vec<&str> {
    tensor_names(value).unwrap_or_default()
}

/// The names in `["name", 0, 0]` or `[["name", 0, 0], …]`.
fn tensor_names(value: &Value) -> Option<Vec<&str>> {
    let list = value.as_array()?;
    if let Some(Value::String(name)) = list.first() {
        return Some(vec![name]);
    }
    list.iter()
        .map(|tensor| tensor.as_array()?.first()?.as_str())
        .collect()
}

/// The names of all tensors in the arguments of a call, lists of them included.
fn keras_3(arguments: Vec<&Value>) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut open = arguments;
    open.reverse();
    while let Some(value) = open.pop() {
        match value {
            // The last in is the first out, so a list goes in from its end.
            Value::Array(list) => open.extend(list.iter().rev()),
            Value::Object(tensor) if tensor.get("class_name")? == "__keras_tensor__" => {
                let history = tensor.get("config")?.get("keras_history")?;
                names.push(history.as_array()?.first()?.as_str()?);
            }
            _ => {}
        }
    }
    Some(names)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keras_3_arguments_keep_their_order() {
        let tensor = |name: &str| json!({ "class_name": "__keras_tensor__", "config": { "keras_history": [name, 0, 0] }});
        let nodes = json!([{ "args": [[tensor("a"), tensor("b")], tensor("c"), 3], "kwargs": {} }]);
        assert_eq!(inbound(Some(&nodes)), Wires::From(vec!["a", "b", "c"]));
        let nodes = json!([{ "args": [], "kwargs": { "inputs": [tensor("b"), tensor("a")], "mask": null }}]);
        assert_eq!(inbound(Some(&nodes)), Wires::From(vec!["b", "a"]));
    }

    #[test]
    fn what_is_neither_spelling_is_malformed() {
        for nodes in [
            json!(3),
            json!([3]),
            json!([[[3]]]),
            json!([{ "kwargs": {} }]),
        ] {
            assert_eq!(inbound(Some(&nodes)), Wires::Malformed, "{nodes}");
        }
    }
}
