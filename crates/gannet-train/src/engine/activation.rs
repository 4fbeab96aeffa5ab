//! Activation functions, applied in place, and the way of a gradient back through them.

use gannet_graph::Function;

use super::backend::Backend;
use super::exponential::exp;
use super::simd::{Kernel, Lanes, Simd};
use super::smooth;
use crate::elementary::ln;

/// Applies `function` to `values`, whose innermost extent is `channels`.
pub fn apply(backend: Backend, function: Function, values: &mut [Lanes], channels: usize) {
    if function != Function::Linear {
        backend.run(Apply {
            function,
            values,
            channels,
        });
    }
}

/// Whether a gradient needs the function's input to find its way back: its output alone does
/// not tell where the input was.
pub fn needs_input(function: Function) -> bool {
    match function {
        Function::LeakyRelu { slope } => slope < 0.0,
        Function::Elu { alpha } => alpha < 0.0,
        Function::Silu | Function::HardSwish | Function::Gelu | Function::GeluTanh => true,
        _ => false,
    }
}

/// Turns the gradient of the function's `output` into that of its `input`, which may be what
/// became of it in place unless [`needs_input`].
pub fn back(
    backend: Backend,
    function: Function,
    input: &[Lanes],
    output: &[Lanes],
    gradient: &mut [Lanes],
    channels: usize,
) {
    if function != Function::Linear {
        backend.run(Back {
            function,
            output: if needs_input(function) { input } else { output },
            gradient,
            channels,
        });
    }
}

struct Apply<'a> {
    function: Function,
    values: &'a mut [Lanes],
    channels: usize,
}

/// Puts `result`, a function of `x`, in the place of each value `x`.
macro_rules! map {
    ($simd:ident, $values:expr, |$x:ident| $result:expr) => {
        for value in $values {
            let $x = $simd.load(value);
            let result = $result;
            $simd.store(result, value);
        }
    };
}

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let zero = simd.splat(0.0);
        let values = self.values;
        match self.function {
            Function::Linear => {}
            // In this order what is not a number stays so.
            Function::Relu => map!(simd, values, |x| simd.max(zero, x)),
            Function::Relu6 => map!(simd, values, |x| clip(simd, x, 0.0, 6.0)),
            Function::Clip { low, high } => map!(simd, values, |x| clip(simd, x, low, high)),
            Function::LeakyRelu { slope } => {
                let slope = simd.splat(slope);
                map!(simd, values, |x| simd.if_greater(
                    x,
                    zero,
                    x,
                    simd.mul(slope, x)
                ));
            }
            Function::Elu { alpha } => map!(simd, values, |x| smooth::elu(simd, x, 1.0, alpha)),
            Function::Selu => map!(simd, values, |x| smooth::elu(
                simd,
                x,
                Function::SELU_SCALE,
                Function::SELU_ALPHA
            )),
            Function::Sigmoid => map!(simd, values, |x| smooth::sigmoid(simd, x)),
            Function::HardSigmoid { slope, offset } => {
                let (slope, offset) = (simd.splat(slope), simd.splat(offset));
                map!(simd, values, |x| clip(
                    simd,
                    simd.fma(slope, x, offset),
                    0.0,
                    1.0
                ));
            }
            Function::Tanh => map!(simd, values, |x| smooth::tanh(simd, x)),
            Function::Softplus => map!(simd, values, |x| smooth::softplus(simd, x)),
            Function::Silu => map!(simd, values, |x| smooth::silu(simd, x)),
            Function::HardSwish => {
                let (three, sixth) = (simd.splat(3.0), simd.splat(1.0 / 6.0));
                map!(simd, values, |x| {
                    let share = clip(simd, simd.add(x, three), 0.0, 6.0);
                    simd.mul(simd.mul(x, share), sixth)
                });
            }
            Function::Gelu => map!(simd, values, |x| smooth::gelu(simd, x)),
            Function::GeluTanh => map!(simd, values, |x| smooth::gelu_tanh(simd, x)),
            Function::Softmax => {
                for row in values.chunks_mut(self.channels) {
                    softmax(simd, row);
                }
            }
            Function::LogSoftmax => {
                for row in values.chunks_mut(self.channels) {
                    log_softmax(simd, row);
                }
            }
        }
    }
}

