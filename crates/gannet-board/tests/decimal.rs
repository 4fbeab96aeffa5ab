//! The firmware's number printer against the standard library's exact one.

#[path = "../firmware/src/decimal.rs"]
mod decimal;

fn printed(value: f32) -> String {
    let mut text = String::new();
    decimal::print(value, |character| text.push(char::from(character)));
    text
}

/// C's `%.9g` from the standard library's nine digits: no trailing zeros, an exponent from
/// 1e9 up and below 1e-4, three digits long.
fn expected(value: f32) -> String {
    let scientific = format!("{value:.8e}");
    let (digits, exponent) = scientific.split_once('e').unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    let trimmed = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if (-4..9).contains(&exponent) {
        let decimals = (8 - exponent) as usize;
        let fixed = format!("{value:.decimals$}");
        return if fixed.contains('.') {
            trimmed(&fixed)
        } else {
            fixed
        };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:03}", trimmed(digits), exponent.abs())
}

#[test]
fn the_tutorials_outputs_print_as_it_shows_them() {
    for text in [
        "8.6129802e-008",
        "0.00114235596",
        "0.000401871046",
        "3.86849308e-008",
        "0.998965263",
        "4.87507623e-006",
        "3.02201158e-007",
        "1.31850845e-006",
        "2.95835844e-006",
        "1.60644595e-005",
    ] {
        assert_eq!(printed(text.parse().unwrap()), text);
    }
}

#[test]
fn special_values_and_the_ends_of_the_range() {
    let cases = [
        (0.0, "0"),
        (-0.0, "-0"),
        (1.0, "1"),
        (100.0, "100"),
        (123_456_792.0, "123456792"),
        (999_999_999.0, "1e+009"),
        (0.0001, "9.99999975e-005"),
        (f32::MAX, "3.40282347e+038"),
        (f32::MIN_POSITIVE, "1.17549435e-038"),
        (f32::from_bits(1), "1.40129846e-045"),
        // 2^-13 = 0.0001220703125: the tenth digit is a 5 with nothing behind it, so to even.
        (1.0 / 8192.0, "0.000122070312"),
        (f32::INFINITY, "inf"),
        (f32::NEG_INFINITY, "-inf"),
        (f32::NAN, "nan"),
    ];
    for (value, text) in cases {
        assert_eq!(printed(value), text);
    }
}

#[test]
fn numbers_of_every_magnitude_print_like_the_standard_library() {
    // Steps through all exponents and both signs; the odd step visits scattered significands.
    for bits in (0..=u32::MAX).step_by(65_521) {
        let value = f32::from_bits(bits);
        if value.is_finite() {
            assert_eq!(printed(value), expected(value), "{bits:#010x}");
        }
    }
}
