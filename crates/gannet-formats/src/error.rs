//! What can be wrong with a model file.

use std::{io, path::PathBuf};

use gannet_graph::{GraphError, Shape};

use crate::Obstacles;

/// Why a model file cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Any of the others, with the file that it is about.
    #[error("{}: {error}", path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<FormatError>,
    },
    /// The operating system refuses.
    #[error("the file cannot be {action}: {source}")]
    Io {
        /// `read` or `written`.
        action: &'static str,
        /// The system's reason.
        #[source]
        source: io::Error,
    },
    /// There is nothing at that path.
    #[error("there is no such file; check the path, or train a network first")]
    Missing,
    /// The path is a folder.
    #[error("this is a folder, not a model file; name the file in it")]
    Folder,
    /// The file has no bytes.
    #[error("the file is empty; it was probably not written to its end, so write it again")]
    Empty,
    /// The file is larger than any network for a microcontroller.
    #[error(
        "the file has {len_bytes} bytes, more than the limit of {limit_bytes}; save the model without its optimizer state (Keras: include_optimizer=False)"
    )]
    TooLarge {
        /// Its size.
        len_bytes: u64,
        /// The largest that is read.
        limit_bytes: u64,
    },
    /// Neither name nor content tells a known format.
    #[error("{found}; the formats known are {known}")]
    UnknownFormat {
        /// What was found instead.
        found: String,
        /// The known formats with their extensions.
        known: String,
    },
    /// The network computes in integers, where one of real numbers is needed.
    #[error(
        "the network is quantized: it computes in integers, and this needs the one of real numbers that it was made from"
    )]
    Quantized,
    /// The format knows only real numbers.
    #[error(
        "the network is quantized, and this format has no form for integers; write a .tflite or an .onnx"
    )]
    NoIntegers,
    /// The TFLite identifier is missing.
    #[error(
        "the file has no TFLite identifier (\"TFL3\" at byte 4), so it is something else; convert the model again with TFLiteConverter"
    )]
    NotTflite,
    /// The FlatBuffer contradicts itself or leaves the file.
    #[error("the TFLite file is damaged: {what}; copy it or convert the model again")]
    DamagedTflite {
        /// What was found and what was expected.
        what: String,
    },
    /// The HDF5 signature is missing.
    #[error(
        "the file does not begin with the HDF5 signature (byte 0), {found}; save the model again with Keras' model.save(\"name.h5\")"
    )]
    NotHdf5 {
        /// What the content looks like.
        found: &'static str,
    },
    /// Keras ran on Theano, which turns kernels round before it multiplies.
    #[error(
        "the file is from Keras on Theano, whose convolutions turn their kernels round; load it in Keras 2 on TensorFlow, which turns them back, and save it again"
    )]
    Theano,
    /// The HDF5 structure contradicts itself or leaves the file.
    #[error("the HDF5 file is damaged at '{path}': {what}; copy or save it again")]
    Damaged {
        /// The path inside the file of what cannot be read.
        path: String,
        /// What was found and what was expected.
        what: String,
    },
    /// HDF5 that Keras does not write by itself.
    #[error(
        "at '{path}' the HDF5 file uses {what}, which is not read; load the model in Keras and save it again with model.save(\"name.h5\")"
    )]
    Hdf5Feature {
        /// The path inside the file.
        path: String,
        /// The feature.
        what: String,
    },
    /// A group, dataset or attribute that the format needs is absent.
    #[error("the HDF5 file has no {what} at '{path}'")]
    Absent {
        /// `group`, `dataset` or `attribute NAME`.
        what: String,
        /// The path inside the file.
        path: String,
    },
    /// The file is no zip archive, or a damaged one.
    #[error(
        "the zip archive is damaged{}: {what}; copy or save it again",
        of(member)
    )]
    Zip {
        /// The member that cannot be read, or nothing if it is the archive.
        member: String,
        /// What was found.
        what: String,
    },
    /// A zip archive lacks what the format needs.
    #[error("the zip archive has no '{name}', so it is no model file of this kind")]
    NoMember {
        /// The member's name.
        name: String,
    },
    /// The members of a zip archive unpack to more than any network.
    #[error(
        "up to '{name}', the zip archive unpacks to more than the limit of {limit_bytes} bytes for a file of its size"
    )]
    Unpacked {
        /// The first member that is too much.
        name: String,
        /// The most that is unpacked.
        limit_bytes: u64,
    },
    /// A safetensors file is none, or contradicts itself.
    #[error("the safetensors file is damaged: {what}; copy or save it again")]
    Safetensors {
        /// What was found.
        what: String,
    },
    /// An array of an NPZ file is none, or contradicts itself.
    #[error("the array '{name}' is damaged: {what}")]
    Npy {
        /// The array's name.
        name: String,
        /// What was found, and what can be done.
        what: String,
    },
    /// Weights of other numbers than single precision.
    #[error(
        "the tensor '{name}' is of the type {found}: weights have to be float32; convert them before they are saved (PyTorch: .float(), NumPy: .astype('float32'))"
    )]
    WeightType {
        /// The tensor's name.
        name: String,
        /// Its type.
        found: String,
    },
    /// All tensors of a file and weights of a network that are not for each other.
    #[error("the weights are not those of the network, because of:{0}")]
    Weights(Obstacles),
    /// Weights without the network's description.
    #[error(
        "the file holds weights only (no 'model_config' attribute), so the layers are unknown; save the whole model with Keras' model.save(\"name.h5\"), not save_weights"
    )]
    WeightsOnly,
    /// HDF5 of something else.
    #[error(
        "this HDF5 file is not a Keras model (no 'model_config' attribute and no 'layer_names'); write one with Keras' model.save(\"name.h5\")"
    )]
    NotKeras,
    /// `model_config` is not JSON.
    #[error("'model_config' is not valid JSON: {source}")]
    Json {
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// `model_config` is JSON, but not as Keras writes it.
    #[error("'model_config' is not as Keras writes it: {0}")]
    Config(String),
    /// The bytes are no protocol buffer, or one of something else.
    #[error("this is not an ONNX file: {what}; export the model again")]
    NotOnnx {
        /// What was found instead.
        what: String,
    },
    /// More parts than any network for a microcontroller has.
    #[error(
        "the file has more than {limit} nodes or parts of nodes, more than any network for a microcontroller; simplify the model before it is exported"
    )]
    TooComplex {
        /// The most that is read.
        limit: usize,
    },
    /// All that stands in the way of reading the network.
    #[error("the network cannot be read, because of:{0}")]
    Unsupported(Obstacles),
    /// All that the format has no form for.
    #[error("the network cannot be written in this format, because of:{0}")]
    Unwritable(Obstacles),
    /// A layer has another number of weight tensors than its kind and attributes need.
    #[error(
        "layer '{layer}' has {found} weight tensors in the file, but needs {expected} ({names})"
    )]
    WeightCount {
        /// The layer's name.
        layer: String,
        /// How many there are.
        found: usize,
        /// How many are needed.
        expected: usize,
        /// Their names.
        names: String,
    },
    /// A weight tensor has another shape than the layer's attributes say.
    #[error(
        "weight '{weight}' of layer '{layer}' has shape {found}, but the layer's attributes need {expected}"
    )]
    WeightShape {
        /// The layer's name.
        layer: String,
        /// The tensor's name in the file.
        weight: String,
        /// The shape in the file.
        found: Shape,
        /// The shape needed, `?` for any extent.
        expected: String,
    },
    /// Layers whose weights lie in the same place.
    #[error(
        "the weights up to layer '{layer}' have more than the {limit_bytes} bytes that a file of this size may give: several layers name the same data, which Keras does not write; save the model again with model.save(\"name.h5\")"
    )]
    SharedWeights {
        /// The first layer that is too much.
        layer: String,
        /// The size of the file, or a little more for compressed values.
        limit_bytes: u64,
    },
    /// The layers do not suit each other.
    #[error(transparent)]
    Graph(#[from] GraphError),
}

/// Names the member of an archive that an error is about.
fn of(member: &str) -> String {
    if member.is_empty() {
        String::new()
    } else {
        format!(" at '{member}'")
    }
}
