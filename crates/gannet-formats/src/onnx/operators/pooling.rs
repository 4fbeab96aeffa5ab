//! Pooling over a window.

use gannet_graph::{AveragePool2D, Layer, MaxPool2D, Window, ZeroPadding2D};

use super::{
    Operator,
    window::{Image, Sliding},
};
use crate::onnx::call::{Call, Given, Stop, one};

pub(super) const MAX_POOL: Operator = Operator {
    name: "MaxPool",
    kinds: &["MaxPooling2D"],
    attributes: &[
        ("kernel_shape", "numbers from 1 to 65535"),
        ("strides", "numbers from 1 to 65535"),
        ("pads", "numbers that leave no window outside"),
        ("auto_pad", "NOTSET, VALID, SAME_UPPER or SAME_LOWER"),
        ("dilations", "numbers from 1 to 65535"),
        ("ceil_mode", "0 or 1"),
        ("storage_order", "any"),
    ],
    import: |call| {
        let (image, sliding) = read(call)?;
        pool(call, &image, &sliding, |window| {
            MaxPool2D::new(window).into()
        })
    },
};

pub(super) const AVERAGE_POOL: Operator = Operator {
    name: "AveragePool",
    kinds: &["AveragePooling2D"],
    attributes: &[
        ("kernel_shape", "numbers from 1 to 65535"),
        ("strides", "numbers from 1 to 65535"),
        ("pads", "numbers that leave no window outside"),
        ("auto_pad", "NOTSET, VALID, SAME_UPPER or SAME_LOWER"),
        ("dilations", "numbers from 1 to 65535"),
        ("ceil_mode", "0 or 1"),
        ("count_include_pad", "0 or 1"),
    ],
    import: |call| {
        let (mut image, mut sliding) = read(call)?;
        if call.flag("count_include_pad", false) && sliding.pads != [[0; 2]; 2] {
            // What counts is a border of zeros and not a padding.
            let [vertical, horizontal] = sliding.pads;
            let border = ZeroPadding2D::new(vertical, horizontal);
            image.node = call.beside("pad", border, &[image.node])?;
            image.extents =
                [0, 1].map(|axis| image.extents[axis] + sliding.pads[axis].iter().sum::<usize>());
            sliding.pads = [[0; 2]; 2];
        }
        pool(call, &image, &sliding, |window| {
            AveragePool2D::new(window).into()
        })
    },
};

fn read(call: &mut Call<'_>) -> Result<(Image, Sliding), Stop> {
    let image = Image::of(call)?;
    let sliding = Sliding::read(call, &image, None)?;
    Ok((image, sliding))
}

fn pool(
    call: &mut Call<'_>,
    image: &Image,
    sliding: &Sliding,
    layer: impl FnOnce(Window) -> Layer,
) -> Given {
    let reaches = |axis: usize, [before, behind]: [usize; 2]| {
        before < sliding.reach(axis) && behind < sliding.reach(axis)
    };
    let [vertical, horizontal] = sliding.all_pads();
    if !(reaches(0, vertical) && reaches(1, horizontal)) {
        let found = format!("{:?}", sliding.all_pads());
        return Err(call.refuse("pads", found, "less than what the window reaches over"));
    }
    let window = sliding.window(image.extents);
    let window = call.built(window.map_err(Into::into))?;
    let node = call.layer(layer(window), &[image.node])?;
    one(node, image.view_behind(call, node))
}
