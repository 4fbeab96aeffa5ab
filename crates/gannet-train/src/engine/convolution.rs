//! Convolution and dense layers, forward and backward. A dense layer is a 1×1 convolution of
//! a 1×1 image; only the gradient of its kernel is computed in another way.

use std::ops::Range;

use gannet_graph::{Conv2D, Dense, Shape};

use super::backend::Backend;
use super::operator::{Operator, Passed, Scratch};
use super::outer::Outer;
use super::products::Products;
use super::rows::{Placement, Rows, RowsView};
use super::simd::{Kernel, LANES, Lanes, Simd};
use super::sweep::{Packed, Run, Sweep};

/// A convolution of images of one size.
#[derive(Debug)]
pub struct Convolution {
    forward: Sweep,
    input: Placement,
    packed: Option<Packed>,
    /// The gradient of the input is a convolution too: of the output's gradient, with zeros
    /// between its pixels for a stride above 1, by the kernel turned half around.
    backward: Sweep,
    gradient: Placement,
    turned: Option<Packed>,
    /// All columns of each row, if the window is one pixel that moves by one: then images are
    /// read as they lie.
    whole: Option<Vec<Range<usize>>>,
}

impl Convolution {
    /// The layer for images of shape `input`.
    pub fn new(layer: &Conv2D, input: &Shape, output: &Shape) -> Self {
        let [height, width, channels] = input.as_image().expect("the graph checked the shape");
        let [rows, columns, filters] = output.as_image().expect("the graph checked the shape");
        let window = layer.window();
        let before = window.pad_before([height, width]);
        Convolution::of(
            window.kernel(),
            window.stride(),
            before,
            [height, width],
            [rows, columns],
            [channels, filters],
        )
    }

    /// The dense layer.
    pub fn dense(layer: &Dense) -> Self {
        Convolution::of(
            [1, 1],
            [1, 1],
            [0, 0],
            [1, 1],
            [1, 1],
            [layer.features(), layer.units()],
        )
    }

    fn of(
        kernel: [usize; 2],
        stride: [usize; 2],
        before: [usize; 2],
        image: [usize; 2],
        output: [usize; 2],
        [channels, filters]: [usize; 2],
    ) -> Self {
        let is_pointwise = kernel == [1, 1] && stride == [1, 1];
        let [image, output] = if is_pointwise {
            [joined_rows(image); 2]
        } else {
            [image, output]
        };
        let width = (before[1] + image[1]).max((output[1] - 1) * stride[1] + kernel[1]);
        let turned_before = [kernel[0] - 1 - before[0], kernel[1] - 1 - before[1]];
        let spread = (output[1] - 1) * stride[1] + 1;
        Convolution {
            forward: Sweep {
                kernel,
                stride,
                top: before[0],
                output,
                channels,
                filters,
            },
            input: Placement {
                image,
                channels,
                left: before[1],
                spacing: [1, 1],
                width,
            },
            packed: None,
            backward: Sweep {
                kernel,
                stride: [1, 1],
                top: turned_before[0],
                output: image,
                channels: filters,
                filters: channels,
            },
            gradient: Placement {
                image: output,
                channels: filters,
                left: turned_before[1],
                spacing: stride,
                width: (turned_before[1] + spread).max(image[1] - 1 + kernel[1]),
            },
            turned: None,
            whole: is_pointwise.then(|| vec![0..image[1]; image[0]]),
        }
    }

    fn kernel_len(&self) -> usize {
        self.forward.kernel[0] * self.forward.run_len() * self.forward.filters
    }

    /// The input, from where it lies or from where [`Operator::recall`] laid it.
    fn input<'a>(&'a self, image: &'a [Lanes], rows: &'a Option<Rows>) -> RowsView<'a> {
        match (&self.whole, rows) {
            (Some(whole), _) => RowsView::of(image, self.forward.channels, whole),
            (None, rows) => rows.as_ref().expect("made by scratch()").view(),
        }
    }

    /// One output position: lanes of units are better than lanes of images.
    fn is_dense(&self) -> bool {
        self.forward.output == [1, 1] && self.forward.kernel == self.input.image
    }
}

