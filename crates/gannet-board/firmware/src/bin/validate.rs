//! Serves the link: says who it is, runs the network on each image that arrives, answers. The next
//! image is received meanwhile.

#![no_std]
#![no_main]

use core::ops::ControlFlow;

use cortex_m_rt::{entry, exception};
use firmware::feed::Fed;
use firmware::queue::Queue;
use firmware::timer::Timer;
use firmware::uart::{self, Uart};
use firmware::{board, clock, stack};
use gannet_link::{
    Capabilities, Element, Engine, Identity, Inference, Memory, Port, Server, TensorInfo, as_bytes,
    as_bytes_mut, frame_len_max,
};

/// An image's index and the image.
const REQUEST_BYTES: usize = 4 + network::INPUT_LEN * size_of::<network::Input>();

/// One that is computed and one that arrives.
const WINDOW: u8 = 2;

/// What has arrived and was not looked at yet. As many requests as may be on their way have room:
/// an answer lets the next one come while the one before it still waits here.
static ARRIVED: Queue<{ WINDOW as usize * frame_len_max(REQUEST_BYTES) + 1 }> = Queue::new();

/// The handler of every interrupt; the serial port's is the only one that is let through.
#[exception]
unsafe fn DefaultHandler(_number: i16) {
    while let Some(byte) = uart::take() {
        ARRIVED.put(byte);
    }
}

#[entry]
fn main() -> ! {
    // It owns its arena: static, so that the linker accounts for it. `entry` makes this a unique
    // reference, as `main` runs once.
    static mut NETWORK: Fed = Fed::new();

    let clock = clock::start();
    let mut line = Line(Uart::start(clock));
    let mut device = Device {
        network: NETWORK,
        timer: Timer::start(clock),
        stage_ticks: [[0; 4]; network::STAGES],
    };
    line.0.listen();
    Server::announce(&mut line, &device);
    let mut server = Server::new();
    loop {
        server.poll(&mut line, &mut device);
    }
}

struct Line(Uart);

impl Port for Line {
    fn read(&mut self) -> Option<u8> {
        ARRIVED.take()
    }

    fn write(&mut self, byte: u8) {
        self.0.write(byte);
    }
}

struct Device {
    network: &'static mut Fed,
    timer: Timer,
    /// What each stage took, little-endian.
    stage_ticks: [[u8; 4]; network::STAGES],
}

impl Engine for Device {
    fn identity(&self) -> Identity<'_> {
        Identity {
            window: WINDOW,
            network: network::NAME,
            hash: network::HASH,
            board: board::NAME,
            input: tensor::<network::Input>(network::INPUT_LEN),
            output: tensor::<network::Output>(network::OUTPUT_LEN),
            ticks_per_second: self.timer.ticks_per_second(),
            capabilities: Capabilities::INSIGHT,
        }
    }

    fn input(&mut self) -> &mut [u8] {
        as_bytes_mut(self.network.image_mut())
    }

    fn run(&mut self) -> Inference<'_> {
        let start = self.timer.now();
        let output = self.network.run();
        let ticks = self.timer.now().wrapping_sub(start);
        Inference {
            output: as_bytes(output),
            ticks: ticks.into(),
        }
    }

    fn run_until(&mut self, runs: u32) -> &[u8] {
        let mut left = runs;
        self.network.run_watched(&mut |_| {
            left = left.saturating_sub(1);
            if left == 0 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
    }

    fn time_stages(&mut self) -> &[u8] {
        self.stage_ticks = [[0; 4]; network::STAGES];
        let mut start = self.timer.now();
        self.network.run_watched(&mut |stage| {
            let ticks = &mut self.stage_ticks[stage];
            let took = self.timer.now().wrapping_sub(start);
            *ticks = u32::from_le_bytes(*ticks).wrapping_add(took).to_le_bytes();
            start = self.timer.now();
            ControlFlow::Continue(())
        });
        self.stage_ticks.as_flattened()
    }

    fn self_test(&mut self) -> bool {
        self.network.self_test()
    }

    fn memory(&self) -> Memory {
        Memory {
            peak_stack: Some(stack::peak_bytes()),
            static_ram: Some(stack::static_ram_bytes()),
        }
    }
}

fn tensor<E: Element>(elements: usize) -> TensorInfo {
    TensorInfo {
        element: E::TYPE,
        len_bytes: (elements * E::TYPE.len_bytes()) as u32,
    }
}
