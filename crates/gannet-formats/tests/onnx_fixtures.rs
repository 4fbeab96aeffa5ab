//! Files that exporters wrote, made by `oracles/onnx_models.py`: the reference gives what the
//! framework gave. `GANNET_ONNX_FIXTURES` names another folder of such files.

mod answers;

use answers::{answers, numbers};
use gannet_formats::Model;

/// Frameworks sum in single precision, the reference in double.
const TOLERANCE: f32 = 1e-5;

#[test]
fn the_reference_gives_what_the_framework_gave() {
    let mut compared = 0;
    for (path, imported, answer) in answers("GANNET_ONNX_FIXTURES", "onnx") {
        let Model::Float(graph) = &imported.network else {
            panic!("{} is of integers", path.display());
        };
        let kinds: Vec<&str> = graph.nodes().iter().map(|n| n.layer().kind()).collect();
        let is_moved = path.file_stem().is_some_and(|stem| stem == "moved-parts");
        // Of what exporters write, nothing is moved at run time.
        assert_eq!(kinds.contains(&"Permute"), is_moved, "{}", path.display());
        let (input, expected) = (numbers(&answer["input"]), numbers(&answer["output"]));
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
