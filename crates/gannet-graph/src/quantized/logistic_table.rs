//! The logistic function and the hyperbolic tangent of 16 bits: places of one table, and
//! straight lines between them.
//!
//! Source: LiteRT's reference kernels `Logistic` and `Tanh` of int16.

use crate::{GraphError, quantized::Quantization};

/// Steps of a table's argument in 1.
const STEPS: f64 = 12288.0;

/// What brings an input of 16 bits to steps of 1/12288: `(x · factor + ½) / 2^shift`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogisticArgument {
    factor: i32,
    shift: u32,
}

impl LogisticArgument {
    /// `65536 / (1 + e^(−i / 24))` for `i` from 0 on, as LiteRT has it: within two of the nearest
    /// integer.
    #[rustfmt::skip]
    pub const TABLE: [u16; 256] = [
        32_768, 33_451, 34_133, 34_813, 35_493, 36_169, 36_843, 37_513,
        38_180, 38_841, 39_498, 40_149, 40_794, 41_432, 42_064, 42_688,
        43_304, 43_912, 44_511, 45_102, 45_683, 46_255, 46_817, 47_369,
        47_911, 48_443, 48_964, 49_475, 49_975, 50_464, 50_942, 51_409,
        51_865, 52_311, 52_745, 53_169, 53_581, 53_983, 54_374, 54_755,
        55_125, 55_485, 55_834, 56_174, 56_503, 56_823, 57_133, 57_433,
        57_724, 58_007, 58_280, 58_544, 58_800, 59_048, 59_288, 59_519,
        59_743, 59_959, 60_168, 60_370, 60_565, 60_753, 60_935, 61_110,
        61_279, 61_441, 61_599, 61_750, 61_896, 62_036, 62_172, 62_302,
        62_428, 62_549, 62_666, 62_778, 62_886, 62_990, 63_090, 63_186,
        63_279, 63_368, 63_454, 63_536, 63_615, 63_691, 63_765, 63_835,
        63_903, 63_968, 64_030, 64_090, 64_148, 64_204, 64_257, 64_308,
        64_357, 64_405, 64_450, 64_494, 64_536, 64_576, 64_614, 64_652,
        64_687, 64_721, 64_754, 64_786, 64_816, 64_845, 64_873, 64_900,
        64_926, 64_950, 64_974, 64_997, 65_019, 65_039, 65_060, 65_079,
        65_097, 65_115, 65_132, 65_149, 65_164, 65_179, 65_194, 65_208,
        65_221, 65_234, 65_246, 65_258, 65_269, 65_280, 65_291, 65_301,
        65_310, 65_319, 65_328, 65_337, 65_345, 65_352, 65_360, 65_367,
        65_374, 65_381, 65_387, 65_393, 65_399, 65_404, 65_410, 65_415,
        65_420, 65_425, 65_429, 65_433, 65_438, 65_442, 65_445, 65_449,
        65_453, 65_456, 65_459, 65_462, 65_465, 65_468, 65_471, 65_474,
        65_476, 65_479, 65_481, 65_483, 65_485, 65_488, 65_489, 65_491,
        65_493, 65_495, 65_497, 65_498, 65_500, 65_501, 65_503, 65_504,
        65_505, 65_507, 65_508, 65_509, 65_510, 65_511, 65_512, 65_513,
        65_514, 65_515, 65_516, 65_517, 65_517, 65_518, 65_519, 65_520,
        65_520, 65_521, 65_522, 65_522, 65_523, 65_523, 65_524, 65_524,
        65_525, 65_525, 65_526, 65_526, 65_526, 65_527, 65_527, 65_528,
        65_528, 65_528, 65_529, 65_529, 65_529, 65_529, 65_530, 65_530,
        65_530, 65_530, 65_531, 65_531, 65_531, 65_531, 65_531, 65_532,
        65_532, 65_532, 65_532, 65_532, 65_532, 65_533, 65_533, 65_533,
        65_533, 65_533, 65_533, 65_533, 65_533, 65_534, 65_534, 65_534,
        65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_534, 65_535,
    ];

    /// For the logistic function of an input of that quantization.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the steps of some input would leave 32 bits.
    pub fn of_logistic(input: Quantization) -> Result<Self, GraphError> {
        LogisticArgument::new(input, 0)
    }

    /// For the hyperbolic tangent of one.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the steps of some input would leave 32 bits.
    pub fn of_tanh(input: Quantization) -> Result<Self, GraphError> {
        LogisticArgument::new(input, 1)
    }

    /// What an input is multiplied by.
    pub fn factor(&self) -> i32 {
        self.factor
    }

