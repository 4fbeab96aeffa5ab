//! Sixteen images side by side: the one data type of the engine and what can be done with it.
//!
//! Every tensor element is a [`Lanes`], one value for each of sixteen images, so each layer is
//! written once as if for one image and computed for sixteen. A lane never meets another lane
//! except in [`Simd::sum`], whose order is fixed: results do not depend on the processor.

/// How many images are computed side by side.
pub const LANES: usize = 16;

/// One tensor element of sixteen images; as large and as aligned as a cache line.
#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(64))]
pub struct Lanes(pub [f32; LANES]);

impl Lanes {
    /// Zero in every lane.
    pub const ZERO: Lanes = Lanes([0.0; LANES]);
}

/// Sixteen `f32` in registers and their arithmetic. Every implementation gives the same bits:
/// each operation rounds once, [`Simd::fma`] too.
pub trait Simd: Copy {
    /// Sixteen values in registers.
    type V: Copy;
    /// How many `V` the register file holds: kernels size their tiles by it.
    const REGISTERS: usize;

    /// `x` in every lane.
    fn splat(self, x: f32) -> Self::V;
    /// From memory.
    fn load(self, from: &Lanes) -> Self::V;
    /// To memory.
    fn store(self, v: Self::V, to: &mut Lanes);
    /// `a + b`.
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a − b`.
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b`.
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`.
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a · b + c`, rounded once.
    fn fma(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// `a` where `a > b`, else `b`: what is not a number in `a` becomes `b`.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// `yes` where `a > b`, else `no`.
    fn if_greater(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// `yes` where `a = b`, else `no`.
    fn if_equal(self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// `2ⁿ` for whole `n` from −126 to 127.
    fn power_of_two(self, n: Self::V) -> Self::V;
    /// Whether some lane is not ±0 (what is not a number is not zero).
    fn any_nonzero(self, v: Self::V) -> bool;

    /// The sum over all lanes, by halves: lane `i` takes lane `i + 8`, then `i + 4`, 2, 1.
    #[inline(always)]
    fn sum(self, v: Self::V) -> f32 {
        let mut lanes = Lanes::ZERO;
        self.store(v, &mut lanes);
        let x = &mut lanes.0;
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                x[i] += x[i + half];
            }
        }
        x[0]
    }
}

/// A loop over lanes that is compiled once for every processor by
/// [`Backend::run`](super::backend::Backend::run). `run` and all that it calls has to be
/// `#[inline(always)]`, or it would be compiled for the oldest processor.
pub trait Kernel {
    /// What it returns.
    type Output;
    /// The loop.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}
