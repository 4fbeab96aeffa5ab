//! How the layers of a `Functional` network are wired: the two spellings of
//! `inbound_nodes`.
//!
//! Keras 2: `[[["conv", 0, 0, {}]]]`, a list of calls, each a list of tensors.
//! Keras 3: `[{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history":
//! ["conv", 0, 0]}}], "kwargs": {}}]`.

use serde_json::{Map, Value};

/// What a call of a layer gives: the layer's name, and which of its calls.
pub(super) type Tensor<'a> = (&'a str, usize);

/// What a layer is wired to.
#[derive(Debug, PartialEq)]
pub(super) enum Wires<'a> {
    /// For each call the tensors that it is given; a single call with none for an input.
    Calls(Vec<Vec<Tensor<'a>>>),
    /// Neither spelling.
    Malformed,
}

/// Reads `inbound_nodes`.
pub(super) fn inbound(nodes: Option<&Value>) -> Wires<'_> {
    let calls = match nodes {
        None | Some(Value::Null) => &[],
        Some(Value::Array(calls)) => calls.as_slice(),
        Some(_) => return Wires::Malformed,
    };
    if calls.is_empty() {
        return Wires::Calls(vec![Vec::new()]);
    }
    match calls.iter().map(tensors_of_call).collect() {
        Some(calls) => Wires::Calls(calls),
        None => Wires::Malformed,
    }
}

/// The tensors that a call is given, in either spelling.
fn tensors_of_call(call: &Value) -> Option<Vec<Tensor<'_>>> {
    match call {
        Value::Array(_) => tensors(call),
        Value::Object(object) => {
            let named = object.get("kwargs").and_then(Value::as_object);
            let named = named.into_iter().flat_map(Map::values);
            keras_3(std::iter::once(object.get("args")?).chain(named).collect())
        }
        _ => None,
    }
}

/// Reads `input_layers` or `output_layers`: `["name", 0, 0]` or a list of such.
pub(super) fn ends(value: &Value) -> Vec<Tensor<'_>> {
    tensors(value).unwrap_or_default()
}

/// The tensors in `["name", 0, 0]` or `[["name", 0, 0], …]`.
fn tensors(value: &Value) -> Option<Vec<Tensor<'_>>> {
    let list = value.as_array()?;
    if let Some(Value::String(_)) = list.first() {
        return Some(vec![tensor(list)?]);
    }
    list.iter().map(|value| tensor(value.as_array()?)).collect()
}

/// The tensor `["name", 0, 0]`: the layer, its call, and which of the call's tensors.
fn tensor(parts: &[Value]) -> Option<Tensor<'_>> {
    let name = parts.first()?.as_str()?;
    let call = parts.get(1).and_then(Value::as_u64).unwrap_or(0);
    Some((name, usize::try_from(call).ok()?))
}

/// All tensors in the arguments of a call, lists of them included.
fn keras_3(arguments: Vec<&Value>) -> Option<Vec<Tensor<'_>>> {
    let mut tensors = Vec::new();
    let mut open = arguments;
    open.reverse();
    while let Some(value) = open.pop() {
        match value {
            // The last in is the first out, so a list goes in from its end.
            Value::Array(list) => open.extend(list.iter().rev()),
            Value::Object(object) if object.get("class_name")? == "__keras_tensor__" => {
                let history = object.get("config")?.get("keras_history")?;
                tensors.push(tensor(history.as_array()?)?);
            }
            _ => {}
        }
    }
    Some(tensors)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keras_3_arguments_keep_their_order() {
        let tensor = |name: &str| json!({ "class_name": "__keras_tensor__", "config": { "keras_history": [name, 0, 0] }});
        let nodes = json!([{ "args": [[tensor("a"), tensor("b")], tensor("c"), 3], "kwargs": {} }]);
        let call = |names: &[&'static str]| names.iter().map(|&name| (name, 0)).collect();
        assert_eq!(
            inbound(Some(&nodes)),
            Wires::Calls(vec![call(&["a", "b", "c"])])
        );
        let nodes = json!([{ "args": [], "kwargs": { "inputs": [tensor("b"), tensor("a")], "mask": null }}]);
        assert_eq!(inbound(Some(&nodes)), Wires::Calls(vec![call(&["b", "a"])]));
    }

    #[test]
    fn each_call_has_its_wires() {
        let nodes = json!([[["a", 0, 0, {}]], [["b", 2, 0, {}]]]);
        let calls = vec![vec![("a", 0)], vec![("b", 2)]];
        assert_eq!(inbound(Some(&nodes)), Wires::Calls(calls));
        assert_eq!(inbound(None), Wires::Calls(vec![Vec::new()]));
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
