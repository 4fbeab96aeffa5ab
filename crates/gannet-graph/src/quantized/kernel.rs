//! Weights: small integers with a scale for all of them or one for each output channel.

use std::fmt;

use crate::{GraphError, Shape, Tensor, quantized::element::check_scale};

/// How many bits of a weight's byte are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WeightBits {
    /// −2 to 1; four to a byte in a file.
    Two,
    /// −8 to 7; two to a byte in a file.
    Four,
    /// −128 to 127.
    Eight,
}

impl WeightBits {
    /// The smallest and the largest weight.
    pub fn range(self) -> [i8; 2] {
        match self {
            WeightBits::Two => [-2, 1],
            WeightBits::Four => [-8, 7],
            WeightBits::Eight => [i8::MIN, i8::MAX],
        }
    }

    /// The largest weight whose negative is a weight too: what a scale is reckoned by.
    pub fn largest(self) -> i8 {
        self.range()[1]
    }

    /// How many weights a byte holds.
    pub fn in_byte(self) -> usize {
        match self {
            WeightBits::Two => 4,
            WeightBits::Four => 2,
            WeightBits::Eight => 1,
        }
    }

    /// How many bits they are.
    pub fn count(self) -> usize {
        8 / self.in_byte()
    }

    /// How many bytes `weights` of them take when packed.
    pub fn len_bytes(self, weights: usize) -> usize {
        weights.div_ceil(self.in_byte())
    }

    /// `weights` as bytes, the first of each in its lowest bits.
    pub fn pack(self, weights: &[i8]) -> Vec<u8> {
        let (bits, mask) = (self.count(), u8::MAX >> (8 - self.count()));
        let pack = |of_byte: &[i8]| {
            let placed = of_byte.iter().enumerate();
            let placed = placed.map(|(i, weight)| (weight.cast_unsigned() & mask) << (i * bits));
            placed.fold(0, std::ops::BitOr::bitor)
        };
        weights.chunks(self.in_byte()).map(pack).collect()
    }

    /// The weights that `bytes` hold, and those of the last byte that are none.
    pub fn unpack(self, bytes: &[u8]) -> impl Iterator<Item = i8> {
        let bits = self.count();
        let unpack = move |byte: u8| {
            // Shifted up, its sign is the byte's.
            let highest_first = (1..=8 / bits).map(move |i| byte << (8 - i * bits));
            highest_first.map(move |weight| weight.cast_signed() >> (8 - bits))
        };
        bytes.iter().copied().flat_map(unpack)
    }
}

impl fmt::Display for WeightBits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WeightBits::Two => "int2",
            WeightBits::Four => "int4",
            WeightBits::Eight => "int8",
        })
    }
}

/// A kernel in the order of the float layers, without a zero point.
#[derive(Debug, Clone, PartialEq)]
pub struct Kernel {
    shape: Shape,
    values: Vec<i8>,
    bits: WeightBits,
    scales: Vec<f32>,
}

impl Kernel {
    /// Weights `values` that fill `shape`; one scale for all, or one for each output channel.
    ///
    /// # Errors
    /// [`GraphError::TensorLength`] if the values do not fill the shape, and
    /// [`GraphError::Range`] if a value is too large or a scale no normal positive number.
    pub fn new(
        shape: impl Into<Shape>,
        values: Vec<i8>,
        bits: WeightBits,
        scales: Vec<f32>,
    ) -> Result<Self, GraphError> {
        let shape = shape.into();
        if shape.elements() != values.len() {
            return Err(GraphError::TensorLength {
                shape,
                found: values.len(),
            });
        }
        let [low, high] = bits.range();
        if let Some(value) = values.iter().find(|value| !(low..=high).contains(value)) {
            return Err(GraphError::Range {
                what: "a weight",
                found: value.to_string(),
                expected: "within the range of its bits",
            });
        }
        scales.iter().try_for_each(|&scale| check_scale(scale))?;
        Ok(Kernel {
            shape,
            values,
            bits,
            scales,
        })
    }

    /// The integers nearest to `tensor`, halves away from zero, without the one that has no
    /// negative: of two bits −1, 0 and 1 are left. Its innermost extents together make the output channels, of which there are
    /// as many as `scales`; or there is one scale for all.
    ///
    /// # Errors
    /// [`GraphError::Range`] if a scale is no normal positive number.
    pub fn quantize(
        tensor: &Tensor,
        bits: WeightBits,
        scales: Vec<f32>,
    ) -> Result<Self, GraphError> {
        let largest = f32::from(bits.largest());
        let nearest = |(i, weight): (usize, &f32)| {
            let quotient = weight / scales[i % scales.len()];
            // The conversion saturates, and not-a-number gives 0.
            quotient.round().clamp(-largest, largest) as i8
        };
        let values = tensor.data().iter().enumerate().map(nearest).collect();
        Kernel::new(tensor.shape().clone(), values, bits, scales)
    }

