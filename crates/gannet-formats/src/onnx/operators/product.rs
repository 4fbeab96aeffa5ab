//! Products with a matrix of weights: `Gemm` and `MatMul`. A vector goes through a dense
//! layer; what has further axes through a convolution of 1×1 pixels.

use gannet_graph::{Add, Conv2D, Dense, Padding, Tensor, Window};

use super::{Operator, Single, arithmetic, cutting, joining, single};
use crate::onnx::{
    call::{Call, Value},
    constant::Constant,
    network::Activation,
    shape::Cut,
    view::{Axis, View},
    walk,
};

pub(super) const GEMM: Operator = Operator {
    name: "Gemm",
    kinds: &["Dense", "Conv2D", "Add", "Rescaling"],
    attributes: &[
        ("alpha", "a number"),
        ("beta", "a number"),
        ("transA", "0 or 1"),
        ("transB", "0 or 1"),
        ("broadcast", "any, up to version 6"),
    ],
    import: |call| {
        let (alpha, beta) = (call.float("alpha", 1.0), call.float("beta", 1.0));
        let weights = call.constant(1)?;
        let mut input = call.activation(0)?;
        if input.view.rank() != 2 || weights.dims.len() != 2 {
            let found = call.input_dims();
            return Err(call.refuse("inputs", found, "two matrices"));
        }
        if call.flag("transA", false) {
            input.view = input.view.transposed(&[1, 0]);
        }
        let turned = call.flag("transB", false);
        let kernel = Kernel::new(&weights, turned, alpha);
        if beta == 0.0 {
            return single(multiply(call, &input, &kernel, None));
        }
        if let Some(Value::Activation(summand)) = call.inputs.get(2).cloned() {
            let product = multiply(call, &input, &kernel, None)?;
            let summand = match beta {
                1.0 => summand,
                _ => arithmetic::scaled(call, &summand, beta)?,
            };
            return single(arithmetic::joined(call, &[product, summand], Add.into()));
        }
        let Some(bias) = call.optional_constant(2)? else {
            let bias = call.following_bias(kernel.units, 0);
            return single(multiply(call, &input, &kernel, bias.as_deref()));
        };
        let values: Vec<f32> = bias.to_floats().iter().map(|value| value * beta).collect();
        if is_of_units(&bias, kernel.units) {
            let each: Vec<f32> = (0..kernel.units)
                .map(|unit| values[unit % values.len()])
                .collect();
            return single(multiply(call, &input, &kernel, Some(&each)));
        }
        let product = multiply(call, &input, &kernel, None)?;
        single(arithmetic::affine(call, &product, &bias.dims, |place| {
            (1.0, values[place])
        }))
    },
};

pub(super) const MAT_MUL: Operator = Operator {
    name: "MatMul",
    kinds: &["Dense", "Conv2D", "Concatenate"],
    attributes: &[],
    import: |call| {
        let weights = call.constant(1)?;
        let mut input = call.activation(0)?;
        if input.view.rank() == 0 || weights.dims.is_empty() || weights.len() == 0 {
            let found = call.input_dims();
            return Err(call.refuse("inputs", found, "two values of one axis or more"));
        }
        let mut weights = (*weights).clone();
        // A vector counts as a row in front, and as a column behind.
        let is_row = input.view.rank() == 1;
        let is_column = weights.dims.len() == 1;
        if is_column {
            weights.dims.push(1);
        }
        input.view = input.view.of_rank(weights.dims.len());
        let units = weights.dims.last().copied().unwrap_or(0);
        let bias = match is_row || is_column {
            true => None,
            false => call.following_bias(units, 0),
        };
        let mut product = multiply_each(call, &input, &weights, bias.as_deref())?;
        let rank = product.view.rank();
        let gone = [is_row.then_some(rank - 2), is_column.then_some(rank - 1)];
        let kept: Vec<usize> = (0..rank)
            .filter(|&axis| !gone.contains(&Some(axis)))
            .collect();
        product.view = product.view.transposed(&kept);
        single(Ok(product))
    },
};

