//! Which pixels lie under each position of a pooling window.

use gannet_graph::{Shape, Window};

/// The windows over images of one size.
#[derive(Debug)]
pub struct Windows {
    /// Channels of the image.
    pub channels: usize,
    /// The pixels inside the image, one list an output position, row by row.
    pub positions: Vec<Vec<Pixel>>,
}

/// A pixel of the image in its window.
#[derive(Debug, Clone, Copy)]
pub struct Pixel {
    /// Its number in the window.
    pub number: f32,
    /// Its first element in the image.
    pub place: usize,
}

impl Windows {
    /// The positions of `window` from images of shape `input` to those of shape `output`.
    pub fn new(window: Window, input: &Shape, output: &Shape) -> Self {
        let [height, width, channels] = input.as_image().expect("the graph checked the shape");
        let [rows, columns, _] = output.as_image().expect("the graph checked the shape");
        let (kernel, stride, dilation) = (window.kernel(), window.stride(), window.dilation());
        let before = window.pad_before([height, width]);
        // The image row or column under element `k` of the window at `position`.
        let inside = |axis: usize, position: usize, k: usize| {
            let place = (position * stride[axis] + k * dilation[axis]).checked_sub(before[axis])?;
            (place < [height, width][axis]).then_some(place)
        };
        let pixels = |y: usize, x: usize| {
            let elements = (0..kernel[0] * kernel[1]).map(|i| (i, i / kernel[1], i % kernel[1]));
            elements
                .filter_map(|(i, ky, kx)| {
                    let place = inside(0, y, ky)? * width + inside(1, x, kx)?;
                    Some(Pixel {
                        number: i as f32,
                        place: place * channels,
                    })
                })
                .collect()
        };
        let positions = (0..rows * columns)
            .map(|i| pixels(i / columns, i % columns))
            .collect();
        Windows {
            channels,
            positions,
        }
    }

    /// One window over all of images of shape `input`.
    pub fn whole(input: &Shape) -> Self {
        let channels = input.channels();
        let pixel = |i: usize| Pixel {
            number: i as f32,
            place: i * channels,
        };
        let pixels = (0..input.elements() / channels).map(pixel).collect();
        Windows {
            channels,
            positions: vec![pixels],
        }
    }
}
