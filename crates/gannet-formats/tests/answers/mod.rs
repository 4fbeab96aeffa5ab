//! ONNX files beside what the framework that wrote them gave.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gannet_formats::onnx::{self, Imported};
use serde_json::Value;

/// Each `.json` of `tests/fixtures/FOLDER`, or of the folder that the environment's `variable`
/// names, with the network in the `.onnx` file of its name and where that lies.
pub fn answers(variable: &str, folder: &str) -> impl Iterator<Item = (PathBuf, Imported, Value)> {
    let folder = std::env::var_os(variable).map_or_else(
        || {
            Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("tests/fixtures")
                .join(folder)
        },
        PathBuf::from,
    );
    let entries = fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let answers = paths.filter(|path| path.extension().is_some_and(|found| found == "json"));
    answers.map(|path| {
        let answer = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let path = path.with_extension("onnx");
        let imported = onnx::from_bytes(&fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path, imported, answer)
    })
}

pub fn numbers(values: &Value) -> Vec<f32> {
    let numbers = values.as_array().unwrap().iter();
    numbers.map(|x| x.as_f64().unwrap() as f32).collect()
}
