//! Images made larger by repeating their pixels: `Resize` and its forerunner `Upsample`.

use gannet_graph::UpSampling2D;

use super::{Operator, window::Image};
use crate::onnx::call::{Call, Given, one};

pub(super) const RESIZE: Operator = Operator {
    name: "Resize",
    kinds: &["UpSampling2D"],
    attributes: &[
        ("mode", "nearest"),
        (
            "coordinate_transformation_mode",
            "asymmetric, or half_pixel where it is the same",
        ),
        ("nearest_mode", "floor, or any where it is the same"),
        ("cubic_coeff_a", "any"),
        ("exclude_outside", "any"),
        ("extrapolation_value", "any"),
        ("antialias", "0"),
        ("keep_aspect_ratio_policy", "stretch"),
    ],
    import: |call| {
        let transformation = call.text("coordinate_transformation_mode", "half_pixel");
        let rounding = call.text("nearest_mode", "round_prefer_floor");
        // Of whole factors the pixel under the middle of a new one is the pixel that the new
        // one is a part of; its distance from the middle never reaches a half.
        let whole = match transformation {
            "asymmetric" => rounding == "floor",
            "half_pixel" | "half_pixel_symmetric" => rounding.starts_with("round"),
            _ => false,
        };
        if !whole {
            let found = format!("{transformation} with {rounding}");
            let supported = "asymmetric with floor, or half_pixel with round_prefer_floor";
            call.refuse("coordinate_transformation_mode", found, supported);
        }
        if call.flag("antialias", false) {
            call.refuse("antialias", 1, "0");
        }
        let (scales, sizes) = if call.opset < 11 { (1, 3) } else { (2, 3) };
        enlarge(call, scales, sizes)
    },
};

pub(super) const UPSAMPLE: Operator = Operator {
    name: "Upsample",
    kinds: &["UpSampling2D"],
    attributes: &[("mode", "nearest")],
    import: |call| enlarge(call, 1, 3),
};

/// Scales and sizes are inputs at these places.
fn enlarge(call: &mut Call<'_>, scales: usize, sizes: usize) -> Given {
    let mode = call.text("mode", "nearest");
    if mode != "nearest" {
        call.refuse("mode", mode, "nearest");
    }
    let scales = call
        .optional_constant(scales)?
        .map(|scales| scales.to_floats());
    let sizes = call
        .optional_constant(sizes)?
        .map(|sizes| sizes.to_floats());
    let image = Image::of(call)?;
    let own = call.activation(0)?.view.dims();
    let scales = match (scales, sizes) {
        (_, Some(sizes)) if sizes.len() == own.len() => {
            let each = sizes.iter().zip(&own);
            each.map(|(&size, &own)| size / own as f32).collect()
        }
        (Some(scales), None) => scales,
        _ => Vec::new(),
    };
    let whole: Option<Vec<usize>> = scales
        .iter()
        .map(|&scale| {
            (scale.fract() == 0.0 && (1.0..65536.0).contains(&scale)).then_some(scale as usize)
        })
        .collect();
    let size = match whole.as_deref() {
        Some(&[1, 1, vertical, horizontal]) if own.len() == 4 => [vertical, horizontal],
        Some(&[1, 1, length]) if own.len() == 3 => [1, length],
        _ => {
            let found = format!("{scales:?}");
            return Err(call.refuse(
                "scales",
                found,
                "1 for batch and channels, whole numbers else",
            ));
        }
    };
    let layer = call.built(UpSampling2D::new(size).map_err(Into::into))?;
    let node = call.layer(layer, &[image.node])?;
    one(node, image.view_behind(call, node))
}
