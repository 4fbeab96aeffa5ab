//! Element by element, one tensor spread over the other by ONNX's rule.

use super::{Budget, input};
use crate::onnx::{
    call::Call,
    constant::{Constant, Element, Values},
    schema::data_type,
    shape, walk,
};

/// Two tensors.
pub(super) fn binary(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let mut result = input(call, 0)?.clone();
    for place in 1..call.inputs.len() {
        result = pair(call.operator(), &result, input(call, place)?, budget)?;
    }
    Ok(result)
}

fn pair(
    operator: &str,
    a: &Constant,
    b: &Constant,
    budget: &mut Budget,
) -> Result<Constant, String> {
    let dims = common(&a.dims, &b.dims)?;
    budget.take(&dims)?;
    let (a, b) = (spread(a, &dims), spread(b, &dims));
    let is_comparison = matches!(
        operator,
        "Equal" | "Less" | "Greater" | "LessOrEqual" | "GreaterOrEqual"
    );
    let values = match (&a.values, &b.values) {
        (Values::Int(x), Values::Int(y)) => {
            let pairs = x.iter().zip(y);
            let each = pairs.map(|(&x, &y)| int(operator, x, y));
            Values::Int(each.collect::<Result<_, _>>()?)
        }
        _ => {
            let (x, y) = (a.to_floats(), b.to_floats());
            let pairs = x.iter().zip(&y);
            let each: Result<Vec<f32>, String> =
                pairs.map(|(&x, &y)| float(operator, x, y)).collect();
            match each? {
                values if is_comparison => Values::Int(values.iter().map(|&x| x as i64).collect()),
                values => Values::Float(values),
            }
        }
    };
    Ok(Constant {
        element: if is_comparison {
            Element::Bool
        } else {
            a.element
        },
        dims,
        values,
    })
}

fn int(operator: &str, x: i64, y: i64) -> Result<i64, String> {
    let result = match operator {
        "Add" => x.checked_add(y),
        "Sub" => x.checked_sub(y),
        "Mul" => x.checked_mul(y),
        "Div" => x.checked_div(y),
        "Mod" => x.checked_rem_euclid(y),
        "Pow" => u32::try_from(y).ok().and_then(|y| x.checked_pow(y)),
        "Min" => Some(x.min(y)),
        "Max" => Some(x.max(y)),
        "Equal" => Some((x == y).into()),
        "Less" => Some((x < y).into()),
        "Greater" => Some((x > y).into()),
        "LessOrEqual" => Some((x <= y).into()),
        "GreaterOrEqual" => Some((x >= y).into()),
        "And" => Some((x != 0 && y != 0).into()),
        "Or" => Some((x != 0 || y != 0).into()),
        _ => None,
    };
    result.ok_or_else(|| format!("{operator} of {x} and {y}"))
}

fn float(operator: &str, x: f32, y: f32) -> Result<f32, String> {
    let truth = |truth: bool| if truth { 1.0 } else { 0.0 };
    Ok(match operator {
        "Add" => x + y,
        "Sub" => x - y,
        "Mul" => x * y,
        "Div" => x / y,
        "Pow" => x.powf(y),
        "Min" => x.min(y),
        "Max" => x.max(y),
        "Equal" => truth(x == y),
        "Less" => truth(x < y),
        "Greater" => truth(x > y),
        "LessOrEqual" => truth(x <= y),
        "GreaterOrEqual" => truth(x >= y),
        _ => return Err(format!("{operator} of numbers with fractions")),
    })
}

/// One tensor.
pub(super) fn unary(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let tensor = input(call, 0)?;
    budget.take(&tensor.dims)?;
    let operator = call.operator();
    if operator == "Cast" {
        return cast(tensor, call.int("to", data_type::FLOAT.into()));
    }
    let values = match &tensor.values {
        Values::Int(values) => {
            let each = values.iter().map(|&x| match operator {
                "Neg" => x.checked_neg(),
                "Abs" => x.checked_abs(),
                "Not" => Some((x == 0).into()),
                "Identity" | "Floor" | "Ceil" => Some(x),
                _ => None,
            });
            let each: Option<Vec<i64>> = each.collect();
            Values::Int(each.ok_or_else(|| format!("{operator} of whole numbers"))?)
        }
        Values::Float(values) => {
            let function: fn(f32) -> f32 = match operator {
                "Neg" => |x| -x,
                "Abs" => f32::abs,
                "Sqrt" => f32::sqrt,
                "Reciprocal" => f32::recip,
                "Floor" => f32::floor,
                "Ceil" => f32::ceil,
                "Exp" => f32::exp,
                "Identity" => |x| x,
                _ => return Err(format!("{operator} of numbers with fractions")),
            };
            Values::Float(values.iter().map(|&x| function(x)).collect())
        }
    };
    Ok(Constant {
        values,
        ..tensor.clone()
    })
}

