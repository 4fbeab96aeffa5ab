//! Arithmetic of numbers with a fixed point, as gemmlowp defines it: exponential, logistic
//! function and hyperbolic tangent without a float.
//!
//! `Qn` is an `i32` with `n` bits before the point and `31 − n` behind it; `ONE` is the
//! largest number of `Q0`. Sums wrap around; products and changes of format round and saturate.

/// The largest number below 1 in `Q0`, which stands for 1.
const ONE: i32 = i32::MAX;

/// The high half of `2·a·b`, rounded to the nearest, halves up.
pub(super) fn saturating_doubling_high_product(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let product = i64::from(a) * i64::from(b);
    let nudge = if product >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    // The division goes towards zero.
    ((product + nudge) / (1 << 31)) as i32
}

/// `x / 2^exponent`, rounded to the nearest, halves away from zero; the exponent at most 31.
pub(super) fn rounding_divide_by_power(x: i32, exponent: u32) -> i32 {
    let mask = ((1_i64 << exponent) - 1) as i32;
    let threshold = (mask >> 1) + i32::from(x < 0);
    (x >> exponent) + i32::from((x & mask) > threshold)
}

/// `x · 2^exponent`, within 32 bits.
fn saturating_multiply_by_power(x: i32, exponent: u32) -> i32 {
    let threshold = (1 << (31 - exponent)) - 1;
    if x > threshold {
        i32::MAX
    } else if x < -threshold {
        i32::MIN
    } else {
        x << exponent
    }
}

/// Half the sum of two numbers, halves away from zero.
fn rounding_half_sum(a: i32, b: i32) -> i32 {
    let sum = i64::from(a) + i64::from(b);
    ((sum + if sum >= 0 { 1 } else { -1 }) / 2) as i32
}

/// `eᵃ` in `Q0` for `a` in `Q0` between −1/4 and 0: Taylor's series about −1/8.
fn exp_of_a_quarter(a: i32) -> i32 {
    const EXP_MINUS_EIGHTH: i32 = 1_895_147_668;
    const THIRD: i32 = 715_827_883;
    let product = saturating_doubling_high_product;
    let x = a.wrapping_add(1 << 28);
    let x2 = product(x, x);
    let x3 = product(x2, x);
    let x4 = product(x2, x2);
    let sixths = product(rounding_divide_by_power(x4, 2).wrapping_add(x3), THIRD);
    let terms = rounding_divide_by_power(sixths.wrapping_add(x2), 1);
    EXP_MINUS_EIGHTH.wrapping_add(product(EXP_MINUS_EIGHTH, x.wrapping_add(terms)))
}

/// `eᵃ` in `Q0` for `a ≤ 0` in `Qn`, `n = integer_bits` between 1 and 5.
pub(super) fn exp_of_negative(a: i32, integer_bits: u32) -> i32 {
    /// `e^(−2^k)` in `Q0` for `k` from −2 on.
    const POWERS: [i32; 7] = [
        1_672_461_947,
        1_302_514_674,
        790_015_084,
        290_630_308,
        39_332_535,
        720_401,
        242,
    ];
    if a == 0 {
        return ONE;
    }
    let quarter_bit = 31 - integer_bits - 2;
    let quarter = 1 << quarter_bit;
    let part = (a & (quarter - 1)) - quarter;
    let rest = part.wrapping_sub(a);
    let start = exp_of_a_quarter(saturating_multiply_by_power(part, integer_bits));
    // As many powers as there are bits before the point, and the two of 1/2 and 1/4.
    POWERS
        .iter()
        .take(integer_bits as usize + 2)
        .enumerate()
        .filter(|(place, _)| rest & (1 << (quarter_bit + *place as u32)) != 0)
        .fold(start, |result, (_, &power)| {
            saturating_doubling_high_product(result, power)
        })
}

