//! Serves the link: says who it is, runs the network on each image that arrives, answers. What
//! comes next is received meanwhile.

#![no_std]
#![no_main]

use cortex_m_rt::{entry, exception};
use firmware::clock;
use firmware::device::{Device, REQUEST_BYTES};
use firmware::introduction::WINDOW;
use firmware::queue::Queue;
use firmware::timer::Timer;
use firmware::uart::{self, Uart};
use gannet_link::{Port, Server, frame_len_max};
use network::Network;

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
    static mut NETWORK: Network = Network::new();

    let clock = clock::start();
    let mut line = Line(Uart::start(clock));
    let mut device = Device::new(NETWORK, Timer::start(clock));
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
