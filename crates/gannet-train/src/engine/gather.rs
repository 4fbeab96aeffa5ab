//! Layers that put values elsewhere: cropping, upsampling by the nearest pixel, permutation.

use gannet_graph::{Cropping2D, Permute, Shape, UpSampling2D};

use super::backend::Backend;
use super::operator::{Operator, Passed, Scratch};
use super::simd::{Kernel, Lanes, Simd};

/// For each element of the output the element of the input that it is.
#[derive(Debug)]
pub struct Gather(Vec<usize>);

impl Gather {
    /// The inner part of images of shape `input`.
    pub fn cropping(layer: &Cropping2D, input: &Shape, output: &Shape) -> Self {
        let [top, left] = [layer.vertical[0], layer.horizontal[0]];
        Gather::pixels(input, output, |y, x| [y + top, x + left])
    }

    /// Each pixel of images of shape `input` several times.
    pub fn up_sampling(layer: &UpSampling2D, input: &Shape, output: &Shape) -> Self {
        let [vertical, horizontal] = layer.size();
        Gather::pixels(input, output, |y, x| [y / vertical, x / horizontal])
    }

    fn pixels(input: &Shape, output: &Shape, from: impl Fn(usize, usize) -> [usize; 2]) -> Self {
        let [_, width, channels] = input.as_image().expect("the graph checked the shape");
        let [rows, columns, _] = output.as_image().expect("the graph checked the shape");
        let places = (0..rows * columns).flat_map(|pixel| {
            let [y, x] = from(pixel / columns, pixel % columns);
            (0..channels).map(move |channel| (y * width + x) * channels + channel)
        });
        Gather(places.collect())
    }

    /// Extents in another order.
    pub fn permute(layer: &Permute, input: &Shape, output: &Shape) -> Self {
        let dims = input.dims();
        let stride = |extent: usize| dims[extent + 1..].iter().product::<usize>();
        let strides: Vec<usize> = layer.order().iter().map(|&from| stride(from)).collect();
        let place = |i: usize| {
            let extents = output.dims().iter().zip(&strides).rev();
            let start = (i, 0);
            let (_, place) = extents.fold(start, |(rest, place), (&extent, &stride)| {
                (rest / extent, place + rest % extent * stride)
            });
            place
        };
        Gather((0..output.elements()).map(place).collect())
    }
}

impl Operator for Gather {
    fn forward(
        &self,
        _backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        _kept: &mut [Lanes],
        _scratch: &mut Scratch,
    ) {
        for (output, &from) in output.iter_mut().zip(&self.0) {
            *output = input[from];
        }
    }

    fn backward(
        &self,
        backend: Backend,
        _passed: Passed<'_>,
        gradient: &[Lanes],
        input_gradient: Option<&mut [Lanes]>,
        _weights_gradient: &mut [f32],
        _scratch: &mut Scratch,
    ) {
        if let Some(input_gradient) = input_gradient {
            backend.run(Scatter {
                places: &self.0,
                gradient,
                input_gradient,
            });
        }
    }
}

struct Scatter<'a> {
    places: &'a [usize],
    gradient: &'a [Lanes],
    input_gradient: &'a mut [Lanes],
}

impl Kernel for Scatter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.input_gradient.fill(Lanes::ZERO);
        for (gradient, &place) in self.gradient.iter().zip(self.places) {
            let to = &mut self.input_gradient[place];
            simd.store(simd.add(simd.load(to), simd.load(gradient)), to);
        }
    }
}
