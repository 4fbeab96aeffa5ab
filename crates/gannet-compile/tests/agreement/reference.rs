//! The interpreter against the f32 reference, on every network of the suite.

use crate::suite;
use gannet_compile::{InputFormat, Interpreter, Options, compile};

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|&chunk| f32::from_le_bytes(chunk))
        .collect()
}

fn near(found: &[f32], expected: &[f32], tolerance: f32) -> bool {
    found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() <= tolerance * b.abs().max(1.0))
}

#[test]
fn bytes_and_floats_give_what_the_reference_gives() {
    for graph in suite::networks() {
        let on_bytes = compile(
            &graph,
            &Options {
                input: InputFormat::PIXELS,
            },
        )
        .unwrap();
        let on_floats = compile(
            &graph,
            &Options {
                input: InputFormat::F32,
            },
        )
        .unwrap();
        let mut on_bytes = Interpreter::new(&on_bytes);
        let mut on_floats = Interpreter::new(&on_floats);
        let mut random = suite::Random::new(7);
        for _ in 0..10 {
            let pixels = random.pixels(graph.input_shape().elements());
            let image = suite::image(&graph, &pixels);
            let expected = graph.run(&image).unwrap();
            let from_bytes = floats(on_bytes.run(&pixels));
            let from_floats = on_floats.run_f32(image.data());
            for found in [from_bytes, from_floats] {
                assert!(
                    near(&found, expected.data(), 1e-6),
                    "{}: {found:?} instead of {:?}",
                    graph.name(),
                    expected.data()
                );
            }
        }
    }
}

#[test]
fn a_run_leaves_nothing_behind_for_the_next() {
    let graph = &suite::networks()[0];
    let program = compile(
        graph,
        &Options {
            input: InputFormat::PIXELS,
        },
    )
    .unwrap();
    let mut random = suite::Random::new(3);
    let (first, second) = (random.pixels(784), random.pixels(784));
    let mut fresh = Interpreter::new(&program);
    let mut used = fresh.clone();
    used.run(&first);
    assert_eq!(used.run(&second), fresh.run(&second));
}
