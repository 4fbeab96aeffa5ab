//! Convolutions of any kind, tap by tap: with groups, holes in the window, uneven padding, or
//! transposed. Slower than the kernels for the usual ones.

use gannet_graph::{Conv2D, Conv2DTranspose, DepthwiseConv2D, Shape, Window};

use super::backend::Backend;
use super::operator::{Operator, Passed, Scratch};
use super::simd::{Kernel, Lanes, Simd};

/// An output pixel, an input pixel that it sees, and through which element of the kernel.
#[derive(Debug, Clone, Copy)]
struct Tap {
    output: usize,
    input: usize,
    element: usize,
}

/// A convolution as its taps. Each group has its own input and output channels.
#[derive(Debug)]
pub struct Taps {
    taps: Vec<Tap>,
    groups: usize,
    /// Input and output channels of a group.
    inputs: usize,
    outputs: usize,
    /// How far apart weights of neighbouring input and output channels lie.
    strides: [usize; 2],
    kernel: Vec<f32>,
    bias: Option<Vec<f32>>,
}

impl Taps {
    /// A convolution of images of shape `input`.
    pub fn conv(layer: &Conv2D, input: &Shape, output: &Shape) -> Self {
        Taps {
            taps: sliding(layer.window(), input, output),
            groups: layer.groups(),
            inputs: layer.channels() / layer.groups(),
            outputs: layer.filters() / layer.groups(),
            strides: [layer.filters(), 1],
            kernel: layer.kernel().data().to_vec(),
            bias: layer.bias().map(|bias| bias.data().to_vec()),
        }
    }

    /// One whose groups are the channels.
    pub fn depthwise(layer: &DepthwiseConv2D, input: &Shape, output: &Shape) -> Self {
        Taps {
            taps: sliding(layer.window(), input, output),
            groups: layer.channels(),
            inputs: 1,
            outputs: layer.multiplier(),
            strides: [0, 1],
            kernel: layer.kernel().data().to_vec(),
            bias: layer.bias().map(|bias| bias.data().to_vec()),
        }
    }

    /// One that makes images larger.
    pub fn transposed(layer: &Conv2DTranspose, input: &Shape, output: &Shape) -> Self {
        let [height, width, channels] = input.as_image().expect("the graph checked the shape");
        let [rows, columns, filters] = output.as_image().expect("the graph checked the shape");
        let reach = Reach::of(layer.window(), layer.cut());
        let mut taps = Vec::new();
        for pixel in 0..height * width {
            for (element, [y, x]) in reach.from([pixel / width, pixel % width], [rows, columns]) {
                taps.push(Tap {
                    output: y * columns + x,
                    input: pixel,
                    element,
                });
            }
        }
        Taps {
            taps,
            groups: 1,
            inputs: channels,
            outputs: filters,
            strides: [1, channels],
            kernel: layer.kernel().data().to_vec(),
            bias: layer.bias().map(|bias| bias.data().to_vec()),
        }
    }

    /// Where the weights of an element of the kernel begin.
    fn element(&self, element: usize) -> usize {
        let of_element = match self.strides {
            // A depthwise kernel has one weight for each output channel.
            [0, _] => self.groups * self.outputs,
            _ => self.inputs * self.outputs * self.groups,
        };
        element * of_element
    }
}

/// Where the elements of a window lie, seen from a place that it steps from.
struct Reach {
    window: Window,
    before: [usize; 2],
}

impl Reach {
    fn of(window: Window, before: [usize; 2]) -> Self {
        Reach { window, before }
    }

    /// Each element of the kernel and its place inside `extents`, at a position of the window.
    fn from(
        &self,
        position: [usize; 2],
        extents: [usize; 2],
    ) -> impl Iterator<Item = (usize, [usize; 2])> {
        let (stride, dilation) = (self.window.stride(), self.window.dilation());
        let [rows, columns] = self.window.kernel();
        let before = self.before;
        let place = move |axis: usize, k: usize| {
            (position[axis] * stride[axis] + k * dilation[axis])
                .checked_sub(before[axis])
                .filter(|&place| place < extents[axis])
        };
        (0..rows * columns).filter_map(move |element| {
            let [y, x] = [place(0, element / columns)?, place(1, element % columns)?];
            Some((element, [y, x]))
        })
    }
}

/// The taps of a window that slides over an image.
fn sliding(window: Window, input: &Shape, output: &Shape) -> Vec<Tap> {
    let [height, width, _] = input.as_image().expect("the graph checked the shape");
    let [rows, columns, _] = output.as_image().expect("the graph checked the shape");
    let reach = Reach::of(window, window.pad_before([height, width]));
    let mut taps = Vec::new();
    for pixel in 0..rows * columns {
        for (element, [y, x]) in reach.from([pixel / columns, pixel % columns], [height, width]) {
            taps.push(Tap {
                output: pixel,
                input: y * width + x,
                element,
            });
        }
    }
    taps
}

