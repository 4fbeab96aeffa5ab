//! The activation functions that rest on the exponential and their slopes, in lanes, written so
//! that nothing cancels and nothing overflows.

use gannet_graph::Function;

use super::exponential::{exp, exp_minus_one, polynomial};
use super::simd::Simd;

/// `numerator / (1 + e^exponent)`.
#[inline(always)]
fn over_one_plus_power<S: Simd>(simd: S, numerator: S::V, exponent: S::V) -> S::V {
    simd.div(numerator, simd.add(simd.splat(1.0), exp(simd, exponent)))
}

#[inline(always)]
fn minus<S: Simd>(simd: S, x: S::V) -> S::V {
    simd.sub(simd.splat(0.0), x)
}

/// `1 / (1 + e⁻ˣ)`.
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::V) -> S::V {
    over_one_plus_power(simd, simd.splat(1.0), minus(simd, x))
}

/// `E/(E + 2)` with `E = e²ˣ − 1`.
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::V) -> S::V {
    let above = exp_minus_one(simd, simd.add(x, x));
    simd.div(above, simd.add(above, simd.splat(2.0)))
}

/// `scale · x` right of zero, `scale · alpha · (eˣ − 1)` left of it.
#[inline(always)]
pub fn elu<S: Simd>(simd: S, x: S::V, scale: f32, alpha: f32) -> S::V {
    let below = simd.mul(simd.splat(scale * alpha), exp_minus_one(simd, x));
    let above = simd.mul(simd.splat(scale), x);
    simd.if_greater(x, simd.splat(0.0), above, below)
}

/// The slope of [`elu`] where it is `output`.
#[inline(always)]
pub fn elu_slope<S: Simd>(simd: S, output: S::V, scale: f32, alpha: f32) -> S::V {
    let below = simd.add(output, simd.splat(scale * alpha));
    simd.if_greater(output, simd.splat(0.0), simd.splat(scale), below)
}

/// `max(x, 0) + ln(1 + e^−|x|)`.
#[inline(always)]
pub fn softplus<S: Simd>(simd: S, x: S::V) -> S::V {
    let zero = simd.splat(0.0);
    let minus = minus(simd, x);
    let power = exp(simd, simd.if_greater(x, zero, minus, x));
    simd.add(simd.max(zero, x), logarithm_of_one_plus(simd, power))
}

/// `ln(1 + u)` for `u` from 0 to 1: `2 (s + s³/3 + s⁵/5 + …)` with `s = u/(2 + u)`, at most 1/3;
/// the rest is below s¹⁶/17 < 2·10⁻⁹ of the sum.
#[inline(always)]
fn logarithm_of_one_plus<S: Simd>(simd: S, u: S::V) -> S::V {
    const SERIES: [f32; 8] = [
        1.0 / 15.0,
        1.0 / 13.0,
        1.0 / 11.0,
        1.0 / 9.0,
        1.0 / 7.0,
        1.0 / 5.0,
        1.0 / 3.0,
        1.0,
    ];
    let s = simd.div(u, simd.add(simd.splat(2.0), u));
    let sum = polynomial(simd, simd.mul(s, s), &SERIES);
    simd.mul(sum, simd.add(s, s))
}

/// The slope of [`softplus`] where it is `output`: `1 − e^−output`, the sigmoid.
#[inline(always)]
pub fn softplus_slope<S: Simd>(simd: S, output: S::V) -> S::V {
    minus(simd, exp_minus_one(simd, minus(simd, output)))
}

/// `x / (1 + e⁻ˣ)`.
#[inline(always)]
pub fn silu<S: Simd>(simd: S, x: S::V) -> S::V {
    over_one_plus_power(simd, x, minus(simd, x))
}

/// The slope of [`silu`] at `x`: `σ (1 + x (1 − σ))`.
#[inline(always)]
pub fn silu_slope<S: Simd>(simd: S, x: S::V) -> S::V {
    let one = simd.splat(1.0);
    let share = sigmoid(simd, x);
    simd.mul(share, simd.fma(x, simd.sub(one, share), one))
}

/// `max(x, 0) − |x| · Q(|x|)`: left of zero `Φ(x)` is the tail `Q`, right of it the rest.
#[inline(always)]
pub fn gelu<S: Simd>(simd: S, x: S::V) -> S::V {
    let zero = simd.splat(0.0);
    let size = simd.if_greater(x, zero, x, minus(simd, x));
    let below = simd.mul(size, normal_tail(simd, size));
    simd.sub(simd.max(zero, x), below)
}

/// The slope of [`gelu`] at `x`: `Φ(x) + x φ(x)`.
#[inline(always)]
pub fn gelu_slope<S: Simd>(simd: S, x: S::V) -> S::V {
    const DENSITY_AT_ZERO: f32 = 0.398_942_3;
    let zero = simd.splat(0.0);
    let size = simd.if_greater(x, zero, x, minus(simd, x));
    let tail = normal_tail(simd, size);
    let share = simd.if_greater(x, zero, simd.sub(simd.splat(1.0), tail), tail);
    let density = simd.mul(simd.splat(DENSITY_AT_ZERO), bell(simd, x));
    simd.fma(x, density, share)
}

/// `e^(−x²/2)`.
#[inline(always)]
fn bell<S: Simd>(simd: S, x: S::V) -> S::V {
    exp(simd, simd.mul(simd.mul(x, x), simd.splat(-0.5)))
}

/// The share of the normal distribution of mean 0 and deviation 1 above `a ≥ 0`:
/// `e^(−a²/2) · t · P(t)`, see [`Function::NORMAL_TAIL`].
#[inline(always)]
fn normal_tail<S: Simd>(simd: S, a: S::V) -> S::V {
    let one = simd.splat(1.0);
    let t = simd.div(
        one,
        simd.fma(simd.splat(Function::NORMAL_TAIL_RATE), a, one),
    );
    let sum = simd.mul(polynomial(simd, t, &Function::NORMAL_TAIL), t);
    simd.mul(sum, bell(simd, a))
}

/// `x / (1 + e⁻²ʸ)` with `y = √(2/π) (x + 0.044715 x³)`: `½ (1 + tanh y) = 1 / (1 + e⁻²ʸ)`.
#[inline(always)]
pub fn gelu_tanh<S: Simd>(simd: S, x: S::V) -> S::V {
    over_one_plus_power(simd, x, gelu_tanh_exponent(simd, x))
}

/// The slope of [`gelu_tanh`] at `x`: `s (1 + x (1 − s) 2y′)` with `s = 1 / (1 + e⁻²ʸ)`.
#[inline(always)]
pub fn gelu_tanh_slope<S: Simd>(simd: S, x: S::V) -> S::V {
    let one = simd.splat(1.0);
    let share = over_one_plus_power(simd, one, gelu_tanh_exponent(simd, x));
    let cubed = simd.mul(simd.splat(3.0 * Function::GELU_CUBE), simd.mul(x, x));
    let steepness = simd.splat(2.0 * Function::GELU_STEEPNESS);
    let inner = simd.mul(steepness, simd.add(one, cubed));
    let change = simd.mul(simd.mul(x, simd.sub(one, share)), inner);
    simd.mul(share, simd.add(one, change))
}

/// `−2y`.
#[inline(always)]
fn gelu_tanh_exponent<S: Simd>(simd: S, x: S::V) -> S::V {
    let cube = simd.mul(simd.mul(x, x), x);
    let y = simd.fma(simd.splat(Function::GELU_CUBE), cube, x);
    simd.mul(y, simd.splat(-2.0 * Function::GELU_STEEPNESS))
}
