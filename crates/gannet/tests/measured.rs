//! Cycles that a board counts, through the whole command: a stand-in for a Nucleo-F446RE answers at
//! a pseudo-terminal and tells ticks that are made up.

#![cfg(unix)]

mod stand_in;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use gannet_board::Board;
use gannet_compile::ir::Program;
use gannet_compile::{InputFormat, Options, compile};
use gannet_graph::networks;
use serde_json::Value;
use serialport::SerialPort;
use stand_in::{CYCLES, StandIn, plug_in};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// The tutorial's network with random weights: its file, and compiled.
fn network() -> (PathBuf, Program) {
    let mut graph = networks::mnist_small();
    gannet_train::initialize(&mut graph, 0);
    let path = folder("measured.h5");
    gannet_formats::write(&graph, &path).unwrap();
    let program = compile(&graph, &Options::new(InputFormat::PIXELS)).unwrap();
    (path, program)
}

/// The section `bench` of the report, and what was said beside it.
fn bench(model: &Path, on: &str) -> (Value, String) {
    let (json, project) = (folder("measured.json"), folder("measured"));
    let output = Command::new(env!("CARGO_BIN_EXE_gannet"))
        .args(["bench", "--on", on])
        .args([Path::new("--json"), &json, Path::new("--folder"), &project])
        .arg(model)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&fs::read(json).unwrap()).unwrap();
    (report["bench"].clone(), said)
}

#[test]
fn a_boards_counter_fills_the_table_as_measured_and_other_clocks_do_not() {
    let (model, program) = network();
    let core_hz = Board::find("nucleo-f446re").unwrap().clock.core_hz();
    let stages = program.stages().len() as u64;

    let port = plug_in(StandIn::of(program.clone(), core_hz));
    let (section, _) = bench(&model, &format!("serial:{}", port.name().unwrap()));
    assert_eq!(section["measured_cycles"], CYCLES);
    let layers = section["layers"].as_array().unwrap().iter();
    let measured = layers.map(|layer| layer["measured_cycles"].as_u64().unwrap());
    assert_eq!(measured.sum::<u64>(), 1000 * stages * (stages + 1) / 2);
    // The trace's own figures stay beside it.
    assert!(section["estimated_cycles"].as_u64().unwrap() > 0);

    // A board that stayed on the clock that it has after reset.
    let port = plug_in(StandIn::of(program, core_hz / 11));
    let slow = bench(&model, &format!("serial:{}", port.name().unwrap()));
    for (section, said) in [slow, bench(&model, "emulator")] {
        assert_eq!(section["measured_cycles"], Value::Null);
        for layer in section["layers"].as_array().unwrap() {
            assert_eq!(layer["measured_cycles"], Value::Null);
        }
        assert!(said.contains("No cycles were measured"), "{said}");
    }
}
