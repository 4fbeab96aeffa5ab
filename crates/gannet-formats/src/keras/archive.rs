//! `.keras` files: a zip archive of the network's description, `config.json`, its weights,
//! `model.weights.h5`, and the version that wrote it, `metadata.json`.

use gannet_graph::Graph;
use serde_json::json;

use super::{
    config,
    description::{Description, KERAS_VERSION},
    variables,
    version::Version,
};
use crate::{
    FormatError,
    hdf5::Reader,
    zip::{self, Archive},
};

const CONFIG: &str = "config.json";
const METADATA: &str = "metadata.json";
const WEIGHTS: &str = "model.weights.h5";

/// The network in the bytes of a `.keras` file.
///
/// # Errors
/// If it is not a Keras model, or the network has something that Gannet does not have:
/// [`FormatError::Unsupported`] then lists all of it.
pub fn from_archive(file: &[u8]) -> Result<Graph, FormatError> {
    let mut archive = Archive::open(file)?;
    let description = archive.text(CONFIG)?;
    let version = match archive.text(METADATA) {
        Err(FormatError::NoMember { .. }) => Version::of_metadata(""),
        metadata => Version::of_metadata(&metadata?),
    };
    let network = config::parse(&description, version)?;
    let mut weights = variables::Source::new(Reader::open(&archive.read(WEIGHTS)?)?);
    network.build(|origin, expected| weights.of_layer(origin, expected))
}

/// The bytes of a `.keras` file with `graph`: always the same for the same graph, without the
/// date that Keras would add.
///
/// # Errors
/// [`FormatError::Unwritable`] with all that Keras has no form for, or if the network is larger
/// than a zip archive takes.
pub fn to_archive(graph: &Graph) -> Result<Vec<u8>, FormatError> {
    let graph = graph.borders_apart()?;
    let description = Description::new(&graph)?;
    // Keras 3 finds `Model` as well as `Functional`, Keras 2 the first alone.
    let config = json!({
        "module": "keras",
        "class_name": "Model",
        "config": description.config_in_order(),
        "registered_name": "Model",
    });
    let metadata = json!({ "keras_version": KERAS_VERSION });
    zip::write(&[
        (METADATA, metadata.to_string().into_bytes()),
        (CONFIG, config.to_string().into_bytes()),
        (WEIGHTS, variables::write(&description)),
    ])
}