impl Operator for Convolution {
    fn scratch(&self) -> Scratch {
        let sums = if self.is_dense() {
            self.forward.filters.div_ceil(LANES) * LANES
        } else {
            self.kernel_len()
        };
        Scratch {
            rows: self.whole.is_none().then(|| self.input.rows()),
            gradient_rows: self.whole.is_none().then(|| self.gradient.rows()),
            sums: vec![Lanes::ZERO; sums],
        }
    }

    fn load(&mut self, backend: Backend, weights: &[f32]) {
        let registers = backend.run(Registers);
        let (kernel, bias) = weights.split_at(self.kernel_len());
        let [height, width] = self.forward.kernel;
        let (channels, filters) = (self.forward.channels, self.forward.filters);
        let weight = |ky: usize, kx: usize, channel: usize, filter: usize| {
            kernel[((ky * width + kx) * channels + channel) * filters + filter]
        };
        self.packed = Some(Packed::new(&self.forward, registers, bias, weight));
        let turned = |ky: usize, kx: usize, filter: usize, channel: usize| {
            weight(height - 1 - ky, width - 1 - kx, channel, filter)
        };
        self.turned = Some(Packed::new(&self.backward, registers, &[], turned));
    }

    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        _kept: &mut [Lanes],
        scratch: &mut Scratch,
    ) {
        self.recall(backend, input, scratch);
        let rows = self.input(input, &scratch.rows);
        let packed = self
            .packed
            .as_ref()
            .expect("weights are loaded before a pass");
        backend.run(Run {
            sweep: &self.forward,
            rows,
            packed,
            output,
        });
    }

    fn recall(&self, backend: Backend, input: &[Lanes], scratch: &mut Scratch) {
        if let Some(rows) = &mut scratch.rows {
            self.input.fill(backend, input, rows);
        }
    }

    fn backward(
        &self,
        backend: Backend,
        passed: Passed<'_>,
        gradient: &[Lanes],
        input_gradient: Option<&mut [Lanes]>,
        weights_gradient: &mut [f32],
        scratch: &mut Scratch,
    ) {
        let rows = self.input(passed.input, &scratch.rows);
        let (kernel, bias) = weights_gradient.split_at_mut(self.kernel_len());
        let sums = &mut scratch.sums[..];
        if self.is_dense() {
            let input = rows.all();
            backend.run(Outer {
                input,
                gradient,
                transposed: sums,
                kernel,
                bias,
            });
        } else {
            backend.run(Products {
                sweep: &self.forward,
                rows,
                gradient,
                sums,
                kernel,
                bias,
            });
        }
        if let Some(output) = input_gradient {
            if let Some(rows) = &mut scratch.gradient_rows {
                self.gradient.fill(backend, gradient, rows);
            }
            let rows = match (&self.whole, &scratch.gradient_rows) {
                (Some(whole), _) => RowsView::of(gradient, self.backward.channels, whole),
                (None, rows) => rows.as_ref().expect("made by scratch()").view(),
            };
            let packed = self
                .turned
                .as_ref()
                .expect("weights are loaded before a pass");
            backend.run(Run {
                sweep: &self.backward,
                rows,
                packed,
                output,
            });
        }
    }
}

/// Under a window of one pixel, rows may be joined to longer ones: sums of products are loaded
/// once a row, and fewer tiles end short. Longer than this a row leaves the nearest cache.
fn joined_rows([height, width]: [usize; 2]) -> [usize; 2] {
    const LONGEST: usize = 64;
    let fits = |rows: &usize| height.is_multiple_of(*rows) && rows * width <= LONGEST;
    let rows = (1..=height).rfind(fits).unwrap_or(1);
    [height / rows, rows * width]
}

/// How many registers the backend has.
struct Registers;

impl Kernel for Registers {
    type Output = usize;

    #[inline(always)]
    fn run<S: Simd>(self, _simd: S) -> usize {
        S::REGISTERS
    }
}
