//! `gannet convert`: a network from one format to another, and whether it is still the same.

use std::path::{Path, PathBuf};

use clap::Args;
use gannet_formats::{Model, largest_difference, state::StateFormat};
use serde::Serialize;

use crate::draw::number::count;
use crate::failure::Failure;
use crate::model;
use crate::report::JsonArg;

/// How many random inputs the networks are run on.
const INPUTS: usize = 4;

/// More than what another order of sums can make: a conversion that changes the network.
const TOLERANCE: f32 = 1e-5;

/// Convert a model file, or weights and a network, to another format.
///
/// The file that was written is read again, and both networks are run on random inputs.
#[derive(Debug, Args)]
pub struct Convert {
    /// A model file, or, with --network, weights: PyTorch's or Keras' in .safetensors or .npz.
    from: PathBuf,
    /// The file to write; its extension names the format.
    to: PathBuf,
    /// The network that the weights are of: a gannet.toml, a built-in network or a model file.
    /// Its layers have the names of the weights.
    #[arg(long, value_name = "NETWORK")]
    network: Option<String>,
    #[command(flatten)]
    json: JsonArg,
}

/// The section `convert` of the report.
#[derive(Debug, Serialize)]
struct Section {
    from: PathBuf,
    to: PathBuf,
    layers: usize,
    params: usize,
    inputs: usize,
    largest_difference: f32,
}

pub fn run(args: &Convert) -> Result<(), Failure> {
    let screen = args.json.screen()?;
    let model = source(&args.from, args.network.as_deref())?;
    let written = write(&model, &args.to)?;
    let section = Section {
        from: args.from.clone(),
        to: args.to.clone(),
        layers: model.as_ref().layers(),
        params: model.as_ref().params(),
        inputs: INPUTS,
        largest_difference: largest_difference(&model, &written, INPUTS)?,
    };
    screen.line(format_args!(
        "{}: {} layers, {} parameters; largest difference on {INPUTS} random inputs: {}",
        args.to.display(),
        section.layers,
        count(section.params as u64),
        section.largest_difference
    ));
    args.json.write(&[("convert", &section)])?;
    if section.largest_difference > TOLERANCE {
        return Err(Failure::limit(format!(
            "{} was written, but its network differs from that of {} by {}, more than {TOLERANCE}",
            args.to.display(),
            args.from.display(),
            section.largest_difference
        )));
    }
    Ok(())
}

/// The network with its weights.
fn source(from: &Path, network: Option<&str>) -> Result<Model, Failure> {
    match (StateFormat::of(from), network) {
        (Some(format), Some(network)) => {
            Ok(Model::Float(format.read(from, model::structure(network)?)?))
        }
        (Some(_), None) => Err(Failure::usage(format!(
            "{0} holds weights without a network: name the network that they are of, \
             `gannet convert {0} ... --network gannet.toml`",
            from.display()
        ))),
        (None, Some(_)) => Err(Failure::usage(format!(
            "--network goes with weights alone (.safetensors or .npz), but {} is a model file: \
             leave it away",
            from.display()
        ))),
        (None, None) => model::trained_any(&from.to_string_lossy()),
    }
}

/// Writes the network and gives what is read from the file.
fn write(model: &Model, to: &Path) -> Result<Model, Failure> {
    match (StateFormat::of(to), model) {
        (Some(format), Model::Float(graph)) => {
            format.write(graph, to)?;
            Ok(Model::Float(format.read(to, graph.clone())?))
        }
        (Some(_), Model::Quantized(_)) => Err(Failure::usage(format!(
            "the network is quantized, and {} holds weights as real numbers: write a .tflite",
            to.display()
        ))),
        (None, _) => {
            gannet_formats::write(model, to)?;
            Ok(gannet_formats::read(to)?)
        }
    }
}
