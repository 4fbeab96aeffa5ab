//! Layers about shapes alone: input, borders, larger images, other extents.

use gannet_graph::{Cropping2D, Input, Permute, Reshape, Shape, UpSampling2D, ZeroPadding2D};
use toml::de::DeValue;

use super::super::entry::Entry;
use super::Described;
use super::window::pair;
use crate::options::{Expected, Options, count, list, size};

impl Described for Input {
    fn read(options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        Some(Input::new(options.required("shape", shape)?))
    }

    fn write(&self, entry: &mut Entry) {
        let shape = gannet_graph::Layer::from(self.clone())
            .output_shape("", &[])
            .map_or(Vec::new(), |shape| shape.dims().to_vec());
        entry.put("shape", format_args!("{shape:?}"));
    }
}

fn shape(value: &DeValue<'_>) -> Result<Vec<usize>, Expected> {
    list(value, |extent| count(extent).ok())
        .filter(|extents| [1, 3].contains(&extents.len()))
        .ok_or_else(|| "[height, width, channels] or [features]".into())
}

impl Described for ZeroPadding2D {
    fn read(options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        let [vertical, horizontal] = options.required("padding", border)?;
        Some(ZeroPadding2D::new(vertical, horizontal))
    }

    fn write(&self, entry: &mut Entry) {
        write_border(entry, "padding", [self.vertical, self.horizontal]);
    }
}

impl Described for Cropping2D {
    fn read(options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        let [vertical, horizontal] = options.required("cropping", border)?;
        Some(Cropping2D::new(vertical, horizontal))
    }

    fn write(&self, entry: &mut Entry) {
        write_border(entry, "cropping", [self.vertical, self.horizontal]);
    }
}

impl Described for UpSampling2D {
    fn read(options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        let size = options.required("size", pair)?;
        options.check(UpSampling2D::new(size))
    }

    fn write(&self, entry: &mut Entry) {
        entry.put_pair("size", self.size());
    }
}

impl Described for Reshape {
    fn read(options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        options.required("shape", extents).map(Reshape::new)
    }

    fn write(&self, entry: &mut Entry) {
        entry.put("shape", format_args!("{:?}", self.shape.dims()));
    }
}

fn extents(value: &DeValue<'_>) -> Result<Vec<usize>, Expected> {
    list(value, |extent| count(extent).ok())
        .filter(|extents| (1..=3).contains(&extents.len()))
        .ok_or_else(|| "one to three extents, outermost first".into())
}

impl Described for Permute {
    fn read(options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        let order = options.required("order", extents)?;
        let from_zero = order.iter().map(|extent| extent - 1).collect();
        options.check(Permute::new(from_zero))
    }

    /// Counted from 1, as in Keras.
    fn write(&self, entry: &mut Entry) {
        let order: Vec<usize> = self.order().iter().map(|extent| extent + 1).collect();
        entry.put("order", format_args!("{order:?}"));
    }
}

/// The key of a border, with all four widths.
pub fn write_border(entry: &mut Entry, key: &str, border: [[usize; 2]; 2]) {
    let [[top, bottom], [left, right]] = border;
    entry.put(key, format_args!("[[{top}, {bottom}], [{left}, {right}]]"));
}

/// `1`, `[vertical, horizontal]`, or `[[top, bottom], [left, right]]`.
pub fn border(value: &DeValue<'_>) -> Result<[[usize; 2]; 2], Expected> {
    let sides = |value: &DeValue<'_>| match (size(value), list(value, size).as_deref()) {
        (Some(both), _) => Some([both, both]),
        (_, Some(&[first, second])) => Some([first, second]),
        _ => None,
    };
    match (size(value), list(value, sides).as_deref()) {
        (Some(all), _) => Ok([[all; 2]; 2]),
        (_, Some(&[vertical, horizontal])) => Ok([vertical, horizontal]),
        _ => Err("a whole number, [vertical, horizontal] or [[top, bottom], [left, right]]".into()),
    }
}