/// `min(max(x, low), high)`.
#[inline(always)]
fn clip<S: Simd>(simd: S, x: S::V, low: f32, high: f32) -> S::V {
    let x = simd.max(simd.splat(low), x);
    let high = simd.splat(high);
    simd.if_greater(x, high, high, x)
}

#[inline(always)]
fn largest<S: Simd>(simd: S, row: &[Lanes]) -> S::V {
    let mut largest = simd.splat(f32::NEG_INFINITY);
    for value in row {
        largest = simd.max(simd.load(value), largest);
    }
    largest
}

#[inline(always)]
fn softmax<S: Simd>(simd: S, row: &mut [Lanes]) {
    let largest = largest(simd, row);
    let mut sum = simd.splat(0.0);
    for value in row.iter_mut() {
        let power = exp(simd, simd.sub(simd.load(value), largest));
        sum = simd.add(sum, power);
        simd.store(power, value);
    }
    for value in row {
        simd.store(simd.div(simd.load(value), sum), value);
    }
}

/// `x − max − ln Σ e^(x − max)`.
#[inline(always)]
fn log_softmax<S: Simd>(simd: S, row: &mut [Lanes]) {
    let largest = largest(simd, row);
    let mut sum = simd.splat(0.0);
    for value in row.iter() {
        sum = simd.add(sum, exp(simd, simd.sub(simd.load(value), largest)));
    }
    let mut logarithms = Lanes::ZERO;
    simd.store(sum, &mut logarithms);
    for sum in &mut logarithms.0 {
        *sum = ln(f64::from(*sum)) as f32;
    }
    let logarithm = simd.load(&logarithms);
    map!(simd, row, |x| simd.sub(simd.sub(x, largest), logarithm));
}

struct Back<'a> {
    function: Function,
    /// Or the input, where that is needed.
    output: &'a [Lanes],
    gradient: &'a mut [Lanes],
    channels: usize,
}

/// Puts `result`, a function of a gradient and what belongs to it, in the place of each gradient.
macro_rules! map_back {
    ($simd:ident, $back:ident, |$gradient:ident, $known:ident| $result:expr) => {
        for (gradient, known) in $back.gradient.iter_mut().zip($back.output) {
            let ($gradient, $known) = ($simd.load(gradient), $simd.load(known));
            let result = $result;
            $simd.store(result, gradient);
        }
    };
}

