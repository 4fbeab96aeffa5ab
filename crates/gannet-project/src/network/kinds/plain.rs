//! Kinds without keys of their own: layers with several inputs, and those of whole images.

use gannet_graph::{
    Add, Concatenate, Flatten, GlobalAveragePool2D, GlobalMaxPool2D, Maximum, Minimum, Multiply,
    Shape, Subtract,
};

use super::super::entry::Entry;
use super::Described;
use crate::options::Options;

macro_rules! without_keys {
    ($($kind:ident),* $(,)?) => {
        $(impl Described for $kind {
            fn read(_options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
                Some($kind)
            }

            fn write(&self, _entry: &mut Entry) {}
        })*
    };
}

without_keys! {
    Add, Subtract, Multiply, Maximum, Minimum, Concatenate, GlobalAveragePool2D, GlobalMaxPool2D,
    Flatten,
}
