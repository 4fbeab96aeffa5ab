//! Files that exporters wrote, made by `oracles/onnx_models.py`: the reference gives what the
//! framework gave. `GANNET_ONNX_FIXTURES` names another folder of such files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use gannet_formats::{Model, onnx};

/// Frameworks sum in single precision, the reference in double.
const TOLERANCE: f32 = 1e-5;

fn folder() -> PathBuf {
    std::env::var_os("GANNET_ONNX_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/onnx"),
        PathBuf::from,
    )
}

fn numbers(answer: &serde_json::Value, name: &str) -> Vec<f32> {
    let numbers = answer[name].as_array().unwrap();
    numbers.iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

#[test]
fn the_reference_gives_what_the_framework_gave() {
    let mut compared = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let answer: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let path = path.with_extension("onnx");
        let imported = onnx::from_bytes(&fs::read(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        // Nothing is moved at run time.
        let Model::Float(graph) = &imported.network else {
            panic!("{} is of integers", path.display());
        };
        let kinds: Vec<&str> = graph.nodes().iter().map(|n| n.layer().kind()).collect();
        assert!(!kinds.contains(&"Permute"), "{}: {kinds:?}", path.display());
        let (input, expected) = (numbers(&answer, "input"), numbers(&answer, "output"));
        let batch = answer["input_dims"][0].as_u64().unwrap() as usize;
        let mut found = Vec::new();
        for image in input.chunks(input.len() / batch) {
            found.extend(imported.run(image).unwrap());
        }
        assert_eq!(found.len(), expected.len(), "{}", path.display());
        for (found, expected) in found.iter().zip(&expected) {
            assert!(
                (found - expected).abs() <= TOLERANCE,
                "{}: {found} and not {expected}",
                path.display()
            );
        }
        compared += 1;
    }
    assert!(compared >= 14, "{compared} networks");
}