/// `2 / (1 + a)` in `Q2` for `a` in `Q0` between 0 and 1: Newton's and Raphson's division.
fn twice_reciprocal_of_one_plus(a: i32) -> i32 {
    const OF_48_17THS: i32 = 1_515_870_810;
    const OF_MINUS_32_17THS: i32 = -1_010_580_540;
    const ONE_OF_Q2: i32 = 1 << 29;
    let product = saturating_doubling_high_product;
    let half_denominator = rounding_half_sum(a, ONE);
    let start = OF_48_17THS.wrapping_add(product(half_denominator, OF_MINUS_32_17THS));
    (0..3).fold(start, |x, _| {
        let rest = ONE_OF_Q2.wrapping_sub(product(half_denominator, x));
        x.wrapping_add(saturating_multiply_by_power(product(x, rest), 2))
    })
}

/// `1 / (1 + a)` in `Q0` for `a` in `Q0` between 0 and 1.
fn reciprocal_of_one_plus(a: i32) -> i32 {
    // Half of a `Q2` is the same bits as `Q1`.
    saturating_multiply_by_power(twice_reciprocal_of_one_plus(a), 1)
}

/// `1 / x` for `x > 0` with `integer_bits` before the point: a `Q0` between 1/2 and 1, and
/// the power of two by which it is too large.
pub(super) fn reciprocal(x: i32, integer_bits: i32) -> (i32, i32) {
    let headroom = x.leading_zeros();
    let fraction = (x as u32).wrapping_shl(headroom).wrapping_sub(1 << 31) as i32;
    (
        reciprocal_of_one_plus(fraction),
        integer_bits - headroom as i32,
    )
}

/// `1 / (1 + e⁻ᵃ)` in `Q0` for `a` in `Qn`.
pub(super) fn logistic(a: i32, integer_bits: u32) -> i32 {
    let of_positive = |a: i32| reciprocal_of_one_plus(exp_of_negative(-a, integer_bits));
    match a {
        0 => 1 << 30,
        1.. => of_positive(a),
        _ => ONE - of_positive(a.wrapping_neg()),
    }
}

/// `tanh a` in `Q0` for `a` in `Qn`.
pub(super) fn tanh(a: i32, integer_bits: u32) -> i32 {
    const ONE_OF_Q2: i32 = 1 << 29;
    // tanh |a| = (1 − e^−2|a|) / (1 + e^−2|a|) = 2 / (1 + e^−2|a|) − 1.
    let of_magnitude = |negative: i32| {
        let power = exp_of_negative(negative, integer_bits + 1);
        saturating_multiply_by_power(
            twice_reciprocal_of_one_plus(power).wrapping_sub(ONE_OF_Q2),
            2,
        )
    };
    match a {
        0 => 0,
        1.. => of_magnitude(-a),
        _ => of_magnitude(a).wrapping_neg(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(x: i32, integer_bits: i32) -> f64 {
        f64::from(x) / 2f64.powi(31 - integer_bits)
    }

    #[test]
    fn functions_are_near_to_the_real_ones() {
        for i in -1000..=1000 {
            let a = i * ((1 << 27) / 64);
            let x = real(a, 4);
            let logistic_error = real(logistic(a, 4), 0) - 1.0 / (1.0 + (-x).exp());
            assert!(logistic_error.abs() < 1e-6, "{x}: {logistic_error}");
            let tanh_error = real(tanh(a, 4), 0) - x.tanh();
            assert!(tanh_error.abs() < 1e-6, "{x}: {tanh_error}");
            if a <= 0 {
                let exp_error = real(exp_of_negative(a, 4), 0) - x.exp();
                assert!(exp_error.abs() < 1e-6, "{x}: {exp_error}");
            }
        }
    }

    #[test]
    fn a_reciprocal_has_its_power_of_two() {
        // 3 with 12 bits before the point: 1/3 = 2/3 · 2⁻¹ … the mantissa of 1/x is in 1/2 ..= 1.
        let (mantissa, bits) = reciprocal(3 << 19, 12);
        assert_eq!(bits, 1);
        assert!((real(mantissa, 0) * 0.5 - 1.0 / 3.0).abs() < 1e-6);
    }

    #[test]
    fn divisions_round_halves_away_from_zero() {
        assert_eq!(rounding_divide_by_power(6, 2), 2);
        assert_eq!(rounding_divide_by_power(-6, 2), -2);
        assert_eq!(rounding_divide_by_power(5, 2), 1);
        assert_eq!(rounding_divide_by_power(i32::MIN, 31), -1);
    }
}
