//! Layers with several inputs.

use gannet_graph::{Add, Concatenate, Shape};

use super::super::entry::Entry;
use super::Described;
use crate::options::Options;

impl Described for Add {
    fn read(_options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        Some(Add)
    }

    fn write(&self, _entry: &mut Entry) {}
}

impl Described for Concatenate {
    fn read(_options: &mut Options<'_>, _shape: &Shape) -> Option<Self> {
        Some(Concatenate)
    }

    fn write(&self, _entry: &mut Entry) {}
}
