//! Cycles that a board counts, through the whole command: a stand-in for a Nucleo-F446RE answers at
//! a pseudo-terminal and tells ticks that are made up.

#![cfg(unix)]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use gannet_board::Board;
use gannet_compile::ir::Program;
use gannet_compile::{InputFormat, Interpreter, Options, compile};
use gannet_graph::networks;
use gannet_link::{
    Capabilities, ElementType, Engine, Identity, Inference, Port, Server, TensorInfo,
};
use serde_json::Value;
use serialport::{SerialPort, TTYPort};

/// What the stand-in says that an inference takes.
const CYCLES: u64 = 1_234_567;

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

/// A board that computes by interpreting.
struct StandIn {
    program: Program,
    input: Vec<u8>,
    output: Vec<u8>,
    ticks_per_second: u32,
    stage_ticks: Vec<u8>,
}

impl StandIn {
    /// Stage number `n` takes 1000 (n + 1) ticks.
    fn of(program: Program, ticks_per_second: u32) -> StandIn {
        let stages = 1..=program.stages().len() as u32;
        StandIn {
            input: vec![0; program.image_len()],
            output: Vec::new(),
            ticks_per_second,
            stage_ticks: stages.flat_map(|n| (1000 * n).to_le_bytes()).collect(),
            program,
        }
    }
}

impl Engine for StandIn {
    fn identity(&self) -> Identity<'_> {
        let tensor = |element, len| TensorInfo {
            element,
            len_bytes: len as u32,
        };
        Identity {
            window: 1,
            network: self.program.name(),
            hash: self.program.hash(),
            board: "stand-in",
            input: tensor(ElementType::U8, self.input.len()),
            output: tensor(ElementType::F32, 4 * self.program.output().len()),
            ticks_per_second: self.ticks_per_second,
            capabilities: Capabilities::INSIGHT,
        }
    }

    fn input(&mut self) -> &mut [u8] {
        &mut self.input
    }

    fn run(&mut self) -> Inference<'_> {
        let mut interpreter = Interpreter::new(&self.program);
        self.output = interpreter.run(&self.input).to_vec();
        Inference {
            output: &self.output,
            ticks: CYCLES,
        }
    }

    fn time_stages(&mut self) -> &[u8] {
        &self.stage_ticks
    }
}

/// The board's end of the line.
struct Terminal(TTYPort);

impl Port for Terminal {
    fn read(&mut self) -> Option<u8> {
        let mut byte = [0];
        // Nothing came within its time-out.
        self.0.read_exact(&mut byte).ok().map(|()| byte[0])
    }

    fn write(&mut self, byte: u8) {
        // Whoever has gone away hears nothing.
        let _ = self.0.write_all(&[byte]);
    }
}

/// Starts the stand-in, and gives the end of its line that is a port to others. It ends with the
/// test.
fn plug_in(board: StandIn) -> TTYPort {
    let (mut of_board, of_host) = TTYPort::pair().unwrap();
    of_board.set_timeout(Duration::from_millis(20)).unwrap();
    thread::spawn(move || {
        let (mut server, mut line, mut board) = (Server::new(), Terminal(of_board), board);
        loop {
            server.poll(&mut line, &mut board);
        }
    });
    of_host
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