impl Operator for Taps {
    fn scratch(&self) -> Scratch {
        Scratch {
            sums: vec![Lanes::ZERO; self.kernel.len()],
            ..Scratch::default()
        }
    }

    fn load(&mut self, _backend: Backend, weights: &[f32]) {
        let (kernel, bias) = weights.split_at(self.kernel.len());
        self.kernel.copy_from_slice(kernel);
        if let Some(own) = &mut self.bias {
            own.copy_from_slice(bias);
        }
    }

    fn forward(
        &self,
        backend: Backend,
        input: &[Lanes],
        output: &mut [Lanes],
        _kept: &mut [Lanes],
        _scratch: &mut Scratch,
    ) {
        backend.run(Forward {
            taps: self,
            input,
            output,
        });
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
        backend.run(WeightsGradient {
            taps: self,
            input: passed.input,
            gradient,
            sums: &mut scratch.sums,
            weights_gradient,
        });
        if let Some(input_gradient) = input_gradient {
            backend.run(InputGradient {
                taps: self,
                gradient,
                input_gradient,
            });
        }
    }
}

/// Calls `$body` for each product of the convolution: the places of its weight, its input and
/// its output.
macro_rules! each_product {
    ($taps:expr, |$weight:ident, $input:ident, $output:ident| $body:block) => {
        let taps = $taps;
        let [per_input, per_output] = taps.strides;
        for tap in &taps.taps {
            let element = taps.element(tap.element);
            for group in 0..taps.groups {
                for o in 0..taps.outputs {
                    let channel = group * taps.outputs + o;
                    let $output = tap.output * taps.groups * taps.outputs + channel;
                    for i in 0..taps.inputs {
                        let $input = (tap.input * taps.groups + group) * taps.inputs + i;
                        let $weight = element + i * per_input + channel * per_output;
                        $body
                    }
                }
            }
        }
    };
}

struct Forward<'a> {
    taps: &'a Taps,
    input: &'a [Lanes],
    output: &'a mut [Lanes],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        match &self.taps.bias {
            None => self.output.fill(Lanes::ZERO),
            Some(bias) => {
                for (output, &bias) in self.output.iter_mut().zip(bias.iter().cycle()) {
                    simd.store(simd.splat(bias), output);
                }
            }
        }
        each_product!(self.taps, |weight, input, output| {
            let to = &mut self.output[output];
            let factor = simd.splat(self.taps.kernel[weight]);
            let sum = simd.fma(factor, simd.load(&self.input[input]), simd.load(to));
            simd.store(sum, to);
        });
    }
}

struct InputGradient<'a> {
    taps: &'a Taps,
    gradient: &'a [Lanes],
    input_gradient: &'a mut [Lanes],
}

impl Kernel for InputGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.input_gradient.fill(Lanes::ZERO);
        each_product!(self.taps, |weight, input, output| {
            let to = &mut self.input_gradient[input];
            let factor = simd.splat(self.taps.kernel[weight]);
            let sum = simd.fma(factor, simd.load(&self.gradient[output]), simd.load(to));
            simd.store(sum, to);
        });
    }
}

struct WeightsGradient<'a> {
    taps: &'a Taps,
    input: &'a [Lanes],
    gradient: &'a [Lanes],
    sums: &'a mut [Lanes],
    weights_gradient: &'a mut [f32],
}

impl Kernel for WeightsGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.sums.fill(Lanes::ZERO);
        each_product!(self.taps, |weight, input, output| {
            let to = &mut self.sums[weight];
            let (x, gradient) = (
                simd.load(&self.input[input]),
                simd.load(&self.gradient[output]),
            );
            simd.store(simd.fma(x, gradient, simd.load(to)), to);
        });
        let (kernel, bias) = self.weights_gradient.split_at_mut(self.sums.len());
        for (gradient, sum) in kernel.iter_mut().zip(self.sums.iter()) {
            *gradient = simd.sum(simd.load(sum));
        }
        let channels = self.taps.groups * self.taps.outputs;
        for (channel, bias) in bias.iter_mut().enumerate() {
            let mut sum = simd.splat(0.0);
            for gradient in self.gradient.iter().skip(channel).step_by(channels) {
                sum = simd.add(sum, simd.load(gradient));
            }
            *bias = simd.sum(sum);
        }
    }
}