    /// The scale of each of `channels` output channels at which [`Kernel::quantize`] loses
    /// least. Of 8 bits, the one that just covers the largest weight; of fewer, where that
    /// would coarsen all others, the one of the smallest squared error.
    pub fn fitted_scales(tensor: &Tensor, channels: usize, bits: WeightBits) -> Vec<f32> {
        let channel = |c: usize| tensor.data().iter().copied().skip(c).step_by(channels);
        let fitted = |c: usize| match bits {
            WeightBits::Two => least_squares_scale(channel(c), bits, 1.0 / 8.0),
            WeightBits::Four => least_squares_scale(channel(c), bits, 1.0 / 2.0),
            WeightBits::Eight => covering_scale(channel(c), bits),
        };
        (0..channels).map(fitted).collect()
    }

    /// The real numbers that the weights stand for.
    pub fn dequantize(&self) -> Tensor {
        Tensor::from_fn(self.shape.clone(), |i| {
            f32::from(self.values[i]) * self.scales[i % self.scales.len()]
        })
    }

    /// Its extents, as the layer has them.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The weights, row-major.
    pub fn values(&self) -> &[i8] {
        &self.values
    }

    /// How many bits a weight has.
    pub fn bits(&self) -> WeightBits {
        self.bits
    }

    /// One scale, or one for each output channel.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }
}

/// The scale whose largest integer stands for the largest of `weights`; 1 for nothing but 0.
fn covering_scale(weights: impl Iterator<Item = f32>, bits: WeightBits) -> f32 {
    let largest = weights.fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
    let scale = largest / f32::from(bits.largest());
    if scale.is_normal() { scale } else { 1.0 }
}

/// The scale, between the covering one and the share `least` of it, of the smallest squared error.
fn least_squares_scale(
    weights: impl Iterator<Item = f32> + Clone,
    bits: WeightBits,
    least: f32,
) -> f32 {
    const TRIALS: usize = 32;
    let (covering, largest) = (
        covering_scale(weights.clone(), bits),
        f32::from(bits.largest()),
    );
    let error = |scale: f32| -> f64 {
        let nearest = |weight: f32| (weight / scale).round().clamp(-largest, largest) * scale;
        let errors = weights.clone().map(|weight| weight - nearest(weight));
        errors.map(|error| f64::from(error).powi(2)).sum()
    };
    (0..TRIALS)
        .map(|trial| covering * (1.0 - trial as f32 * (1.0 - least) / TRIALS as f32))
        .map(|scale| (error(scale), scale))
        .fold((f64::INFINITY, covering), |best, tried| {
            if tried.0 < best.0 { tried } else { best }
        })
        .1
}

/// What is added to each output channel's sum, at the scale of the products.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bias {
    /// Added to sums of 32 bits.
    I32(Vec<i32>),
    /// Added to sums of 64 bits, behind an input of 16 bits.
    I64(Vec<i64>),
}

impl Bias {
    /// The bias of one output channel.
    pub fn get(&self, channel: usize) -> i64 {
        match self {
            Bias::I32(values) => values[channel].into(),
            Bias::I64(values) => values[channel],
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Bias::I32(values) => values.len(),
            Bias::I64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Channels take turns: 0.6 / 0.1 = 6 and −2 / 0.5 = −4; 9 / 1 is too much for 4 bits.
    #[test]
    fn each_channel_has_its_scale() {
        let tensor = Tensor::new([2, 2], vec![0.6, -2.0, 0.9, -9.0]).unwrap();
        let kernel = Kernel::quantize(&tensor, WeightBits::Four, vec![0.1, 0.5]).unwrap();
        assert_eq!(kernel.values(), [6, -4, 7, -7]);
        assert_eq!(kernel.dequantize().data()[1], -2.0);
        assert!(Kernel::quantize(&tensor, WeightBits::Eight, vec![0.0]).is_err());
    }

    /// −2, −1, 0, 1 are 10, 11, 00, 01, the first in the lowest bits; −8 and 7 are 1000 and 0111.
    #[test]
    fn weights_are_packed_from_the_lowest_bits_on() {
        let two = [-2, -1, 0, 1, 1];
        assert_eq!(WeightBits::Two.pack(&two), [0b0100_1110, 0b01]);
        assert!(WeightBits::Two.unpack(&[0b0100_1110]).eq([-2, -1, 0, 1]));
        assert_eq!(WeightBits::Four.pack(&[-8, 7, 1]), [0x78, 0x01]);
        assert!(WeightBits::Four.unpack(&[0x78]).eq([-8, 7]));
        assert_eq!(WeightBits::Eight.pack(&[-128, 127]), [0x80, 0x7F]);
        assert!(WeightBits::Eight.unpack(&[0x80]).eq([-128]));
    }

    /// Six of magnitude 1 and a 2: the error 6 (s − 1)² + (s − 2)² is least at s = 8/7. Scales are
    /// tried in steps of 2 · 7/8 / 32 = 0.055.
    #[test]
    fn a_scale_of_two_bits_is_that_of_the_smallest_error() {
        let tensor = Tensor::new([7, 1], vec![1.0, 1.0, -1.0, 1.0, -1.0, 1.0, 2.0]).unwrap();
        let scales = Kernel::fitted_scales(&tensor, 1, WeightBits::Two);
        assert!((scales[0] - 8.0 / 7.0).abs() < 0.055, "{scales:?}");
        let kernel = Kernel::quantize(&tensor, WeightBits::Two, scales).unwrap();
        assert_eq!(kernel.values(), [1, 1, -1, 1, -1, 1, 1]);
    }
}
