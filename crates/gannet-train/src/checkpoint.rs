//! A paused training run as a file: safetensors, all numbers that are not tensors as JSON in
//! its metadata under `gannet`.
//!
//! A file is written beside its place, synced and renamed, so that at any moment the last
//! whole checkpoint is there.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use gannet_graph::Graph;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::{Deserialize, Serialize};

use crate::TrainError;
use crate::event::Epoch;
use crate::optimizer::OptimizerState;
use crate::penalty::Penalty;
use crate::recipe::Recipe;
use crate::state::{Best, Running, State};

/// Changes when files of before cannot be read any more.
const FORMAT: u32 = 1;
const KEY: &str = "gannet";

/// All that a paused run is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    pub(crate) recipe: Recipe,
    pub(crate) structure: String,
    pub(crate) images: usize,
    /// The hashes of the networks that are learned from.
    pub(crate) teachers: Vec<String>,
    pub(crate) state: State,
}

/// What stands in the metadata.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    recipe: Recipe,
    /// See [`structure`].
    structure: String,
    /// Training images.
    images: usize,
    /// The teachers' hashes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    teachers: Vec<String>,
    steps: u64,
    powers: [f64; 2],
    running: Running,
    /// Epoch and value of the best epoch.
    best: Option<(usize, f64)>,
    history: Vec<Epoch>,
}

/// What tells networks of one structure and its penalties from others, whatever their weights.
pub(crate) fn structure(graph: &Graph) -> String {
    let mut blank = graph.clone();
    blank
        .weights_mut()
        .flatten()
        .for_each(|weight| *weight = 0.0);
    format!("{}{}", blank.hash(), Penalty::new(graph))
}

impl Checkpoint {
    /// The recipe of the run.
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// What each whole epoch gave.
    pub fn history(&self) -> &[Epoch] {
        &self.state.history
    }

    /// Writes the file; what was there before stays until the new one is whole.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] if it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), TrainError> {
        let failed = |reason: &dyn std::fmt::Display| TrainError::Checkpoint {
            path: path.to_owned(),
            problem: format!("it cannot be written: {reason}"),
        };
        let bytes = self.to_bytes().map_err(|error| failed(&error))?;
        replace(path, &bytes).map_err(|error| failed(&error))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] if it cannot be read or is no checkpoint of this version.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let failed = |problem: String| TrainError::Checkpoint {
            path: path.to_owned(),
            problem,
        };
        let bytes =
            fs::read(path).map_err(|error| failed(format!("it cannot be read: {error}")))?;
        Checkpoint::from_bytes(&bytes).map_err(failed)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let state = &self.state;
        let header = Header {
            format: FORMAT,
            recipe: self.recipe.clone(),
            structure: self.structure.clone(),
            images: self.images,
            teachers: self.teachers.clone(),
            steps: state.steps,
            powers: state.optimizer.powers,
            running: state.running,
            best: state.best.as_ref().map(|best| (best.epoch, best.value)),
            history: state.history.clone(),
        };
        let metadata = HashMap::from([(KEY.to_owned(), serde_json::to_string(&header)?)]);
        let tensors: Vec<(&str, Vec<u8>)> = [
            ("weights", Some(&state.weights)),
            ("optimizer.mean", Some(&state.optimizer.mean)),
            ("optimizer.square", Some(&state.optimizer.square)),
            ("average", state.average.as_ref()),
            ("best", state.best.as_ref().map(|best| &best.weights)),
        ]
        .into_iter()
        .filter_map(|(name, values)| {
            let bytes = values?.iter().flat_map(|value| value.to_le_bytes());
            Some((name, bytes.collect()))
        })
        .collect();
        let shape = vec![state.weights.len()];
        let views: Vec<(&str, TensorView<'_>)> = tensors
            .iter()
            .map(|(name, bytes)| Ok((*name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
            .collect::<Result<_, safetensors::SafeTensorError>>()?;
        Ok(safetensors::serialize(views, Some(metadata))?)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (_, metadata) = SafeTensors::read_metadata(bytes)
            .map_err(|error| format!("it is not a whole safetensors file: {error}"))?;
        let header = metadata
            .metadata()
            .as_ref()
            .and_then(|metadata| metadata.get(KEY));
        let header = header.ok_or("it holds tensors, but no training run")?;
        let header: Header = serde_json::from_str(header)
            .map_err(|error| format!("its description of the run is damaged: {error}"))?;
        if header.format != FORMAT {
            return Err(format!(
                "its format is {}, but this version reads {FORMAT}",
                header.format
            ));
        }
        let tensors = SafeTensors::deserialize(bytes).map_err(|error| error.to_string())?;
        let weights = values(&tensors, "weights")?;
        let tensor = |name| match values(&tensors, name) {
            Ok(values) if values.len() == weights.len() => Ok(values),
            Ok(_) => Err(format!(
                "its tensor '{name}' has another length than its weights"
            )),
            Err(error) => Err(error),
        };
        Ok(Checkpoint {
            structure: header.structure,
            images: header.images,
            teachers: header.teachers,
            state: State {
                optimizer: OptimizerState {
                    mean: tensor("optimizer.mean")?,
                    square: tensor("optimizer.square")?,
                    powers: header.powers,
                },
                average: header
                    .recipe
                    .average
                    .map(|_| tensor("average"))
                    .transpose()?,
                steps: header.steps,
                running: header.running,
                best: header
                    .best
                    .map(|(epoch, value)| {
                        tensor("best").map(|weights| Best {
                            epoch,
                            value,
                            weights,
                        })
                    })
                    .transpose()?,
                history: header.history,
                weights,
            },
            recipe: header.recipe,
        })
    }
}

fn values(tensors: &SafeTensors<'_>, name: &str) -> Result<Vec<f32>, String> {
    let tensor = tensors
        .tensor(name)
        .map_err(|_| format!("its tensor '{name}' is missing"))?;
    if tensor.dtype() != Dtype::F32 {
        return Err(format!("its tensor '{name}' is not of 32-bit floats"));
    }
    let (words, _) = tensor.data().as_chunks::<4>();
    Ok(words.iter().map(|&word| f32::from_le_bytes(word)).collect())
}

/// Puts `bytes` in the place of the file, whole or not at all.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let beside = PathBuf::from(name);
    let mut file = File::create(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&beside, path)?;
    // The new name has to reach the disk too. Not every system opens folders; then there is
    // nothing to be done.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    if let Ok(folder) = File::open(folder.unwrap_or(Path::new("."))) {
        folder.sync_all().ok();
    }
    Ok(())
}
