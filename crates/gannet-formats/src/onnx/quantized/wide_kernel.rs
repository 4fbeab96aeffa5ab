//! Weights that leave 8 bits once their zero point is taken away. They are sums of weights of 8
//! bits: a layer of these, whose input stands side by side as often, has the same sums.

use gannet_graph::{
    GraphError, Tensor,
    quantized::{Kernel, WeightBits},
};

/// The integers of a kernel `[…, channels, filters]`.
pub(super) struct WideKernel<'a> {
    dims: &'a [usize],
    values: Vec<i32>,
    scales: &'a [f32],
}

impl<'a> WideKernel<'a> {
    /// The integers of `kernel`: a whole number times a scale, divided by it, is nearest to
    /// itself.
    pub fn new(kernel: &'a Tensor, scales: &'a [f32]) -> Self {
        let values = kernel.data().iter().enumerate();
        let nearest = |(i, weight): (usize, &f32)| (weight / scales[i % scales.len()]).round();
        WideKernel {
            dims: kernel.shape().dims(),
            values: values.map(|value| nearest(value) as i32).collect(),
            scales,
        }
    }

    /// Of how many weights of 8 bits each is the sum; of three at most, as a `uint8` less its
    /// zero point is, and beyond that they are cut.
    pub fn parts(&self) -> usize {
        let parts = |value: i32| match value {
            -128..=127 => 1,
            -256..=254 => 2,
            _ => 3,
        };
        self.values
            .iter()
            .map(|&value| parts(value))
            .max()
            .unwrap_or(1)
    }

    /// The kernel `[…, parts · channels, filters]` of all parts.
    ///
    /// # Errors
    /// If a scale is no normal positive number.
    pub fn side_by_side(&self) -> Result<Kernel, GraphError> {
        let parts = self.parts();
        let mut dims = self.dims.to_vec();
        let inner = dims.len().saturating_sub(2);
        let pixel: usize = dims[inner..].iter().product();
        let mut values = Vec::with_capacity(parts * self.values.len());
        for pixel in self.values.chunks(pixel.max(1)) {
            for part in 0..parts {
                values.extend(pixel.iter().map(|&value| nth(value, part)));
            }
        }
        if let Some(channels) = dims.get_mut(inner) {
            *channels *= parts;
        }
        Kernel::new(dims, values, WeightBits::Eight, self.scales.to_vec())
    }

    /// The kernel of 8 bits, or why there is none.
    pub fn narrow(&self) -> Result<Kernel, String> {
        if self.parts() > 1 {
            return Err(
                "with weights that are not from -128 to 127 less their zero point; quantize \
                 them symmetrically, to int8"
                    .to_owned(),
            );
        }
        self.side_by_side().map_err(|error| error.reason())
    }
}

/// The part of `value` of that number; all parts together are its sum.
fn nth(value: i32, part: usize) -> i8 {
    let mut rest = value;
    for _ in 0..part {
        rest -= rest.clamp(-128, 127);
    }
    rest.clamp(-128, 127) as i8
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A pixel of two channels and two filters: 255 = 127 + 127 + 1, −255 = −128 − 127.
    #[test]
    fn parts_are_side_by_side() {
        let kernel = Tensor::new([2, 2], vec![255.0, -255.0, 5.0, -128.0]).unwrap();
        let wide = WideKernel::new(&kernel, &[1.0]);
        let found = wide.side_by_side().unwrap();
        assert_eq!(found.shape().dims(), [6, 2]);
        let expected = [127, -128, 5, -128, 127, -127, 0, 0, 1, 0, 0, 0];
        assert_eq!(found.values(), expected);
        assert!(wide.narrow().is_err());
    }
}
