//! A board's stand-in at the other end of a pseudo-terminal, with ticks that are made up.

use std::io::{Read, Write};
use std::thread;
use std::time::Duration;

use gannet_compile::Interpreter;
use gannet_compile::ir::Program;
use gannet_link::{
    Capabilities, ElementType, Engine, Identity, Inference, Port, Server, TensorInfo,
};
use serialport::{SerialPort, TTYPort};

/// What it says that an inference takes.
pub const CYCLES: u64 = 1_234_567;

/// A board that computes by interpreting.
pub struct StandIn {
    program: Program,
    input: Vec<u8>,
    output: Vec<u8>,
    ticks_per_second: u32,
    stage_ticks: Vec<u8>,
}

impl StandIn {
    /// Stage number `n` takes 1000 (n + 1) ticks.
    pub fn of(program: Program, ticks_per_second: u32) -> StandIn {
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

    fn self_test(&mut self) -> bool {
        true
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
pub fn plug_in(board: StandIn) -> TTYPort {
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
