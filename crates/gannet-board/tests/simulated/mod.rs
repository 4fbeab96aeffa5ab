//! A board that is a model: the firmware's server behind a serial line whose bytes take their
//! time and may be spoiled. Time is counted, not waited for, so that a run gives the same figures
//! on every machine.

#![allow(
    dead_code,
    reason = "each test file is a program of its own and uses its part"
)]

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use gannet_board::Feed;
use gannet_link::{
    Capabilities, ElementType, Engine, Identity, Inference, PART_LEN, Port, Server, TensorInfo,
    Wire, as_bytes, frame_len_max,
};

/// Pixels of an input.
pub const INPUT_LEN: usize = 784;
/// Pixels of its rows.
const ROW_LEN: usize = 28;

/// An image, different for every number.
pub fn image(number: usize) -> Vec<u8> {
    (0..INPUT_LEN)
        .map(|at| (at * (number + 3) % 251) as u8)
        .collect()
}

/// What the network makes of it: ten sums, each of every tenth pixel.
pub fn output(image: &[u8]) -> Vec<u8> {
    sums(image)
        .iter()
        .flat_map(|sum| sum.to_le_bytes())
        .collect()
}

fn sums(image: &[u8]) -> [f32; 10] {
    std::array::from_fn(|k| {
        let pixels = image.iter().skip(k).step_by(10);
        pixels.fold(0.0, |sum, &pixel| sum + f32::from(pixel))
    })
}

/// What the line does to one byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Arrives,
    /// With these bits changed.
    Flipped(u8),
    Dropped,
    Doubled,
    /// So many nanoseconds later, and with it everything behind it.
    Delayed(u64),
    /// With it goes everything behind it that was sent at once.
    Cut,
}

/// What happens to the board, once so many bytes were sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// It is reset.
    Reset,
    /// Its port vanishes from the host, and comes back.
    Unplugged,
}

/// How the board and its line are.
pub struct Model<F> {
    pub baud: u64,
    pub compute_ns: u64,
    pub ticks_per_second: u32,
    /// How the network takes its images.
    pub feed: Feed,
    /// Whether it can be looked into: it has two stages, of which the first takes three quarters
    /// of the time.
    pub capabilities: Capabilities,
    /// Requests that it takes before it has answered the first. Two of them need a queue that is
    /// filled while it computes; without one it hears nothing then.
    pub window: u8,
    pub fate: F,
    /// In the order in which they happen: bytes sent, and what happens then.
    pub incidents: Vec<(u64, Incident)>,
}

/// One way of the line: a byte follows the other.
#[derive(Default)]
struct Way {
    /// Bytes and when each has arrived.
    bytes: VecDeque<(u64, Travelling)>,
    free_ns: u64,
}

#[derive(Clone, Copy)]
enum Travelling {
    Byte(u8),
    /// The board is reset when it comes to this place.
    Reset,
}

impl Way {
    fn send(&mut self, now_ns: u64, byte_ns: u64, byte: u8, fate: Fate) {
        self.free_ns = self.free_ns.max(now_ns) + byte_ns;
        let (byte, copies) = match fate {
            Fate::Arrives => (byte, 1),
            Fate::Flipped(bits) => (byte ^ bits, 1),
            Fate::Doubled => (byte, 2),
            Fate::Delayed(ns) => {
                self.free_ns += ns;
                (byte, 1)
            }
            Fate::Dropped | Fate::Cut => return,
        };
        for _ in 0..copies {
            self.bytes.push_back((self.free_ns, Travelling::Byte(byte)));
        }
    }
}

/// A board with the firmware's server.
pub struct Simulated<F> {
    model: Model<F>,
    to_board: Way,
    to_host: Way,
    board: Board,
    host_ns: u64,
    sent: u64,
    is_unplugged: bool,
}

struct Board {
    server: Server,
    network: Network,
    /// What the interrupt has received.
    queue: VecDeque<u8>,
    queue_len: usize,
    now_ns: Rc<Cell<u64>>,
}

