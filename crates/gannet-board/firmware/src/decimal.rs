//! Nine significant digits of an `f32`, exact, in the form of C's `%.9g` with a three-digit
//! exponent: `0.998965263`, `8.6129802e-008`. Nine digits name every `f32` uniquely.
//! Integer arithmetic on limbs of nine decimal digits: an `f32` has at most 39 digits before the
//! point and 149 after it, and halving or doubling such a number needs no division.

/// Limbs before the point (45 digits) and after it (153 digits), most significant first.
const WHOLE: usize = 5;
const LIMBS: usize = WHOLE + 17;
const LIMB: u32 = 1_000_000_000;
const DIGITS: usize = 9;

/// Sends the number, character by character, to `write`.
pub fn print(value: f32, mut write: impl FnMut(u8)) {
    if value.is_sign_negative() {
        write(b'-');
    }
    if !value.is_finite() {
        let name = if value.is_nan() { b"nan" } else { b"inf" };
        name.iter().for_each(|&letter| write(letter));
        return;
    }
    let (digits, exponent) = nine_digits(value);
    let shown = DIGITS - digits.iter().rev().take_while(|&&digit| digit == 0).count();
    let shown = shown.max(1);
    if (-4..DIGITS as i32).contains(&exponent) {
        print_fixed(&digits, shown, exponent, &mut write);
    } else {
        print_scientific(&digits, shown, exponent, &mut write);
    }
}

fn print_fixed(digits: &[u8; DIGITS], shown: usize, exponent: i32, write: &mut impl FnMut(u8)) {
    // `place` is a digit's power of ten.
    let last = (exponent - shown as i32 + 1).min(0);
    let mut digits = digits.iter();
    for place in (last..=exponent.max(0)).rev() {
        if place == -1 {
            write(b'.');
        }
        let digit = if place > exponent {
            None
        } else {
            digits.next()
        };
        write(b'0' + digit.unwrap_or(&0));
    }
}

fn print_scientific(
    digits: &[u8; DIGITS],
    shown: usize,
    exponent: i32,
    write: &mut impl FnMut(u8),
) {
    write(b'0' + digits[0]);
    if shown > 1 {
        write(b'.');
    }
    let behind_point = digits.iter().take(shown).skip(1);
    behind_point.for_each(|&digit| write(b'0' + digit));
    write(b'e');
    write(if exponent < 0 { b'-' } else { b'+' });
    let magnitude = exponent.unsigned_abs() as u8;
    write(b'0');
    write(b'0' + magnitude / 10);
    write(b'0' + magnitude % 10);
}

/// The nine leading digits of a finite number, rounded half to even, and the first one's power
/// of ten. Zero gives nine zeros and 0.
fn nine_digits(value: f32) -> ([u8; DIGITS], i32) {
    let limbs = exact(value.abs());
    let all = limbs.iter().flat_map(|&limb| digits_of(limb)).enumerate();
    let mut all = all.skip_while(|&(_, digit)| digit == 0);
    let mut digits = [0; DIGITS];
    let mut leading = None;
    for (slot, (place, digit)) in digits.iter_mut().zip(&mut all) {
        *slot = digit;
        leading.get_or_insert(place);
    }
    let Some(leading) = leading else {
        return (digits, 0);
    };
    let exponent = (WHOLE * DIGITS) as i32 - 1 - leading as i32;
    let next = all.next().map_or(0, |(_, digit)| digit);
    let rest = all.any(|(_, digit)| digit != 0);
    if next > 5 || next == 5 && (rest || digits[DIGITS - 1] % 2 == 1) {
        return round_up(digits, exponent);
    }
    (digits, exponent)
}

/// The nine digits of a limb, the first one first.
fn digits_of(limb: u32) -> impl Iterator<Item = u8> {
    const FIRST: u32 = LIMB / 10;
    (0..DIGITS).scan(limb, |rest, _| {
        let digit = *rest / FIRST;
        *rest = *rest % FIRST * 10;
        Some(digit as u8)
    })
}

fn round_up(mut digits: [u8; DIGITS], exponent: i32) -> ([u8; DIGITS], i32) {
    for digit in digits.iter_mut().rev() {
        if *digit < 9 {
            *digit += 1;
            return (digits, exponent);
        }
        *digit = 0;
    }
    digits[0] = 1;
    (digits, exponent + 1)
}

/// The exact decimal expansion: the 24-bit significand, then doubled or halved into place.
fn exact(value: f32) -> [u32; LIMBS] {
    let bits = value.to_bits();
    let (stored, fraction) = ((bits >> 23) as i32, bits & 0x7F_FFFF);
    let (significand, power) = match stored {
        0 => (fraction, -149),
        _ => (fraction | 1 << 23, stored - 150),
    };
    let mut limbs = [0; LIMBS];
    limbs[WHOLE - 1] = significand;
    for _ in 0..power {
        let mut carry = 0;
        for limb in limbs.iter_mut().rev() {
            let doubled = 2 * *limb + carry;
            carry = u32::from(doubled >= LIMB);
            *limb = doubled - carry * LIMB;
        }
    }
    for _ in power..0 {
        let mut carry = 0;
        for limb in limbs.iter_mut() {
            let halved = (*limb >> 1) + carry;
            carry = (*limb & 1) * (LIMB / 2);
            *limb = halved;
        }
    }
    limbs
}
