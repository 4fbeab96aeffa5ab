//! Constant folding: nodes whose inputs are all known are computed when a network is read.
//! Exporters leave the arithmetic on shapes in a file, and transposed or scaled weights.

mod arithmetic;
mod rearrange;
mod reduce;

use std::{collections::HashMap, rc::Rc};

use super::{
    call::{Call, Value},
    constant::Constant,
};

/// How many elements folding may still make: it must not fill the memory.
#[derive(Debug)]
pub(super) struct Budget {
    elements: usize,
}

impl Budget {
    /// Some for shapes, and a few times the weights that are in the file.
    pub fn of(constants: &HashMap<&str, Value>) -> Self {
        let weights = constants.values().map(|value| match value {
            Value::Constant(constant) => constant.len(),
            _ => 0,
        });
        Budget {
            elements: (1 << 18) + 4 * weights.sum::<usize>(),
        }
    }

    /// Takes what a tensor of extents `dims` needs; the number of its elements.
    fn take(&mut self, dims: &[usize]) -> Result<usize, String> {
        let elements = dims.iter().try_fold(1_usize, |n, &dim| n.checked_mul(dim));
        let left = elements.and_then(|elements| self.elements.checked_sub(elements.max(1)));
        match (elements, left) {
            (Some(elements), Some(left)) => {
                self.elements = left;
                Ok(elements)
            }
            _ => Err(format!(
                "a constant of extents {dims:?}, more than the weights of the file account for"
            )),
        }
    }
}

/// Computes a node.
type Fold = fn(&Call<'_>, &mut Budget) -> Result<Constant, String>;

/// What computes nodes of `operator`; `None` if they are not folded.
fn by_name(operator: &str) -> Option<Fold> {
    Some(match operator {
        "Add" | "Sub" | "Mul" | "Div" | "Mod" | "Pow" | "Min" | "Max" | "Equal" | "Less"
        | "Greater" | "LessOrEqual" | "GreaterOrEqual" | "And" | "Or" => arithmetic::binary,
        "Neg" | "Abs" | "Sqrt" | "Reciprocal" | "Floor" | "Ceil" | "Exp" | "Not" | "Identity"
        | "Cast" => arithmetic::unary,
        "Where" => arithmetic::choose,
        "DequantizeLinear" => arithmetic::dequantize,
        "Constant" => rearrange::constant,
        "ConstantOfShape" => rearrange::constant_of_shape,
        "Range" => rearrange::range,
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => rearrange::reshape,
        "Transpose" => rearrange::transpose,
        "Expand" => rearrange::expand,
        "Concat" => rearrange::concat,
        "Gather" => rearrange::gather,
        "Slice" => rearrange::slice,
        "ReduceProd" | "ReduceSum" | "ReduceMax" | "ReduceMin" => reduce::reduce,
        _ => return None,
    })
}

/// Whether nodes of `operator` are folded.
pub(super) fn folds(operator: &str) -> bool {
    by_name(operator).is_some()
}

/// What a node gives whose inputs are all constants, or why that cannot be computed;
/// `None` if the operator is not one that is folded.
pub(super) fn fold(call: &Call<'_>, budget: &mut Budget) -> Option<Result<Vec<Value>, String>> {
    let folded = by_name(call.operator())?(call, budget);
    Some(folded.map(|constant| vec![Value::Constant(Rc::new(constant))]))
}

/// The constant at `place`.
fn input<'a>(call: &'a Call<'_>, place: usize) -> Result<&'a Constant, String> {
    match call.inputs.get(place) {
        Some(Value::Constant(constant)) => Ok(constant),
        _ => Err(format!("no input {place}")),
    }
}

/// Whole numbers in the attribute `name` or, in later versions, in the input at `place`.
fn whole(call: &Call<'_>, name: &str, place: usize) -> Result<Option<Vec<i64>>, String> {
    if let Some(ints) = call.ints(name) {
        return Ok(Some(ints.to_vec()));
    }
    match call.inputs.get(place) {
        Some(Value::Constant(constant)) => match constant.as_ints() {
            Some(ints) => Ok(Some(ints.to_vec())),
            None => Err(format!("{name} with fractions")),
        },
        _ => Ok(None),
    }
}
