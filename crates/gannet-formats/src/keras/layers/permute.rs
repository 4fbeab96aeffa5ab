//! `Permute` of an image's extents, or of a sequence's, which is an image one row high.

use gannet_graph::{Layer, Permute};

use super::{KerasLayer, Plan, entries};
use crate::keras::{attributes::Attributes, spatial::Spatial};

pub(super) const PERMUTE: KerasLayer = KerasLayer {
    classes: &["Permute"],
    read,
    write: |layer| match layer {
        Layer::Permute(permute) => {
            let from_one = permute.order().iter().map(|extent| extent + 1);
            Some(("Permute", entries! { "dims": from_one.collect::<Vec<_>>() }))
        }
        _ => None,
    },
};

/// Keras counts the batch as extent 0.
fn read(attributes: &mut Attributes<'_>) -> Plan {
    attributes.check_numbers();
    let order = attributes.order("dims").and_then(|order| {
        // The row of a sequence stays where it is.
        let order = if order.len() == Spatial::Sequence.rank() {
            std::iter::once(0)
                .chain(order.iter().map(|i| i + 1))
                .collect()
        } else {
            order
        };
        Permute::new(order).ok()
    });
    order.map_or_else(
        || {
            attributes.obstacle("dims", "each extent from 1 on, once");
            Plan::Nothing
        },
        |permute| Plan::Layer(permute.into()),
    )
}
