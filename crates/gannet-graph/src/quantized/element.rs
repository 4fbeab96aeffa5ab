//! The integers that stand for real numbers, and how.

use std::fmt;

use crate::GraphError;

/// The type of an activation's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Element {
    /// −128 to 127.
    I8,
    /// 0 to 255: pictures; only a requantization takes or gives it.
    U8,
    /// −32,768 to 32,767, with zero point 0.
    I16,
}

impl Element {
    /// The smallest and the largest value.
    pub fn range(self) -> [i32; 2] {
        match self {
            Element::I8 => [i8::MIN.into(), i8::MAX.into()],
            Element::U8 => [u8::MIN.into(), u8::MAX.into()],
            Element::I16 => [i16::MIN.into(), i16::MAX.into()],
        }
    }

    /// How many bytes a value takes.
    pub fn len_bytes(self) -> usize {
        match self {
            Element::I8 | Element::U8 => 1,
            Element::I16 => 2,
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Element::I8 => "int8",
            Element::U8 => "uint8",
            Element::I16 => "int16",
        })
    }
}

/// Which real number an integer `q` stands for: `scale · (q − zero_point)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantization {
    element: Element,
    scale: f32,
    zero_point: i32,
}

impl Quantization {
    /// Integers of type `element`.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the scale is no normal positive number or the zero point is
    /// none of the element's values, or not 0 for 16 bits.
    pub fn new(element: Element, scale: f32, zero_point: i32) -> Result<Self, GraphError> {
        check_scale(scale)?;
        let [low, high] = match element {
            Element::I16 => [0, 0],
            Element::I8 | Element::U8 => element.range(),
        };
        if !(low..=high).contains(&zero_point) {
            return Err(GraphError::Range {
                what: "a zero point",
                found: zero_point.to_string(),
                expected: "one of the values of its type, and 0 for int16",
            });
        }
        Ok(Quantization {
            element,
            scale,
            zero_point,
        })
    }

    /// The finest quantization whose integers reach from `low` to `high` and have one for 0:
    /// of int16 the same as far down as up.
    ///
    /// # Errors
    /// [`GraphError::Range`] if the bounds are not finite, or too close to tell their values
    /// apart.
    pub fn covering(element: Element, low: f32, high: f32) -> Result<Self, GraphError> {
        let (low, high) = (f64::from(low.min(0.0)), f64::from(high.max(0.0)));
        let [first, last] = element.range().map(f64::from);
        if low == high {
            return Quantization::new(element, 1.0, 0);
        }
        if element == Element::I16 {
            return Quantization::new(element, (high.max(-low) / last) as f32, 0);
        }
        let scale = ((high - low) / (last - first)) as f32;
        check_scale(scale)?;
        let zero_point = (first - low / f64::from(scale)).round();
        Quantization::new(element, scale, zero_point.clamp(first, last) as i32)
    }

    /// The type of the integers.
    pub fn element(&self) -> Element {
        self.element
    }

    /// What a step of 1 stands for.
    pub fn scale(&self) -> f32 {
        self.scale
    }

    /// The integer that stands for 0.
    pub fn zero_point(&self) -> i32 {
        self.zero_point
    }

    /// The integer nearest to `real`, halves away from zero, within the element's range. The
    /// quotient is rounded to `f32` before, as TFLite's `AffineQuantize` has it.
    pub fn quantize(&self, real: f32) -> i32 {
        let [low, high] = self.element.range();
        // The conversion saturates, and not-a-number gives 0.
        ((real / self.scale).round() as i32)
            .saturating_add(self.zero_point)
            .clamp(low, high)
    }

    /// The real number that `value` stands for.
    pub fn dequantize(&self, value: i32) -> f32 {
        (f64::from(self.scale) * f64::from(value - self.zero_point)) as f32
    }
}

impl fmt::Display for Quantization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Quantization {
            element,
            scale,
            zero_point,
        } = self;
        write!(f, "{element} of scale {scale} and zero point {zero_point}")
    }
}

/// A scale is a normal positive number: its reciprocal and the ratio of two are too.
pub(super) fn check_scale(scale: f32) -> Result<(), GraphError> {
    if scale.is_normal() && scale > 0.0 {
        return Ok(());
    }
    Err(GraphError::Range {
        what: "a scale",
        found: scale.to_string(),
        expected: "a normal number above 0",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0.5 / 0.25 = 2, 2 − 3 = −1; 0.125 / 0.25 = 0.5, which goes away from zero.
    #[test]
    fn quantization_by_hand() {
        let format = Quantization::new(Element::I8, 0.25, -3).unwrap();
        for (real, value) in [
            (0.5, -1),
            (0.125, -2),
            (-0.125, -4),
            (1e9, 127),
            (-1e9, -128),
        ] {
            assert_eq!(format.quantize(real), value, "{real}");
        }
        assert_eq!(format.dequantize(-1), 0.5);
    }

    /// −1 to 4 in 255 steps of 5/255, of which 51 lie below 0: −128 + 51 = −77. A range on one
    /// side of 0 is widened to it.
    #[test]
    fn ranges_by_hand() {
        let of = |low, high| Quantization::covering(Element::I8, low, high).unwrap();
        assert_eq!(of(-1.0, 4.0).zero_point(), -77);
        assert_eq!(of(-1.0, 4.0).scale(), 5.0 / 255.0);
        assert_eq!(of(1.0, 2.0), of(0.0, 2.0));
        assert_eq!(of(0.0, 1.0).zero_point(), -128);
        assert_eq!(of(-3.0, -1.0).zero_point(), 127);
        assert_eq!(of(0.0, 0.0).scale(), 1.0);
        let wide = Quantization::covering(Element::I16, -1.0, 0.5).unwrap();
        assert_eq!((wide.scale(), wide.zero_point()), (1.0 / 32767.0, 0));
        assert!(Quantization::covering(Element::I8, 0.0, f32::INFINITY).is_err());
    }

    #[test]
    fn what_stands_for_nothing_is_refused() {
        for scale in [0.0, -1.0, f32::NAN, f32::INFINITY, 1e-40] {
            assert!(Quantization::new(Element::I8, scale, 0).is_err(), "{scale}");
        }
        assert!(Quantization::new(Element::I8, 1.0, 128).is_err());
        assert!(Quantization::new(Element::I16, 1.0, 1).is_err());
    }
}
