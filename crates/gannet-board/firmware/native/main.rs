//! Serves the link on standard input and output: the network compiled for this machine.

use std::io::{self, BufRead, BufReader, BufWriter, Stdin, Stdout, Write};
use std::ops::ControlFlow;
use std::process;
use std::time::Instant;

use gannet_link::{
    Capabilities, Element, Engine, Identity, Inference, Port, Server, TensorInfo, as_bytes,
    as_bytes_mut,
};
use network::Network;

const TICKS_PER_SECOND: u32 = 1_000_000_000;

fn main() {
    let mut pipes = Pipes {
        requests: BufReader::new(io::stdin()),
        answers: BufWriter::new(io::stdout()),
    };
    let mut device = Device {
        network: Box::new(Network::new()),
        stage_ticks: [[0; 4]; network::STAGES],
    };
    let mut server = Server::new();
    loop {
        server.poll(&mut pipes, &mut device);
    }
}

struct Pipes {
    requests: BufReader<Stdin>,
    answers: BufWriter<Stdout>,
}

impl Port for Pipes {
    /// Waits for a byte. Whoever waits has been sent every answer; an end of the requests or of
    /// their sender is the end of the program.
    fn read(&mut self) -> Option<u8> {
        if self.requests.buffer().is_empty() && self.answers.flush().is_err() {
            process::exit(1);
        }
        match self.requests.fill_buf() {
            Ok(&[byte, ..]) => {
                self.requests.consume(1);
                Some(byte)
            }
            Ok([]) => process::exit(0),
            Err(_) => process::exit(1),
        }
    }

    fn write(&mut self, byte: u8) {
        if self.answers.write_all(&[byte]).is_err() {
            process::exit(1);
        }
    }
}

struct Device {
    network: Box<Network>,
    stage_ticks: [[u8; 4]; network::STAGES],
}

impl Engine for Device {
    fn identity(&self) -> Identity<'_> {
        Identity {
            // The pipe holds what comes while the network runs.
            window: 2,
            network: network::NAME,
            hash: network::HASH,
            board: "host",
            input: tensor::<network::Input>(network::INPUT_LEN),
            output: tensor::<network::Output>(network::OUTPUT_LEN),
            ticks_per_second: TICKS_PER_SECOND,
            capabilities: Capabilities::INSIGHT,
        }
    }

    fn input(&mut self) -> &mut [u8] {
        as_bytes_mut(self.network.input_mut())
    }

    fn run(&mut self) -> Inference<'_> {
        let start = Instant::now();
        let output = self.network.run();
        let ticks = start.elapsed().as_nanos() as u64;
        Inference { output: as_bytes(output), ticks }
    }

    fn run_until(&mut self, runs: u32) -> &[u8] {
        let mut left = runs;
        self.network.run_watched(&mut |_| {
            left = left.saturating_sub(1);
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    }

    fn time_stages(&mut self) -> &[u8] {
        self.stage_ticks = [[0; 4]; network::STAGES];
        let mut start = Instant::now();
        self.network.run_watched(&mut |stage| {
            let ticks = &mut self.stage_ticks[stage];
            let took = start.elapsed().as_nanos() as u32;
            *ticks = u32::from_le_bytes(*ticks).wrapping_add(took).to_le_bytes();
            start = Instant::now();
            ControlFlow::Continue(())
        });
        self.stage_ticks.as_flattened()
    }

    fn self_test(&mut self) -> bool {
        self.network.self_test()
    }
}

fn tensor<E: Element>(elements: usize) -> TensorInfo {
    TensorInfo { element: E::TYPE, len_bytes: (elements * E::TYPE.len_bytes()) as u32 }
}
