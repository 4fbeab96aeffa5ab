//! Finds the network that an argument names: a model file, or a built-in network.

use std::path::Path;

use gannet_graph::{Graph, networks};

use crate::failure::Failure;

/// The network's structure; a built-in one has no weights yet.
pub fn structure(name: &str) -> Result<Graph, Failure> {
    if is_built_in(name) {
        return Ok(networks::by_name(name)?);
    }
    Ok(gannet_formats::read(Path::new(name))?)
}

/// A network with trained weights.
pub fn trained(name: &str) -> Result<Graph, Failure> {
    if is_built_in(name) {
        return Err(Failure::usage(format!(
            "'{name}' is a built-in network without weights: train it first with \
             `gannet train --network {name} -o {name}.h5` and name that file"
        )));
    }
    structure(name)
}

fn is_built_in(name: &str) -> bool {
    networks::by_name(name).is_ok() && !Path::new(name).exists()
}