fn cast(tensor: &Constant, to: i64) -> Result<Constant, String> {
    let element = i32::try_from(to).ok().and_then(Element::of);
    let element = element.ok_or_else(|| format!("Cast to element type {to}"))?;
    let values = match (&tensor.values, element) {
        (values, element) if element.is_float() => match values {
            Values::Float(values) => Values::Float(values.clone()),
            Values::Int(_) => Values::Float(tensor.to_floats()),
        },
        (Values::Int(values), Element::Bool) => {
            Values::Int(values.iter().map(|&x| (x != 0).into()).collect())
        }
        (Values::Int(values), _) => Values::Int(values.clone()),
        (Values::Float(values), Element::Bool) => {
            Values::Int(values.iter().map(|&x| (x != 0.0).into()).collect())
        }
        (Values::Float(values), _) => Values::Int(values.iter().map(|&x| x as i64).collect()),
    };
    Ok(Constant {
        element,
        dims: tensor.dims.clone(),
        values,
    })
}

/// `Where`: the second tensor where the first is not 0, the third elsewhere.
pub(super) fn choose(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let (condition, a, b) = (input(call, 0)?, input(call, 1)?, input(call, 2)?);
    let dims = common(&common(&condition.dims, &a.dims)?, &b.dims)?;
    budget.take(&dims)?;
    let condition = spread(condition, &dims).to_floats();
    let (a, b) = (spread(a, &dims), spread(b, &dims));
    let values = match (&a.values, &b.values) {
        (Values::Int(x), Values::Int(y)) => {
            let each = condition.iter().zip(x.iter().zip(y));
            Values::Int(
                each.map(|(&c, (&x, &y))| if c == 0.0 { y } else { x })
                    .collect(),
            )
        }
        _ => {
            let (x, y) = (a.to_floats(), b.to_floats());
            let each = condition.iter().zip(x.iter().zip(&y));
            Values::Float(
                each.map(|(&c, (&x, &y))| if c == 0.0 { y } else { x })
                    .collect(),
            )
        }
    };
    Ok(Constant {
        element: a.element,
        dims,
        values,
    })
}

/// `(x − zero point) · scale`, of weights that are stored as whole numbers.
pub(super) fn dequantize(call: &Call<'_>, budget: &mut Budget) -> Result<Constant, String> {
    let (tensor, scale) = (input(call, 0)?, input(call, 1)?);
    budget.take(&tensor.dims)?;
    if call.int("block_size", 0) != 0 {
        return Err("scales of blocks".to_owned());
    }
    // A scale of one axis lies along it.
    let along = |constant: &Constant| -> Result<Constant, String> {
        if constant.len() == 1 {
            return Ok(Constant {
                dims: Vec::new(),
                ..constant.clone()
            });
        }
        let axis = shape::axis(call.int("axis", 1), tensor.dims.len())?;
        let mut dims = vec![1; tensor.dims.len() - axis];
        dims[0] = constant.len();
        Ok(Constant {
            dims,
            ..constant.clone()
        })
    };
    let mut difference = tensor.clone();
    if call.inputs.len() > 2 {
        let zero = along(input(call, 2)?)?;
        difference = pair("Sub", &difference, &zero, budget)?;
    }
    let floats = cast(&difference, data_type::FLOAT.into())?;
    pair("Mul", &floats, &along(scale)?, budget)
}

/// The extents that two tensors are spread to.
fn common(a: &[usize], b: &[usize]) -> Result<Vec<usize>, String> {
    let rank = a.len().max(b.len());
    let of = |dims: &[usize], axis: usize| -> usize {
        let lacking = rank - dims.len();
        if axis < lacking {
            1
        } else {
            dims[axis - lacking]
        }
    };
    let each = (0..rank).map(|axis| match (of(a, axis), of(b, axis)) {
        (x, y) if x == y => Some(x),
        (1, x) | (x, 1) => Some(x),
        _ => None,
    });
    let dims: Option<Vec<usize>> = each.collect();
    dims.ok_or_else(|| format!("tensors of extents {a:?} and {b:?}, which do not suit each other"))
}

/// A tensor repeated along the axes that it lacks or that are 1.
pub(super) fn spread(tensor: &Constant, dims: &[usize]) -> Constant {
    if tensor.dims == dims {
        return tensor.clone();
    }
    let lacking = dims.len() - tensor.dims.len();
    let mut strides = vec![0; lacking];
    let own = walk::strides(&tensor.dims);
    strides.extend(
        own.iter()
            .zip(&tensor.dims)
            .map(|(&stride, &dim)| match dim {
                1 => 0,
                _ => stride,
            }),
    );
    let places = walk::places(dims, &strides, 0);
    tensor.gathered(dims.to_vec(), places.into_iter())
}