impl<F: FnMut() -> Fate> Simulated<F> {
    pub fn new(model: Model<F>) -> Self {
        let now_ns = Rc::new(Cell::new(0));
        let queue_len = match (model.window, model.feed) {
            (1, _) => 1,
            (_, Feed::Whole) => frame_len_max(4 + INPUT_LEN),
            (_, Feed::Rows) => 2 * frame_len_max(4 + PART_LEN),
        };
        let network = Network {
            feed: model.feed,
            input: [0; INPUT_LEN],
            output: [0.0; 10],
            rows_ns: 0,
            window: model.window,
            compute_ns: model.compute_ns,
            ticks_per_second: model.ticks_per_second,
            capabilities: model.capabilities,
            stage_ticks: [[0; 4]; 2],
            now_ns: now_ns.clone(),
        };
        Self {
            model,
            to_board: Way::default(),
            to_host: Way::default(),
            board: Board {
                server: Server::new(),
                network,
                queue: VecDeque::new(),
                queue_len,
                now_ns,
            },
            host_ns: 0,
            sent: 0,
            is_unplugged: false,
        }
    }

    /// The time that has passed for the host, in seconds.
    pub fn seconds(&self) -> f64 {
        self.host_ns as f64 / 1e9
    }

    fn byte_ns(&self) -> u64 {
        // Eight bits between a start and a stop bit.
        10 * 1_000_000_000 / self.model.baud
    }

    /// Lets the board do all that it can with what was sent to it so far.
    fn run_board(&mut self) {
        let byte_ns = self.byte_ns();
        let mut is_reset = true;
        while is_reset {
            let mut port = BoardsEnd {
                to_board: &mut self.to_board,
                to_host: &mut self.to_host,
                queue: &mut self.board.queue,
                queue_len: self.board.queue_len,
                now_ns: &self.board.now_ns,
                byte_ns,
                fate: &mut self.model.fate,
                is_reset: false,
            };
            self.board.server.poll(&mut port, &mut self.board.network);
            is_reset = port.is_reset;
            if is_reset {
                port.queue.clear();
                self.board.server = Server::new();
                self.board.network.input.fill(0);
                Server::announce(&mut port, &self.board.network);
            }
        }
    }
}

impl<F: FnMut() -> Fate> Wire for Simulated<F> {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.is_unplugged {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let byte_ns = self.byte_ns();
        for &byte in bytes {
            self.sent += 1;
            if let Some(&(_, incident)) =
                (self.model.incidents.first()).filter(|(at, _)| *at <= self.sent)
            {
                self.model.incidents.remove(0);
                match incident {
                    Incident::Reset => {
                        let at_ns = self.to_board.free_ns;
                        self.to_board.bytes.push_back((at_ns, Travelling::Reset));
                    }
                    Incident::Unplugged => {
                        // The board is without power, and starts anew with its port.
                        let at_ns = self.to_board.free_ns;
                        self.to_board.bytes.push_back((at_ns, Travelling::Reset));
                        self.is_unplugged = true;
                        return Err(io::ErrorKind::BrokenPipe.into());
                    }
                }
            }
            let fate = (self.model.fate)();
            self.to_board.send(self.host_ns, byte_ns, byte, fate);
            if fate == Fate::Cut {
                break;
            }
        }
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], timeout: Duration) -> io::Result<usize> {
        if self.is_unplugged {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if self.to_host.bytes.is_empty() {
            self.run_board();
        }
        let end_ns = self.host_ns + timeout.as_nanos() as u64;
        match self.to_host.bytes.front() {
            Some(&(arrival_ns, _)) if arrival_ns <= end_ns => {
                self.host_ns = self.host_ns.max(arrival_ns);
            }
            _ => self.host_ns = end_ns,
        }
        let mut len = 0;
        while let Some(&(arrival_ns, Travelling::Byte(byte))) = self.to_host.bytes.front() {
            if arrival_ns > self.host_ns || len == buffer.len() {
                break;
            }
            buffer[len] = byte;
            len += 1;
            self.to_host.bytes.pop_front();
        }
        Ok(len)
    }

    fn reopen(&mut self) -> io::Result<()> {
        self.is_unplugged = false;
        self.to_host.bytes.clear();
        Ok(())
    }
}

