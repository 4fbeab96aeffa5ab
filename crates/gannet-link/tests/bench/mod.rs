//! A device without a board: an engine that sums its input, on a port that is two queues.

#![allow(
    dead_code,
    reason = "each test file is a program of its own and uses its part"
)]

use std::collections::VecDeque;
use std::io;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use gannet_link::{
    Capabilities, ElementType, Engine, Identity, Inference, Memory, Port, Server, TensorInfo, Wire,
    as_bytes,
};

/// The engine of the test vectors, for any input length. Each run spoils the input, as a
/// network that computes in place does.
pub struct Sum {
    pub hash: [u8; 8],
    pub input: Vec<u8>,
    pub output: [f32; 1],
    pub memory: Vec<u8>,
}

/// The ticks of the engine's two stages: one adds up, one spoils the input.
const STAGE_TICKS: [u8; 8] = [200, 0, 0, 0, 50, 0, 0, 0];

impl Sum {
    pub fn of(input_len: usize) -> Self {
        Self {
            hash: [1, 2, 3, 4, 5, 6, 7, 8],
            input: vec![0; input_len],
            output: [0.0],
            memory: Vec::new(),
        }
    }
}

impl Engine for Sum {
    fn identity(&self) -> Identity<'_> {
        Identity {
            window: 1,
            network: "sum",
            hash: self.hash,
            board: "bench",
            input: TensorInfo {
                element: ElementType::U8,
                len_bytes: self.input.len() as u32,
            },
            output: TensorInfo {
                element: ElementType::F32,
                len_bytes: 4,
            },
            ticks_per_second: 1_000_000,
            capabilities: Capabilities::INSIGHT,
        }
    }

    fn input(&mut self) -> &mut [u8] {
        &mut self.input
    }

    fn run(&mut self) -> Inference<'_> {
        self.output = [self.input.iter().map(|&pixel| f32::from(pixel)).sum()];
        self.input.fill(0xAA);
        Inference {
            output: as_bytes(&self.output),
            ticks: 250,
        }
    }

    fn run_until(&mut self, runs: u32) -> &[u8] {
        let image = self.input.clone();
        self.run();
        let input = if runs < 2 { image } else { self.input.clone() };
        self.input.fill(0xAA);
        self.memory = [&input[..], as_bytes(&self.output)].concat();
        &self.memory
    }

    fn time_stages(&mut self) -> &[u8] {
        self.run();
        &STAGE_TICKS
    }

    fn self_test(&mut self) -> bool {
        true
    }

    fn memory(&self) -> Memory {
        Memory {
            peak_stack: Some(300),
            static_ram: None,
        }
    }
}

/// The same network, which takes its input a row at a time: it adds up what is in the row.
pub struct RowSum {
    whole: Sum,
    row: Vec<u8>,
    ticks: u64,
}

impl RowSum {
    pub fn of(rows: usize, row_len: usize) -> Self {
        Self {
            whole: Sum::of(rows * row_len),
            row: vec![0; row_len],
            ticks: 0,
        }
    }
}

impl Engine for RowSum {
    fn identity(&self) -> Identity<'_> {
        Identity {
            window: 2,
            capabilities: Capabilities::ROWS,
            ..self.whole.identity()
        }
    }

    fn input(&mut self) -> &mut [u8] {
        &mut self.row
    }

    fn push_row(&mut self, row: usize) {
        if row == 0 {
            (self.whole.output, self.ticks) = ([0.0], 0);
        }
        self.whole.output[0] += self.row.iter().map(|&pixel| f32::from(pixel)).sum::<f32>();
        self.ticks += 125;
        self.row.fill(0xAA);
    }

    fn run(&mut self) -> Inference<'_> {
        Inference {
            output: as_bytes(&self.whole.output),
            ticks: self.ticks,
        }
    }

    fn memory(&self) -> Memory {
        self.whole.memory()
    }
}

/// The bench's engine under another name.
pub struct Named(pub Sum, pub String);

impl Engine for Named {
    fn identity(&self) -> Identity<'_> {
        Identity {
            network: &self.1,
            capabilities: Capabilities::default(),
            ..self.0.identity()
        }
    }

    fn input(&mut self) -> &mut [u8] {
        self.0.input()
    }

    fn run(&mut self) -> Inference<'_> {
        self.0.run()
    }
}

/// A port whose input is there at once, and whose output is kept.
#[derive(Default)]
pub struct Queues {
    pub input: VecDeque<u8>,
    pub output: Vec<u8>,
}

impl Port for Queues {
    fn read(&mut self) -> Option<u8> {
        self.input.pop_front()
    }

    fn write(&mut self, byte: u8) {
        self.output.push(byte);
    }
}

/// The host's end of a wire to a device that runs in a thread, ending with the wire.
pub struct Bench {
    to_device: Sender<Vec<u8>>,
    from_device: Receiver<Vec<u8>>,
}

impl Bench {
    pub fn with(engine: impl Engine + Send + 'static) -> Self {
        let (to_device, at_device) = mpsc::channel::<Vec<u8>>();
        let (to_host, from_device) = mpsc::channel();
        thread::spawn(move || {
            let (mut server, mut port, mut engine) = (Server::new(), Queues::default(), engine);
            for bytes in at_device {
                port.input.extend(bytes);
                server.poll(&mut port, &mut engine);
                if !port.output.is_empty() && to_host.send(port.output.split_off(0)).is_err() {
                    return;
                }
            }
        });
        Self {
            to_device,
            from_device,
        }
    }
}

impl Wire for Bench {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to_device
            .send(bytes.to_vec())
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        match self.from_device.recv_timeout(timeout) {
            Ok(bytes) => {
                buffer[..bytes.len()].copy_from_slice(&bytes);
                Ok(bytes.len())
            }
            Err(mpsc::RecvTimeoutError::Timeout) => Ok(0),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}

/// A wire that changes what passes over it.
pub struct Through<W, F> {
    pub wire: W,
    /// Given a direction and bytes, what arrives of them.
    pub change: F,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    ToDevice,
    ToHost,
}

impl<W: Wire, F: FnMut(Direction, &[u8]) -> Vec<u8>> Wire for Through<W, F> {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.wire.send(&(self.change)(Direction::ToDevice, bytes))
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        let mut chunk = [0; 1024];
        let len = self.wire.receive(&mut chunk, timeout)?;
        let bytes = (self.change)(Direction::ToHost, &chunk[..len]);
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}
