//! Every board's firmware: built and linked, and where there is an emulator booted, with every
//! output compared to the bit. All of them share one folder, so that nothing is built twice.
//! `cargo xtask boards` runs what is ignored here.

#![allow(clippy::print_stdout)]

mod tiny;

use std::path::Path;
use std::time::Duration;

use gannet_board::board::Boot;
use gannet_board::build::Images;
use gannet_board::{Board, Emulator, Host, Toolchain, build, build_c, run_example};
use gannet_link::{Client, Patience};

/// One machine for each core and chip family that the emulator has besides the Nucleo's.
const BOOTED: [&str; 4] = [
    "microbit-v1",
    "stm32vldiscovery",
    "mps2-an500",
    "mps2-an505",
];

fn built(board: &Board, folder: &str) -> Images {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let host = Host::current();
    tiny::write(&folder, board);
    let toolchain = Toolchain::find(&host, board.core.rust_target())
        .unwrap_or_else(|error| panic!("run `cargo xtask setup` first: {error}"));
    build(&host, &toolchain, board, &folder, |_| {})
        .unwrap_or_else(|error| panic!("{}: {error}", board.name))
}

/// The same in C.
fn built_c(board: &Board, folder: &str) -> Images {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    tiny::write_c(&folder, board);
    build_c(&Host::current(), board, &folder, |_| {})
        .unwrap_or_else(|error| panic!("{}: {error}", board.name))
}

/// Boots both programs and compares what they compute with the network's definition.
fn boots(board: &Board, images: &Images) {
    let host = Host::current();
    let elf = &images.example.path;
    let run = run_example(&host, board, elf, Duration::from_secs(60)).unwrap();
    assert_eq!(run.recognised, 4, "{}: {}", board.name, run.text);
    let greeting = format!("on {}\n", board.name);
    assert!(run.text.contains(&greeting), "{}", run.text);

    let emulator = Emulator::start(&host, board, &images.validate.path).unwrap();
    let mut client = Client::connect(emulator, Patience::default()).unwrap();
    client.expect(tiny::NETWORK, tiny::HASH).unwrap();
    for number in 0..3 {
        let image = tiny::image(number);
        let answer = client.run(number as u32, &image).unwrap();
        assert_eq!(answer.output, tiny::output(&image), "{}", board.name);
    }
}

#[test]
fn a_machine_of_every_core_boots_and_matches_the_host_to_the_bit() {
    for name in BOOTED {
        let board = Board::find(name).unwrap();
        boots(board, &built(board, "booted-boards"));
        boots(board, &built_c(board, "booted-boards-c"));
    }
}

#[test]
#[ignore = "builds for every board: `cargo xtask boards`"]
fn every_board_is_built_and_every_emulated_one_boots() {
    for board in Board::all() {
        let rust = built(board, "all-boards");
        // The one chip whose boot code is not there in C.
        let c = (board.boot != Some(Boot::Rp2040)).then(|| built_c(board, "all-boards-c"));
        for (language, images) in [("Rust", Some(rust)), ("C", c)] {
            let outcome = match &images {
                Some(images) if board.emulator.is_some() => {
                    boots(board, images);
                    "booted, every output as on the host"
                }
                Some(_) => "built and linked, not run here",
                None => "not there",
            };
            println!(
                "{:18} {:11} {language:4} {:6} B code {outcome}",
                board.name,
                board.core.name(),
                images.map_or(0, |images| images.validate.sizes.code_bytes),
            );
        }
    }
}
