//! Looking into devices: their memory behind every stage, and which layer went wrong first.

use std::path::{Path, PathBuf};
use std::process::Command;

use gannet_board::{Board, Emulator, Feed, Host, Native, locate};
use gannet_compile::ir::Program;
use gannet_compile::{
    InputFormat, Interpreter, Options, compile, compile_quantized, difference, rust,
};
use gannet_data::{ImageShape, Images};
use gannet_formats::{Model, ModelRef};
use gannet_graph::{Graph, QuantizedGraph, networks};
use gannet_link::{Client, Crc32, Patience, Wire};
use gannet_quantize::{Method, quantize};

fn small() -> Graph {
    let mut graph = networks::mnist_small();
    gannet_train::initialize(&mut graph, 0);
    graph
}

/// The same in integers.
fn small_in_integers() -> QuantizedGraph {
    let shape = ImageShape::new(28, 28, 1).unwrap();
    let images = Images::new(shape, picture()).unwrap();
    let quantized = quantize(&small(), &images, &Method::default());
    quantized.unwrap().graph
}

const OPTIONS: Options = Options::new(InputFormat::PIXELS);

fn program(graph: &Graph) -> Program {
    compile(graph, &OPTIONS).unwrap()
}

fn picture() -> Vec<u8> {
    (0..784_u32).map(|i| (i * 37 % 256) as u8).collect()
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Holds a device's memory behind every run of a stage to the interpreter's, to the bit.
fn assert_same_memory(wire: impl Wire, program: &Program) {
    let mut client = Client::connect(wire, Patience::default()).unwrap();
    client.expect(program.name(), program.hash()).unwrap();
    let mut interpreter = Interpreter::new(program);
    let picture = picture();
    let runs = program.runs().len();
    assert!(runs > program.stages().len(), "it works row by row");
    for runs in 1..=runs {
        let host = interpreter.memory_behind(&picture, runs);
        let device = client.memory_behind(&picture, runs as u32, 0..0).unwrap();
        let expected = (Crc32::of(host), host.len() as u32);
        assert_eq!(
            (device.crc, device.len_bytes),
            expected,
            "behind run {runs}"
        );
    }
    assert!(client.self_test().unwrap());
    let stages = client.time_stages(&picture).unwrap();
    assert_eq!(stages.len(), program.stages().len());
}

fn native(program: &Program, name: &str) -> Native {
    let (package, files) = (rust::package_name(program), rust::generate(program));
    let (host, folder) = (Host::current(), folder(name));
    Native::start(&host, &package, &files, Feed::Whole, &folder, |_| ()).unwrap()
}

#[test]
fn memory_on_the_host_is_the_interpreters_behind_every_stage() {
    let floats = program(&small());
    let integers = compile_quantized(&small_in_integers(), &OPTIONS).unwrap();
    for (program, name) in [(floats, "insight"), (integers, "insight-in-integers")] {
        assert_same_memory(native(&program, name), &program);
    }
}

#[test]
fn memory_on_an_emulated_board_is_the_interpreters_behind_every_stage() {
    let (floats, integers) = (small(), small_in_integers());
    assert_same_memory_when_emulated(&floats, &folder("insight.h5"));
    assert_same_memory_when_emulated(&integers, &folder("insight.tflite"));
}

/// The same for firmware in both languages, made from a model in a file.
fn assert_same_memory_when_emulated<'m>(model: impl Into<ModelRef<'m>>, path: &Path) {
    gannet_formats::write(model, path).unwrap();
    let program = match gannet_formats::read(path).unwrap() {
        Model::Float(graph) => compile(&graph, &OPTIONS),
        Model::Quantized(graph) => compile_quantized(&graph, &OPTIONS),
    };
    let program = program.unwrap();
    let board = Board::find("nucleo-f446re").unwrap();
    for (lang, image) in [
        ("rust", "target/thumbv7em-none-eabihf/release/validate"),
        ("c", "build/validate.elf"),
    ] {
        let folder = folder(&format!("insight-{lang}"));
        let output = Command::new(env!("CARGO_BIN_EXE_gannet"))
            .args(["validate", "--on", "emulator", "--images", "1"])
            .args(["--lang", lang, "--folder"])
            .args([&folder, path])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{lang}: {said}");
        let emulator = Emulator::start(&Host::current(), board, &folder.join(image)).unwrap();
        assert_same_memory(emulator, &program);
    }
}

/// One bias of the first dense layer is 100 more on the device.
#[test]
fn the_layer_that_went_wrong_first_is_found_with_how_much() {
    let right = small();
    let mut wrong = right.clone();
    let id = wrong
        .ids()
        .find(|&id| wrong.node(id).name() == "dense")
        .unwrap();
    wrong.node_weights_mut(id)[1][7] += 100.0;

    let device = native(&program(&wrong), "insight-wrong");
    let mut client = Client::connect(device, Patience::default()).unwrap();
    let program = program(&right);
    let mut interpreter = Interpreter::new(&program);
    let runs = program.runs().len() as u32;
    let picture = picture();
    let host = |runs: u32| interpreter.memory_behind(&picture, runs as usize).to_vec();
    let found = locate(&mut client, &picture, runs, host).unwrap().unwrap();
    let found = difference(&program, found.runs as usize, &found.host, &found.device).unwrap();
    assert_eq!(found.layers[0], "dense");
    assert_eq!(found.row, None);
    let values = found.values.unwrap();
    assert_eq!((values.differing, values.first), (1, 7));
    // The function behind the sum is max(x, 0), and the sum below 100.
    assert!(
        values.largest > 0.0 && values.largest <= 100.001,
        "{values:?}"
    );
}

#[test]
fn a_device_that_is_right_has_no_layer_that_is_wrong() {
    let program = program(&small());
    let device = native(&program, "insight-right");
    let mut client = Client::connect(device, Patience::default()).unwrap();
    let mut interpreter = Interpreter::new(&program);
    let picture = picture();
    let host = |runs: u32| interpreter.memory_behind(&picture, runs as usize).to_vec();
    let runs = program.runs().len() as u32;
    assert_eq!(locate(&mut client, &picture, runs, host).unwrap(), None);
}