/// The product with `weights` of two axes or more: with a matrix, or with one for each index of
/// the axes in front of the last two, for which the input has an axis as well, of as many or
/// of 1.
fn multiply_each(
    call: &mut Call<'_>,
    input: &Activation,
    weights: &Constant,
    bias: Option<&[f32]>,
) -> Single {
    let ones = weights.dims.iter().take_while(|&&dim| dim == 1).count();
    let (count, inner) = match &weights.dims[ones.min(weights.dims.len() - 2)..] {
        &[rows, columns] => {
            let matrix = Constant {
                dims: vec![rows, columns],
                ..weights.clone()
            };
            return multiply(call, input, &Kernel::new(&matrix, false, 1.0), bias);
        }
        [count, inner @ ..] => (*count, inner),
        [] => return Err(call.refuse("inputs", "a number", "a matrix of weights")),
    };
    let axis = input.view.rank() - inner.len() - 1;
    let own = input.view.dims()[axis];
    if own != 1 && own != count {
        let found = call.input_dims();
        return Err(call.refuse("inputs", found, "as many matrices as the input has, or one"));
    }
    let size: usize = inner.iter().product();
    let mut parts = Vec::new();
    for start in 0..count {
        let places = start * size..(start + 1) * size;
        let weights = weights.gathered(inner.to_vec(), places);
        let cut = Cut {
            axis,
            start,
            len: 1,
            step: 1,
        };
        let input = match own {
            1 => input.clone(),
            _ => cutting::part(call, input, cut)?,
        };
        parts.push(multiply_each(call, &input, &weights, bias)?);
    }
    joining::side_by_side(call, &parts, axis)
}

/// Weights `[features, units]` in ONNX's order of the features.
struct Kernel {
    features: usize,
    units: usize,
    values: Vec<f32>,
}

impl Kernel {
    fn new(weights: &Constant, turned: bool, factor: f32) -> Self {
        let mut order = [0, 1];
        if turned {
            order = [1, 0];
        }
        let strides = walk::strides(&weights.dims);
        let dims = order.map(|axis| weights.dims[axis]);
        let places = walk::places(&dims, &order.map(|axis| strides[axis]), 0);
        let values = weights.to_floats();
        Kernel {
            features: dims[0],
            units: dims[1],
            values: places.iter().map(|&place| values[place] * factor).collect(),
        }
    }

    /// The kernel with its rows in the order of the memory.
    fn tensor(&self, places: &[usize], shape: Vec<usize>) -> Tensor {
        let units = self.units;
        Tensor::from_fn(shape, |i| {
            self.values[places[i / units] * units + i % units]
        })
    }
}

/// Whether a bias has one number for each unit, or one for all.
fn is_of_units(bias: &Constant, units: usize) -> bool {
    match bias.dims.as_slice() {
        [rows @ .., last] => rows.iter().all(|&row| row == 1) && (*last == units || *last == 1),
        [] => true,
    }
}

/// The product over the last axis of `input`.
fn multiply(
    call: &mut Call<'_>,
    input: &Activation,
    kernel: &Kernel,
    bias: Option<&[f32]>,
) -> Single {
    let last = input.view.rank() - 1;
    let features = call.factors(&input.view, &[last])?;
    if input.view.size(&features) != kernel.features || kernel.units == 0 {
        let found = call.input_dims();
        let supported = "as many rows of weights as the input has features";
        return Err(call.refuse("inputs", found, supported));
    }
    let units = kernel.units;
    let bias = bias.map(|bias| Tensor::from_fn([units], |unit| bias[unit]));
    let places = input.view.places(&features);
    let inner = call.network.innermost(input, &features);
    let inner = call.built(inner)?;
    let outer = &inner.view.factors()[..inner.view.factors().len() - features.len()];
    let node = if outer.is_empty() {
        let vector = call.network.shaped(inner.node, &[kernel.features]);
        let vector = call.built(vector)?;
        let weights = kernel.tensor(&places, vec![kernel.features, units]);
        let dense = Dense::new(weights, bias).map_err(Into::into);
        let dense = call.built(dense)?;
        call.layer(dense, &[vector])?
    } else {
        let image = match call.network.dims(inner.node) {
            [_, _, _] => inner.node,
            _ => {
                let positions = outer.iter().product();
                let image = call
                    .network
                    .shaped(inner.node, &[1, positions, kernel.features]);
                call.built(image)?
            }
        };
        let weights = kernel.tensor(&places, vec![1, 1, kernel.features, units]);
        let conv = Window::new([1, 1], [1, 1], Padding::Valid)
            .and_then(|window| Conv2D::new(window, weights, bias))
            .map_err(Into::into);
        let conv = call.built(conv)?;
        call.layer(conv, &[image])?
    };
    Ok(Activation {
        node,
        view: with_units(&inner.view, outer.len(), units),
    })
}