    /// How many bits of the product are rounded off.
    pub fn shift(&self) -> u32 {
        self.shift
    }

    /// For an input of that quantization. A scale that is 2⁻¹² but for a thousandth, or as many
    /// of its doubles as `doubles` says, counts as a power of two.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the steps of some input would leave 32 bits.
    fn new(input: Quantization, doubles: i32) -> Result<Self, GraphError> {
        let scale = f64::from(input.scale());
        let (power, nearest) = (scale.log2(), scale.log2().round());
        let left = nearest as i32 + 12;
        if (power - nearest).abs() < 1e-3 && (0..=doubles).contains(&left) {
            let factor = 3 << left;
            return Ok(LogisticArgument { factor, shift: 0 });
        }
        let mut factor = scale * STEPS;
        if factor >= 65536.0 {
            return Err(GraphError::Range {
                what: "the scale of a function's input of int16",
                found: input.scale().to_string(),
                expected: "below 5.33",
            });
        }
        let mut shift = 0;
        while factor <= 32767.0 / 2.0 && shift <= 30 {
            factor *= 2.0;
            shift += 1;
        }
        let factor = factor as i32;
        Ok(LogisticArgument { factor, shift })
    }

    fn steps(self, value: i32) -> i32 {
        let half = if self.shift > 0 {
            1 << (self.shift - 1)
        } else {
            0
        };
        (value * self.factor).wrapping_add(half) >> self.shift
    }

    /// `32768 / (1 + e⁻ˣ)` for the input `value`.
    pub(super) fn logistic(self, value: i32) -> i32 {
        let steps = self.steps(value);
        let (place, part) = (steps.unsigned_abs() >> 9, steps.unsigned_abs() & 0x1FF);
        let positive = match neighbours(place) {
            Some([below, above]) => (below << 9) + part * (above - below),
            None => 0x7FFF << 10,
        };
        let rounded = if steps >= 0 {
            positive + (1 << 9)
        } else {
            (1 << 25) - positive + (1 << 9) - 1
        };
        (rounded >> 10) as i32
    }

    /// `32768 · tanh x` for the input `value`: `2 / (1 + e^−2x) − 1`.
    pub(super) fn tanh(self, value: i32) -> i32 {
        let steps = self.steps(value);
        let (place, part) = (steps.unsigned_abs() >> 8, steps.unsigned_abs() & 0xFF);
        let positive = match neighbours(place) {
            Some([below, above]) => (below << 8) + part * (above - below),
            None => 0xFFFF << 8,
        };
        let above_half = positive as i32 - (1 << 23);
        let rounded = if steps >= 0 {
            above_half + (1 << 7)
        } else {
            (1 << 7) - 1 - above_half
        };
        rounded >> 8
    }
}

/// The table at `place` and behind it; `None` where the function has reached its end.
fn neighbours(place: u32) -> Option<[u32; 2]> {
    let place = place as usize;
    let next = place + 1;
    Some([
        u32::from(LogisticArgument::TABLE[place.min(255)]),
        u32::from(*LogisticArgument::TABLE.get(next)?),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantized::Element;

    #[test]
    fn the_table_is_near_to_the_function() {
        for (i, &entry) in LogisticArgument::TABLE.iter().enumerate() {
            let real = 65536.0 / (1.0 + (-(i as f64) / 24.0).exp());
            assert!(
                (f64::from(entry) - real).abs() < 1.5,
                "{i}: {entry} and {real}"
            );
        }
    }

    /// Of every scale within an ulp or two of 16 bits, and the ends saturate.
    #[test]
    fn functions_are_near_to_the_real_ones() {
        for scale in [1.0 / 4096.0, 1.0 / 2048.0, 0.000_3, 0.01, 1.0] {
            let input = Quantization::new(Element::I16, scale, 0).unwrap();
            for (doubles, real) in [(0, logistic as fn(f64) -> f64), (1, f64::tanh)] {
                let argument = LogisticArgument::new(input, doubles).unwrap();
                for value in (-32768..=32767).step_by(37) {
                    let found = match doubles {
                        0 => argument.logistic(value),
                        _ => argument.tanh(value),
                    };
                    let expected = 32768.0 * real(f64::from(value) * f64::from(scale));
                    let error = f64::from(found) - expected;
                    assert!(error.abs() < 8.0, "{scale} · {value}: {found}, {expected}");
                }
            }
        }
        let wide = Quantization::new(Element::I16, 6.0, 0).unwrap();
        assert!(LogisticArgument::new(wide, 0).is_err());
    }

    fn logistic(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }
}
