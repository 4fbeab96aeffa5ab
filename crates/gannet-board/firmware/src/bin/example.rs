//! Runs the network once on the image in `image.rs` and prints what came out.

#![no_std]
#![no_main]

use cortex_m_rt::entry;
use firmware::uart::Uart;
use firmware::element::{Element, largest};
use firmware::image::IMAGE;
use firmware::text::{print, print_hex, print_u32};
use firmware::timer::Timer;
use firmware::{board, clock, feed, stack};
use network::Network;

#[entry]
fn main() -> ! {
    // It owns its arena: static, so that the linker accounts for it. `entry` makes this a unique
    // reference, as `main` runs once.
    static mut NETWORK: Network = Network::new();

    let clock = clock::start();
    let mut uart = Uart::start(clock);
    let timer = Timer::start(clock);

    feed::put(NETWORK, &IMAGE);
    let start = timer.now();
    let outputs = *feed::run(NETWORK, &IMAGE);
    let ticks = timer.now().wrapping_sub(start);
    let peak_stack_bytes = stack::peak_bytes();

    let uart = &mut uart;
    print(uart, "network ");
    print(uart, network::NAME);
    print(uart, " ");
    print_hex(uart, &network::HASH);
    print(uart, " on ");
    print(uart, board::NAME);
    print(uart, "\n");
    for (index, &output) in outputs.iter().enumerate() {
        print(uart, "simple_outputs[");
        print_u32(uart, index as u32);
        print(uart, "] ");
        print(uart, network::Output::NAME);
        print(uart, " ");
        output.print(uart);
        print(uart, "\n");
    }
    print(uart, "recognised ");
    print_u32(uart, largest(&outputs) as u32);
    print(uart, "\ncore clock ");
    print_rate(uart, clock.core_hz.unwrap_or(0), " Hz");
    print(uart, "\ninference ");
    print_u32(uart, ticks);
    print(uart, " ticks at ");
    print_rate(uart, timer.ticks_per_second(), " a second");
    print(uart, "\npeak stack ");
    print_u32(uart, peak_stack_bytes);
    print(uart, " bytes\nend of example\n");
    uart.flush();
    loop {
        core::hint::spin_loop();
    }
}

fn print_rate(uart: &mut Uart, rate: u32, unit: &str) {
    if rate == 0 {
        return print(uart, "unknown rate");
    }
    print_u32(uart, rate);
    print(uart, unit);
}
