//! Products with a matrix of weights: `Gemm` and `MatMul`. A vector goes through a dense
//! layer; what has further axes through a convolution of 1×1 pixels.

use gannet_graph::{Conv2D, Dense, Padding, Tensor, Window};

use super::{Operator, Single, single};
use crate::onnx::{
    call::{Call, Stop},
    constant::Constant,
    network::Activation,
    view::{Axis, View},
    walk,
};

pub(super) const GEMM: Operator = Operator {
    name: "Gemm",
    kinds: &["Dense", "Conv2D"],
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
        let bias = call.optional_constant(2)?;
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
        let bias = match bias {
            Some(bias) if beta != 0.0 => {
                let mut values = bias_values(call, &bias, kernel.units)?;
                values.iter_mut().for_each(|value| *value *= beta);
                Some(values)
            }
            _ => None,
        };
        single(multiply(call, &input, &kernel, bias))
    },
};

pub(super) const MAT_MUL: Operator = Operator {
    name: "MatMul",
    kinds: &["Dense", "Conv2D"],
    attributes: &[],
    import: |call| {
        let weights = call.constant(1)?;
        let mut input = call.activation(0)?;
        // Leading axes of 1 are none; a vector of weights gives one unit, without an axis.
        let ones = weights.dims.iter().take_while(|&&dim| dim == 1).count();
        let inner = ones.min(weights.dims.len().saturating_sub(2));
        let mut matrix = Constant {
            dims: weights.dims[inner..].to_vec(),
            ..(*weights).clone()
        };
        let vector = matrix.dims.len() == 1;
        if vector {
            matrix.dims.push(1);
        }
        if matrix.dims.len() != 2 || input.view.rank() == 0 {
            let found = call.input_dims();
            let supported = "a value and a matrix of weights, the same for all of it";
            return Err(call.refuse("inputs", found, supported));
        }
        // Weights of more axes give a result of as many; a vector counts as a row.
        let rank = weights.dims.len() - usize::from(input.view.rank() == 1);
        while input.view.rank() < rank {
            let axes = [&[Axis::Of(Vec::new())], input.view.axes()].concat();
            input.view = input.view.with_axes(axes);
        }
        let kernel = Kernel::new(&matrix, false, 1.0);
        let mut product = multiply(call, &input, &kernel, None)?;
        if vector {
            let kept: Vec<usize> = (0..product.view.rank() - 1).collect();
            product.view = product.view.transposed(&kept);
        }
        single(Ok(product))
    },
};

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

/// A bias for each unit.
fn bias_values(call: &mut Call<'_>, bias: &Constant, units: usize) -> Result<Vec<f32>, Stop> {
    let per_unit = match bias.dims.as_slice() {
        [rows @ .., last] => rows.iter().all(|&row| row == 1) && (*last == units || *last == 1),
        [] => true,
    };
    if !per_unit {
        let found = format!("{:?}", bias.dims);
        return Err(call.refuse("input 2", found, format!("a bias of {units} values")));
    }
    let values = bias.to_floats();
    Ok((0..units).map(|unit| values[unit % values.len()]).collect())
}

/// The product over the last axis of `input`.
fn multiply(
    call: &mut Call<'_>,
    input: &Activation,
    kernel: &Kernel,
    bias: Option<Vec<f32>>,
) -> Single {
    let last = input.view.rank() - 1;
    let features = call.factors(&input.view, &[last])?;
    if input.view.size(&features) != kernel.features || kernel.units == 0 {
        let found = call.input_dims();
        let supported = "as many rows of weights as the input has features";
        return Err(call.refuse("inputs", found, supported));
    }
    let units = kernel.units;
    let bias = match bias {
        Some(bias) => Some(bias),
        None => call.following_bias(units, 1),
    };
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
