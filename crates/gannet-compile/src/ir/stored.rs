//! How the weights lie that are multiplied with: each by itself, or as the place of its value in a
//! table that many of them share.

use gannet_graph::IndexBits;

use super::BufferId;

/// Where the weights of an [`Accumulate`](super::Accumulate) are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// One in each element of a buffer.
    Single(BufferId),
    /// By their places in a table.
    Shared(Shared),
}

/// Weights by their places in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shared {
    /// The places, in bytes; of two in a byte the first is in the low half.
    pub places: BufferId,
    /// The table.
    pub values: BufferId,
    /// Bits of a place.
    pub bits: IndexBits,
}

impl Stored {
    /// The buffer whose elements are gone through, weight after weight.
    pub fn elements(self) -> BufferId {
        match self {
            Stored::Single(weights) => weights,
            Stored::Shared(shared) => shared.places,
        }
    }

    /// How many weights an element of it has.
    pub fn in_element(self) -> usize {
        match self {
            Stored::Single(_) => 1,
            Stored::Shared(shared) => shared.bits.in_byte(),
        }
    }

    /// All buffers that are read for a weight.
    pub fn buffers(self) -> Vec<BufferId> {
        match self {
            Stored::Single(weights) => vec![weights],
            Stored::Shared(Shared { places, values, .. }) => vec![places, values],
        }
    }

    /// The buffer that holds the numbers.
    pub fn numbers(self) -> BufferId {
        match self {
            Stored::Single(weights) => weights,
            Stored::Shared(shared) => shared.values,
        }
    }
}