/// The board's end of the line, as the server sees it.
struct BoardsEnd<'a, F> {
    to_board: &'a mut Way,
    to_host: &'a mut Way,
    queue: &'a mut VecDeque<u8>,
    queue_len: usize,
    now_ns: &'a Cell<u64>,
    byte_ns: u64,
    fate: &'a mut F,
    is_reset: bool,
}

impl<F: FnMut() -> Fate> Port for BoardsEnd<'_, F> {
    fn read(&mut self) -> Option<u8> {
        loop {
            while let Some(&(arrival_ns, what)) = self.to_board.bytes.front() {
                let has_arrived = arrival_ns <= self.now_ns.get();
                match what {
                    Travelling::Byte(byte) if has_arrived => {
                        // What finds the queue full is lost.
                        if self.queue.len() < self.queue_len {
                            self.queue.push_back(byte);
                        }
                    }
                    Travelling::Reset if has_arrived && self.queue.is_empty() => {
                        self.to_board.bytes.pop_front();
                        self.is_reset = true;
                        return None;
                    }
                    _ => break,
                }
                self.to_board.bytes.pop_front();
            }
            if let Some(byte) = self.queue.pop_front() {
                return Some(byte);
            }
            let &(arrival_ns, _) = self.to_board.bytes.front()?;
            self.now_ns.set(self.now_ns.get().max(arrival_ns));
        }
    }

    fn write(&mut self, byte: u8) {
        let fate = (self.fate)();
        let fate = if fate == Fate::Cut {
            Fate::Dropped
        } else {
            fate
        };
        self.to_host
            .send(self.now_ns.get(), self.byte_ns, byte, fate);
        self.now_ns.set(self.now_ns.get() + self.byte_ns);
    }
}

struct Network {
    feed: Feed,
    /// An image, or at its begin a row of one.
    input: [u8; INPUT_LEN],
    output: [f32; 10],
    /// What the rows of the image took.
    rows_ns: u64,
    window: u8,
    compute_ns: u64,
    ticks_per_second: u32,
    capabilities: Capabilities,
    stage_ticks: [[u8; 4]; 2],
    now_ns: Rc<Cell<u64>>,
}

impl Engine for Network {
    fn identity(&self) -> Identity<'_> {
        let tensor = |element, len_bytes| TensorInfo { element, len_bytes };
        Identity {
            window: self.window,
            network: "sums",
            hash: *b"modelled",
            board: "model",
            input: tensor(ElementType::U8, INPUT_LEN as u32),
            output: tensor(ElementType::F32, 40),
            ticks_per_second: self.ticks_per_second,
            capabilities: match self.feed {
                Feed::Whole => self.capabilities,
                Feed::Rows => Capabilities::ROWS,
            },
        }
    }

    fn input(&mut self) -> &mut [u8] {
        match self.feed {
            Feed::Whole => &mut self.input,
            Feed::Rows => &mut self.input[..ROW_LEN],
        }
    }

    fn push_row(&mut self, row: usize) {
        if row == 0 {
            (self.output, self.rows_ns) = ([0.0; 10], 0);
        }
        for (x, &pixel) in self.input[..ROW_LEN].iter().enumerate() {
            self.output[(row * ROW_LEN + x) % 10] += f32::from(pixel);
        }
        self.input.fill(0xAA);
        let row_ns = self.compute_ns * ROW_LEN as u64 / INPUT_LEN as u64;
        self.rows_ns += row_ns;
        self.now_ns.set(self.now_ns.get() + row_ns);
    }

    fn run(&mut self) -> Inference<'_> {
        if self.feed == Feed::Rows {
            return Inference {
                output: as_bytes(&self.output),
                ticks: self.rows_ns * u64::from(self.ticks_per_second) / 1_000_000_000,
            };
        }
        self.output = sums(&self.input);
        // As a network that computes in place does.
        self.input.fill(0xAA);
        self.now_ns.set(self.now_ns.get() + self.compute_ns);
        Inference {
            output: as_bytes(&self.output),
            ticks: self.compute_ns * u64::from(self.ticks_per_second) / 1_000_000_000,
        }
    }

    fn time_stages(&mut self) -> &[u8] {
        let ticks = self.run().ticks as u32;
        self.stage_ticks = [ticks / 4 * 3, ticks / 4].map(u32::to_le_bytes);
        self.stage_ticks.as_flattened()
    }
}
