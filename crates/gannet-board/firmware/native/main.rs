//! Serves the link on standard input and output: the network compiled for this machine.

mod device;
mod introduction;
mod timer;

/// The machine, as the link is told of it.
mod board {
    pub const NAME: &str = "host";
}

/// Of this machine's memory there is nothing to tell.
mod stack {
    pub fn memory() -> gannet_link::Memory {
        gannet_link::Memory::default()
    }
}

use std::io::{self, BufRead, BufReader, BufWriter, Stdin, Stdout, Write};
use std::process;

use device::Device;
use gannet_link::{Port, Server};
use network::Network;
use timer::Timer;

fn main() {
    let mut pipes = Pipes {
        requests: BufReader::new(io::stdin()),
        answers: BufWriter::new(io::stdout()),
    };
    let network = Box::leak(Box::new(Network::new()));
    let mut device = Device::new(network, Timer::start());
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