impl Kernel for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let (zero, one) = (simd.splat(0.0), simd.splat(1.0));
        match self.function {
            Function::Linear => {}
            Function::Relu => map_back!(simd, self, |g, y| simd.if_greater(y, zero, g, zero)),
            Function::Relu6 => map_back!(simd, self, |g, y| between(simd, y, 0.0, 6.0, g)),
            Function::Clip { low, high } => {
                map_back!(simd, self, |g, y| between(simd, y, low, high, g));
            }
            Function::LeakyRelu { slope } => {
                let slope = simd.splat(slope);
                map_back!(simd, self, |g, y| simd.if_greater(
                    y,
                    zero,
                    g,
                    simd.mul(slope, g)
                ));
            }
            Function::Elu { alpha } if alpha < 0.0 => {
                map_back!(simd, self, |g, x| {
                    let y = smooth::elu(simd, x, 1.0, alpha);
                    let below = simd.mul(g, simd.add(y, simd.splat(alpha)));
                    simd.if_greater(x, zero, g, below)
                });
            }
            Function::Elu { alpha } => {
                map_back!(simd, self, |g, y| simd
                    .mul(g, smooth::elu_slope(simd, y, 1.0, alpha)));
            }
            Function::Selu => {
                let (scale, alpha) = (Function::SELU_SCALE, Function::SELU_ALPHA);
                map_back!(simd, self, |g, y| simd
                    .mul(g, smooth::elu_slope(simd, y, scale, alpha)));
            }
            // σ' = σ (1 − σ).
            Function::Sigmoid => {
                map_back!(simd, self, |g, y| simd
                    .mul(g, simd.mul(y, simd.sub(one, y))));
            }
            Function::HardSigmoid { slope, .. } => {
                let slope = simd.splat(slope);
                map_back!(simd, self, |g, y| between(
                    simd,
                    y,
                    0.0,
                    1.0,
                    simd.mul(slope, g)
                ));
            }
            // tanh' = 1 − tanh².
            Function::Tanh => {
                map_back!(simd, self, |g, y| simd
                    .mul(g, simd.mul(simd.sub(one, y), simd.add(one, y))));
            }
            Function::Softplus => {
                map_back!(simd, self, |g, y| simd
                    .mul(g, smooth::softplus_slope(simd, y)));
            }
            Function::Silu => {
                map_back!(simd, self, |g, x| simd.mul(g, smooth::silu_slope(simd, x)));
            }
            // x/3 + 1/2 between −3 and 3.
            Function::HardSwish => {
                let (three, third, half) =
                    (simd.splat(3.0), simd.splat(1.0 / 3.0), simd.splat(0.5));
                map_back!(simd, self, |g, x| {
                    let inner = between(simd, x, -3.0, 3.0, simd.fma(x, third, half));
                    simd.mul(g, simd.if_greater(x, three, one, inner))
                });
            }
            Function::Gelu => {
                map_back!(simd, self, |g, x| simd.mul(g, smooth::gelu_slope(simd, x)));
            }
            Function::GeluTanh => {
                map_back!(simd, self, |g, x| simd
                    .mul(g, smooth::gelu_tanh_slope(simd, x)));
            }
            // ∂L/∂xₖ = pₖ (gₖ − Σ gⱼ pⱼ).
            Function::Softmax => {
                let rows = self.gradient.chunks_mut(self.channels);
                for (gradients, outputs) in rows.zip(self.output.chunks(self.channels)) {
                    let mut mean = zero;
                    for (gradient, output) in gradients.iter().zip(outputs) {
                        mean = simd.fma(simd.load(gradient), simd.load(output), mean);
                    }
                    for (gradient, output) in gradients.iter_mut().zip(outputs) {
                        let over = simd.sub(simd.load(gradient), mean);
                        simd.store(simd.mul(simd.load(output), over), gradient);
                    }
                }
            }
            // ∂L/∂xₖ = gₖ − pₖ Σ gⱼ.
            Function::LogSoftmax => {
                let rows = self.gradient.chunks_mut(self.channels);
                for (gradients, outputs) in rows.zip(self.output.chunks(self.channels)) {
                    let mut sum = zero;
                    for gradient in gradients.iter() {
                        sum = simd.add(sum, simd.load(gradient));
                    }
                    for (gradient, output) in gradients.iter_mut().zip(outputs) {
                        let share = simd.mul(exp(simd, simd.load(output)), sum);
                        simd.store(simd.sub(simd.load(gradient), share), gradient);
                    }
                }
            }
        }
    }
}

/// `value` where `low < x < high`, else nothing.
#[inline(always)]
fn between<S: Simd>(simd: S, x: S::V, low: f32, high: f32, value: S::V) -> S::V {
    let zero = simd.splat(0.0);
    let below = simd.if_greater(simd.splat(high), x, value, zero);
    simd.if_greater(x, simd.splat(low), below, zero)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::simd::LANES;

    /// Against the graph's own functions, which are computed in `f64`.
    #[test]
    fn functions_agree_with_the_reference() {
        for &function in Function::ALL {
            let rows: Vec<Lanes> = (0..12)
                .map(|i| Lanes(std::array::from_fn(|l| (i * LANES + l) as f32 * 0.2 - 19.0)))
                .collect();
            let mut values = rows.clone();
            apply(Backend::detect(), function, &mut values, 4);
            for lane in 0..LANES {
                let mut expected: Vec<f32> = rows.iter().map(|row| row.0[lane]).collect();
                function.apply(&mut expected, 4);
                for (value, expected) in values.iter().zip(expected) {
                    let error = (value.0[lane] - expected).abs();
                    // Far left, where they are nearly zero, some keep fewer digits.
                    let bound = (3e-7 * expected.abs()).max(1e-7);
                    assert!(error <= bound, "{function} {expected}");
                }
            }
        }
    }
}
