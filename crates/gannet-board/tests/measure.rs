//! Cycles by a board's own counter, on a model of it.

mod simulated;

use gannet_board::Board;
use gannet_board::measure::measured_cycles;
use gannet_link::{Client, Patience};
use simulated::{Fate, Model, Simulated, image};

fn measured(ticks_per_second: u32) -> Option<u64> {
    let model = Simulated::new(Model {
        baud: 115_200,
        compute_ns: 5_000_000,
        ticks_per_second,
        window: 2,
        fate: || Fate::Arrives,
        incidents: Vec::new(),
    });
    let mut client = Client::connect(model, Patience::default()).unwrap();
    let board = Board::find("nucleo-f446re").unwrap();
    measured_cycles(&mut client, board, &image(0)).unwrap()
}

#[test]
fn a_counter_at_the_cores_clock_counts_its_cycles() {
    // 5 ms at 180 MHz.
    assert_eq!(measured(180_000_000), Some(900_000));
}

#[test]
fn an_emulators_clock_and_a_chip_that_stayed_slow_say_nothing_of_cycles() {
    assert_eq!(measured(0), None);
    assert_eq!(measured(21_000_000), None);
}
