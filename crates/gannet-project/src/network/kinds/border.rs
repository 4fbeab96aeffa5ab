//! Layers about shapes alone: input, border and flattening.

use gannet_graph::{Flatten, Input, Shape, ZeroPadding2D};
use toml::de::DeValue;

use super::super::entry::Entry;
use super::Described;
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
        let ([top, bottom], [left, right]) = (self.vertical, self.horizontal);
        entry.put(
            "padding",
            format_args!("[[{top}, {bottom}], [{left}, {right}]]"),
        );
    }
}

/// `1`, `[vertical, horizontal]`, or `[[top, bottom], [left, right]]`.
fn border(value: &DeValue<'_>) -> Result<[[usize; 2]; 2], Expected> {
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

impl Described for Flatten {
    fn read(_options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        Some(Flatten)
    }

    fn write(&self, _entry: &mut Entry) {}
}
