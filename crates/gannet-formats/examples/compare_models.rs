//! Reads every model file in the folder that the argument names and compares what the reference
//! gives with what a framework gave: beside each file, a `.json` has an `input` and an `output`.
//! `oracles/zoo.py` makes such a folder.

#![allow(clippy::print_stdout, reason = "what it finds is for a person")]

use std::{
    collections::BTreeMap,
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use gannet_formats::FORMATS;
use gannet_graph::Tensor;

/// Frameworks sum in single precision and in any order, the reference in double.
const TOLERANCE: f32 = 1e-5;

fn main() -> Result<(), Box<dyn Error>> {
    let folder: PathBuf = std::env::args_os()
        .nth(1)
        .ok_or("name the folder to read")?
        .into();
    let entries = fs::read_dir(&folder)?.collect::<Result<Vec<_>, _>>()?;
    let mut paths: Vec<PathBuf> = entries.iter().map(fs::DirEntry::path).collect();
    paths.retain(|path| is_model(path));
    paths.sort();
    let mut faults = 0;
    for path in &paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match difference(path) {
            Ok(difference) => {
                let agrees = difference <= TOLERANCE;
                faults += usize::from(!agrees);
                let verdict = if agrees { "agrees" } else { "DIFFERS" };
                println!("{name:28} largest difference {difference:.1e}, {verdict}");
            }
            Err(error) => {
                faults += 1;
                println!("{name:28} {error}");
            }
        }
    }
    match (faults, paths.len()) {
        (_, 0) => Err(format!("{} has no model file", folder.display()).into()),
        (0, files) => {
            println!("{files} files agree");
            Ok(())
        }
        (faults, files) => Err(format!("{faults} of {files} files do not agree").into()),
    }
}

fn is_model(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    FORMATS
        .iter()
        .any(|format| format.extensions.iter().any(|known| extension == *known))
}

/// The largest difference between the reference's output and the framework's.
fn difference(path: &Path) -> Result<f32, Box<dyn Error>> {
    let answer = fs::read_to_string(path.with_extension("json"))?;
    let mut answer: BTreeMap<String, Vec<f32>> = serde_json::from_str(&answer)?;
    let mut numbers = |name: &str| {
        let numbers = answer.remove(name);
        numbers.ok_or_else(|| format!("its .json has no '{name}'"))
    };
    let (input, expected) = (numbers("input")?, numbers("output")?);
    let graph = gannet_formats::read_float(path)?;
    let input = Tensor::new(graph.input_shape().clone(), input)?;
    let output = graph.run(&input)?;
    if output.data().len() != expected.len() {
        return Err(format!("gives {}, not as many values", output.shape()).into());
    }
    let differences = output.data().iter().zip(&expected);
    let differences = differences.map(|(found, expected)| (found - expected).abs());
    // A maximum would pass over NaN.
    Ok(differences.fold(0.0, |a, b| if b > a || b.is_nan() { b } else { a }))
}
