//! Multiply-add with one rounding on processors that have no instruction for it.

/// `a · b + c`, rounded once, the same bits on every processor.
#[inline(always)]
pub fn fused(a: f32, b: f32, c: f32) -> f32 {
    if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
        a.mul_add(b, c)
    } else {
        fused_in_f64(a, b, c)
    }
}

/// The product is exact in `f64`; the sum is rounded *to odd* there, which keeps the final
/// rounding to `f32` from being a second one (Boldo and Melquiond, "Emulation of a FMA and
/// correctly rounded sums", IEEE Transactions on Computers 57, 2008).
#[inline(always)]
fn fused_in_f64(a: f32, b: f32, c: f32) -> f32 {
    let (product, c) = (f64::from(a) * f64::from(b), f64::from(c));
    let sum = product + c;
    // What the addition rounded away, exactly (Knuth's two-sum).
    let added = sum - product;
    let lost = (product - (sum - added)) + (c - added);
    // Without branches, so that loops over lanes run in vector registers.
    let bits = sum.to_bits();
    let inexact = (lost != 0.0) & (sum.abs() < f64::INFINITY);
    let even = u64::from(inexact) & !bits & 1;
    let towards_zero = (lost > 0.0) != (sum > 0.0);
    // The odd neighbour on the side of the exact sum: one up, or one up and two down.
    let odd = bits + even - ((even & u64::from(towards_zero)) << 1);
    f64::from_bits(odd) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    /// `f32::mul_add` is exact by definition, whatever the processor.
    #[test]
    fn equals_the_exact_operation() {
        let mut stream = Stream::new(1, crate::random::Purpose::Test, 0);
        for _ in 0..2_000_000 {
            // Products close to −c and ties are where a second rounding shows.
            let a = f32::from_bits(stream.bits() & 0x83ff_f000 | 0x3f00_0000);
            let b = f32::from_bits(stream.bits() & 0x83ff_ffff | 0x3f00_0000);
            let c = f32::from_bits(stream.bits() & 0x8fff_ffff | 0x3000_0000);
            let exact = a.mul_add(b, c);
            assert_eq!(
                fused_in_f64(a, b, c).to_bits(),
                exact.to_bits(),
                "{a:e} {b:e} {c:e}"
            );
        }
        for (a, b, c) in [
            (1e-30, 1e-10, 1e-40),
            (f32::MIN_POSITIVE, 0.5, f32::from_bits(1)),
            (f32::MAX, 2.0, -f32::MAX),
            (f32::INFINITY, 1.0, 1.0),
            (1.5, -2.0, 3.0),
        ] {
            assert_eq!(fused_in_f64(a, b, c).to_bits(), a.mul_add(b, c).to_bits());
        }
        // With e = 2⁻²³: (1 + e)(1 − e)·2⁻²⁴ + 1 + e lies 2⁻⁷⁰ below the middle of 1 + e and
        // 1 + 2e. In f64 it is the middle itself, from which a second rounding goes up.
        let e = f32::EPSILON;
        let (a, b, c) = (1.0 + e, (1.0 - e) * 2.0_f32.powi(-24), 1.0 + e);
        assert_eq!(fused_in_f64(a, b, c), 1.0 + e);
        assert_eq!(
            (f64::from(a) * f64::from(b) + f64::from(c)) as f32,
            1.0 + 2.0 * e
        );
    }
}
