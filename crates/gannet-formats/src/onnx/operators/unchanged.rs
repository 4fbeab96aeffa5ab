//! Operators that leave every value as it is at inference.

use gannet_graph::Dropout;

use super::Operator;
use crate::onnx::{
    call::{Value, one},
    constant::Element,
};

pub(super) const IDENTITY: Operator = Operator {
    name: "Identity",
    kinds: &[],
    attributes: &[],
    import: |call| Ok(vec![Value::Activation(call.activation(0)?)]),
};

/// The ratio is an attribute up to version 11 and an input from version 12 on.
pub(super) const DROPOUT: Operator = Operator {
    name: "Dropout",
    kinds: &["Dropout"],
    attributes: &[
        ("ratio", "a number from 0 to 1, as attribute or input"),
        ("seed", "any"),
        ("is_test", "any"),
    ],
    import: |call| {
        let ratio = call.scalar(1)?;
        let ratio = ratio.unwrap_or_else(|| call.float("ratio", 0.5));
        let is_training = call.scalar(2)?.is_some_and(|training| training != 0.0);
        if is_training && ratio != 0.0 {
            call.refuse("training_mode", "true", "false; export with model.eval()");
        }
        let input = call.activation(0)?;
        match Dropout::new(ratio) {
            Ok(dropout) => {
                let node = call.layer(dropout, &[input.node])?;
                one(node, input.view)
            }
            // A ratio that only training could object to.
            Err(_) => Ok(vec![Value::Activation(input)]),
        }
    },
};

/// Between types of numbers with fractions, all of which are computed as `float32`.
pub(super) const CAST: Operator = Operator {
    name: "Cast",
    kinds: &[],
    attributes: &[
        ("to", "float16, float32 or float64"),
        ("saturate", "any"),
        ("round_mode", "any"),
    ],
    import: |call| {
        let to = i32::try_from(call.int("to", 1)).unwrap_or(i32::MAX);
        if !matches!(
            Element::of(to),
            Some(Element::F16 | Element::F32 | Element::F64)
        ) {
            return Err(call.refuse("to", Element::name(to), "float16, float32 or float64"));
        }
        Ok(vec![Value::Activation(call.activation(0)?)])
    },
};
