//! Weights without a network: what PyTorch's `state_dict` leaves in a safetensors file, and
//! NumPy's `savez` in an NPZ file. In comes such a file and a [`Graph`] of the same layers; out
//! goes the graph with the file's weights. Or the other way: a graph's weights, as a file.
//!
//! Tensors are matched with layers by name. Two conventions are known, and a tensor's name says
//! which it is of.
//!
//! | | PyTorch | Keras |
//! |---|---|---|
//! | names | `conv.weight`, `norm.running_mean` | `conv/kernel`, `norm/moving_mean` |
//! | layout | channels first | channels last |
//! | written to | safetensors | NPZ |

mod convention;
mod fill;
mod npy;
mod npz;
mod safetensors;

use std::path::Path;

use gannet_graph::{Graph, Tensor};

use self::convention::Convention;
use crate::{
    FormatError,
    file::{extension, in_file, load, store},
};

/// The tensors of a file with their names.
type State = Vec<(String, Tensor)>;

/// A format of weights without a network.
#[derive(Debug, Clone, Copy)]
pub struct StateFormat {
    /// What it is called.
    pub name: &'static str,
    /// How its files end, without the dot.
    pub extension: &'static str,
    convention: Convention,
    read: fn(&[u8]) -> Result<State, FormatError>,
    write: fn(&State) -> Result<Vec<u8>, FormatError>,
}

/// Every format of weights without a network.
pub const STATE_FORMATS: &[StateFormat] = &[
    StateFormat {
        name: "safetensors",
        extension: "safetensors",
        convention: Convention::PyTorch,
        read: safetensors::read,
        write: safetensors::write,
    },
    StateFormat {
        name: "NPZ",
        extension: "npz",
        convention: Convention::Keras,
        read: npz::read,
        write: npz::write,
    },
];

impl StateFormat {
    /// The format that the extension of `path` names.
    pub fn of(path: impl AsRef<Path>) -> Option<&'static Self> {
        let extension = extension(path.as_ref())?;
        STATE_FORMATS
            .iter()
            .find(|format| format.extension == extension)
    }

    /// `network` with the weights in the bytes of a file.
    ///
    /// # Errors
    /// If the file is damaged, or its tensors are not those of the network:
    /// [`FormatError::Weights`] then lists all that differs.
    pub fn from_bytes(&self, file: &[u8], network: Graph) -> Result<Graph, FormatError> {
        fill::fill(network, (self.read)(file)?)
    }

    /// The bytes of a file with the weights of `network`.
    ///
    /// # Errors
    /// If the weights are more than the format takes.
    pub fn to_bytes(&self, network: &Graph) -> Result<Vec<u8>, FormatError> {
        (self.write)(&convention::named(network, self.convention))
    }

    /// As [`StateFormat::from_bytes`], from the file at `path`.
    ///
    /// # Errors
    /// Those, and if there is no such file.
    pub fn read(&self, path: impl AsRef<Path>, network: Graph) -> Result<Graph, FormatError> {
        let path = path.as_ref();
        in_file(path, || self.from_bytes(&load(path)?, network))
    }

    /// As [`StateFormat::to_bytes`], to the file at `path`, whole or not at all.
    ///
    /// # Errors
    /// Those, and if the file cannot be written.
    pub fn write(&self, network: &Graph, path: impl AsRef<Path>) -> Result<(), FormatError> {
        let path = path.as_ref();
        in_file(path, || store(path, &self.to_bytes(network)?))
    }
}