/// The view of a product: the first `outer` factors as they were, then the units, which are
/// the last axis.
fn with_units(view: &View, outer: usize, units: usize) -> View {
    let mut factors = view.factors()[..outer].to_vec();
    let mut axes = view.axes().to_vec();
    let last = axes.len() - 1;
    axes[last] = if units == 1 {
        Axis::Of(Vec::new())
    } else {
        factors.push(units);
        Axis::Of(vec![outer])
    };
    View::over(factors, axes, view.batch())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::onnx::{
        import,
        schema::{self, Extent, data_type},
    };

    fn tensor(name: &str, dims: &[i64]) -> schema::Tensor {
        let elements: i64 = dims.iter().product();
        let values = (0..elements).flat_map(|i| (i as f32).to_le_bytes());
        schema::Tensor {
            name: name.to_owned(),
            dims: dims.to_vec(),
            data_type: data_type::FLOAT,
            raw_data: Some(Bytes::from(values.collect::<Vec<u8>>())),
            ..Default::default()
        }
    }

    fn end(name: &str, dims: &[i64]) -> schema::ValueInfo {
        let dim = dims.iter().map(|&dim| schema::Dimension {
            value: Some(Extent::Fixed(dim)),
        });
        let tensor_type = Some(schema::TensorType {
            elem_type: data_type::FLOAT,
            shape: Some(schema::TensorShape { dim: dim.collect() }),
        });
        schema::ValueInfo {
            name: name.to_owned(),
            r#type: Some(schema::Type { tensor_type }),
        }
    }

    /// `x · w + b` of a row of three, with summands of extents `dims`.
    fn product_and_sum(dims: &[i64]) -> Result<Vec<f32>, String> {
        let node = |op: &str, input: [&str; 2], output: &str| schema::Node {
            op_type: op.to_owned(),
            input: input.map(str::to_owned).to_vec(),
            output: vec![output.to_owned()],
            ..Default::default()
        };
        let graph = schema::Graph {
            node: vec![
                node("MatMul", ["x", "w"], "y"),
                node("Add", ["y", "b"], "z"),
            ],
            initializer: vec![tensor("w", &[3, 3]), tensor("b", dims)],
            input: vec![end("x", &[1, 3])],
            output: vec![end("z", &[1, 3])],
            ..Default::default()
        };
        let model = schema::Model {
            graph: Some(graph),
            opset_import: vec![schema::OperatorSet {
                domain: String::new(),
                version: 17,
            }],
            ..Default::default()
        };
        let imported = import::import(&model).map_err(|error| error.to_string())?;
        let imported = imported.map(crate::Model::Float);
        imported
            .run(&[1.0, 1.0, 1.0])
            .map_err(|error| error.to_string())
    }

    /// A row of summands is the product's bias: 0 + 3 + 6 + 0, 1 + 4 + 7 + 1, 2 + 5 + 8 + 2. A
    /// column would make three rows of it, and is no bias.
    #[test]
    fn a_column_is_no_bias() {
        for dims in [&[3][..], &[1, 3]] {
            assert_eq!(product_and_sum(dims).unwrap(), [9.0, 13.0, 17.0]);
        }
        let text = product_and_sum(&[3, 1]).unwrap_err();
        assert!(text.contains("can be spread over"), "{text}");
    }
}
