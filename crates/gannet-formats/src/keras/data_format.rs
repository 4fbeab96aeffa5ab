//! Which extent of an image is its channels: Keras' last one, or its first. Gannet has them last,
//! so a network that has them first is turned when it is read: the extents of its input, the axes
//! that its layers name, and the features of an image that was flattened as it was. Kernels are
//! the same in both.

use gannet_graph::{Function, Shape};
use serde_json::Value;

use super::model;

/// What all layers of a network have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DataFormat {
    /// `[height, width, channels]`.
    ChannelsLast,
    /// `[channels, height, width]`.
    ChannelsFirst,
}

/// Layers of other extents than an image's, which are not turned.
const NOT_TURNED: &[&str] = &["Reshape", "Permute"];

impl DataFormat {
    /// That of the network with this `config`: what its first layer that slides over an image
    /// says. What the other layers say is compared with it later.
    pub fn of_network(config: &Value) -> Self {
        said(config).unwrap_or(DataFormat::ChannelsLast)
    }

    /// Keras' name.
    pub fn name(self) -> &'static str {
        match self {
            DataFormat::ChannelsLast => "channels_last",
            DataFormat::ChannelsFirst => "channels_first",
        }
    }

    /// The extents of the network's input with the channels last.
    pub fn turned(self, shape: &Shape) -> Shape {
        let mut extents = shape.dims().to_vec();
        if self == DataFormat::ChannelsFirst {
            extents.rotate_left(1);
        }
        Shape::from(extents)
    }

    /// Whether Keras' `axis` is that of the channels in a tensor of `rank` extents, of which, as
    /// in Keras, the batch is none, but has axis 0. All axes are where the rank is not known.
    pub fn is_channels(self, axis: i64, rank: Option<usize>) -> bool {
        let Some(rank) = rank.and_then(|rank| i64::try_from(rank).ok()) else {
            return true;
        };
        let channels = match self {
            DataFormat::ChannelsLast => rank,
            DataFormat::ChannelsFirst => 1,
        };
        axis == channels || axis == channels - (rank + 1)
    }

    /// Whether a function of the innermost extent is one of the channels.
    pub fn allows(self, function: Function, rank: Option<usize>) -> bool {
        let is_of_innermost = matches!(function, Function::Softmax | Function::LogSoftmax);
        !is_of_innermost || self == DataFormat::ChannelsLast || rank == Some(1)
    }

    /// Whether the layers of a class can be turned; those with a number for each place of an image
    /// can only behind a vector.
    pub fn turns(self, class: &str, rank: Option<usize>) -> bool {
        let is_turned = match class {
            "PReLU" => rank == Some(1),
            class => !NOT_TURNED.contains(&class),
        };
        self == DataFormat::ChannelsLast || is_turned
    }
}

/// What the first layer says that has the attribute.
fn said(config: &Value) -> Option<DataFormat> {
    let layers = model::list(config).map_or(&[][..], Vec::as_slice);
    layers.iter().find_map(|layer| {
        let config = layer.get("config")?;
        match layer.get("class_name")?.as_str()? {
            class if model::is_model(class) => said(config),
            // Says what it is given to turn, and not what the network has.
            "Flatten" => None,
            _ => match config.get("data_format")?.as_str()? {
                "channels_first" => Some(DataFormat::ChannelsFirst),
                _ => Some(DataFormat::ChannelsLast),
            },
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn axes_are_counted_from_both_ends() {
        let channels = |format: DataFormat, rank| -> Vec<i64> {
            let axes = -4..=4;
            axes.filter(|&axis| format.is_channels(axis, Some(rank)))
                .collect()
        };
        assert_eq!(channels(DataFormat::ChannelsLast, 3), [-1, 3]);
        assert_eq!(channels(DataFormat::ChannelsLast, 1), [-1, 1]);
        assert_eq!(channels(DataFormat::ChannelsFirst, 3), [-3, 1]);
        assert_eq!(channels(DataFormat::ChannelsFirst, 2), [-2, 1]);
        assert_eq!(channels(DataFormat::ChannelsFirst, 1), [-1, 1]);
    }

    #[test]
    fn one_layer_of_a_model_in_a_model_tells_the_format() {
        let of = |class: &str| {
            let layer =
                json!({ "class_name": class, "config": { "data_format": "channels_first" }});
            let inner = json!({ "class_name": "Sequential", "config": { "layers": [layer] }});
            DataFormat::of_network(&json!({ "layers": [inner] }))
        };
        assert_eq!(of("Conv2D"), DataFormat::ChannelsFirst);
        assert_eq!(of("Flatten"), DataFormat::ChannelsLast);
        assert_eq!(
            DataFormat::ChannelsFirst.turned(&Shape::from([3, 8, 9])),
            Shape::from([8, 9, 3])
        );
    }
}
