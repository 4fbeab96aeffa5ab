//! Activation functions, applied in place, and the way of a gradient back through them.

use gannet_graph::Function;

use super::backend::Backend;
use super::exponential::exp;
use super::simd::{Kernel, Lanes, Simd};

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
/// not tell on which side of zero the input was.
pub fn needs_input(function: Function) -> bool {
    matches!(function, Function::LeakyRelu { slope } if slope < 0.0)
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

impl Kernel for Apply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match self.function {
            Function::Linear => {}
            Function::Relu => {
                let zero = simd.splat(0.0);
                for value in self.values {
                    // In this order what is not a number stays so.
                    simd.store(simd.max(zero, simd.load(value)), value);
                }
            }
            Function::Relu6 => {
                let (zero, six) = (simd.splat(0.0), simd.splat(6.0));
                for value in self.values {
                    let x = simd.max(zero, simd.load(value));
                    simd.store(simd.if_greater(x, six, six, x), value);
                }
            }
            Function::LeakyRelu { slope } => {
                let (zero, slope) = (simd.splat(0.0), simd.splat(slope));
                for value in self.values {
                    let x = simd.load(value);
                    let leak = simd.mul(slope, x);
                    simd.store(simd.if_greater(x, zero, x, leak), value);
                }
            }
            Function::Sigmoid => {
                let (zero, one) = (simd.splat(0.0), simd.splat(1.0));
                for value in self.values {
                    let power = exp(simd, simd.sub(zero, simd.load(value)));
                    simd.store(simd.div(one, simd.add(one, power)), value);
                }
            }
            Function::Softmax => {
                for row in self.values.chunks_mut(self.channels) {
                    softmax(simd, row);
                }
            }
        }
    }
}

#[inline(always)]
fn softmax<S: Simd>(simd: S, row: &mut [Lanes]) {
    let mut largest = simd.splat(f32::NEG_INFINITY);
    for value in row.iter() {
        largest = simd.max(simd.load(value), largest);
    }
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

struct Back<'a> {
    function: Function,
    /// Or the input, where that is needed.
    output: &'a [Lanes],
    gradient: &'a mut [Lanes],
    channels: usize,
}

impl Kernel for Back<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let pairs = self.gradient.iter_mut().zip(self.output);
        match self.function {
            Function::Linear => {}
            Function::Relu => {
                let zero = simd.splat(0.0);
                for (gradient, output) in pairs {
                    let passed =
                        simd.if_greater(simd.load(output), zero, simd.load(gradient), zero);
                    simd.store(passed, gradient);
                }
            }
            Function::Relu6 => {
                let (zero, six) = (simd.splat(0.0), simd.splat(6.0));
                for (gradient, output) in pairs {
                    let output = simd.load(output);
                    let below = simd.if_greater(six, output, simd.load(gradient), zero);
                    simd.store(simd.if_greater(output, zero, below, zero), gradient);
                }
            }
            Function::LeakyRelu { slope } => {
                let (zero, slope) = (simd.splat(0.0), simd.splat(slope));
                for (gradient, output) in pairs {
                    let whole = simd.load(gradient);
                    let leak = simd.mul(slope, whole);
                    let passed = simd.if_greater(simd.load(output), zero, whole, leak);
                    simd.store(passed, gradient);
                }
            }
            // σ' = σ (1 − σ).
            Function::Sigmoid => {
                let one = simd.splat(1.0);
                for (gradient, output) in pairs {
                    let output = simd.load(output);
                    let slope = simd.mul(output, simd.sub(one, output));
                    simd.store(simd.mul(simd.load(gradient), slope), gradient);
                }
            }
            // ∂L/∂xₖ = pₖ (gₖ − Σ gⱼ pⱼ).
            Function::Softmax => {
                let rows = self.gradient.chunks_mut(self.channels);
                for (gradients, outputs) in rows.zip(self.output.chunks(self.channels)) {
                    let mut mean = simd.splat(0.0);
                    for (gradient, output) in gradients.iter().zip(outputs) {
                        mean = simd.fma(simd.load(gradient), simd.load(output), mean);
                    }
                    for (gradient, output) in gradients.iter_mut().zip(outputs) {
                        let over = simd.sub(simd.load(gradient), mean);
                        simd.store(simd.mul(simd.load(output), over), gradient);
                    }
                }
            }
        }
    }
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
                    assert!(error <= 3e-7 * expected.abs(), "{function} {expected}");
                }
            }
        }
    }
}
