//! The interpreter against the f32 reference, on every network of the suite.

use crate::suite;
use gannet_compile::{InputFormat, Interpreter, Options, compile};
use gannet_graph::Graph;

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

/// The first picture on which the interpreter, on bytes or on floats, leaves the reference: what
/// it gave and what it should have given.
fn departure(graph: &Graph, pictures: usize, tolerance: f32) -> Option<(Vec<f32>, Vec<f32>)> {
    let interpreter = |input| Interpreter::new(&compile(graph, &Options::new(input)).unwrap());
    let mut on_bytes = interpreter(InputFormat::PIXELS);
    let mut on_floats = interpreter(InputFormat::F32);
    let mut random = suite::Random::new(7);
    (0..pictures).find_map(|_| {
        let pixels = random.pixels(graph.input_shape().elements());
        let image = suite::image(graph, &pixels);
        let expected = graph.run(&image).unwrap().data().to_vec();
        let from_bytes = floats(on_bytes.run(&pixels));
        let from_floats = on_floats.run_f32(image.data());
        [from_bytes, from_floats]
            .into_iter()
            .find(|found| !near(found, &expected, tolerance))
            .map(|found| (found, expected))
    })
}

/// Whether the interpreter keeps to the reference within what the roundings of a few layers of
/// any kind add up to.
pub fn agrees(graph: &Graph) -> bool {
    departure(graph, 2, 1e-4).is_none()
}

#[test]
fn bytes_and_floats_give_what_the_reference_gives() {
    for graph in suite::networks() {
        let departure = departure(&graph, 10, 1e-6);
        assert!(departure.is_none(), "{}: {departure:?}", graph.name());
    }
}

#[test]
fn a_run_leaves_nothing_behind_for_the_next() {
    let graph = &suite::networks()[0];
    let program = compile(graph, &Options::new(InputFormat::PIXELS)).unwrap();
    let mut random = suite::Random::new(3);
    let (first, second) = (random.pixels(784), random.pixels(784));
    let mut fresh = Interpreter::new(&program);
    let mut used = fresh.clone();
    used.run(&first);
    assert_eq!(used.run(&second), fresh.run(&second));
}
