//! How the layers of a `Functional` network are wired: the two spellings of
//! `inbound_nodes`, and the order in which each layer follows its inputs.
//!
//! Keras 2: `[[["conv", 0, 0, {}]]]`, a list of calls, each a list of tensors.
//! Keras 3: `[{"args": [{"class_name": "__keras_tensor__", "config": {"keras_history":
//! ["conv", 0, 0]}}], "kwargs": {}}]`.

use std::collections::HashMap;

use serde_json::Value;

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
        Value::Object(call) => call.get("args").and_then(keras_3),
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
fn keras_3(arguments: &Value) -> Option<Vec<&str>> {
    let mut names = Vec::new();
    let mut open = vec![arguments];
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

/// The layers that `ends` need, each behind its inputs and the last end at the end.
///
/// # Errors
/// A sentence if a name is unknown or the wiring has a circle.
pub(super) fn order<'a>(
    ends: &[&'a str],
    inputs: &HashMap<&'a str, Vec<&'a str>>,
) -> Result<Vec<&'a str>, String> {
    /// What is known of a layer that was met.
    #[derive(PartialEq)]
    enum Mark {
        Open,
        Done,
    }
    let mut marks = HashMap::new();
    let mut order = Vec::new();
    let mut stack: Vec<&str> = ends.to_vec();
    while let Some(&name) = stack.last() {
        let inputs = inputs
            .get(name)
            .ok_or_else(|| format!("there is no layer '{name}', but it is wired"))?;
        if marks.get(name) == Some(&Mark::Done) {
            stack.pop();
            continue;
        }
        let waiting: Vec<&str> = inputs
            .iter()
            .copied()
            .filter(|input| marks.get(input) != Some(&Mark::Done))
            .collect();
        if waiting.is_empty() {
            stack.pop();
            marks.insert(name, Mark::Done);
            order.push(name);
        } else if marks.insert(name, Mark::Open).is_some() {
            return Err(format!("layer '{name}' is wired to itself in a circle"));
        } else {
            stack.extend(waiting.into_iter().rev());
        }
    }
    Ok(order)
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

    /// A layer that two paths reach stands once, behind both of its own inputs.
    #[test]
    fn a_diamond_is_put_in_order() {
        let inputs = HashMap::from([
            ("image", vec![]),
            ("left", vec!["image"]),
            ("right", vec!["left", "image"]),
            ("sum", vec!["right", "left"]),
        ]);
        let order = order(&["sum"], &inputs).unwrap();
        assert_eq!(order, ["image", "left", "right", "sum"]);
    }
}
