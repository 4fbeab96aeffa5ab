//! Cycles by a board's own counter, on a model of it.

mod simulated;

use gannet_board::{Board, Feed, Measured, measured};
use gannet_link::{Capabilities, Client, Patience};
use simulated::{Fate, Model, Simulated, image};

fn of_model(ticks_per_second: u32, capabilities: Capabilities) -> Option<Measured> {
    let model = Simulated::new(Model {
        baud: 115_200,
        compute_ns: 5_000_000,
        ticks_per_second,
        feed: Feed::Whole,
        capabilities,
        window: 2,
        fate: || Fate::Arrives,
        incidents: Vec::new(),
    });
    let mut client = Client::connect(model, Patience::default()).unwrap();
    let board = Board::find("nucleo-f446re").unwrap();
    measured(&mut client, board, &image(0)).unwrap()
}

#[test]
fn a_counter_at_the_cores_clock_counts_its_cycles() {
    // 5 ms at 180 MHz.
    let cycles = 900_000;
    let stages = Some(vec![675_000, 225_000]);
    assert_eq!(
        of_model(180_000_000, Capabilities::INSIGHT),
        Some(Measured { cycles, stages })
    );
    assert_eq!(
        of_model(180_000_000, Capabilities::default()),
        Some(Measured {
            cycles,
            stages: None
        })
    );
}

#[test]
fn an_emulators_clock_and_a_chip_that_stayed_slow_say_nothing_of_cycles() {
    assert_eq!(of_model(0, Capabilities::INSIGHT), None);
    assert_eq!(of_model(21_000_000, Capabilities::INSIGHT), None);
}
