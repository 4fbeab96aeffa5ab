//! Whole-model `.h5` files: the network as JSON in the attribute `model_config`, the weights in
//! the group `model_weights`, one group a layer. Written in Keras 2.15's form.

use std::path::Path;

use gannet_graph::Graph;
use serde_json::json;

use super::{
    config,
    description::{BACKEND, Description, KERAS_VERSION},
    version::Version,
    weights,
};
use crate::{
    FormatError,
    file::{in_file, load, store},
    hdf5::{self, Reader},
};

/// Reads the network in the `.h5` file at `path`.
///
/// # Errors
/// If there is no such file, or it is not a Keras model, or the network has something that
/// Gannet does not have: [`FormatError::Unsupported`] then lists all of it.
pub fn read_h5(path: impl AsRef<Path>) -> Result<Graph, FormatError> {
    let path = path.as_ref();
    in_file(path, || from_h5(&load(path)?))
}

/// Writes `graph` to `path` as an `.h5` file, whole or not at all.
///
/// # Errors
/// If Keras has no form for the network, or the file cannot be written; what stood at `path`
/// before is then untouched.
pub fn write_h5(graph: &Graph, path: impl AsRef<Path>) -> Result<(), FormatError> {
    let path = path.as_ref();
    in_file(path, || store(path, &to_h5(graph)?))
}

/// The network in the bytes of an `.h5` file.
///
/// # Errors
/// As [`read_h5`].
pub fn from_h5(file: &[u8]) -> Result<Graph, FormatError> {
    let root = Reader::open(file)?;
    let Some(config) = root.text("model_config")? else {
        // What save_weights leaves: in Keras 2 a list of layers, in Keras 3 a group of them.
        let weights = root.texts("layer_names")?.is_some() || root.has_group("layers");
        return Err(if weights {
            FormatError::WeightsOnly
        } else {
            FormatError::NotKeras
        });
    };
    let version = Version::of_h5(root.text("keras_version")?.as_deref());
    let network = config::parse(&config, version)?;
    let group = root.group("model_weights")?;
    if group.text("backend")?.as_deref() == Some("theano") {
        return Err(FormatError::Theano);
    }
    let mut weights = weights::Source::new(group, root.limit_bytes(), &network);
    network.build(|origin, expected| weights.of_layer(origin, expected))
}

/// The bytes of an `.h5` file with `graph`.
///
/// # Errors
/// [`FormatError::Unwritable`] with all that Keras has no form for.
pub fn to_h5(graph: &Graph) -> Result<Vec<u8>, FormatError> {
    let graph = graph.borders_apart()?;
    let description = Description::new(&graph)?;
    let config = json!({ "class_name": "Functional", "config": description.config() });
    let mut root = hdf5::Group::default();
    root.set_text("keras_version", KERAS_VERSION);
    root.set_text("backend", BACKEND);
    root.set_text("model_config", config.to_string());
    weights::write(&description, root.group("model_weights"));
    Ok(root.to_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_that_would_fill_the_memory_is_refused() {
        let mut root = hdf5::Group::default();
        root.set_text(
            "model_config",
            "[".to_owned() + &"0,".repeat(config::LONGEST / 2),
        );
        let error = from_h5(&root.to_bytes()).unwrap_err();
        assert!(error.to_string().contains("more than the limit"), "{error}");
    }

    #[test]
    fn kernels_of_theano_are_refused() {
        let config = json!({ "name": "flatten", "batch_input_shape": [null, 4] });
        let layers = json!([{ "class_name": "Flatten", "config": config }]);
        let network = json!({ "class_name": "Sequential", "config": layers });
        let mut root = hdf5::Group::default();
        root.set_text("model_config", network.to_string());
        root.group("model_weights").set_text("backend", "theano");
        let error = from_h5(&root.to_bytes()).unwrap_err();
        assert!(matches!(error, FormatError::Theano), "{error}");
    }

    #[test]
    fn hdf5_of_something_else_is_told_from_a_model() {
        let error = from_h5(&hdf5::Group::default().to_bytes()).unwrap_err();
        assert!(matches!(error, FormatError::NotKeras), "{error}");
    }
}
