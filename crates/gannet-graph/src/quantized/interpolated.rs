//! A function of 16 bits as a table of 513 places with straight lines between them.
//!
//! Source: LiteRT's `LUTPopulate` and `LUTLookup` of int16.

/// What `function` gives between two real numbers, in steps of 2⁻¹⁵.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpolated {
    table: Vec<i32>,
}

/// Places but the last, which only ends a line.
const PLACES: usize = 512;

impl Interpolated {
    /// The table of `function` from `low` to `high`, which −32768 and 32767 stand for. Each
    /// place is shifted so that a line's middle comes nearer to the function.
    pub(super) fn new(low: f64, high: f64, function: impl Fn(f64) -> f64) -> Self {
        // The steps of 16 bits that reach over 2.
        let scaled = |x: f64| function(x) * 32768.0;
        let step = (high - low) / PLACES as f64;
        let place = |i: usize| {
            let at = low + i as f64 * step;
            let next = low + (i + 1) as f64 * step;
            let (here, middle) = (scaled(at).round(), scaled(at + step / 2.0).round());
            let of_line = ((scaled(next) + here) / 2.0).round();
            here - ((of_line - middle) / 2.0).round()
        };
        let places = (0..PLACES).map(place);
        let table = places.chain(std::iter::once(scaled(high).round()));
        let within = |value: f64| value.clamp(-32768.0, 32767.0) as i32;
        Interpolated {
            table: table.map(within).collect(),
        }
    }

    /// The 513 places.
    pub fn places(&self) -> &[i32] {
        &self.table
    }

    /// The function at an argument of 16 bits; what lies outside is at the end.
    pub(super) fn at(&self, argument: i32) -> i32 {
        let argument = argument.clamp(-32768, 32767);
        let place = ((argument >> 7) + 256) as usize;
        let [here, next] = [self.table[place], self.table[place + 1]];
        here + (((next - here) * (argument & 0x7F) + 64) >> 7)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_near_to_the_function() {
        let powers = Interpolated::new(-10.0, 0.0, f64::exp);
        for argument in -32768..=32767 {
            let x = (f64::from(argument) - 32767.0) * 10.0 / 65535.0;
            let error = f64::from(powers.at(argument)) / 32768.0 - x.exp();
            assert!(error.abs() < 2e-4, "{x}: {error}");
        }
    }
}
